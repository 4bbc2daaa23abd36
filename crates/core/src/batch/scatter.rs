//! Sharing a batch out over targets: one pass, one reused buffer per target, no sort.
use std::any::Any;

use arrow_array::UInt32Array;

use crate::batch::rows::{RowBatch, Rows, estimate};
use crate::batch::{Batch, ColumnBatch, Payload};
use crate::error::{Error, Result};
use crate::time::EventTime;
use crate::types::TypeInformation;

/// Gathers records per target until somebody takes them.
#[derive(Default)]
pub struct Scatter {
    targets: usize,
    rows: Option<Box<dyn RowScatter>>,
    columns: Vec<ColumnBuffer>,
    timestamps: Vec<Option<Vec<EventTime>>>,
    indices: Vec<Vec<u32>>,
}

/// Parts of several batches that wait to be put together once.
#[derive(Default)]
struct ColumnBuffer {
    parts: Vec<ColumnBatch>,
    rows: usize,
    bytes: usize,
}

impl Scatter {
    /// Buffers for `targets` targets.
    pub fn new(targets: usize) -> Self {
        Scatter { targets, timestamps: (0..targets).map(|_| None).collect(), ..Scatter::default() }
    }

    /// Adds record `i` of `batch` to the buffer of target `targets[i]`. Each must be below the number of
    /// targets.
    pub fn scatter(&mut self, mut batch: Batch, targets: &[u32]) -> Result<()> {
        if targets.len() != batch.len() || targets.iter().any(|&target| target as usize >= self.targets) {
            return Err(Error::bug("a partitioner named a target that does not exist"));
        }
        self.scatter_timestamps(&mut batch, targets);
        match batch.payload {
            Payload::Rows(rows) => {
                let buffers = self.rows.get_or_insert_with(|| rows.new_scatter(self.targets));
                buffers.scatter(rows, targets)
            }
            Payload::Columns(columns) => self.scatter_columns(&columns, targets),
        }
    }

    /// Adds all records of `batch` to one target.
    pub fn push(&mut self, mut batch: Batch, target: usize) -> Result<()> {
        let count = batch.len();
        let times = batch.take_timestamps(count);
        if times.is_some() || self.timestamps[target].is_some() {
            let before = self.len(target);
            let buffer = self.timestamps[target].get_or_insert_with(|| vec![EventTime::MIN; before]);
            match times {
                Some(mut times) => buffer.append(&mut times),
                None => buffer.resize(before + count, EventTime::MIN),
            }
        }
        match batch.payload {
            Payload::Rows(rows) => {
                let buffers = self.rows.get_or_insert_with(|| rows.new_scatter(self.targets));
                buffers.push(rows, target)
            }
            Payload::Columns(columns) => {
                self.columns.resize_with(self.targets, ColumnBuffer::default);
                self.columns[target].push(*columns);
                Ok(())
            }
        }
    }

    fn scatter_timestamps(&mut self, batch: &mut Batch, targets: &[u32]) {
        let times = batch.take_timestamps(targets.len());
        if times.is_none() && self.timestamps.iter().all(Option::is_none) {
            return;
        }
        for target in 0..self.targets {
            let before = self.len(target);
            self.timestamps[target].get_or_insert_with(|| vec![EventTime::MIN; before]);
        }
        for (row, &target) in targets.iter().enumerate() {
            let time = times.as_ref().map_or(EventTime::MIN, |times| times[row]);
            if let Some(buffer) = &mut self.timestamps[target as usize] {
                buffer.push(time);
            }
        }
    }

    fn scatter_columns(&mut self, columns: &ColumnBatch, targets: &[u32]) -> Result<()> {
        self.columns.resize_with(self.targets, ColumnBuffer::default);
        self.indices.resize_with(self.targets, Vec::new);
        for (row, &target) in targets.iter().enumerate() {
            self.indices[target as usize].push(row as u32);
        }
        for (target, indices) in self.indices.iter_mut().enumerate() {
            if indices.is_empty() {
                continue;
            }
            let part = if indices.len() == columns.len() {
                columns.clone()
            } else {
                let next = Vec::with_capacity(indices.len());
                columns.take(&UInt32Array::from(std::mem::replace(indices, next)))?
            };
            indices.clear();
            self.columns[target].push(part);
        }
        Ok(())
    }

