//! `flat_map`: one record in, an iterator of records out, left when the output is full and taken up again.
use std::marker::PhantomData;

use hurtig_core::{EventTime, Result, TypeInformation};

use crate::context::OperatorContext;
use crate::function::{FlatMapFunction, function_life, open_function};
use crate::operator::{Input, Operator, Progress};
use crate::output::Output;

/// Applies a [`FlatMapFunction`]. Each result carries the timestamp of the record it came from.
pub struct FlatMap<I, O, F: FlatMapFunction<I, O>>
where
    I: TypeInformation,
    O: TypeInformation,
{
    function: F,
    current: Option<(F::Output, Option<EventTime>)>,
    types: PhantomData<fn(I) -> O>,
}

impl<I, O, F> FlatMap<I, O, F>
where
    I: TypeInformation,
    O: TypeInformation,
    F: FlatMapFunction<I, O>,
{
    /// The operator of `function`.
    pub fn new(function: F) -> Self {
        FlatMap { function, current: None, types: PhantomData }
    }
}

impl<I, O, F> Operator for FlatMap<I, O, F>
where
    I: TypeInformation,
    O: TypeInformation,
    F: FlatMapFunction<I, O>,
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
        let mut collector = output.collector::<O>()?;
        let mut rows = input.batch.cursor::<I>(input.limit)?;
        loop {
            if let Some((results, timestamp)) = &mut self.current {
                loop {
                    if collector.is_full() {
                        return Ok(Progress::More);
                    }
                    match results.next() {
                        Some(result) => collector.collect(result, *timestamp),
                        None => break,
                    }
                }
                self.current = None;
            }
            match rows.next() {
                Some((value, timestamp)) => {
                    self.current = Some((self.function.flat_map(value)?, timestamp));
                }
                None => return Ok(Progress::Done),
            }
        }
    }

    function_life!();
}
