//! `filter`: keeps some records.
use std::marker::PhantomData;

use hurtig_core::{Result, TypeInformation};

use crate::context::OperatorContext;
use crate::function::{FilterFunction, function_life, open_function};
use crate::operator::{Input, Operator, Progress};
use crate::output::Output;

/// Plain rows up to this size are copied to their place without a branch, others only when they are kept.
const SMALL_ROW_BYTES: usize = 16;

/// Applies a [`FilterFunction`]. Timestamps stay with their records.
pub struct Filter<T, F> {
    function: F,
    types: PhantomData<fn(T)>,
}

impl<T, F> Filter<T, F> {
    /// The operator of `function`.
    pub fn new(function: F) -> Self {
        Filter { function, types: PhantomData }
    }
}

impl<T, F> Filter<T, F>
where
    T: TypeInformation,
    F: FilterFunction<T>,
{
    /// Copies what is kept to the front. Copying a small row that is then dropped costs less than a branch
    /// that the processor cannot foresee.
    fn retain_plain(&mut self, values: &mut Vec<T>) -> Result<()> {
        let mut kept = 0;
        let slice = values.as_mut_slice();
        for index in 0..slice.len() {
            let value = slice[index].clone();
            let keep = self.function.filter(&value)?;
            slice[kept] = value;
            kept += usize::from(keep);
        }
        values.truncate(kept);
        Ok(())
    }

    fn retain(&mut self, values: &mut Vec<T>) -> Result<()> {
        let mut failure = None;
        values.retain(|value| match self.function.filter(value) {
            Ok(keep) => keep,
            Err(error) => {
                failure.get_or_insert(error);
                false
            }
        });
        failure.map_or(Ok(()), Err)
    }
}

impl<T, F> Operator for Filter<T, F>
where
    T: TypeInformation,
    F: FilterFunction<T>,
{
    fn open(&mut self, context: &mut OperatorContext) -> Result<()> {
        open_function(&mut self.function, context)
    }

    fn process(
        &mut self,
        input: &mut Input,
        output: &mut Output,
        _: &mut OperatorContext,
    ) -> Result<Progress> {
        if T::HAS_HEAP || input.batch.timestamps().is_some() {
            let mut collector = output.collector::<T>()?;
            let mut rows = input.batch.cursor::<T>(input.limit)?;
            while !collector.is_full() {
                let Some((value, timestamp)) = rows.next() else { break };
                if self.function.filter(&value)? {
                    collector.collect(value, timestamp);
                }
            }
            return Ok(Progress::Done);
        }
        let room = output.room::<T>().min(input.limit);
        let (mut values, _) = input.batch.take_rows::<T>(room)?;
        if size_of::<T>() <= SMALL_ROW_BYTES && !std::mem::needs_drop::<T>() {
            self.retain_plain(&mut values)?;
        } else {
            self.retain(&mut values)?;
        }
        output.append(values, None)?;
        Ok(Progress::Done)
    }

    function_life!();
}
