//! A run of Rust values behind a type-erased face.
use std::any::Any;
use std::vec::IntoIter;

use crate::batch::Batch;
use crate::batch::scatter::{RowScatter, TypedScatter};
use crate::error::{Error, Result};
use crate::time::EventTime;
use crate::types::TypeInformation;

/// How many rows are looked at to estimate what a run of them owns on the heap.
const SAMPLES: usize = 8;

/// What the engine does with rows whose type it does not know. One virtual call per batch, none per row.
pub(super) trait Rows: Send {
    fn len(&self) -> usize;
    fn bytes(&self) -> usize;
    fn split_to(&mut self, count: usize) -> Box<dyn Rows>;
    fn duplicate(&self) -> Box<dyn Rows>;
    fn append(&mut self, other: Box<dyn Rows>) -> Result<()>;
    fn new_scatter(&self, targets: usize) -> Box<dyn RowScatter>;
    fn type_name(&self) -> &'static str;
    fn as_any(&self) -> &dyn Any;
    fn as_any_mut(&mut self) -> &mut dyn Any;
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}

/// Rows of one type, consumed from the front. An owning iterator is exactly that: the rest stays in place.
pub(super) struct RowBatch<T> {
    values: IntoIter<T>,
}

impl<T: TypeInformation> RowBatch<T> {
    pub(super) fn new(values: Vec<T>) -> Self {
        RowBatch { values: values.into_iter() }
    }

    pub(super) fn as_slice(&self) -> &[T] {
        self.values.as_slice()
    }

    /// The first `limit` rows; all of them without a copy.
    pub(super) fn take(&mut self, limit: usize) -> Vec<T> {
        take_front(&mut self.values, limit)
    }
}

/// Takes `count` values off the front; all of them without a copy.
pub(super) fn take_front<T>(values: &mut IntoIter<T>, count: usize) -> Vec<T> {
    if count >= values.len() {
        // Collecting an owning iterator that has not been advanced gives its vector back.
        std::mem::take(values).collect()
    } else {
        values.by_ref().take(count).collect()
    }
}

impl<T: TypeInformation> Rows for RowBatch<T> {
    fn len(&self) -> usize {
        self.values.len()
    }

    fn bytes(&self) -> usize {
        estimate(self.values.as_slice())
    }

    fn split_to(&mut self, count: usize) -> Box<dyn Rows> {
        Box::new(RowBatch::new(self.take(count)))
    }

    fn duplicate(&self) -> Box<dyn Rows> {
        Box::new(RowBatch::new(self.values.as_slice().to_vec()))
    }

    fn append(&mut self, other: Box<dyn Rows>) -> Result<()> {
        let found = other.type_name();
        let other = other
            .into_any()
            .downcast::<RowBatch<T>>()
            .map_err(|_| Error::bug(format!("rows of {found} appended to rows of {}", self.type_name())))?;
        let mut values = self.take(usize::MAX);
        values.extend(other.values);
        self.values = values.into_iter();
        Ok(())
    }

    fn new_scatter(&self, targets: usize) -> Box<dyn RowScatter> {
        Box::new(TypedScatter::<T>::new(targets))
    }

    fn type_name(&self) -> &'static str {
        std::any::type_name::<T>()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

/// Bytes of a run of rows: their own size, and a sample of what they own beyond it.
pub(super) fn estimate<T: TypeInformation>(values: &[T]) -> usize {
    let own = size_of_val(values);
    if !T::HAS_HEAP || values.is_empty() {
        return own;
    }
    let step = values.len().div_ceil(SAMPLES);
    let (mut heap, mut seen) = (0, 0);
    for value in values.iter().step_by(step) {
        heap += value.heap_bytes();
        seen += 1;
    }
    own + heap * values.len() / seen
}

/// Takes rows one by one off the front of a batch; what it does not take stays there.
pub struct RowCursor<'a, T> {
    values: &'a mut IntoIter<T>,
    timestamps: Option<&'a mut IntoIter<EventTime>>,
    left: usize,
}

impl<'a, T: TypeInformation> RowCursor<'a, T> {
    pub(super) fn new(
        rows: &'a mut RowBatch<T>,
        timestamps: Option<&'a mut IntoIter<EventTime>>,
        limit: usize,
    ) -> Self {
        let left = limit.min(rows.values.len());
        RowCursor { values: &mut rows.values, timestamps, left }
    }
}

