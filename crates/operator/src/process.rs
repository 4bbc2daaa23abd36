//! `process`: a function that sees each record with its time and the watermark, and may use side outputs.
use std::marker::PhantomData;

use hurtig_core::{EventTime, ProcessingTime, Result, TypeInformation, Watermark};
use hurtig_state::operator_state::{OperatorStateAccess, OperatorStates};

use crate::context::OperatorContext;
use crate::function::{RichFunction, function_life, open_function};
use crate::operator::{Input, Operator, Progress};
use crate::output::Output;

/// Names a side output and the type of its records. Flink's `OutputTag`.
pub struct OutputTag<T> {
    name: &'static str,
    types: PhantomData<fn() -> T>,
}

impl<T> OutputTag<T> {
    /// The side output `name`.
    pub const fn new(name: &'static str) -> Self {
        OutputTag { name, types: PhantomData }
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }
}

impl<T> Clone for OutputTag<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for OutputTag<T> {}

/// Processes records one by one. Flink's `ProcessFunction`. Timers and keyed state are those of a
/// [`KeyedProcessFunction`](crate::keyed::KeyedProcessFunction).
///
/// What one call puts out is held in memory until the call returns; a function that makes very many records
/// of one is a [`FlatMapFunction`](crate::function::FlatMapFunction).
pub trait ProcessFunction<I: TypeInformation, O: TypeInformation>: RichFunction {
    /// A record has come.
    fn process_element(&mut self, value: I, context: &mut ProcessContext<'_, O>) -> Result<()>;

    /// The watermark has advanced; it is passed on after this call.
    fn on_watermark(&mut self, watermark: Watermark, context: &mut ProcessContext<'_, O>) -> Result<()> {
        let _ = (watermark, context);
        Ok(())
    }

    /// The input has ended: the last chance to put something out.
    fn finish(&mut self, context: &mut ProcessContext<'_, O>) -> Result<()> {
        let _ = context;
        Ok(())
    }
}

/// What a [`ProcessFunction`] knows of the record at hand, and where it puts results.
pub struct ProcessContext<'a, O> {
    output: &'a mut Output,
    context: &'a mut OperatorContext,
    timestamp: Option<EventTime>,
    types: PhantomData<fn() -> O>,
}

impl<'a, O: TypeInformation> ProcessContext<'a, O> {
    pub(crate) fn new(
        output: &'a mut Output,
        context: &'a mut OperatorContext,
        timestamp: Option<EventTime>,
    ) -> Self {
        ProcessContext { output, context, timestamp, types: PhantomData }
    }

    /// The record's event time, if it has one.
    pub fn timestamp(&self) -> Option<EventTime> {
        self.timestamp
    }

    /// The watermark over all inputs.
    pub fn current_watermark(&self) -> Watermark {
        self.context.current_watermark()
    }

    /// Whether the record is behind the watermark: no window waits for it any more.
    pub fn is_late(&self) -> bool {
        self.timestamp.is_some_and(|time| time <= self.current_watermark().0)
    }

    /// The wall clock.
    pub fn current_processing_time(&self) -> ProcessingTime {
        self.context.host.processing_time()
    }

    /// Puts a record out, with the timestamp of the one at hand.
    pub fn collect(&mut self, value: O) -> Result<()> {
        self.output.collector::<O>()?.collect(value, self.timestamp);
        Ok(())
    }

    /// Puts a record into a side output. Dropped if nobody reads it.
    pub fn output<S: TypeInformation>(&mut self, tag: &OutputTag<S>, value: S) -> Result<()> {
        self.output.sides().collect(tag.name(), value, self.timestamp)?;
        Ok(())
    }
}

impl<O> OperatorStateAccess for ProcessContext<'_, O> {
    fn operator_states(&mut self) -> &mut OperatorStates {
        &mut self.context.operator_states
    }
}

/// Applies a [`ProcessFunction`].
pub struct Process<I, O, F> {
    function: F,
    types: PhantomData<fn(I) -> O>,
}

impl<I, O, F> Process<I, O, F> {
    /// The operator of `function`.
    pub fn new(function: F) -> Self {
        Process { function, types: PhantomData }
    }
}

impl<I, O, F> Operator for Process<I, O, F>
where
    I: TypeInformation,
    O: TypeInformation,
    F: ProcessFunction<I, O>,
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
        let mut rows = input.batch.cursor::<I>(input.limit)?;
        while !output.is_full() {
            let Some((value, timestamp)) = rows.next() else { break };
            self.function.process_element(value, &mut ProcessContext::new(output, context, timestamp))?;
        }
        Ok(Progress::Done)
    }

    fn watermark(
        &mut self,
        watermark: Watermark,
        output: &mut Output,
        context: &mut OperatorContext,
    ) -> Result<Progress> {
        self.function.on_watermark(watermark, &mut ProcessContext::new(output, context, None))?;
        output.watermark(watermark);
        Ok(Progress::Done)
    }

    fn finish(&mut self, output: &mut Output, context: &mut OperatorContext) -> Result<Progress> {
        self.function.finish(&mut ProcessContext::new(output, context, None))?;
        Ok(Progress::Done)
    }

    function_life!();
}
