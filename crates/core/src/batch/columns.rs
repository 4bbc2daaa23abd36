//! Arrow columns with an optional change kind per row.
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, Int8Array, RecordBatch, UInt32Array};
use arrow_schema::SchemaRef;
use arrow_select::concat::{concat, concat_batches};
use arrow_select::take::take_record_batch;

use crate::change::RowKind;
use crate::error::{Error, Result};

/// A run of SQL rows as Arrow columns. Without change kinds every row is an insert.
#[derive(Clone, Debug)]
pub struct ColumnBatch {
    batch: RecordBatch,
    changes: Option<Int8Array>,
}

impl From<RecordBatch> for ColumnBatch {
    fn from(batch: RecordBatch) -> Self {
        ColumnBatch { batch, changes: None }
    }
}

impl ColumnBatch {
    /// Columns with the kind of each row, as [`RowKind`]'s byte values. Fails if the lengths differ.
    pub fn with_changes(batch: RecordBatch, changes: Int8Array) -> Result<Self> {
        if changes.len() != batch.num_rows() || changes.null_count() > 0 {
            return Err(Error::bug(format!(
                "{} change kinds ({} of them null) for {} rows",
                changes.len(),
                changes.null_count(),
                batch.num_rows()
            )));
        }
        Ok(ColumnBatch { batch, changes: Some(changes) })
    }

    /// Rows.
    pub fn len(&self) -> usize {
        self.batch.num_rows()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The columns.
    pub fn batch(&self) -> &RecordBatch {
        &self.batch
    }

    /// The columns, owned.
    pub fn into_batch(self) -> RecordBatch {
        self.batch
    }

    /// The change kinds as bytes, if not every row is an insert.
    pub fn changes(&self) -> Option<&Int8Array> {
        self.changes.as_ref()
    }

    /// The kind of row `index`.
    pub fn change(&self, index: usize) -> RowKind {
        match &self.changes {
            Some(kinds) => RowKind::from_byte(kinds.value(index) as u8).unwrap_or_default(),
            None => RowKind::Insert,
        }
    }

    /// The names and types of the columns.
    pub fn schema(&self) -> SchemaRef {
        self.batch.schema()
    }

    /// Bytes of the rows of this slice, not of the buffers that it shares.
    pub fn bytes(&self) -> usize {
        let data: usize = self.batch.columns().iter().map(|column| column_bytes(column.as_ref())).sum();
        data + self.changes.as_ref().map_or(0, Array::len)
    }

    /// Takes the first `count` rows away; both halves share their buffers.
    pub fn split_to(&mut self, count: usize) -> ColumnBatch {
        let count = count.min(self.len());
        let front = self.slice(0, count);
        *self = self.slice(count, self.len() - count);
        front
    }

    /// `length` rows from `offset` on, sharing the buffers.
    pub fn slice(&self, offset: usize, length: usize) -> ColumnBatch {
        ColumnBatch {
            batch: self.batch.slice(offset, length),
            changes: self.changes.as_ref().map(|kinds| kinds.slice(offset, length)),
        }
    }

    /// The rows at `indices`, in that order.
    pub fn take(&self, indices: &UInt32Array) -> Result<ColumnBatch> {
        let batch = take_record_batch(&self.batch, indices).map_err(arrow_error)?;
        let changes = self.changes.as_ref().map(|kinds| take_kinds(kinds, indices));
        Ok(ColumnBatch { batch, changes })
    }

    /// Appends the rows of `other`, which must have the same schema.
    pub fn append(&mut self, other: &ColumnBatch) -> Result<()> {
        *self = ColumnBatch::concat(&[self.clone(), other.clone()])?;
        Ok(())
    }

    /// All rows of all `parts`, in order. Fails on no parts or different schemas.
    pub fn concat(parts: &[ColumnBatch]) -> Result<ColumnBatch> {
        let Some(first) = parts.first() else {
            return Err(Error::bug("nothing to concatenate"));
        };
        let batch =
            concat_batches(&first.schema(), parts.iter().map(ColumnBatch::batch)).map_err(arrow_error)?;
        if parts.iter().all(|part| part.changes.is_none()) {
            return Ok(ColumnBatch { batch, changes: None });
        }
        let kinds: Vec<Arc<dyn Array>> = parts.iter().map(|part| Arc::new(part.kinds()) as _).collect();
        let kinds: Vec<&dyn Array> = kinds.iter().map(AsRef::as_ref).collect();
        let kinds = concat(&kinds).map_err(arrow_error)?;
        Ok(ColumnBatch { batch, changes: kinds.as_any().downcast_ref::<Int8Array>().cloned() })
    }

    fn kinds(&self) -> Int8Array {
        match &self.changes {
            Some(kinds) => kinds.clone(),
            None => Int8Array::from_value(RowKind::Insert as i8, self.len()),
        }
    }
}

/// Bytes of the values of this slice; Arrow's own answer costs allocations, so the common types go without.
fn column_bytes(column: &dyn Array) -> usize {
    if let Some(width) = column.data_type().primitive_width() {
        return column.len() * width;
    }
    if let Some(text) = column.as_string_opt::<i32>() {
        return offset_bytes(text.value_offsets());
    }
    if let Some(bytes) = column.as_binary_opt::<i32>() {
        return offset_bytes(bytes.value_offsets());
    }
    column.to_data().get_slice_memory_size().unwrap_or_else(|_| column.get_array_memory_size())
}

fn offset_bytes(offsets: &[i32]) -> usize {
    let (first, last) = (offsets.first().copied().unwrap_or(0), offsets.last().copied().unwrap_or(0));
    (last - first) as usize + size_of_val(offsets)
}

fn take_kinds(kinds: &Int8Array, indices: &UInt32Array) -> Int8Array {
    indices.values().iter().map(|&index| Some(kinds.value(index as usize))).collect()
}

/// An Arrow kernel refused what the types had promised.
pub(crate) fn arrow_error(error: arrow_schema::ArrowError) -> Error {
    Error::bug("an Arrow kernel failed").caused_by(error)
}