impl<T> RowCursor<'_, T> {
    /// Calls `take` with one row after the other for as long as `ready` says so. Faster than the iterator: the
    /// question whether there are timestamps is asked once.
    #[inline]
    pub fn take_while_ready<W>(
        &mut self,
        taker: &mut W,
        mut ready: impl FnMut(&mut W) -> Result<bool>,
        mut take: impl FnMut(&mut W, T, Option<EventTime>) -> Result<()>,
    ) -> Result<()> {
        match &mut self.timestamps {
            None => {
                while self.left > 0 && ready(taker)? {
                    let Some(value) = self.values.next() else { break };
                    self.left -= 1;
                    take(taker, value, None)?;
                }
            }
            Some(timestamps) => {
                while self.left > 0 && ready(taker)? {
                    let Some(value) = self.values.next() else { break };
                    self.left -= 1;
                    take(taker, value, timestamps.next())?;
                }
            }
        }
        Ok(())
    }
}

impl<T> Iterator for RowCursor<'_, T> {
    type Item = (T, Option<EventTime>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            return None;
        }
        let value = self.values.next()?;
        self.left -= 1;
        let timestamp = match &mut self.timestamps {
            Some(times) => times.next(),
            None => None,
        };
        Some((value, timestamp))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<T> ExactSizeIterator for RowCursor<'_, T> {}

/// Rows being gathered into a batch, with timestamps once one of them has one.
pub struct RowBuffer<T> {
    values: Vec<T>,
    timestamps: Option<Vec<EventTime>>,
    /// How many rows were taken last: the next run will most likely be as long.
    last: usize,
}

impl<T: TypeInformation> Default for RowBuffer<T> {
    fn default() -> Self {
        RowBuffer { values: Vec::new(), timestamps: None, last: 0 }
    }
}

impl<T: TypeInformation> RowBuffer<T> {
    /// Rows gathered so far.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether nothing has been gathered.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Estimated bytes gathered so far.
    pub fn bytes(&self) -> usize {
        estimate(&self.values) + self.timestamps.as_ref().map_or(0, |times| size_of_val(times.as_slice()))
    }

    /// Makes place for a run as long as the last one, if there is none at all.
    #[inline]
    pub fn prepare(&mut self) {
        if self.values.capacity() == 0 {
            self.values.reserve(self.last);
        }
    }

    /// Makes place for `additional` rows more.
    pub fn reserve(&mut self, additional: usize) {
        self.values.reserve(additional);
    }

    /// Appends one row.
    #[inline]
    pub fn push(&mut self, value: T, timestamp: Option<EventTime>) {
        match (&mut self.timestamps, timestamp) {
            (None, None) => {}
            (Some(times), time) => times.push(time.unwrap_or(EventTime::MIN)),
            (None, Some(time)) => self.begin_timestamps().push(time),
        }
        self.values.push(value);
    }

    /// Appends rows, and their timestamps where they have any.
    pub fn append(&mut self, mut values: Vec<T>, timestamps: Option<Vec<EventTime>>) {
        match (&mut self.timestamps, timestamps) {
            (None, None) => {}
            (Some(times), Some(mut more)) => times.append(&mut more),
            (Some(times), None) => times.resize(self.values.len() + values.len(), EventTime::MIN),
            (None, Some(more)) if self.values.is_empty() => self.timestamps = Some(more),
            (None, Some(mut more)) => self.begin_timestamps().append(&mut more),
        }
        if self.values.is_empty() {
            self.values = values;
        } else {
            self.values.append(&mut values);
        }
    }

    #[cold]
    fn begin_timestamps(&mut self) -> &mut Vec<EventTime> {
        let filled = vec![EventTime::MIN; self.values.len()];
        self.timestamps.insert(filled)
    }

    /// The gathered rows as a batch; the buffer is empty afterwards.
    pub fn take(&mut self) -> Batch {
        self.last = self.values.len();
        Batch {
            payload: super::Payload::Rows(Box::new(RowBatch::new(std::mem::take(&mut self.values)))),
            timestamps: self.timestamps.take().map(Vec::into_iter),
        }
    }
}
