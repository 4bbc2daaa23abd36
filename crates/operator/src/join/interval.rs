//! `left.interval_join(right)`: records of one key that are so far apart in event time.
use std::marker::PhantomData;
use std::time::Duration;

use hurtig_core::{EventTime, Result, TypeInformation, Watermark};
use hurtig_state::keyed::{KeyedStates, StateSize};
use hurtig_state::timers::{RowTimer, TimeDomain};

use crate::context::OperatorContext;
use crate::function::{RichFunction, function_life, open_function};
use crate::join::context::JoinContext;
use crate::join::function::CallJoin;
use crate::join::side::{Search, Side, Which};
use crate::operator::{Input, Operator, Progress};
use crate::output::Output;
use crate::process::OutputTag;
use crate::route::SelectKey;

/// A moment of event time as seen from another one, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelativeTime {
    /// So much earlier.
    Before(Duration),
    /// So much later.
    After(Duration),
}

impl RelativeTime {
    /// How much later, in milliseconds.
    pub fn as_millis(self) -> i64 {
        let millis = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        match self {
            RelativeTime::Before(duration) => -millis(duration),
            RelativeTime::After(duration) => millis(duration),
        }
    }
}

/// How long after a left record its right partners are, in milliseconds, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// At least; negative if they may come before.
    pub lower: i64,
    /// At most.
    pub upper: i64,
}

/// What becomes of records that find no partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinType {
    /// They are dropped.
    Inner,
    /// Left ones come out alone.
    LeftOuter,
    /// Right ones come out alone.
    RightOuter,
    /// All come out alone.
    FullOuter,
}

/// Where records go that come too late to be joined. Without a tag they are dropped and counted
/// (`numLateRecordsDropped`).
pub struct LateOutputs<L, R> {
    /// Those of the left input.
    pub left: Option<OutputTag<L>>,
    /// Those of the right input.
    pub right: Option<OutputTag<R>>,
}

impl<L, R> Default for LateOutputs<L, R> {
    fn default() -> Self {
        LateOutputs { left: None, right: None }
    }
}

impl<L, R> Clone for LateOutputs<L, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<L, R> Copy for LateOutputs<L, R> {}

/// Joins records of two keyed inputs by an interval of event time. Flink's `IntervalJoinOperator`, with outer
/// joins besides.
///
/// Pairs come out as soon as both records are there. Records of outer joins that find no partner come out when
/// the watermark says that none can come any more, with their own event time; so that these are never late,
/// an outer join passes watermarks on that are behind by how long its records may wait.
pub struct IntervalJoin<L, R, O, A: SelectKey<L>, B, F, C> {
    function: F,
    left: Side<L, A>,
    right: Side<R, B>,
    states: KeyedStates<A::Key>,
    /// The timer whose row has more to put out than fitted.
    firing: Option<RowTimer>,
    delay: Duration,
    types: PhantomData<fn() -> (O, C)>,
}

impl<L, R, O, A, B, F, C> IntervalJoin<L, R, O, A, B, F, C>
where
    L: TypeInformation,
    R: TypeInformation,
    A: SelectKey<L>,
    B: SelectKey<R, Key = A::Key>,
{
    /// The operator that gives pairs to `function` by way of `C`.
    pub fn new(
        interval: Interval,
        join_type: JoinType,
        (left_key, right_key): (A, B),
        late: LateOutputs<L, R>,
        function: F,
    ) -> Self {
        let Interval { lower, upper } = interval;
        let keeps_left = matches!(join_type, JoinType::LeftOuter | JoinType::FullOuter);
        let keeps_right = matches!(join_type, JoinType::RightOuter | JoinType::FullOuter);
        let left = Search { which: Which::Left, lower, upper, keeps: keeps_left };
        let right = Search {
            which: Which::Right,
            lower: upper.saturating_neg(),
            upper: lower.saturating_neg(),
            keeps: keeps_right,
        };
        let delay = left.delay().max(right.delay());
        IntervalJoin {
            function,
            left: Side::new(left, left_key, late.left),
            right: Side::new(right, right_key, late.right),
            states: KeyedStates::default(),
            firing: None,
            delay: Duration::from_millis(delay.unsigned_abs()),
            types: PhantomData,
        }
    }

    /// What is promised downstream when the watermark has come to `watermark`.
    fn promised(&self, watermark: Watermark) -> Watermark {
        match watermark {
            Watermark::MAX => watermark,
            Watermark(time) => Watermark(time.saturating_sub(self.delay)),
        }
    }
}

impl<L, R, O, A, B, F, C> Operator for IntervalJoin<L, R, O, A, B, F, C>
where
    L: TypeInformation,
    R: TypeInformation,
    O: TypeInformation,
    A: SelectKey<L>,
    B: SelectKey<R, Key = A::Key>,
    F: RichFunction,
    C: CallJoin<F, L, R, O>,
{
    fn open(&mut self, operator: &mut OperatorContext) -> Result<()> {
        open_function(&mut self.function, operator)?;
        self.left.open(&mut self.states.store, operator)?;
        self.right.open(&mut self.states.store, operator)
    }

    fn process(
        &mut self,
        input: &mut Input,
        output: &mut Output,
        operator: &mut OperatorContext,
    ) -> Result<Progress> {
        let IntervalJoin { function, left, right, states, .. } = self;
        if input.port == 0 {
            left.take(right.partner(), states, input, (output, operator), |left, right, context| {
                context.turn_to(Some(left.time), Some(right.time));
                C::call(function, Some(&left.value), Some(&right.value), context)
            })
        } else {
            right.take(left.partner(), states, input, (output, operator), |right, left, context| {
                context.turn_to(Some(left.time), Some(right.time));
                C::call(function, Some(&left.value), Some(&right.value), context)
            })
        }
    }

    fn watermark(
        &mut self,
        watermark: Watermark,
        output: &mut Output,
        operator: &mut OperatorContext,
    ) -> Result<Progress> {
        let until = watermark.0.as_millis();
        let IntervalJoin { function, left, right, states, firing, .. } = self;
        let mut context = JoinContext::new(output, operator)?;
        while let Some(timer) = firing.take().or_else(|| states.pop_due(TimeDomain::EventTime, until)) {
            let progress = if timer.tag == Which::Left as u16 {
                left.expire(timer.row, until, states, &mut context, |left, context| {
                    context.turn_to(Some(left.time), None);
                    C::call(function, Some(&left.value), None, context)
                })?
            } else {
                right.expire(timer.row, until, states, &mut context, |right, context| {
                    context.turn_to(None, Some(right.time));
                    C::call(function, None, Some(&right.value), context)
                })?
            };
            if progress == Progress::More {
                *firing = Some(timer);
                return Ok(Progress::More);
            }
            states.store.holds.release(timer.row);
        }
        states.collect();
        let promised = self.promised(watermark);
        if promised > Watermark(EventTime::MIN) {
            output.watermark(promised);
        }
        Ok(Progress::Done)
    }

    fn keyed_state_size(&mut self) -> Option<StateSize> {
        Some(self.states.size())
    }

    function_life!();
}
