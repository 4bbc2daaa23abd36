//! `keyed.connect(&keyed).process(..)`: a function of two inputs with state and timers per key.
use std::marker::PhantomData;

use hurtig_core::{Key, Result, TypeInformation};

use crate::context::OperatorContext;
use crate::function::RichFunction;
use crate::keyed::context::KeyedContext;
use crate::keyed::subtask::{KeyedSubtask, keyed_function_life};
use crate::operator::{Input, Operator, Progress};
use crate::output::Output;
use crate::route::SelectKey;

/// Processes the records of two keyed streams one by one, with state and timers of their keys, which both
/// inputs share. Flink's `KeyedCoProcessFunction`.
///
/// Which input comes first is not defined; what has to wait for the other input waits in state. What one call
/// puts out is held in memory until the call returns.
///
/// ```
/// use hurtig_core::Result;
/// use hurtig_operator::RuntimeContext;
/// use hurtig_operator::function::RichFunction;
/// use hurtig_operator::keyed::{KeyedCoProcessFunction, KeyedContext};
/// use hurtig_state::{ListState, ListStateDescriptor, ValueState, ValueStateDescriptor};
///
/// /// Gives each order the name of its customer. Orders that come before the name wait for it.
/// #[derive(Clone, Default)]
/// struct WithName {
///     name: ValueState<String>,
///     waiting: ListState<u64>,
/// }
///
/// impl RichFunction for WithName {
///     fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
///         self.name = context.state(&ValueStateDescriptor::new("name"))?;
///         self.waiting = context.list_state(&ListStateDescriptor::new("waiting"))?;
///         Ok(())
///     }
/// }
///
/// impl KeyedCoProcessFunction<u32, (u32, u64), (u32, String), (String, u64)> for WithName {
///     fn process_element1(
///         &mut self,
///         (_, order): (u32, u64),
///         ctx: &mut KeyedContext<'_, u32, (String, u64)>,
///     ) -> Result<()> {
///         match self.name.value(ctx)? {
///             Some(name) => ctx.collect((name, order)),
///             None => self.waiting.add(ctx, order)?,
///         }
///         Ok(())
///     }
///
///     fn process_element2(
///         &mut self,
///         (_, name): (u32, String),
///         ctx: &mut KeyedContext<'_, u32, (String, u64)>,
///     ) -> Result<()> {
///         for order in self.waiting.take(ctx)? {
///             ctx.collect((name.clone(), order));
///         }
///         self.name.update(ctx, name)
///     }
/// }
/// ```
pub trait KeyedCoProcessFunction<K, A, B, O>: RichFunction
where
    K: Key,
    A: TypeInformation,
    B: TypeInformation,
    O: TypeInformation,
{
    /// A record of the first input.
    fn process_element1(&mut self, value: A, context: &mut KeyedContext<'_, K, O>) -> Result<()>;

    /// A record of the second input.
    fn process_element2(&mut self, value: B, context: &mut KeyedContext<'_, K, O>) -> Result<()>;

    /// A timer of the key at hand fires: `timestamp` is the time that it was set for, in milliseconds of the
    /// clock that [`KeyedContext::time_domain`] names. Event time is that of both inputs together: the lower of
    /// their watermarks.
    fn on_timer(&mut self, timestamp: i64, context: &mut KeyedContext<'_, K, O>) -> Result<()> {
        let _ = (timestamp, context);
        Ok(())
    }
}

/// Applies a [`KeyedCoProcessFunction`].
pub struct KeyedCoProcess<A, B, O, SA: SelectKey<A>, SB, F> {
    function: F,
    selectors: (SA, SB),
    subtask: KeyedSubtask<SA::Key>,
    types: PhantomData<fn(A, B) -> O>,
}

impl<A, B, O, SA: SelectKey<A>, SB, F> KeyedCoProcess<A, B, O, SA, SB, F> {
    /// The operator of `function` over the keys of `first` and `second`.
    pub fn new(first: SA, second: SB, function: F) -> Self {
        let subtask = KeyedSubtask::default();
        KeyedCoProcess { function, selectors: (first, second), subtask, types: PhantomData }
    }
}

impl<A, B, O, SA, SB, F> Operator for KeyedCoProcess<A, B, O, SA, SB, F>
where
    A: TypeInformation,
    B: TypeInformation,
    O: TypeInformation,
    SA: SelectKey<A>,
    SB: SelectKey<B, Key = SA::Key>,
    F: KeyedCoProcessFunction<SA::Key, A, B, O>,
{
    fn process(
        &mut self,
        input: &mut Input,
        output: &mut Output,
        operator: &mut OperatorContext,
    ) -> Result<Progress> {
        let (first, second) = &self.selectors;
        if input.port == 0 {
            self.subtask.process(input, first, output, operator, |value, context| {
                self.function.process_element1(value, context)
            })
        } else {
            self.subtask.process(input, second, output, operator, |value, context| {
                self.function.process_element2(value, context)
            })
        }
    }

    keyed_function_life!();
}
