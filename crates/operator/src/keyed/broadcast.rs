//! `keyed.connect_broadcast(&rules).process(..)`: state and timers per key, beside state that every subtask has
//! alike.
use std::marker::PhantomData;

use hurtig_core::{EventTime, Key, ProcessingTime, Result, TypeInformation, Watermark};
use hurtig_state::handles::KeyedState;
use hurtig_state::operator_state::{BroadcastStateAccess, OperatorStateAccess, OperatorStates};

use crate::context::OperatorContext;
use crate::function::RichFunction;
use crate::keyed::context::KeyedContext;
use crate::keyed::subtask::{KeyedSubtask, keyed_function_life};
use crate::operator::{Input, Operator, Progress};
use crate::output::Output;
use crate::process::OutputTag;
use crate::route::SelectKey;

/// Processes the records of a keyed stream, with state and timers of their keys, by rules that a second stream
/// brings to every subtask. Flink's `KeyedBroadcastProcessFunction`.
///
/// The rules are kept in broadcast state. Only [`process_broadcast_element`](Self::process_broadcast_element)
/// may change it, and must do so in the same way in every subtask: a record of the keyed stream reaches one of
/// them alone, so what it changed would be known to this one alone. It does not compile:
///
/// ```compile_fail,E0277
/// # use hurtig_core::Result;
/// # use hurtig_operator::keyed::KeyedContext;
/// # use hurtig_state::operator_state::BroadcastState;
/// fn process_element(rules: BroadcastState<String, u64>, ctx: &mut KeyedContext<'_, u32, u64>) -> Result<()> {
///     rules.put(ctx, "limit".to_owned(), 3)
/// }
/// ```
///
/// ```
/// use hurtig_core::Result;
/// use hurtig_operator::RuntimeContext;
/// use hurtig_operator::function::RichFunction;
/// use hurtig_operator::keyed::{KeyedBroadcastContext, KeyedBroadcastProcessFunction, KeyedContext};
/// use hurtig_state::operator_state::BroadcastState;
/// use hurtig_state::{MapStateDescriptor, ValueState, ValueStateDescriptor};
///
/// /// Lets so many records of each key pass as the second stream says.
/// #[derive(Clone, Default)]
/// struct Limit {
///     limit: BroadcastState<String, u64>,
///     seen: ValueState<u64>,
/// }
///
/// impl RichFunction for Limit {
///     fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
///         self.limit = context.broadcast_state(&MapStateDescriptor::new("limit"))?;
///         self.seen = context.state(&ValueStateDescriptor::new("seen"))?;
///         Ok(())
///     }
/// }
///
/// impl KeyedBroadcastProcessFunction<String, String, u64, String> for Limit {
///     fn process_element(
///         &mut self,
///         value: String,
///         ctx: &mut KeyedContext<'_, String, String>,
///     ) -> Result<()> {
///         let limit = self.limit.get(ctx, &"limit".to_owned())?.copied().unwrap_or(u64::MAX);
///         let seen = self.seen.modify(ctx, |seen| {
///             let seen = seen.get_or_insert(0);
///             *seen += 1;
///             *seen
///         })?;
///         if seen <= limit {
///             ctx.collect(value);
///         }
///         Ok(())
///     }
///
///     fn process_broadcast_element(
///         &mut self,
///         limit: u64,
///         ctx: &mut KeyedBroadcastContext<'_, String, String>,
///     ) -> Result<()> {
///         self.limit.put(ctx, "limit".to_owned(), limit)?;
///         // A new limit counts anew, for all keys that have counted.
///         let seen = self.seen;
///         ctx.apply_to_keyed_state(&seen, |ctx| seen.clear(ctx))
///     }
/// }
/// ```
pub trait KeyedBroadcastProcessFunction<K, A, B, O>: RichFunction
where
    K: Key,
    A: TypeInformation,
    B: TypeInformation,
    O: TypeInformation,
{
    /// A record of the keyed stream. Broadcast state can be read.
    fn process_element(&mut self, value: A, context: &mut KeyedContext<'_, K, O>) -> Result<()>;

    /// A record that every subtask gets. There is no key at hand; broadcast state can be changed.
    fn process_broadcast_element(
        &mut self,
        value: B,
        context: &mut KeyedBroadcastContext<'_, K, O>,
    ) -> Result<()>;

    /// A timer of the key at hand fires: `timestamp` is the time that it was set for, in milliseconds of the
    /// clock that [`KeyedContext::time_domain`] names. Broadcast state can be read.
    fn on_timer(&mut self, timestamp: i64, context: &mut KeyedContext<'_, K, O>) -> Result<()> {
        let _ = (timestamp, context);
        Ok(())
    }
}

/// What a [`KeyedBroadcastProcessFunction`] gets with a record that every subtask gets: broadcast state to be
/// changed, and a way to all keys.
pub struct KeyedBroadcastContext<'a, K, O> {
    context: KeyedContext<'a, K, O>,
}

