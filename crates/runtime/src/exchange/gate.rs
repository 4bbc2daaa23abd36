//! The input of a task: one bounded queue per producing subtask, read in turn.
//!
//! Each channel has credit in bytes; a producer without credit waits, and is woken when half of it is free
//! again. A batch may overdraw the credit once, so that one larger than all of it still passes.
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use atomic_waker::AtomicWaker;
use hurtig_core::StreamElement;

/// How much may wait in front of a task.
#[derive(Clone, Copy, Debug)]
pub struct GateLimits {
    /// Bytes that each channel may hold for itself.
    pub channel_bytes: usize,
    /// Bytes that the channels of a gate hold between them beyond that.
    pub floating_bytes: usize,
}

struct Shared {
    queues: Mutex<Queues>,
    consumer: AtomicWaker,
    credit: usize,
}

struct Queues {
    channels: Vec<Channel>,
    /// Channels with something in them, in the order in which they are to be read.
    ready: VecDeque<usize>,
    closed: bool,
}

#[derive(Default)]
struct Channel {
    /// Each with its size, which is estimated only once.
    elements: VecDeque<(StreamElement, usize)>,
    bytes: usize,
    producer: Option<Waker>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queues> {
        // A panic elsewhere cannot leave the queues half-changed: nothing in here calls out.
        self.queues.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// What a gate yields.
#[derive(Debug)]
pub struct Received {
    /// Which channel.
    pub channel: usize,
    /// What came.
    pub element: StreamElement,
    /// Its estimated bytes.
    pub bytes: usize,
}

/// The consuming end. Dropping it closes all channels.
pub struct Gate {
    shared: Arc<Shared>,
}

impl Gate {
    /// A gate with one channel per producer, and their sending ends.
    pub fn new(channels: usize, limits: GateLimits) -> (Gate, Vec<ChannelSender>) {
        let queues = Queues {
            channels: (0..channels).map(|_| Channel::default()).collect(),
            ready: VecDeque::new(),
            closed: false,
        };
        let shared = Arc::new(Shared {
            queues: Mutex::new(queues),
            consumer: AtomicWaker::new(),
            credit: limits.channel_bytes + limits.floating_bytes / channels.max(1),
        });
        let senders = (0..channels).map(|channel| ChannelSender { shared: shared.clone(), channel });
        let senders = senders.collect();
        (Gate { shared }, senders)
    }

    /// The next element of whichever channel is its turn.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Received> {
        if let Some(received) = self.try_next() {
            return Poll::Ready(received);
        }
        self.shared.consumer.register(cx.waker());
        match self.try_next() {
            Some(received) => Poll::Ready(received),
            None => Poll::Pending,
        }
    }

    fn try_next(&mut self) -> Option<Received> {
        let mut queues = self.shared.lock();
        let channel = queues.ready.pop_front()?;
        let queue = &mut queues.channels[channel];
        let (element, bytes) = queue.elements.pop_front()?;
        queue.bytes -= bytes;
        let more = !queue.elements.is_empty();
        let producer = if queue.bytes <= self.shared.credit / 2 { queue.producer.take() } else { None };
        if more {
            queues.ready.push_back(channel);
        }
        drop(queues);
        if let Some(producer) = producer {
            producer.wake();
        }
        Some(Received { channel, element, bytes })
    }

    /// A look at the gate from elsewhere, for metrics.
    pub fn watch(&self) -> GateWatch {
        GateWatch(self.shared.clone())
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        let mut queues = self.shared.lock();
        queues.closed = true;
        let channels = std::mem::take(&mut queues.channels);
        queues.ready.clear();
        drop(queues);
        for mut channel in channels {
            if let Some(producer) = channel.producer.take() {
                producer.wake();
            }
        }
    }
}

/// Looks at a gate without taking from it.
#[derive(Clone)]
pub struct GateWatch(Arc<Shared>);

impl GateWatch {
    /// Elements and bytes waiting.
    pub fn queued(&self) -> (usize, usize) {
        let queues = self.0.lock();
        let elements = queues.channels.iter().map(|channel| channel.elements.len()).sum();
        (elements, queues.channels.iter().map(|channel| channel.bytes).sum())
    }
}

/// The other end is gone: the job is being cancelled or has failed. An ordinary outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed;

/// The producing end of one channel.
pub struct ChannelSender {
    shared: Arc<Shared>,
    channel: usize,
}

impl ChannelSender {
    /// Sends `element` if there is credit, else leaves it where it is and wakes `cx` when there is.
    pub fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        element: &mut Option<StreamElement>,
    ) -> Poll<Result<(), Closed>> {
        let Some(bytes) = element.as_ref().map(StreamElement::bytes) else { return Poll::Ready(Ok(())) };
        let mut queues = self.shared.lock();
        if queues.closed {
            return Poll::Ready(Err(Closed));
        }
        let queue = &mut queues.channels[self.channel];
        if queue.bytes >= self.shared.credit {
            queue.producer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let first = queue.elements.is_empty();
        queue.bytes += bytes;
        queue.elements.extend(element.take().map(|element| (element, bytes)));
        if first {
            queues.ready.push_back(self.channel);
        }
        drop(queues);
        if first {
            self.shared.consumer.wake();
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use hurtig_core::{Batch, Watermark};

    use super::*;

    fn batch(value: u64) -> StreamElement {
        StreamElement::Batch(Batch::from_rows(vec![value; 4]))
    }

    #[test]
    fn credit_bounds_a_channel_and_comes_back() {
        let mut cx = Context::from_waker(Waker::noop());
        let two = 2 * batch(0).bytes();
        let limits = GateLimits { channel_bytes: two, floating_bytes: 0 };
        let (mut gate, mut senders) = Gate::new(2, limits);
        for value in 0..2 {
            assert!(senders[0].poll_send(&mut cx, &mut Some(batch(value))).is_ready());
        }
        let mut third = Some(batch(2));
        assert!(senders[0].poll_send(&mut cx, &mut third).is_pending());
        assert!(third.is_some(), "what could not be sent is not lost");
        // The other channel has its own credit.
        let mark = StreamElement::Watermark(Watermark::MIN);
        assert!(senders[1].poll_send(&mut cx, &mut Some(mark)).is_ready());
        let Poll::Ready(first) = gate.poll_next(&mut cx) else { panic!() };
        assert_eq!(first.channel, 0);
        assert!(senders[0].poll_send(&mut cx, &mut third).is_ready());
        // In turn: the second channel comes before the rest of the first.
        let Poll::Ready(second) = gate.poll_next(&mut cx) else { panic!() };
        assert_eq!(second.channel, 1);
        assert_eq!(gate.watch().queued(), (2, two));
        drop(gate);
        assert_eq!(senders[0].poll_send(&mut cx, &mut Some(batch(3))), Poll::Ready(Err(Closed)));
    }
}
