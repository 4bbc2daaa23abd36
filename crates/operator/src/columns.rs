//! Operators over Arrow columns: a function per batch instead of per record.
use hurtig_core::batch::ColumnBatch;
use hurtig_core::{Batch, Result};

use crate::context::OperatorContext;
use crate::operator::{Input, Operator, Progress};
use crate::output::Output;

/// Applies a function to each batch of columns. The result may have any number of rows; with timestamps the
/// number must stay the same.
pub struct MapColumns<F> {
    function: F,
}

impl<F> MapColumns<F> {
    /// The operator of `function`.
    pub fn new(function: F) -> Self {
        MapColumns { function }
    }
}

impl<F> Operator for MapColumns<F>
where
    F: FnMut(ColumnBatch) -> Result<ColumnBatch> + Send,
{
    fn process(
        &mut self,
        input: &mut Input,
        output: &mut Output,
        _: &mut OperatorContext,
    ) -> Result<Progress> {
        if output.is_full() {
            return Ok(Progress::Done);
        }
        let (columns, timestamps) = input.batch.take_columns(input.limit)?;
        let batch = Batch::from_columns((self.function)(columns)?);
        output.push_batch(match timestamps {
            Some(timestamps) => batch.with_timestamps(timestamps)?,
            None => batch,
        });
        Ok(Progress::Done)
    }
}
