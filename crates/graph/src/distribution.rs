//! Which subtasks an exchange joins. Each producer feeds a run of consumers without a gap, and the other way
//! round, so a range says it all.
//!
//! For [`Partitioner::Rescale`] this is Flink's pointwise distribution: of `p` producers and `c` consumers,
//! if `p >= c`, consumer `j` reads producers from `j * p / c` up to, without, `(j + 1) * p / c`; else producer
//! `i` feeds consumers from `i * c / p` up to, without, `(i + 1) * c / p`, each rounded up.
use std::ops::Range;

use crate::stream::Partitioner;

/// The two sides of an exchange.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Distribution<'a> {
    pub(crate) partitioner: &'a Partitioner,
    pub(crate) producers: u32,
    pub(crate) consumers: u32,
}

impl Distribution<'_> {
    /// The consumers that a producer feeds; none if there is no such producer.
    pub(crate) fn consumers_of(&self, producer: u32) -> Range<u32> {
        let (producers, consumers) = (self.producers, self.consumers);
        if producer >= producers {
            return 0..0;
        }
        match self.partitioner {
            Partitioner::Forward => one(producer, consumers),
            // The last consumer whose first producer does not lie behind this one.
            Partitioner::Rescale if producers >= consumers => {
                one(scaled_up(producer + 1, consumers, producers) - 1, consumers)
            }
            Partitioner::Rescale => {
                scaled_up(producer, consumers, producers)..scaled_up(producer + 1, consumers, producers)
            }
            _ => 0..consumers,
        }
    }

    /// The producers that feed a consumer; none if there is no such consumer.
    pub(crate) fn producers_of(&self, consumer: u32) -> Range<u32> {
        let (producers, consumers) = (self.producers, self.consumers);
        if consumer >= consumers {
            return 0..0;
        }
        match self.partitioner {
            Partitioner::Forward => one(consumer, producers),
            Partitioner::Rescale if producers >= consumers => {
                scaled_down(consumer, producers, consumers)..scaled_down(consumer + 1, producers, consumers)
            }
            Partitioner::Rescale => one(scaled_down(consumer, producers, consumers), producers),
            _ => 0..producers,
        }
    }

    /// How many pairs of subtasks are joined.
    pub(crate) fn channels(&self) -> u64 {
        (0..self.producers).map(|producer| self.consumers_of(producer).len() as u64).sum()
    }
}

fn one(index: u32, limit: u32) -> Range<u32> {
    if index < limit { index..index + 1 } else { 0..0 }
}

/// `index * to / from`, rounded down. `index` is at most `from`, so the result is at most `to`.
fn scaled_down(index: u32, to: u32, from: u32) -> u32 {
    (u64::from(index) * u64::from(to) / u64::from(from)) as u32
}

/// `index * to / from`, rounded up.
fn scaled_up(index: u32, to: u32, from: u32) -> u32 {
    (u64::from(index) * u64::from(to)).div_ceil(u64::from(from)) as u32
}
