//! Rows made up from their type alone. Flink's `datagen` table connector.
//!
//! - `options`: what the user has set. - `plan`: from types and options to fields. - `field`: how each field
//!   is made. - `random`: draws that repeat.
mod field;
mod options;
mod plan;
mod random;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use hurtig_connector::{Boundedness, ReaderContext, Source, VersionedBytes};
use hurtig_core::types::codec::Reader;
use hurtig_core::{Batch, Configuration, Error, ProcessingTime, Result, TypeInformation};

use crate::generator::{boundedness, index_ranges};
use crate::pool::SplitPool;
use crate::range::{Produce, RangeReader, RangeSplit};
use field::{Field, Place};
use options::Options;

/// Flink's rate where none is set.
const DEFAULT_ROWS_PER_SECOND: u64 = 10_000;

/// Makes up rows of a derived type `T`, of which it fills each field with random values or a sequence.
///
/// | option | default | meaning |
/// |---|---|---|
/// | `rows-per-second` | 10000 | rows per second over all subtasks |
/// | `number-of-rows` | none | rows in all; without it, and without a sequence, there is no end |
/// | `seed` | 0 | another seed gives other rows, the same one the same rows at any parallelism |
/// | `fields.NAME.kind` | `random` | `random` or `sequence` |
/// | `fields.NAME.null-rate` | 0 | the part of the values that is NULL, 0 to 1; for nullable fields |
/// | `fields.NAME.min`, `.max` | the type's | the least and the greatest random number (fractions: from 0) |
/// | `fields.NAME.length` | 100; 3 for collections | characters, bytes or elements |
/// | `fields.NAME.var-len` | `false` | lengths from 1 to `length` instead, for STRING and BYTES |
/// | `fields.NAME.max-past` | 0 | how far a timestamp may lie before the present |
/// | `fields.NAME.start`, `.end` | required | the first and the last number of a sequence, which ends the source |
///
/// Options of what lies within a field are named `fields.NAME.element.*` (ARRAY and MULTISET),
/// `fields.NAME.key.*`, `fields.NAME.value.*` (MAP) and `fields.NAME.INNER.*` (ROW). `connector` and
/// `scan.parallelism` are known too.
///
/// Dates, times and timestamps hang on the clock, so these do not repeat. Unlike Flink's, every other value
/// does, and row i of a sequence has the number `start + i` whichever subtask makes it.
///
/// ```
/// use hurtig_connector_base::DataGenSource;
/// use hurtig_core::Configuration;
///
/// let mut options = Configuration::new();
/// options.set("number-of-rows", "100").set("fields.f0.kind", "sequence");
/// options.set("fields.f0.start", "1").set("fields.f0.end", "50").set("fields.f1.length", "8");
/// let orders = DataGenSource::<(i64, String)>::from_options(&options).unwrap();
/// assert_eq!(orders.to_string(), "datagen of 50 rows at 10000 rows per second");
/// ```
pub struct DataGenSource<T> {
    rows: Arc<Field>,
    seed: u64,
    count: Option<u64>,
    rows_per_second: u64,
    parallelism: Option<u32>,
    record: PhantomData<fn() -> T>,
}

impl<T: TypeInformation> DataGenSource<T> {
    /// Reads the options. Fails, naming the option, on one that is unknown, missing or has a bad value, and on
    /// a type that cannot be made up.
    pub fn from_options(options: &Configuration) -> Result<Self> {
        let mut options = Options::new(options);
        if let Some(connector) = options.get::<String>("connector")?.filter(|name| name != "datagen") {
            return Err(Error::user(format!(
                "option 'connector' has the value '{connector}', expected datagen"
            )));
        }
        let number_of_rows = options.get::<u64>("number-of-rows")?;
        let rows_per_second = options.get("rows-per-second")?.unwrap_or(DEFAULT_ROWS_PER_SECOND);
        if rows_per_second == 0 {
            return Err(options.bad_value("rows-per-second", "a whole number, at least 1"));
        }
        let seed = options.get("seed")?.unwrap_or(0);
        let parallelism = options.get("scan.parallelism")?;
        let rows = Field::of_rows(&T::logical_type(), &mut options)?;
        options.finish()?;
        let count = number_of_rows.into_iter().chain(rows.sequence_length()).min();
        Ok(DataGenSource {
            rows: Arc::new(rows),
            seed,
            count,
            rows_per_second,
            parallelism,
            record: PhantomData,
        })
    }

    /// What `scan.parallelism` asks for.
    pub fn parallelism(&self) -> Option<u32> {
        self.parallelism
    }
}

impl<T: TypeInformation> Source for DataGenSource<T> {
    type Record = T;
    type Split = RangeSplit;
    type Enumerator = SplitPool<RangeSplit>;
    type Reader = RangeReader<Rows<T>>;

    fn boundedness(&self) -> Boundedness {
        boundedness(self.count)
    }

    fn create_enumerator(&self, restored: Option<&VersionedBytes>) -> Result<SplitPool<RangeSplit>> {
        index_ranges(self.count, restored)
    }

    fn create_reader(&self, context: &ReaderContext) -> Result<RangeReader<Rows<T>>> {
        let rows = Rows { row: self.rows.clone(), seed: self.seed, bytes: Vec::new(), record: PhantomData };
        RangeReader::new(rows, Some(self.rows_per_second), context)
    }
}

impl<T> fmt::Display for DataGenSource<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.count {
            Some(count) => write!(f, "datagen of {count} rows")?,
            None => f.write_str("datagen without end")?,
        }
        write!(f, " at {} rows per second", self.rows_per_second)
    }
}

impl<T> fmt::Debug for DataGenSource<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DataGenSource({self}, seed {})", self.seed)
    }
}

/// Makes rows by way of their encoding: the one thing that every type has in common.
pub struct Rows<T> {
    row: Arc<Field>,
    seed: u64,
    bytes: Vec<u8>,
    record: PhantomData<fn() -> T>,
}

impl<T: TypeInformation> Produce for Rows<T> {
    fn produce(&mut self, first: i64, last: i64, now: ProcessingTime) -> Result<Batch> {
        self.bytes.clear();
        for index in first..=last {
            self.row.write(&mut Place::new(self.seed, index, now), &mut self.bytes);
        }
        let mut input = Reader::new(&self.bytes);
        let rows: Result<Vec<T>> = (first..=last)
            .map(|index| {
                T::decode(&mut input).map_err(|cause| {
                    Error::user(format!(
                        "datagen made a row {index} that is not a {}: where the SQL type holds more than the \
                         Rust type, set min and max",
                        std::any::type_name::<T>()
                    ))
                    .caused_by(cause)
                })
            })
            .collect();
        Ok(Batch::from_rows(rows?))
    }
}
