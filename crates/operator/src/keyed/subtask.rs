//! What every operator of functions on keyed streams is made of: keys, states and timers, and the one way in
//! which records meet their keys, timers fire, and what is over is swept away.
use hurtig_core::{Key, ProcessingTime, Result, TypeInformation, Watermark};
use hurtig_state::keyed::{KeyedStates, StateSize};
use hurtig_state::timers::TimeDomain;

use crate::context::OperatorContext;
use crate::function::{RichFunction, open_function};
use crate::keyed::CHUNK;
use crate::keyed::context::KeyedContext;
use crate::keyed::lookup::Lookup;
use crate::keyed::sweep::Sweeper;
use crate::operator::{Input, Progress};
use crate::output::Output;
use crate::route::SelectKey;

/// The keyed state of a subtask with what its operator needs to work on it.
pub struct KeyedSubtask<K> {
    pub(crate) states: KeyedStates<K>,
    lookup: Lookup,
    sweeper: Sweeper,
}

impl<K> Default for KeyedSubtask<K> {
    fn default() -> Self {
        KeyedSubtask {
            states: KeyedStates::default(),
            lookup: Lookup::default(),
            sweeper: Sweeper::default(),
        }
    }
}

impl<K: Key> KeyedSubtask<K> {
    /// Opens the function, which registers its states.
    pub(crate) fn open(
        &mut self,
        function: &mut impl RichFunction,
        operator: &mut OperatorContext,
    ) -> Result<()> {
        self.states.store = operator.open_keyed(|operator| open_function(function, operator))?;
        Ok(())
    }

    /// Takes records off the front of the input and calls `process` with each and the context of its key, until
    /// the output is full.
    #[inline]
    pub(crate) fn process<T, S, O>(
        &mut self,
        input: &mut Input,
        selector: &S,
        output: &mut Output,
        operator: &mut OperatorContext,
        mut process: impl FnMut(T, &mut KeyedContext<'_, K, O>) -> Result<()>,
    ) -> Result<Progress>
    where
        T: TypeInformation,
        S: SelectKey<T, Key = K>,
        O: TypeInformation,
    {
        let now = operator.host.processing_time();
        let mut left = input.limit;
        let mut full = false;
        while left > 0 && !full && !input.batch.is_empty() {
            let found = self.lookup.look_up::<T, S>(&input.batch, left.min(CHUNK), selector, &self.states)?;
            let mut context = KeyedContext::new(&mut self.states, output, operator, now)?;
            let mut rows = input.batch.cursor::<T>(found)?;
            let mut taken = 0;
            full = context.is_full();
            while !full {
                let Some((value, timestamp)) = rows.next() else { break };
                let at @ (hash, _) = self.lookup.at(taken);
                taken += 1;
                context.turn_to(at, timestamp, |states| {
                    selector.with_key(&value, |key| {
                        let row = states.keys.find(hash, |present| present.key_eq(key));
                        (row, (!row.is_some()).then(|| key.clone()))
                    })
                });
                process(value, &mut context)?;
                full = context.is_full();
            }
            self.sweeper.after_records(taken, &mut self.states, operator);
            self.states.collect();
            left -= taken;
        }
        Ok(Progress::Done)
    }

    /// Calls `on_timer` for what is due, until the output is full.
    #[inline]
    fn fire<O: TypeInformation>(
        &mut self,
        domain: TimeDomain,
        (until, now): (i64, ProcessingTime),
        output: &mut Output,
        operator: &mut OperatorContext,
        mut on_timer: impl FnMut(i64, &mut KeyedContext<'_, K, O>) -> Result<()>,
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
            on_timer(timer.time, &mut context)?;
            context.done_with(timer);
        };
        self.states.collect();
        Ok(progress)
    }

    /// The watermark has advanced: fires timers of event time, then passes it on.
    pub(crate) fn watermark<O: TypeInformation>(
        &mut self,
        watermark: Watermark,
        output: &mut Output,
        operator: &mut OperatorContext,
        on_timer: impl FnMut(i64, &mut KeyedContext<'_, K, O>) -> Result<()>,
    ) -> Result<Progress> {
        let now = operator.host.processing_time();
        let until = (watermark.0.as_millis(), now);
        if self.fire(TimeDomain::EventTime, until, output, operator, on_timer)? == Progress::More {
            return Ok(Progress::More);
        }
        self.sweeper.after_time(now, &mut self.states, operator);
        self.states.collect();
        output.watermark(watermark);
        Ok(Progress::Done)
    }

    /// The clock has moved on: fires timers of processing time, and asks to be woken for the next.
    pub(crate) fn processing_time<O: TypeInformation>(
        &mut self,
        now: ProcessingTime,
        output: &mut Output,
        operator: &mut OperatorContext,
        on_timer: impl FnMut(i64, &mut KeyedContext<'_, K, O>) -> Result<()>,
    ) -> Result<Progress> {
        let until = (operator.due_by(now), now);
        if self.fire(TimeDomain::ProcessingTime, until, output, operator, on_timer)? == Progress::More {
            return Ok(Progress::More);
        }
        self.sweeper.after_time(now, &mut self.states, operator);
        self.states.collect();
        if let Some(next) = self.states.processing_timers.next_time() {
            operator.wake_for_timer(ProcessingTime::from_millis(next));
        }
        Ok(Progress::Done)
    }

    /// How much is held.
    pub(crate) fn size(&mut self) -> StateSize {
        self.states.size()
    }
}

/// The parts of [`Operator`](crate::Operator) that are the same for all operators of functions on keyed
/// streams, which have a `function` with `on_timer` and a `subtask`.
macro_rules! keyed_function_life {
    () => {
        fn open(&mut self, operator: &mut $crate::OperatorContext) -> hurtig_core::Result<()> {
            self.subtask.open(&mut self.function, operator)
        }

        fn watermark(
            &mut self,
            watermark: hurtig_core::Watermark,
            output: &mut $crate::Output,
            operator: &mut $crate::OperatorContext,
        ) -> hurtig_core::Result<$crate::Progress> {
            self.subtask
                .watermark(watermark, output, operator, |time, context| self.function.on_timer(time, context))
        }

        fn processing_time(
            &mut self,
            now: hurtig_core::ProcessingTime,
            output: &mut $crate::Output,
            operator: &mut $crate::OperatorContext,
        ) -> hurtig_core::Result<$crate::Progress> {
            self.subtask
                .processing_time(now, output, operator, |time, context| self.function.on_timer(time, context))
        }

        fn keyed_state_size(&mut self) -> Option<hurtig_state::keyed::StateSize> {
            Some(self.subtask.size())
        }

        $crate::function::function_life!();
    };
}
pub(crate) use keyed_function_life;