    /// Records waiting for `target`.
    pub fn len(&self, target: usize) -> usize {
        match &self.rows {
            Some(rows) => rows.len(target),
            None => self.columns.get(target).map_or(0, |buffer| buffer.rows),
        }
    }

    /// Estimated bytes waiting for `target`.
    pub fn bytes(&self, target: usize) -> usize {
        match &self.rows {
            Some(rows) => rows.bytes(target),
            None => self.columns.get(target).map_or(0, |buffer| buffer.bytes),
        }
    }

    /// Whether what waits is columns, which putting together copies once more.
    pub fn is_columns(&self) -> bool {
        !self.columns.is_empty()
    }

    /// Takes what waits for `target`, if anything does.
    pub fn take(&mut self, target: usize) -> Result<Option<Batch>> {
        if self.len(target) == 0 {
            return Ok(None);
        }
        let timestamps = self.timestamps[target].take().map(Vec::into_iter);
        let payload = match &mut self.rows {
            Some(rows) => Payload::Rows(rows.take(target)),
            None => Payload::Columns(Box::new(self.columns[target].take()?)),
        };
        Ok(Some(Batch { payload, timestamps }))
    }
}

impl ColumnBuffer {
    fn push(&mut self, part: ColumnBatch) {
        self.rows += part.len();
        self.bytes += part.bytes();
        self.parts.push(part);
    }

    fn take(&mut self) -> Result<ColumnBatch> {
        let mut parts = std::mem::take(self).parts;
        match parts.len() {
            1 => Ok(parts.remove(0)),
            _ => ColumnBatch::concat(&parts),
        }
    }
}

/// The typed half of [`Scatter`] for rows.
pub(super) trait RowScatter: Send {
    fn scatter(&mut self, rows: Box<dyn Rows>, targets: &[u32]) -> Result<()>;
    fn push(&mut self, rows: Box<dyn Rows>, target: usize) -> Result<()>;
    fn len(&self, target: usize) -> usize;
    fn bytes(&self, target: usize) -> usize;
    fn take(&mut self, target: usize) -> Box<dyn Rows>;
}

pub(super) struct TypedScatter<T> {
    buffers: Vec<Vec<T>>,
}

impl<T: TypeInformation> TypedScatter<T> {
    pub(super) fn new(targets: usize) -> Self {
        TypedScatter { buffers: (0..targets).map(|_| Vec::new()).collect() }
    }

    fn typed(rows: Box<dyn Rows>) -> Result<Box<RowBatch<T>>> {
        let found = rows.type_name();
        rows.into_any()
            .downcast::<RowBatch<T>>()
            .map_err(|_: Box<dyn Any>| Error::bug(format!("rows of {found} on an edge of another type")))
    }
}

impl<T: TypeInformation> RowScatter for TypedScatter<T> {
    fn scatter(&mut self, rows: Box<dyn Rows>, targets: &[u32]) -> Result<()> {
        let values = Self::typed(rows)?.take(usize::MAX);
        for (value, &target) in values.into_iter().zip(targets) {
            self.buffers[target as usize].push(value);
        }
        Ok(())
    }

    fn push(&mut self, rows: Box<dyn Rows>, target: usize) -> Result<()> {
        let mut values = Self::typed(rows)?.take(usize::MAX);
        let buffer = &mut self.buffers[target];
        if buffer.is_empty() {
            *buffer = values;
        } else {
            buffer.append(&mut values);
        }
        Ok(())
    }

    fn len(&self, target: usize) -> usize {
        self.buffers[target].len()
    }

    fn bytes(&self, target: usize) -> usize {
        estimate(&self.buffers[target])
    }

    fn take(&mut self, target: usize) -> Box<dyn Rows> {
        let buffer = &mut self.buffers[target];
        if buffer.len() * 4 < buffer.capacity() {
            buffer.shrink_to_fit();
        }
        // The next run will most likely be as long as this one.
        let next = Vec::with_capacity(buffer.len());
        Box::new(RowBatch::new(std::mem::replace(buffer, next)))
    }
}
