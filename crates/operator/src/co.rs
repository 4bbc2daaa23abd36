//! Two connected streams of different types: `connect(..).map`, `.flat_map`, `.process`.
use std::marker::PhantomData;

use hurtig_core::{Result, TypeInformation, Watermark};

use crate::context::OperatorContext;
use crate::function::{RichFunction, function_life, open_function};
use crate::operator::{Input, Operator, Progress};
use crate::output::Output;
use crate::process::ProcessContext;

/// Processes records of two inputs, one at a time, on one thread. Flink's `CoProcessFunction`. State and timers
/// of keys are those of a [`KeyedCoProcessFunction`](crate::keyed::KeyedCoProcessFunction), rules that every
/// subtask has those of a [`BroadcastProcessFunction`](crate::broadcast::BroadcastProcessFunction).
pub trait CoProcessFunction<A, B, O>: RichFunction
where
    A: TypeInformation,
    B: TypeInformation,
    O: TypeInformation,
{
    /// A record of the first input.
    fn process_element1(&mut self, value: A, context: &mut ProcessContext<'_, O>) -> Result<()>;

    /// A record of the second input.
    fn process_element2(&mut self, value: B, context: &mut ProcessContext<'_, O>) -> Result<()>;

    /// Both inputs have ended.
    fn finish(&mut self, context: &mut ProcessContext<'_, O>) -> Result<()> {
        let _ = context;
        Ok(())
    }
}

/// Two closures that map the two inputs to one type. Flink's `CoMapFunction`.
#[derive(Clone)]
pub struct CoMap<F, G>(pub F, pub G);

/// Two closures that map each record of the two inputs to any number. Flink's `CoFlatMapFunction`.
#[derive(Clone)]
pub struct CoFlatMap<F, G>(pub F, pub G);

impl<F, G> RichFunction for CoMap<F, G>
where
    F: Clone + Send + Sync + 'static,
    G: Clone + Send + Sync + 'static,
{
}

impl<F, G> RichFunction for CoFlatMap<F, G>
where
    F: Clone + Send + Sync + 'static,
    G: Clone + Send + Sync + 'static,
{
}

impl<A, B, O, F, G> CoProcessFunction<A, B, O> for CoMap<F, G>
where
    A: TypeInformation,
    B: TypeInformation,
    O: TypeInformation,
    F: FnMut(A) -> O + Clone + Send + Sync + 'static,
    G: FnMut(B) -> O + Clone + Send + Sync + 'static,
{
    fn process_element1(&mut self, value: A, context: &mut ProcessContext<'_, O>) -> Result<()> {
        context.collect((self.0)(value))
    }

    fn process_element2(&mut self, value: B, context: &mut ProcessContext<'_, O>) -> Result<()> {
        context.collect((self.1)(value))
    }
}

impl<A, B, O, R, S, F, G> CoProcessFunction<A, B, O> for CoFlatMap<F, G>
where
    A: TypeInformation,
    B: TypeInformation,
    O: TypeInformation,
    R: IntoIterator<Item = O>,
    S: IntoIterator<Item = O>,
    F: FnMut(A) -> R + Clone + Send + Sync + 'static,
    G: FnMut(B) -> S + Clone + Send + Sync + 'static,
{
    fn process_element1(&mut self, value: A, context: &mut ProcessContext<'_, O>) -> Result<()> {
        (self.0)(value).into_iter().try_for_each(|result| context.collect(result))
    }

    fn process_element2(&mut self, value: B, context: &mut ProcessContext<'_, O>) -> Result<()> {
        (self.1)(value).into_iter().try_for_each(|result| context.collect(result))
    }
}

/// Applies a [`CoProcessFunction`].
pub struct CoProcess<A, B, O, F> {
    function: F,
    types: PhantomData<fn(A, B) -> O>,
}

impl<A, B, O, F> CoProcess<A, B, O, F> {
    /// The operator of `function`.
    pub fn new(function: F) -> Self {
        CoProcess { function, types: PhantomData }
    }
}

impl<A, B, O, F> Operator for CoProcess<A, B, O, F>
where
    A: TypeInformation,
    B: TypeInformation,
    O: TypeInformation,
    F: CoProcessFunction<A, B, O>,
{
    fn open(&mut self, context: &mut OperatorContext) -> Result<()> {
        open_function(&mut self.function, context)
    }

    fn process(
        &mut self,
        input: &mut Input,
        output: &mut Output,
        context: &mut OperatorContext,
    ) -> Result<Progress> {
        if input.port == 0 {
            let mut rows = input.batch.cursor::<A>(input.limit)?;
            while !output.is_full() {
                let Some((value, time)) = rows.next() else { break };
                self.function.process_element1(value, &mut ProcessContext::new(output, context, time))?;
            }
        } else {
            let mut rows = input.batch.cursor::<B>(input.limit)?;
            while !output.is_full() {
                let Some((value, time)) = rows.next() else { break };
                self.function.process_element2(value, &mut ProcessContext::new(output, context, time))?;
            }
        }
        Ok(Progress::Done)
    }

    fn watermark(
        &mut self,
        watermark: Watermark,
        output: &mut Output,
        _: &mut OperatorContext,
    ) -> Result<Progress> {
        output.watermark(watermark);
        Ok(Progress::Done)
    }

    fn finish(&mut self, output: &mut Output, context: &mut OperatorContext) -> Result<Progress> {
        self.function.finish(&mut ProcessContext::new(output, context, None))?;
        Ok(Progress::Done)
    }

    function_life!();
}
