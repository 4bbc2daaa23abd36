//! `key_by(..).process(..)`: a function with state and timers per key.
use std::marker::PhantomData;

use hurtig_core::{Key, Result, TypeInformation};

use crate::context::OperatorContext;
use crate::function::RichFunction;
use crate::keyed::context::KeyedContext;
use crate::keyed::subtask::{KeyedSubtask, keyed_function_life};
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
    subtask: KeyedSubtask<S::Key>,
    types: PhantomData<fn(I) -> O>,
}

impl<I, O, S: SelectKey<I>, F> KeyedProcess<I, O, S, F> {
    /// The operator of `function` over the keys of `selector`.
    pub fn new(selector: S, function: F) -> Self {
        KeyedProcess { function, selector, subtask: KeyedSubtask::default(), types: PhantomData }
    }
}

impl<I, O, S, F> Operator for KeyedProcess<I, O, S, F>
where
    I: TypeInformation,
    O: TypeInformation,
    S: SelectKey<I>,
    F: KeyedProcessFunction<S::Key, I, O>,
{
    fn process(
        &mut self,
        input: &mut Input,
        output: &mut Output,
        operator: &mut OperatorContext,
    ) -> Result<Progress> {
        self.subtask.process(input, &self.selector, output, operator, |value, context| {
            self.function.process_element(value, context)
        })
    }

    keyed_function_life!();
}
