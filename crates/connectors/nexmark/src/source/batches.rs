//! Rows and columns as the engine's batches.
use std::ops::Range;

use hurtig_core::{Batch, Result};

use crate::columns::ColumnGenerator;
use crate::range::EventRange;
use crate::rows::RowGenerator;

/// Makes batches of the wanted events among a run.
pub trait MakeBatch: Send {
    /// The wanted events among `numbers` of `range`, with their times; about `rows` of them.
    fn batch(&mut self, range: &EventRange, numbers: Range<u64>, rows: usize) -> Result<Batch>;
}

impl MakeBatch for RowGenerator {
    fn batch(&mut self, range: &EventRange, numbers: Range<u64>, rows: usize) -> Result<Batch> {
        let mut events = Vec::with_capacity(rows);
        self.append(range, numbers.clone(), &mut events);
        let mut times = Vec::with_capacity(events.len());
        self.append_times(range, numbers, &mut times);
        Batch::from_stamped_rows(events, times)
    }
}

impl MakeBatch for ColumnGenerator {
    fn batch(&mut self, range: &EventRange, numbers: Range<u64>, _: usize) -> Result<Batch> {
        let (columns, times) = self.stamped_batch(range, numbers)?;
        Batch::from_columns(columns).with_timestamps(times)
    }
}
