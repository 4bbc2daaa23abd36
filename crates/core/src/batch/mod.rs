//! `Batch`: one concrete, type-erased run of records, rows or Arrow columns. The runtime moves batches and
//! never looks inside, so no type parameter of the user's reaches it; operators, partitioners and codecs get
//! at the rows through one checked downcast per batch.
//!
//! - [`rows`]: a run of Rust values. - [`columns`]: an Arrow `RecordBatch` with optional change kinds.
//! - [`scatter`]: sharing a batch out over targets. - [`codec`]: bytes and back, by the type of the edge.
pub mod codec;
pub mod columns;
pub mod rows;
pub mod scatter;

use std::fmt;

use arrow_array::RecordBatch;

pub use codec::BatchType;
pub use columns::ColumnBatch;
pub use rows::{RowBuffer, RowCursor};
pub use scatter::Scatter;

use crate::error::{Error, Result};
use crate::time::EventTime;
use crate::types::TypeInformation;
use rows::{RowBatch, Rows};

/// A run of records with one optional event time each.
///
/// Rows are consumed from the front: an operator that stops between two records leaves the rest in the
/// batch, and the rest is again a batch. A record without an event time in a batch that has some carries
/// [`EventTime::MIN`], Flink's "no timestamp".
pub struct Batch {
    payload: Payload,
    timestamps: Option<std::vec::IntoIter<EventTime>>,
}

enum Payload {
    Rows(Box<dyn Rows>),
    /// Boxed, as batches are moved often and columns are large.
    Columns(Box<ColumnBatch>),
}

impl Batch {
    /// A batch of rows without timestamps.
    pub fn from_rows<T: TypeInformation>(values: Vec<T>) -> Batch {
        Batch { payload: Payload::Rows(Box::new(RowBatch::new(values))), timestamps: None }
    }

    /// A batch of rows, each with its timestamp. Fails if the lengths differ.
    pub fn from_stamped_rows<T: TypeInformation>(
        values: Vec<T>,
        timestamps: Vec<EventTime>,
    ) -> Result<Batch> {
        Batch::from_rows(values).with_timestamps(timestamps)
    }

    /// A batch of columns without timestamps.
    pub fn from_columns(columns: impl Into<ColumnBatch>) -> Batch {
        Batch { payload: Payload::Columns(Box::new(columns.into())), timestamps: None }
    }

    /// The same records with these timestamps instead of any they had.
    pub fn with_timestamps(mut self, timestamps: Vec<EventTime>) -> Result<Batch> {
        if timestamps.len() != self.len() {
            return Err(Error::bug(format!("{} timestamps for {} records", timestamps.len(), self.len())));
        }
        self.timestamps = Some(timestamps.into_iter());
        Ok(self)
    }

    /// Records left in the batch.
    pub fn len(&self) -> usize {
        match &self.payload {
            Payload::Rows(rows) => rows.len(),
            Payload::Columns(columns) => columns.len(),
        }
    }

    /// Whether no record is left.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Estimated bytes in memory: exact for the rows themselves, sampled for what they own elsewhere.
    pub fn bytes(&self) -> usize {
        let payload = match &self.payload {
            Payload::Rows(rows) => rows.bytes(),
            Payload::Columns(columns) => columns.bytes(),
        };
        payload + self.timestamps.as_ref().map_or(0, |times| times.len() * size_of::<EventTime>())
    }

    /// The event times, one per record, if the batch has them.
    pub fn timestamps(&self) -> Option<&[EventTime]> {
        self.timestamps.as_ref().map(|times| times.as_slice())
    }

    /// Takes the first `count` records (all, if there are fewer) away into a batch of their own.
    pub fn split_to(&mut self, count: usize) -> Batch {
        let count = count.min(self.len());
        let payload = match &mut self.payload {
            Payload::Rows(rows) => Payload::Rows(rows.split_to(count)),
            Payload::Columns(columns) => Payload::Columns(Box::new(columns.split_to(count))),
        };
        Batch { payload, timestamps: self.take_timestamps(count).map(Vec::into_iter) }
    }

    /// A second batch with the same records, for an output with several receivers.
    pub fn duplicate(&self) -> Batch {
        let payload = match &self.payload {
            Payload::Rows(rows) => Payload::Rows(rows.duplicate()),
            Payload::Columns(columns) => Payload::Columns(columns.clone()),
        };
        Batch { payload, timestamps: self.timestamps.clone() }
    }

