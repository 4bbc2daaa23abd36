//! The producing end of an edge: gathers records per target and sends them on as channels have credit.
use std::collections::VecDeque;
use std::task::{Context, Poll};

use hurtig_core::batch::{BatchType, Scatter};
use hurtig_core::{Batch, Result, StreamElement};
use hurtig_operator::OutputLimits;

use crate::exchange::gate::ChannelSender;
use crate::exchange::partition::Partition;

/// Whether an edge takes more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// It does.
    Open,
    /// A channel has no credit; the waker will be woken.
    Blocked,
    /// The other side is gone.
    Closed,
}

/// One edge out of a task.
pub struct EdgeWriter {
    channels: Vec<ChannelSender>,
    partition: Partition,
    scatter: Scatter,
    limits: OutputLimits,
    targets: Vec<u32>,
    /// What is on its way to a channel that had no credit, in order.
    waiting: VecDeque<(usize, Option<StreamElement>)>,
    buffered: bool,
    /// Channels without credit, reused.
    blocked: Vec<bool>,
    encode: Option<BatchType>,
    sent: Sent,
}

/// What has gone out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sent {
    /// Records; to all, each counts once for every receiver.
    pub records: u64,
    /// Batches.
    pub batches: u64,
    /// Estimated bytes.
    pub bytes: u64,
}

impl EdgeWriter {
    /// An edge over `channels`. With `encode`, every batch is encoded and decoded on its way.
    pub fn new(
        channels: Vec<ChannelSender>,
        partition: Partition,
        limits: OutputLimits,
        encode: Option<BatchType>,
    ) -> Self {
        EdgeWriter {
            scatter: Scatter::new(channels.len()),
            channels,
            partition,
            limits,
            targets: Vec::new(),
            waiting: VecDeque::new(),
            buffered: false,
            blocked: Vec::new(),
            encode,
            sent: Sent::default(),
        }
    }

    /// Takes one element. The edge must be open; what cannot be sent at once waits inside, and the edge is
    /// then blocked until [`EdgeWriter::poll_send`] says otherwise.
    pub fn write(&mut self, element: StreamElement) -> Result<()> {
        match element {
            StreamElement::Batch(batch) => self.write_batch(batch),
            StreamElement::Watermark(watermark) => self.control(|| StreamElement::Watermark(watermark)),
            StreamElement::Status(status) => self.control(|| StreamElement::Status(status)),
            StreamElement::EndOfInput => self.control(|| StreamElement::EndOfInput),
        }
    }

    fn write_batch(&mut self, batch: Batch) -> Result<()> {
        match &mut self.partition {
            Partition::Single => self.push(batch, 0),
            Partition::Broadcast => {
                for target in 1..self.channels.len() {
                    self.push(batch.duplicate(), target)?;
                }
                if self.channels.is_empty() { Ok(()) } else { self.push(batch, 0) }
            }
            Partition::Scatter(assign) => {
                assign.assign(&batch, self.channels.len(), &mut self.targets)?;
                self.scatter.scatter(batch, &self.targets)?;
                self.buffered = true;
                for target in 0..self.channels.len() {
                    if self.is_full(target) {
                        self.seal(target)?;
                    }
                }
                Ok(())
            }
        }
    }

    /// A whole batch to one target: sent as it is if it is worth a message, else kept for company.
    fn push(&mut self, batch: Batch, target: usize) -> Result<()> {
        if self.scatter.len(target) == 0 && self.is_worth_sending(&batch) {
            return self.send(target, batch);
        }
        self.scatter.push(batch, target)?;
        self.buffered = true;
        if self.is_full(target) { self.seal(target) } else { Ok(()) }
    }

    fn is_worth_sending(&self, batch: &Batch) -> bool {
        batch.len() * 2 >= self.limits.rows || batch.bytes() * 2 >= self.limits.bytes
    }

    fn is_full(&self, target: usize) -> bool {
        // A quarter of a batch of columns goes as it is rather than being copied once more for company.
        if self.scatter.is_columns() {
            return self.scatter.len(target) * 4 >= self.limits.rows
                || self.scatter.bytes(target) * 4 >= self.limits.bytes;
        }
        self.scatter.len(target) >= self.limits.rows || self.scatter.bytes(target) >= self.limits.bytes
    }

    fn control(&mut self, element: impl Fn() -> StreamElement) -> Result<()> {
        self.flush()?;
        for target in 0..self.channels.len() {
            self.waiting.push_back((target, Some(element())));
        }
        Ok(())
    }

    /// Sends what has been gathered on its way, full or not.
    pub fn flush(&mut self) -> Result<()> {
        if self.buffered {
            for target in 0..self.channels.len() {
                self.seal(target)?;
            }
            self.buffered = false;
        }
        Ok(())
    }

    /// Whether something waits for company.
    pub fn is_buffered(&self) -> bool {
        self.buffered
    }

    fn seal(&mut self, target: usize) -> Result<()> {
        match self.scatter.take(target)? {
            Some(batch) => self.send(target, batch),
            None => Ok(()),
        }
    }

    fn send(&mut self, target: usize, mut batch: Batch) -> Result<()> {
        self.sent.records += batch.len() as u64;
        self.sent.batches += 1;
        self.sent.bytes += batch.bytes() as u64;
        if let Some(edge) = &self.encode {
            let mut bytes = Vec::new();
            edge.encode(&batch, &mut bytes)?;
            batch = edge.decode(&bytes)?;
        }
        self.waiting.push_back((target, Some(StreamElement::Batch(batch))));
        Ok(())
    }

    /// Sends what waits. A channel without credit holds back only what is behind it on the same channel.
    pub fn poll_send(&mut self, cx: &mut Context<'_>) -> Flow {
        self.blocked.clear();
        self.blocked.resize(self.channels.len(), false);
        for _ in 0..self.waiting.len() {
            let Some((target, mut element)) = self.waiting.pop_front() else { break };
            if !self.blocked[target] {
                match self.channels[target].poll_send(cx, &mut element) {
                    Poll::Ready(Ok(())) => continue,
                    Poll::Ready(Err(_)) => return Flow::Closed,
                    Poll::Pending => self.blocked[target] = true,
                }
            }
            // Behind the others, and so again in order once all have been looked at.
            self.waiting.push_back((target, element));
        }
        if self.waiting.is_empty() { Flow::Open } else { Flow::Blocked }
    }

    /// Whether something waits for credit.
    pub fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// What has gone out so far.
    pub fn sent(&self) -> Sent {
        self.sent
    }
}
