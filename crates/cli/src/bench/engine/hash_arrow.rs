//! `hash_arrow_2x2`: Arrow batches of five columns from two sources by key to two sinks.
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use arrow_array::{Array, ArrayRef, Float64Array, Int32Array, Int64Array, RecordBatch};
use arrow_schema::SchemaRef;
use hurtig::connector::{
    Boundedness, ColumnSource, EnumeratorContext, Fetched, ReaderContext, Source, SourceReader, Split,
    SplitEnumerator, SplitId, VersionedBytes,
};
use hurtig::core::Batch;
use hurtig::core::batch::ColumnBatch;
use hurtig::core::ids::SubtaskIndex;
use hurtig::core::key::hash::mix;
use hurtig::core::types::{LogicalType, RowField};
use hurtig::prelude::*;

use super::Engine;
use super::report::Report;
use super::sink::{ChecksumSink, Fold};

/// Measures it.
pub fn run(options: &Engine) -> Result<Report> {
    let records = options.records(60_000_000);
    let engine = || {
        let env = StreamExecutionEnvironment::default();
        env.set_parallelism(2).disable_operator_chaining();
        let (sink, sum) = ChecksumSink::<ColumnBatch>::new();
        env.from_column_source(Columns { records }, None, "columns").key_by_columns(&[0]).sink_to(sink);
        env.execute("hash_arrow_2x2")?;
        Ok(sum.load(Ordering::Relaxed))
    };
    let bare = || {
        let part = |from: u64, to: u64| {
            let mut sum = 0u64;
            let mut next = from;
            while next < to {
                let end = (next + BATCH).min(to);
                sum = sum.wrapping_add(ColumnBatch::from(columns(black_box(next), end)).fold());
                next = end;
            }
            sum
        };
        std::thread::scope(|scope| {
            let other = scope.spawn(|| part(records / 2, records));
            part(0, records / 2).wrapping_add(other.join().unwrap_or(0))
        })
    };
    Report::compare(records, options.rounds, engine, bare)
}

/// Rows in a batch.
const BATCH: u64 = 1024;

fn row_type() -> LogicalType {
    let long = || LogicalType::big_int().not_null();
    LogicalType::row([
        RowField::new("key", long()),
        RowField::new("a", long()),
        RowField::new("b", long()),
        RowField::new("c", LogicalType::double().not_null()),
        RowField::new("d", LogicalType::integer().not_null()),
    ])
    .not_null()
}

fn schema() -> SchemaRef {
    let row = row_type();
    let fields = row.fields().unwrap_or_default();
    let fields: Vec<_> = fields.iter().map(|field| field.data_type.arrow_field(&field.name)).collect();
    Arc::new(arrow_schema::Schema::new(fields))
}

fn columns(from: u64, to: u64) -> RecordBatch {
    let key = Int64Array::from_iter_values((from..to).map(|index| mix(index) as i64));
    let a = Int64Array::from_iter_values((from..to).map(|index| index as i64));
    let b = Int64Array::from_iter_values((from..to).map(|index| (index ^ 0x55) as i64));
    let c = Float64Array::from_iter_values((from..to).map(|index| index as f64));
    let d = Int32Array::from_iter_values((from..to).map(|index| index as i32));
    let columns: Vec<ArrayRef> = vec![Arc::new(key), Arc::new(a), Arc::new(b), Arc::new(c), Arc::new(d)];
    SCHEMA.with(|schema| RecordBatch::try_new(schema.clone(), columns).expect("the columns match the schema"))
}

thread_local! {
    static SCHEMA: SchemaRef = schema();
}

impl Fold for ColumnBatch {
    fn fold(&self) -> u64 {
        let mut sum = 0u64;
        for column in self.batch().columns() {
            if let Some(longs) = column.as_any().downcast_ref::<Int64Array>() {
                sum = longs.values().iter().fold(sum, |sum, value| sum.wrapping_add(*value as u64));
            } else if let Some(doubles) = column.as_any().downcast_ref::<Float64Array>() {
                sum = doubles.values().iter().fold(sum, |sum, value| sum.wrapping_add(value.to_bits()));
            } else if let Some(ints) = column.as_any().downcast_ref::<Int32Array>() {
                sum = ints.values().iter().fold(sum, |sum, value| sum.wrapping_add(*value as u64));
            }
        }
        sum
    }
}

/// A source of Arrow batches, half of them by each reader.
struct Columns {
    records: u64,
}

#[derive(Clone, TypeInformation)]
struct Range {
    next: i64,
    end: i64,
}

impl Split for Range {
    fn split_id(&self) -> SplitId {
        SplitId::new(self.end.to_string())
    }
}

struct Ranges {
    records: u64,
}

impl SplitEnumerator for Ranges {
    type Split = Range;

    fn handle_split_request(
        &mut self,
        reader: SubtaskIndex,
        context: &mut EnumeratorContext<Range>,
    ) -> Result<()> {
        let (reader_index, readers) = (u64::from(reader.0), u64::from(context.parallelism()));
        let at = |index: u64| (self.records * index / readers) as i64;
        context.assign_split(Range { next: at(reader_index), end: at(reader_index + 1) }, reader);
        context.signal_no_more_splits(reader);
        Ok(())
    }

    fn add_splits_back(
        &mut self,
        splits: Vec<Range>,
        reader: SubtaskIndex,
        context: &mut EnumeratorContext<Range>,
    ) -> Result<()> {
        splits.into_iter().for_each(|split| context.assign_split(split, reader));
        Ok(())
    }

    fn snapshot_state(&self) -> Result<VersionedBytes> {
        Ok(VersionedBytes { version: 1, bytes: Vec::new() })
    }
}

#[derive(Default)]
struct RangeReader {
    range: Option<(SplitId, Range)>,
    asked: bool,
}

impl SourceReader for RangeReader {
    type Split = Range;

    fn add_splits(&mut self, splits: Vec<Range>) -> Result<()> {
        self.range = splits.into_iter().next().map(|range| (range.split_id(), range));
        Ok(())
    }

    fn no_more_splits(&mut self) {}

    fn poll_next(&mut self, _: &mut Context<'_>, max_rows: usize) -> Poll<Result<Fetched>> {
        let Some((id, range)) = &mut self.range else {
            return if std::mem::replace(&mut self.asked, true) {
                Poll::Pending
            } else {
                Poll::Ready(Ok(Fetched::RequestSplit))
            };
        };
        if range.next == range.end {
            return Poll::Ready(Ok(Fetched::EndOfInput));
        }
        let end = range.end.min(range.next + max_rows as i64);
        let batch = Batch::from_columns(columns(range.next as u64, end as u64));
        range.next = end;
        Poll::Ready(Ok(Fetched::Batch(id.clone(), batch)))
    }

    fn snapshot_state(&mut self) -> Result<Vec<Range>> {
        Ok(self.range.iter().map(|(_, range)| range.clone()).collect())
    }
}

impl Source for Columns {
    type Record = ColumnBatch;
    type Split = Range;
    type Enumerator = Ranges;
    type Reader = RangeReader;

    fn boundedness(&self) -> Boundedness {
        Boundedness::Bounded
    }

    fn create_enumerator(&self, _: Option<&VersionedBytes>) -> Result<Ranges> {
        Ok(Ranges { records: self.records })
    }

    fn create_reader(&self, _: &ReaderContext) -> Result<RangeReader> {
        Ok(RangeReader::default())
    }
}

impl ColumnSource for Columns {
    fn row_type(&self) -> LogicalType {
        row_type()
    }

    fn schema(&self) -> SchemaRef {
        schema()
    }
}