    /// The rows, if they are of type `T`.
    pub fn rows<T: TypeInformation>(&self) -> Result<&[T]> {
        match &self.payload {
            Payload::Rows(rows) => match rows.as_any().downcast_ref::<RowBatch<T>>() {
                Some(rows) => Ok(rows.as_slice()),
                None => Err(mismatch::<T>(rows.type_name())),
            },
            Payload::Columns(_) => Err(mismatch::<T>("Arrow columns")),
        }
    }

    /// A cursor that takes up to `limit` rows of type `T` off the front.
    pub fn cursor<T: TypeInformation>(&mut self, limit: usize) -> Result<RowCursor<'_, T>> {
        Ok(RowCursor::new(row_batch::<T>(&mut self.payload)?, self.timestamps.as_mut(), limit))
    }

    /// Takes up to `limit` rows and their timestamps off the front. All of them costs nothing.
    pub fn take_rows<T: TypeInformation>(
        &mut self,
        limit: usize,
    ) -> Result<(Vec<T>, Option<Vec<EventTime>>)> {
        let values = row_batch::<T>(&mut self.payload)?.take(limit);
        let timestamps = self.take_timestamps(values.len());
        Ok((values, timestamps))
    }

    /// All rows that are left and their timestamps.
    pub fn into_rows<T: TypeInformation>(mut self) -> Result<(Vec<T>, Option<Vec<EventTime>>)> {
        self.take_rows(usize::MAX)
    }

    /// The columns, if these are columns.
    pub fn columns(&self) -> Result<&ColumnBatch> {
        match &self.payload {
            Payload::Columns(columns) => Ok(columns),
            Payload::Rows(rows) => Err(expected_columns(rows.type_name())),
        }
    }

    /// Takes up to `limit` rows off the front as columns, with their timestamps.
    pub fn take_columns(&mut self, limit: usize) -> Result<(ColumnBatch, Option<Vec<EventTime>>)> {
        let columns = match &mut self.payload {
            Payload::Columns(columns) => columns.split_to(limit),
            Payload::Rows(rows) => return Err(expected_columns(rows.type_name())),
        };
        let timestamps = self.take_timestamps(columns.len());
        Ok((columns, timestamps))
    }

    /// The Arrow record batch, if these are columns.
    pub fn record_batch(&self) -> Result<&RecordBatch> {
        Ok(self.columns()?.batch())
    }

    /// Appends the records of `other`, which must be of the same kind.
    pub fn append(&mut self, mut other: Batch) -> Result<()> {
        let (mine, theirs) = (self.len(), other.len());
        let timestamps = (self.timestamps.is_some() || other.timestamps.is_some()).then(|| {
            let mut times = self.take_timestamps(mine).unwrap_or_else(|| vec![EventTime::MIN; mine]);
            times.extend(other.take_timestamps(theirs).unwrap_or_else(|| vec![EventTime::MIN; theirs]));
            times.into_iter()
        });
        match (&mut self.payload, other.payload) {
            (Payload::Rows(mine), Payload::Rows(theirs)) => mine.append(theirs)?,
            (Payload::Columns(mine), Payload::Columns(theirs)) => mine.append(&theirs)?,
            _ => return Err(Error::bug("rows and columns on one edge")),
        }
        self.timestamps = timestamps;
        Ok(())
    }

    fn take_timestamps(&mut self, count: usize) -> Option<Vec<EventTime>> {
        self.timestamps.as_mut().map(|times| rows::take_front(times, count))
    }
}

fn row_batch<T: TypeInformation>(payload: &mut Payload) -> Result<&mut RowBatch<T>> {
    match payload {
        Payload::Rows(rows) => {
            let found = rows.type_name();
            rows.as_any_mut().downcast_mut::<RowBatch<T>>().ok_or_else(|| mismatch::<T>(found))
        }
        Payload::Columns(_) => Err(mismatch::<T>("Arrow columns")),
    }
}

#[cold]
fn mismatch<T>(found: &str) -> Error {
    Error::bug(format!("expected rows of {}, found {found}", std::any::type_name::<T>()))
}

#[cold]
fn expected_columns(found: &str) -> Error {
    Error::bug(format!("expected Arrow columns, found rows of {found}"))
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.payload {
            Payload::Rows(rows) => rows.type_name(),
            Payload::Columns(_) => "Arrow columns",
        };
        write!(f, "Batch({} of {kind})", self.len())
    }
}

#[cfg(test)]
mod tests;