impl<K: Key, O: TypeInformation> KeyedBroadcastContext<'_, K, O> {
    /// Calls `function` for each key that holds something in `state`, with the context that a record of this key
    /// would have: its states, its timers, a place for results. In no particular order.
    ///
    /// It takes as long as it takes: no record comes and no timer fires until all keys have been seen, and what
    /// is put out is held in memory until then. Keys whose value's time to live is over but which is still there
    /// are among them, and find nothing.
    pub fn apply_to_keyed_state(
        &mut self,
        state: &impl KeyedState,
        mut function: impl FnMut(&mut KeyedContext<'_, K, O>) -> Result<()>,
    ) -> Result<()> {
        let context = &mut self.context;
        let rows = context.states_mut().rows_with(state)?;
        let result = rows.into_iter().try_for_each(|row| {
            context.turn_to_row(row);
            function(context)
        });
        context.turn_to_no_key(context.timestamp());
        result
    }

    /// The record's event time, if it has one.
    pub fn timestamp(&self) -> Option<EventTime> {
        self.context.timestamp()
    }

    /// The watermark over both inputs.
    pub fn current_watermark(&self) -> Watermark {
        self.context.current_watermark()
    }

    /// The wall clock.
    pub fn current_processing_time(&self) -> ProcessingTime {
        self.context.current_processing_time()
    }

    /// Puts a record out, with the timestamp of the one at hand.
    pub fn collect(&mut self, value: O) {
        self.context.collect(value);
    }

    /// Puts a record into a side output. Dropped if nobody reads it.
    pub fn output<S: TypeInformation>(&mut self, tag: &OutputTag<S>, value: S) -> Result<()> {
        self.context.output(tag, value)
    }
}

impl<K: Key, O: TypeInformation> OperatorStateAccess for KeyedBroadcastContext<'_, K, O> {
    fn operator_states(&mut self) -> &mut OperatorStates {
        self.context.operator_states()
    }
}

impl<K: Key, O: TypeInformation> BroadcastStateAccess for KeyedBroadcastContext<'_, K, O> {}

/// Applies a [`KeyedBroadcastProcessFunction`].
pub struct KeyedBroadcastProcess<A, B, O, S: SelectKey<A>, F> {
    function: F,
    selector: S,
    subtask: KeyedSubtask<S::Key>,
    types: PhantomData<fn(A, B) -> O>,
}

impl<A, B, O, S: SelectKey<A>, F> KeyedBroadcastProcess<A, B, O, S, F> {
    /// The operator of `function` over the keys of `selector`.
    pub fn new(selector: S, function: F) -> Self {
        KeyedBroadcastProcess { function, selector, subtask: KeyedSubtask::default(), types: PhantomData }
    }
}

impl<A, B, O, S, F> KeyedBroadcastProcess<A, B, O, S, F>
where
    A: TypeInformation,
    B: TypeInformation,
    O: TypeInformation,
    S: SelectKey<A>,
    F: KeyedBroadcastProcessFunction<S::Key, A, B, O>,
{
    fn process_broadcast(
        &mut self,
        input: &mut Input,
        output: &mut Output,
        operator: &mut OperatorContext,
    ) -> Result<Progress> {
        let now = operator.host.processing_time();
        let states = &mut self.subtask.states;
        let context = KeyedContext::new(states, output, operator, now)?;
        let mut context = KeyedBroadcastContext { context };
        let mut rows = input.batch.cursor::<B>(input.limit)?;
        while !context.context.is_full() {
            let Some((value, timestamp)) = rows.next() else { break };
            context.context.turn_to_no_key(timestamp);
            self.function.process_broadcast_element(value, &mut context)?;
        }
        self.subtask.states.collect();
        Ok(Progress::Done)
    }
}

impl<A, B, O, S, F> Operator for KeyedBroadcastProcess<A, B, O, S, F>
where
    A: TypeInformation,
    B: TypeInformation,
    O: TypeInformation,
    S: SelectKey<A>,
    F: KeyedBroadcastProcessFunction<S::Key, A, B, O>,
{
    fn process(
        &mut self,
        input: &mut Input,
        output: &mut Output,
        operator: &mut OperatorContext,
    ) -> Result<Progress> {
        if input.port != 0 {
            return self.process_broadcast(input, output, operator);
        }
        self.subtask.process(input, &self.selector, output, operator, |value, context| {
            self.function.process_element(value, context)
        })
    }

    keyed_function_life!();
}
