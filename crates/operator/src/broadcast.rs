//! `connect_broadcast(&rules).process(..)`: a stream, and state that every subtask has alike.
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use hurtig_core::{Result, TypeInformation};
use hurtig_state::operator_state::{BroadcastStateAccess, OperatorStateAccess, OperatorStates};

use crate::context::OperatorContext;
use crate::function::{RichFunction, function_life, open_function};
use crate::operator::{Input, Operator, Progress};
use crate::output::Output;
use crate::process::ProcessContext;

/// Processes the records of a stream by rules that a second stream brings to every subtask. Flink's
/// `BroadcastProcessFunction`. For a keyed stream there is
/// [`KeyedBroadcastProcessFunction`](crate::keyed::KeyedBroadcastProcessFunction).
///
/// The rules are kept in broadcast state. Only [`process_broadcast_element`](Self::process_broadcast_element)
/// may change it, and must do so in the same way in every subtask; the other side reads. Which of two records
/// of the two streams comes first is not defined.
///
/// ```
/// use hurtig_core::Result;
/// use hurtig_operator::RuntimeContext;
/// use hurtig_operator::broadcast::{BroadcastContext, BroadcastProcessFunction};
/// use hurtig_operator::function::RichFunction;
/// use hurtig_operator::process::ProcessContext;
/// use hurtig_state::MapStateDescriptor;
/// use hurtig_state::operator_state::BroadcastState;
///
/// /// Drops words that the second stream forbids.
/// #[derive(Clone, Default)]
/// struct Allowed {
///     forbidden: BroadcastState<String, bool>,
/// }
///
/// impl RichFunction for Allowed {
///     fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
///         self.forbidden = context.broadcast_state(&MapStateDescriptor::new("forbidden"))?;
///         Ok(())
///     }
/// }
///
/// impl BroadcastProcessFunction<String, String, String> for Allowed {
///     fn process_element(&mut self, word: String, ctx: &mut ProcessContext<'_, String>) -> Result<()> {
///         if !self.forbidden.contains(ctx, &word)? {
///             ctx.collect(word)?;
///         }
///         Ok(())
///     }
///
///     fn process_broadcast_element(
///         &mut self,
///         word: String,
///         ctx: &mut BroadcastContext<'_, String>,
///     ) -> Result<()> {
///         self.forbidden.put(ctx, word, true)
///     }
/// }
/// ```
pub trait BroadcastProcessFunction<A, B, O>: RichFunction
where
    A: TypeInformation,
    B: TypeInformation,
    O: TypeInformation,
{
    /// A record of the first stream. Broadcast state can be read.
    fn process_element(&mut self, value: A, context: &mut ProcessContext<'_, O>) -> Result<()>;

    /// A record that every subtask gets. Broadcast state can be changed.
    fn process_broadcast_element(&mut self, value: B, context: &mut BroadcastContext<'_, O>) -> Result<()>;
}

/// What a [`BroadcastProcessFunction`] gets with a record that every subtask gets: a [`ProcessContext`] with
/// which broadcast state can be changed.
pub struct BroadcastContext<'a, O>(ProcessContext<'a, O>);

impl<'a, O> Deref for BroadcastContext<'a, O> {
    type Target = ProcessContext<'a, O>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<O> DerefMut for BroadcastContext<'_, O> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl<O> OperatorStateAccess for BroadcastContext<'_, O> {
    fn operator_states(&mut self) -> &mut OperatorStates {
        self.0.operator_states()
    }
}

impl<O> BroadcastStateAccess for BroadcastContext<'_, O> {}

/// Applies a [`BroadcastProcessFunction`].
pub struct BroadcastProcess<A, B, O, F> {
    function: F,
    types: PhantomData<fn(A, B) -> O>,
}

impl<A, B, O, F> BroadcastProcess<A, B, O, F> {
    /// The operator of `function`.
    pub fn new(function: F) -> Self {
        BroadcastProcess { function, types: PhantomData }
    }
}

impl<A, B, O, F> Operator for BroadcastProcess<A, B, O, F>
where
    A: TypeInformation,
    B: TypeInformation,
    O: TypeInformation,
    F: BroadcastProcessFunction<A, B, O>,
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
                self.function.process_element(value, &mut ProcessContext::new(output, context, time))?;
            }
        } else {
            let mut rows = input.batch.cursor::<B>(input.limit)?;
            while !output.is_full() {
                let Some((value, time)) = rows.next() else { break };
                let mut context = BroadcastContext(ProcessContext::new(output, context, time));
                self.function.process_broadcast_element(value, &mut context)?;
            }
        }
        Ok(Progress::Done)
    }

    function_life!();
}
