//! `key_by(..).process(..)`: a function with state and timers per key.
use std::marker::PhantomData;

use hurtig_core::{Key, ProcessingTime, Result, TypeInformation, Watermark};
use hurtig_state::keyed::KeyedStates;
use hurtig_state::timers::TimeDomain;

use crate::context::OperatorContext;
use crate::function::{RichFunction, function_life, open_function};
use crate::keyed::CHUNK;
use crate::keyed::context::KeyedContext;
use crate::keyed::lookup::Lookup;
use crate::keyed::sweep::Sweeper;
use crate::operator::{Input, Operator, Progress};
use crate::output::Output;
use crate::route::SelectKey;

/// Processes the records of a keyed stream one by one, with state and timers of their keys. Flink's
/// `KeyedProcessFunction`.
///
/// What one call puts out is held in memory until the call returns.
///
/// ```
/// use hurtig_core::{EventTime, Result};
/// use hurtig_operator::RuntimeContext;
/// use hurtig_operator::function::RichFunction;
/// use hurtig_operator::keyed::{KeyedContext, KeyedProcessFunction};
/// use hurtig_state::{ValueState, ValueStateDescriptor};
///
/// /// Counts the records of each key.
/// #[derive(Clone, Default)]
/// struct Count {
///     seen: ValueState<u64>,
/// }
///
/// impl RichFunction for Count {
///     fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
///         self.seen = context.state(&ValueStateDescriptor::new("seen"))?;
///         Ok(())
///     }
/// }
///
/// impl KeyedProcessFunction<String, String, u64> for Count {
///     fn process_element(&mut self, _: String, ctx: &mut KeyedContext<'_, String, u64>) -> Result<()> {
///         let count = self.seen.modify(ctx, |seen| {
///             let seen = seen.get_or_insert(0);
///             *seen += 1;
///             *seen
///         })?;
///         ctx.collect(count);
///         Ok(())
///     }
/// }
/// ```
pub trait KeyedProcessFunction<K: Key, I: TypeInformation, O: TypeInformation>: RichFunction {
    /// A record has come.
    fn process_element(&mut self, value: I, context: &mut KeyedContext<'_, K, O>) -> Result<()>;

    /// A timer of the key at hand fires: `timestamp` is the time that it was set for, in milliseconds of the
    /// clock that [`KeyedContext::time_domain`] names.
    fn on_timer(&mut self, timestamp: i64, context: &mut KeyedContext<'_, K, O>) -> Result<()> {
        let _ = (timestamp, context);
        Ok(())
    }
}

/// Applies a [`KeyedProcessFunction`].
pub struct KeyedProcess<I, O, S: SelectKey<I>, F> {
    function: F,
    selector: S,
    states: KeyedStates<S::Key>,
    lookup: Lookup,
    sweeper: Sweeper,
    types: PhantomData<fn(I) -> O>,
}

impl<I, O, S: SelectKey<I>, F> KeyedProcess<I, O, S, F> {
    /// The operator of `function` over the keys of `selector`.
    pub fn new(selector: S, function: F) -> Self {
        KeyedProcess {
            function,
            selector,
            states: KeyedStates::default(),
            lookup: Lookup::default(),
            sweeper: Sweeper::default(),
            types: PhantomData,
        }
    }
}

impl<I, O, S, F> KeyedProcess<I, O, S, F>
where
    I: TypeInformation,
    O: TypeInformation,
    S: SelectKey<I>,
    F: KeyedProcessFunction<S::Key, I, O>,
{
    /// Fires what is due, until the output is full.
    fn fire(
        &mut self,
        domain: TimeDomain,
        until: i64,
        now: ProcessingTime,
        output: &mut Output,
        operator: &mut OperatorContext,
    ) -> Result<Progress> {
        let mut context = KeyedContext::new(&mut self.states, output, operator, now)?;
        let progress = loop {
            if context.is_full() {
                break Progress::More;
            }
            let Some(timer) = context.states_mut().pop_due(domain, until) else {
                break Progress::Done;
            };
            context.turn_to_timer(timer, domain);
            self.function.on_timer(timer.time, &mut context)?;
            context.done_with(timer);
        };
        self.states.collect();
        Ok(progress)
    }
}

impl<I, O, S, F> Operator for KeyedProcess<I, O, S, F>
where
    I: TypeInformation,
    O: TypeInformation,
    S: SelectKey<I>,
    F: KeyedProcessFunction<S::Key, I, O>,
{
    fn open(&mut self, context: &mut OperatorContext) -> Result<()> {
        self.states.store = context.open_keyed(|context| open_function(&mut self.function, context))?;
        Ok(())
    }

    fn process(
        &mut self,
        input: &mut Input,
        output: &mut Output,
        operator: &mut OperatorContext,
    ) -> Result<Progress> {
        let now = operator.host.processing_time();
        let mut left = input.limit;
        let mut full = false;
        while left > 0 && !full && !input.batch.is_empty() {
            let found =
                self.lookup.look_up::<I, S>(&input.batch, left.min(CHUNK), &self.selector, &self.states)?;
            let mut context = KeyedContext::new(&mut self.states, output, operator, now)?;
            let mut rows = input.batch.cursor::<I>(found)?;
            let mut taken = 0;
            full = context.is_full();
            while !full {
                let Some((value, timestamp)) = rows.next() else { break };
                let at @ (hash, _) = self.lookup.at(taken);
                taken += 1;
                context.turn_to(at, timestamp, |states| {
                    self.selector.with_key(&value, |key| {
                        let row = states.keys.find(hash, |present| present.key_eq(key));
                        (row, (!row.is_some()).then(|| key.clone()))
                    })
                });
                self.function.process_element(value, &mut context)?;
                full = context.is_full();
            }
            self.sweeper.after_records(taken, &mut self.states, operator);
            self.states.collect();
            left -= taken;
        }
        Ok(Progress::Done)
    }

    fn watermark(
        &mut self,
        watermark: Watermark,
        output: &mut Output,
        operator: &mut OperatorContext,
    ) -> Result<Progress> {
        let now = operator.host.processing_time();
        let until = watermark.0.as_millis();
        if self.fire(TimeDomain::EventTime, until, now, output, operator)? == Progress::More {
            return Ok(Progress::More);
        }
        self.sweeper.after_time(now, &mut self.states, operator);
        self.states.collect();
        output.watermark(watermark);
        Ok(Progress::Done)
    }

    fn processing_time(
        &mut self,
        now: ProcessingTime,
        output: &mut Output,
        operator: &mut OperatorContext,
    ) -> Result<Progress> {
        if self.fire(TimeDomain::ProcessingTime, now.as_millis(), now, output, operator)? == Progress::More {
            return Ok(Progress::More);
        }
        self.sweeper.after_time(now, &mut self.states, operator);
        self.states.collect();
        if let Some(next) = self.states.processing_timers.next_time() {
            operator.wake_at(ProcessingTime::from_millis(next));
        }
        Ok(Progress::Done)
    }

    function_life!();
}
