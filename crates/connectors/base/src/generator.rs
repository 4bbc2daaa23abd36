//! Records made by a function of their index. Flink's `DataGeneratorSource`.
use std::fmt;
use std::marker::PhantomData;

use hurtig_connector::{Boundedness, ReaderContext, Source, VersionedBytes};
use hurtig_core::{Batch, ProcessingTime, Result, TypeInformation};

use crate::pool::SplitPool;
use crate::range::{Produce, RangeReader, RangeSplit};

/// Makes each record from its index. The function must depend on the index alone: after a restart a range
/// goes on where it stood, and what was made once is made the same again.
///
/// ```
/// use hurtig_connector_base::GeneratorSource;
///
/// let squares = GeneratorSource::new(|index| index * index, 1_000).with_records_per_second(100);
/// assert_eq!(squares.to_string(), "generator of 1000 records at 100 records per second");
/// ```
pub struct GeneratorSource<T, F> {
    function: F,
    count: Option<u64>,
    records_per_second: Option<u64>,
    record: PhantomData<fn() -> T>,
}

impl<T, F> GeneratorSource<T, F>
where
    T: TypeInformation,
    F: Fn(u64) -> T + Clone + Send + Sync + 'static,
{
    /// The records of the indexes from 0 to `count - 1`, in contiguous runs over the subtasks.
    pub fn new(function: F, count: u64) -> Self {
        GeneratorSource { function, count: Some(count), records_per_second: None, record: PhantomData }
    }

    /// Records without end. The subtasks share the indexes out in contiguous runs: subtask i of p begins near
    /// i / p of 2^63.
    pub fn unbounded(function: F) -> Self {
        GeneratorSource { function, count: None, records_per_second: None, record: PhantomData }
    }

    /// At most so many records per second over all subtasks, evenly spaced; at least 1.
    pub fn with_records_per_second(mut self, records_per_second: u64) -> Self {
        self.records_per_second = Some(records_per_second);
        self
    }
}

impl<T, F> Source for GeneratorSource<T, F>
where
    T: TypeInformation,
    F: Fn(u64) -> T + Clone + Send + Sync + 'static,
{
    type Record = T;
    type Split = RangeSplit;
    type Enumerator = SplitPool<RangeSplit>;
    type Reader = RangeReader<Function<F>>;

    fn boundedness(&self) -> Boundedness {
        boundedness(self.count)
    }

    fn create_enumerator(&self, restored: Option<&VersionedBytes>) -> Result<SplitPool<RangeSplit>> {
        index_ranges(self.count, restored)
    }

    fn create_reader(&self, context: &ReaderContext) -> Result<RangeReader<Function<F>>> {
        RangeReader::new(Function(self.function.clone()), self.records_per_second, context)
    }
}

impl<T, F> fmt::Display for GeneratorSource<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.count {
            Some(count) => write!(f, "generator of {count} records")?,
            None => f.write_str("generator without end")?,
        }
        match self.records_per_second {
            Some(rate) => write!(f, " at {rate} records per second"),
            None => Ok(()),
        }
    }
}

impl<T, F> fmt::Debug for GeneratorSource<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GeneratorSource({self})")
    }
}

pub(crate) fn boundedness(count: Option<u64>) -> Boundedness {
    if count.is_some() { Boundedness::Bounded } else { Boundedness::Unbounded }
}

/// The enumerator of the indexes from 0 on. More than an `i64` counts is as good as without end.
pub(crate) fn index_ranges(
    count: Option<u64>,
    restored: Option<&VersionedBytes>,
) -> Result<SplitPool<RangeSplit>> {
    let last = match count {
        Some(count) => i64::try_from(count).unwrap_or(i64::MAX) - 1,
        None => i64::MAX,
    };
    SplitPool::new(restored, move |parallelism| RangeSplit::partition(0, last, parallelism))
}

/// The user's function, called for each index.
pub struct Function<F>(F);

impl<T, F> Produce for Function<F>
where
    T: TypeInformation,
    F: Fn(u64) -> T + Send,
{
    fn produce(&mut self, first: i64, last: i64, _: ProcessingTime) -> Result<Batch> {
        let records: Vec<T> = (first as u64..last as u64 + 1).map(&self.0).collect();
        Ok(Batch::from_rows(records))
    }
}
