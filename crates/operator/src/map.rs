//! `map`: one record in, one record out.
use std::marker::PhantomData;

use hurtig_core::{Error, Result, TypeInformation};

use crate::context::OperatorContext;
use crate::function::{MapFunction, function_life, open_function};
use crate::operator::{Input, Operator, Progress};
use crate::output::Output;

/// Applies a [`MapFunction`]. Timestamps stay with their records.
pub struct Map<I, O, F> {
    function: F,
    types: PhantomData<fn(I) -> O>,
}

impl<I, O, F> Map<I, O, F> {
    /// The operator of `function`.
    pub fn new(function: F) -> Self {
        Map { function, types: PhantomData }
    }
}

impl<I, O, F> Operator for Map<I, O, F>
where
    I: TypeInformation,
    O: TypeInformation,
    F: MapFunction<I, O>,
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
        if O::HAS_HEAP || I::HAS_HEAP {
            // Row by row, so that what a result owns is counted as it is made.
            let mut collector = output.collector::<O>()?;
            let mut rows = input.batch.cursor::<I>(input.limit)?;
            collector.reserve(rows.len());
            while !collector.is_full() {
                let Some((value, timestamp)) = rows.next() else { break };
                collector.collect(self.function.map(value)?, timestamp);
            }
        } else {
            let room = output.room::<O>().min(input.limit);
            let (values, timestamps) = input.batch.take_rows::<I>(room)?;
            let count = values.len();
            let results = self.function.map_batch(values)?;
            if results.len() != count {
                let error = format!("map_batch made {} records of {count}", results.len());
                return Err(Error::user(error));
            }
            output.append(results, timestamps)?;
        }
        Ok(Progress::Done)
    }

    function_life!();
}
