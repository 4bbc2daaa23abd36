//! The input of a task that is not a source: channels merged into the ports of its head operator.
use std::collections::VecDeque;
use std::task::{Context, Poll};

use hurtig_core::StreamElement;
use hurtig_operator::metrics::{Counter, MetricGroup, TextGauge};

use crate::exchange::valve::ValveChange;
use crate::exchange::{Gate, Received, Valve};

/// Merges the channels of all ports: batches as they come, watermarks combined, ends counted.
pub struct TaskInput {
    gate: Gate,
    valve: Valve,
    channels: Vec<ChannelPlace>,
    open_channels: Vec<usize>,
    ready: VecDeque<(u32, StreamElement)>,
    metrics: InputMetrics,
    told: Option<usize>,
}

/// What can be seen of an input.
pub struct InputMetrics {
    buffers: Counter,
    bytes: Counter,
    /// Which channel holds the watermark back.
    held_by: TextGauge,
}

impl InputMetrics {
    /// Registers them in a task's group.
    pub fn new(group: &MetricGroup) -> Self {
        InputMetrics {
            buffers: group.counter("numBuffersIn"),
            bytes: group.counter("numBytesIn"),
            held_by: group.text("watermarkHeldBy"),
        }
    }
}

/// Where a channel comes from.
#[derive(Clone, Debug)]
pub struct ChannelPlace {
    /// The input of the head operator that it belongs to.
    pub port: u32,
    /// The producing subtask, for people: `Source: a (2/4)`.
    pub producer: String,
}

impl TaskInput {
    /// An input over the channels of `gate`.
    pub fn new(gate: Gate, channels: Vec<ChannelPlace>, metrics: InputMetrics) -> Self {
        let ports = channels.iter().map(|channel| channel.port as usize + 1).max().unwrap_or(0);
        let mut open_channels = vec![0; ports];
        for channel in &channels {
            open_channels[channel.port as usize] += 1;
        }
        let valve = Valve::new(channels.len());
        TaskInput { gate, valve, channels, open_channels, ready: VecDeque::new(), metrics, told: None }
    }

    /// The next element for the head operator, with its port.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<(u32, StreamElement)> {
        loop {
            if let Some(next) = self.ready.pop_front() {
                return Poll::Ready(next);
            }
            match self.gate.poll_next(cx) {
                Poll::Ready(received) => self.take(received),
                Poll::Pending => {
                    self.tell_who_holds_back();
                    return Poll::Pending;
                }
            }
        }
    }

    fn take(&mut self, received: Received) {
        let Received { channel, element, bytes } = received;
        let port = self.channels[channel].port;
        match element {
            StreamElement::Batch(_) => {
                self.metrics.buffers.add(1);
                self.metrics.bytes.add(bytes as u64);
                self.ready.push_back((port, element));
            }
            StreamElement::Watermark(watermark) => {
                let change = self.valve.watermark(channel, watermark);
                self.apply(port, change);
            }
            StreamElement::Status(status) => {
                let change = self.valve.status(channel, status);
                self.apply(port, change);
            }
            StreamElement::EndOfInput => {
                let change = self.valve.end(channel);
                self.apply(port, change);
                let open = &mut self.open_channels[port as usize];
                *open -= 1;
                if *open == 0 {
                    self.ready.push_back((port, StreamElement::EndOfInput));
                }
            }
        }
    }

    fn apply(&mut self, port: u32, change: ValveChange) {
        if let Some(watermark) = change.watermark {
            self.ready.push_back((port, StreamElement::Watermark(watermark)));
        }
        if let Some(status) = change.status {
            self.ready.push_back((port, StreamElement::Status(status)));
        }
    }

    /// Only when the task waits anyway: whoever looks for a stalled watermark finds the channel named.
    fn tell_who_holds_back(&mut self) {
        let slowest = self.valve.slowest().map(|(channel, _)| channel);
        if slowest != self.told {
            self.told = slowest;
            self.metrics.held_by.set(slowest.map_or("", |channel| self.channels[channel].producer.as_str()));
        }
    }
}
