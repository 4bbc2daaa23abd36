//! What pairs of records are handed to.
use hurtig_core::{Result, TypeInformation};

use crate::function::RichFunction;
use crate::join::context::JoinContext;

/// Processes pairs of records that belong together. Flink's `ProcessJoinFunction`.
///
/// What one call puts out is held in memory until the call returns.
///
/// ```
/// use hurtig_core::Result;
/// use hurtig_operator::function::RichFunction;
/// use hurtig_operator::join::{JoinContext, ProcessJoinFunction};
///
/// /// How long after its order a payment came, in milliseconds.
/// #[derive(Clone)]
/// struct Delay;
///
/// impl RichFunction for Delay {}
///
/// impl ProcessJoinFunction<String, u64, (String, i64)> for Delay {
///     fn process_element(
///         &mut self,
///         order: &String,
///         _: &u64,
///         context: &mut JoinContext<'_, (String, i64)>,
///     ) -> Result<()> {
///         if let (Some(ordered), Some(paid)) = (context.left_timestamp(), context.right_timestamp()) {
///             context.collect((order.clone(), paid.as_millis() - ordered.as_millis()));
///         }
///         Ok(())
///     }
/// }
/// ```
pub trait ProcessJoinFunction<L, R, O>: RichFunction
where
    L: TypeInformation,
    R: TypeInformation,
    O: TypeInformation,
{
    /// A record of each side.
    fn process_element(&mut self, left: &L, right: &R, context: &mut JoinContext<'_, O>) -> Result<()>;
}

/// As [`ProcessJoinFunction`], for outer joins: it also gets records that found no partner, alone, when none
/// can come any more. At least one of the two is there.
pub trait ProcessOuterJoinFunction<L, R, O>: RichFunction
where
    L: TypeInformation,
    R: TypeInformation,
    O: TypeInformation,
{
    /// A record of each side, or one that found no partner.
    fn process_element(
        &mut self,
        left: Option<&L>,
        right: Option<&R>,
        context: &mut JoinContext<'_, O>,
    ) -> Result<()>;
}

/// How a join calls its function.
pub trait CallJoin<F, L, R, O>: Send + Sync + 'static {
    /// Calls `function` with a pair, or with one record alone.
    fn call(
        function: &mut F,
        left: Option<&L>,
        right: Option<&R>,
        context: &mut JoinContext<'_, O>,
    ) -> Result<()>;
}

/// Calls a [`ProcessJoinFunction`].
pub struct CallInner;

/// Calls a [`ProcessOuterJoinFunction`].
pub struct CallOuter;

impl<F, L, R, O> CallJoin<F, L, R, O> for CallInner
where
    F: ProcessJoinFunction<L, R, O>,
    L: TypeInformation,
    R: TypeInformation,
    O: TypeInformation,
{
    #[inline]
    fn call(
        function: &mut F,
        left: Option<&L>,
        right: Option<&R>,
        context: &mut JoinContext<'_, O>,
    ) -> Result<()> {
        match (left, right) {
            (Some(left), Some(right)) => function.process_element(left, right, context),
            _ => Ok(()),
        }
    }
}

impl<F, L, R, O> CallJoin<F, L, R, O> for CallOuter
where
    F: ProcessOuterJoinFunction<L, R, O>,
    L: TypeInformation,
    R: TypeInformation,
    O: TypeInformation,
{
    #[inline]
    fn call(
        function: &mut F,
        left: Option<&L>,
        right: Option<&R>,
        context: &mut JoinContext<'_, O>,
    ) -> Result<()> {
        function.process_element(left, right, context)
    }
}

macro_rules! closure {
    ($(#[$docs:meta])* $name:ident) => {
        $(#[$docs])*
        #[derive(Clone)]
        pub struct $name<F>(pub F);

        impl<F: Clone + Send + Sync + 'static> RichFunction for $name<F> {}
    };
}

closure! {
    /// A closure of both records as the function of an inner join.
    InnerClosure
}
closure! {
    /// A closure of the left record and perhaps a right one as the function of a left outer join.
    LeftOuterClosure
}
closure! {
    /// A closure of perhaps a left record and the right one as the function of a right outer join.
    RightOuterClosure
}
closure! {
    /// A closure of perhaps a left and perhaps a right record as the function of a full outer join.
    FullOuterClosure
}

impl<L, R, O, F> ProcessJoinFunction<L, R, O> for InnerClosure<F>
where
    L: TypeInformation,
    R: TypeInformation,
    O: TypeInformation,
    F: FnMut(&L, &R) -> O + Clone + Send + Sync + 'static,
{
    #[inline]
    fn process_element(&mut self, left: &L, right: &R, context: &mut JoinContext<'_, O>) -> Result<()> {
        context.collect((self.0)(left, right));
        Ok(())
    }
}

macro_rules! outer {
    ($name:ident, ($($argument:ty),+), $pattern:pat => ($($value:expr),+)) => {
        impl<L, R, O, F> ProcessOuterJoinFunction<L, R, O> for $name<F>
        where
            L: TypeInformation,
            R: TypeInformation,
            O: TypeInformation,
            F: FnMut($($argument),+) -> O + Clone + Send + Sync + 'static,
        {
            #[inline]
            fn process_element(
                &mut self,
                left: Option<&L>,
                right: Option<&R>,
                context: &mut JoinContext<'_, O>,
            ) -> Result<()> {
                // A side that is not kept does not come alone.
                #[allow(irrefutable_let_patterns, reason = "a full outer join takes whatever comes")]
                if let $pattern = (left, right) {
                    context.collect((self.0)($($value),+));
                }
                Ok(())
            }
        }
    };
}

outer!(LeftOuterClosure, (&L, Option<&R>), (Some(left), right) => (left, right));
outer!(RightOuterClosure, (Option<&L>, &R), (left, Some(right)) => (left, right));
outer!(FullOuterClosure, (Option<&L>, Option<&R>), (left, right) => (left, right));
