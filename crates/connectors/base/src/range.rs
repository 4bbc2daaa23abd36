//! Ranges of indexes as splits, and the reader that turns them into batches.
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hurtig_connector::{Fetched, Host, ReaderContext, SourceReader, Split, SplitId};
use hurtig_core::{Batch, ProcessingTime, Result};
use hurtig_derive::TypeInformation;

use crate::pacer::Pacer;
use crate::queue::SplitQueue;

/// The greatest batch, whatever the engine asks for.
const MAX_ROWS: usize = 1 << 20;

/// The indexes from `next` to `last`, both included, of which none has been handed out.
#[derive(Clone, Debug, PartialEq, Eq, TypeInformation)]
#[hurtig(crate = "hurtig_core")]
pub struct RangeSplit {
    /// Which of the ranges it is, counted from 0.
    pub number: i32,
    /// The first index to hand out.
    pub next: i64,
    /// The last index to hand out.
    pub last: i64,
}

impl Split for RangeSplit {
    fn split_id(&self) -> SplitId {
        SplitId::new(self.number.to_string())
    }
}

impl RangeSplit {
    /// The indexes from `from` to `to` in `parallelism` runs of the same length, the first ones longer by one
    /// where they cannot be the same; fewer runs if there are not so many indexes, none if `to` is below
    /// `from`. Flink's `NumberSequenceSource` splits this way.
    pub fn partition(from: i64, to: i64, parallelism: u32) -> Vec<RangeSplit> {
        let total = i128::from(to) - i128::from(from) + 1;
        let parts = i128::from(parallelism.max(1)).min(total).max(0);
        let mut splits = Vec::with_capacity(parts as usize);
        let mut next = i128::from(from);
        for part in 0..parts {
            let length = total / parts + i128::from(part < total % parts);
            // Both ends lie between `from` and `to`.
            splits.push(RangeSplit {
                number: part as i32,
                next: next as i64,
                last: (next + length - 1) as i64,
            });
            next += length;
        }
        splits
    }
}

/// Makes the records of a range.
pub trait Produce: Send {
    /// The records of the indexes from `first` to `last`, both included. `now` is the wall clock.
    fn produce(&mut self, first: i64, last: i64, now: ProcessingTime) -> Result<Batch>;
}

/// Reads ranges one after the other, as fast as it is asked or at a rate.
pub struct RangeReader<P> {
    queue: SplitQueue<RangeSplit>,
    produce: P,
    pacer: Option<Pacer>,
    host: Arc<dyn Host>,
}

impl<P> RangeReader<P> {
    /// A reader of records that `produce` makes. Fails for a rate of 0.
    pub(crate) fn new(produce: P, records_per_second: Option<u64>, context: &ReaderContext) -> Result<Self> {
        let pacer = records_per_second.map(|rate| Pacer::new(rate, context)).transpose()?;
        Ok(RangeReader { queue: SplitQueue::new(), produce, pacer, host: context.host.clone() })
    }
}

impl<P: Produce> SourceReader for RangeReader<P> {
    type Split = RangeSplit;

    fn add_splits(&mut self, splits: Vec<RangeSplit>) -> Result<()> {
        self.queue.add(splits);
        Ok(())
    }

    fn no_more_splits(&mut self) {
        self.queue.complete();
    }

    fn poll_next(&mut self, cx: &mut Context<'_>, max_rows: usize) -> Poll<Result<Fetched>> {
        if let Some(step) = self.queue.step() {
            return step;
        }
        let mut count = max_rows.clamp(1, MAX_ROWS) as u64;
        if let Some(pacer) = &mut self.pacer {
            count = ready!(pacer.poll(cx, count));
        }
        let Some((id, split)) = self.queue.front() else {
            return Poll::Pending;
        };
        let id = id.clone();
        let first = split.next;
        let last = first.saturating_add_unsigned(count - 1).min(split.last);
        let batch = self.produce.produce(first, last, self.host.processing_time())?;
        if last == split.last {
            self.queue.finish_front();
        } else {
            split.next = last + 1;
        }
        if let Some(pacer) = &mut self.pacer {
            pacer.handed_out(batch.len() as u64);
        }
        Poll::Ready(Ok(Fetched::Batch(id, batch)))
    }

    fn snapshot_state(&mut self) -> Result<Vec<RangeSplit>> {
        Ok(self.queue.snapshot())
    }
}

impl<P> fmt::Debug for RangeReader<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RangeReader").field("queue", &self.queue).field("pacer", &self.pacer).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(from: i64, to: i64, parallelism: u32, expect: &[(i64, i64)]) {
        let splits = RangeSplit::partition(from, to, parallelism);
        let found: Vec<_> = splits.iter().map(|split| (split.next, split.last)).collect();
        assert_eq!(found, expect, "{from}..={to} in {parallelism}");
    }

    #[test]
    fn ranges_are_contiguous_and_the_first_ones_longer() {
        check(1, 10, 1, &[(1, 10)]);
        check(1, 10, 3, &[(1, 4), (5, 7), (8, 10)]);
        check(5, 6, 4, &[(5, 5), (6, 6)]);
        check(7, 7, 2, &[(7, 7)]);
        check(7, 6, 2, &[]);
        check(i64::MIN, i64::MAX, 2, &[(i64::MIN, -1), (0, i64::MAX)]);
        check(i64::MAX - 1, i64::MAX, 3, &[(i64::MAX - 1, i64::MAX - 1), (i64::MAX, i64::MAX)]);
    }
}
