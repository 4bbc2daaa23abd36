//! Events as Arrow columns, made column by column straight into the buffers.
//!
//! - `table`: which tables there are and their schemas. - `layout`: which row each event of a run becomes.
//! - `strings`, `blocks`: text columns in the making. - `bids`, `auctions`, `persons`: the columns of each kind.
mod auctions;
mod bids;
mod blocks;
mod layout;
mod persons;
mod strings;
mod table;

use std::ops::Range;
use std::sync::Arc;

use arrow_array::types::TimestampMillisecondType;
use arrow_array::{ArrayRef, Int32Array, PrimitiveArray, RecordBatch, RecordBatchOptions, StructArray};
use arrow_schema::{ArrowError, DataType, SchemaRef};
use hurtig_core::{Error, EventTime, LogicalType, Result};

pub use table::Table;

use crate::fields::Fields;
use crate::generator::Generator;
use crate::model::Kind;
use crate::range::EventRange;
use layout::{KindRows, Layout};

/// Makes runs of events as Arrow columns. From [`Generator::columns`]; each reader has its own.
pub struct ColumnGenerator {
    generator: Generator,
    table: Table,
    fields: Fields,
    row_type: LogicalType,
    schema: SchemaRef,
}

impl ColumnGenerator {
    pub(crate) fn new(generator: Generator, table: Table, fields: Fields) -> ColumnGenerator {
        let fields = table.fields(fields);
        let row_type = table.row_type(fields);
        let schema = table::schema(&row_type);
        ColumnGenerator { generator, table, fields, row_type, schema }
    }

    /// The ROW type of the columns.
    pub fn row_type(&self) -> &LogicalType {
        &self.row_type
    }

    /// The schema of every batch.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// The wanted events among `numbers` of `range`, in order. Fails if a text column could grow beyond 2
    /// GiB: with the usual sizes some million events at a time are fine.
    pub fn batch(&mut self, range: &EventRange, numbers: Range<u64>) -> Result<RecordBatch> {
        self.table_of(&self.layout(range, numbers))
    }

    /// As [`ColumnGenerator::batch`], with the event time of each row.
    pub fn stamped_batch(
        &mut self,
        range: &EventRange,
        numbers: Range<u64>,
    ) -> Result<(RecordBatch, Vec<EventTime>)> {
        let layout = self.layout(range, numbers);
        Ok((self.table_of(&layout)?, layout.times(self.generator.timeline())))
    }

    fn layout(&self, range: &EventRange, numbers: Range<u64>) -> Layout {
        Layout::new(self.generator.config(), self.fields, range, numbers)
    }

    fn table_of(&self, layout: &Layout) -> Result<RecordBatch> {
        self.check_size(layout.rows())?;
        let columns = match self.table {
            Table::Combined => self.combined(layout),
            Table::Of(kind) => columns_of(kind, &KindRows::new(&self.generator, self.fields, layout, kind)),
        };
        // The row count of a table without columns.
        let options = RecordBatchOptions::new().with_row_count(Some(layout.rows()));
        columns
            .and_then(|columns| RecordBatch::try_new_with_options(self.schema(), columns, &options))
            .map_err(|error| Error::bug("nexmark columns that do not fit together").caused_by(error))
    }

    /// Refuses a batch whose texts might not fit Arrow's 32-bit offsets.
    fn check_size(&self, rows: usize) -> Result<()> {
        let config = self.generator.config();
        let size = config.person_avg_size.max(config.auction_avg_size).max(config.bid_avg_size);
        // A padding is at most a fifth above the average size; no other text is longer than 100 bytes.
        let longest = (size + size / 5 + 1).max(100);
        if rows as u64 > i32::MAX as u64 / longest {
            return Err(Error::user(format!(
                "{rows} rows with texts of up to {longest} bytes do not fit one batch of Arrow columns: ask for fewer"
            )));
        }
        Ok(())
    }

    fn combined(&self, layout: &Layout) -> Result<Vec<ArrayRef>, ArrowError> {
        let mut columns = Vec::with_capacity(self.schema.fields().len());
        if self.fields.contains(Fields::EVENT_TYPE) {
            columns.push(Arc::new(Int32Array::from(layout.event_types())) as ArrayRef);
        }
        for kind in Kind::ALL {
            if !self.fields.wants_columns(kind) {
                continue;
            }
            let field = self.schema.field_with_name(kind.name())?;
            let DataType::Struct(fields) = field.data_type() else {
                return Err(ArrowError::SchemaError(format!("{field} is not a row")));
            };
            let rows = KindRows::new(&self.generator, self.fields, layout, kind);
            let row = StructArray::try_new(fields.clone(), columns_of(kind, &rows)?, rows.validity())?;
            columns.push(Arc::new(row));
        }
        if self.fields.contains(Fields::DATE_TIME) {
            let times = layout.times(self.generator.timeline());
            let millis = times.into_iter().map(EventTime::as_millis).collect::<Vec<_>>();
            columns.push(Arc::new(PrimitiveArray::<TimestampMillisecondType>::from(millis)));
        }
        Ok(columns)
    }
}

fn columns_of(kind: Kind, rows: &KindRows<'_>) -> Result<Vec<ArrayRef>, ArrowError> {
    match kind {
        Kind::Person => Ok(persons::columns(rows)),
        Kind::Auction => Ok(auctions::columns(rows)),
        Kind::Bid => bids::columns(rows),
    }
}

impl std::fmt::Debug for ColumnGenerator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ColumnGenerator({:?}, {})", self.table, self.row_type)
    }
}
