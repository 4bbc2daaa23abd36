//! Numbers in a row. Flink's `NumberSequenceSource`.
use hurtig_connector::{Boundedness, ReaderContext, Source, VersionedBytes};
use hurtig_core::{Batch, ProcessingTime, Result};

use crate::pool::SplitPool;
use crate::range::{Produce, RangeReader, RangeSplit};

/// The numbers from one to another, both included, in contiguous runs over the subtasks. At a parallelism of 1
/// they come in order.
///
/// ```
/// use hurtig_connector_base::SequenceSource;
///
/// let numbers = SequenceSource::new(1, 1_000);
/// assert_eq!(numbers.to_string(), "sequence 1 to 1000");
/// ```
#[derive(Clone, Debug)]
pub struct SequenceSource {
    from: i64,
    to: i64,
}

impl SequenceSource {
    /// The numbers from `from` to `to`, both included; none if `to` is below `from`.
    pub fn new(from: i64, to: i64) -> Self {
        SequenceSource { from, to }
    }
}

impl Source for SequenceSource {
    type Record = i64;
    type Split = RangeSplit;
    type Enumerator = SplitPool<RangeSplit>;
    type Reader = RangeReader<Numbers>;

    fn boundedness(&self) -> Boundedness {
        Boundedness::Bounded
    }

    fn create_enumerator(&self, restored: Option<&VersionedBytes>) -> Result<SplitPool<RangeSplit>> {
        let SequenceSource { from, to } = *self;
        SplitPool::new(restored, move |parallelism| RangeSplit::partition(from, to, parallelism))
    }

    fn create_reader(&self, context: &ReaderContext) -> Result<RangeReader<Numbers>> {
        RangeReader::new(Numbers, None, context)
    }
}

impl std::fmt::Display for SequenceSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "sequence {} to {}", self.from, self.to)
    }
}

/// The indexes themselves.
#[derive(Debug)]
pub struct Numbers;

impl Produce for Numbers {
    fn produce(&mut self, first: i64, last: i64, _: ProcessingTime) -> Result<Batch> {
        // A half-open range from 0 becomes a plain vector loop, an inclusive one does not.
        let numbers: Vec<i64> = (0..last - first + 1).map(|offset| first + offset).collect();
        Ok(Batch::from_rows(numbers))
    }
}
