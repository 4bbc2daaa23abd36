//! Two keyed streams joined by how far apart their records are in event time.
use std::marker::PhantomData;

use hurtig_core::TypeInformation;
use hurtig_core::batch::BatchType;
use hurtig_core::key::hash::mix;
use hurtig_operator::Operator;
use hurtig_operator::join::function::{
    CallInner, CallJoin, CallOuter, FullOuterClosure, InnerClosure, LeftOuterClosure, RightOuterClosure,
};
use hurtig_operator::join::{
    Interval, JoinType, LateOutputs, ProcessJoinFunction, ProcessOuterJoinFunction, RelativeTime,
};
use hurtig_operator::process::OutputTag;
use hurtig_operator::route::SelectKey;

use crate::builder::NewNode;
use crate::keyed::KeyedStream;
use crate::stream::DataStream;

impl<L: TypeInformation, A: SelectKey<L>> KeyedStream<L, A> {
    /// This stream, the left one, and another one of the same keys, to be joined by an interval of event time.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use hurtig_core::EventTime;
    /// # use hurtig_datastream::StreamExecutionEnvironment;
    /// # use hurtig_operator::join::RelativeTime::{After, Before};
    /// # let env = StreamExecutionEnvironment::default();
    /// let at = EventTime::from_millis;
    /// let orders = env.from_timestamped([((1, "tea".to_owned()), at(1000))]);
    /// let payments = env.from_timestamped([((1, 250), at(3000))]);
    /// // Each order with the payments of the ten minutes after it, and those that came five seconds early.
    /// let paid = orders
    ///     .key_by(|(order, _)| *order)
    ///     .interval_join(&payments.key_by(|(order, _)| *order))
    ///     .between(Before(Duration::from_secs(5)), After(Duration::from_secs(600)))
    ///     .apply(|(_, goods), (_, cents)| (goods.clone(), *cents));
    /// # let _ = paid;
    /// ```
    pub fn interval_join<R, B>(&self, other: &KeyedStream<R, B>) -> IntervalJoin<L, A, R, B>
    where
        R: TypeInformation,
        B: SelectKey<R, Key = A::Key>,
    {
        IntervalJoin {
            left: (**self).clone(),
            right: (**other).clone(),
            keys: (self.selector().clone(), other.selector().clone()),
        }
    }
}

/// Two streams that are to be joined; [`between`](Self::between) says when. Flink's `IntervalJoin`.
pub struct IntervalJoin<L, A, R, B> {
    left: DataStream<L>,
    right: DataStream<R>,
    keys: (A, B),
}

impl<L: TypeInformation, A, R: TypeInformation, B> IntervalJoin<L, A, R, B> {
    /// A right record is joined with a left one if it comes, in event time, between `lower` and `upper` of it,
    /// both ends included. `lower` must not be after `upper`. Bounds count in whole milliseconds.
    pub fn between(self, lower: RelativeTime, upper: RelativeTime) -> IntervalJoined<L, A, R, B> {
        let interval = Interval { lower: lower.as_millis(), upper: upper.as_millis() };
        if interval.lower > interval.upper {
            self.left.mistake(&format!(
                "an interval join between {} ms and {} ms: the lower bound is above the upper one",
                interval.lower, interval.upper
            ));
        }
        IntervalJoined { streams: self, interval, late: LateOutputs::default() }
    }
}

/// Two streams joined by an interval. Flink's `IntervalJoined`.
///
/// Records need event times: without them the job fails. A pair comes out as soon as both records are there,
/// with the later of their event times. A record that is behind the watermark when it comes is late: it is in
/// no pair, and goes to its side output or is dropped.
pub struct IntervalJoined<L, A, R, B> {
    streams: IntervalJoin<L, A, R, B>,
    interval: Interval,
    late: LateOutputs<L, R>,
}

impl<L, A, R, B> IntervalJoined<L, A, R, B>
where
    L: TypeInformation,
    A: SelectKey<L>,
    R: TypeInformation,
    B: SelectKey<R, Key = A::Key>,
{
    /// What is exactly at the lower bound is not joined.
    pub fn lower_bound_exclusive(mut self) -> Self {
        self.interval.lower = self.interval.lower.saturating_add(1);
        self
    }

    /// What is exactly at the upper bound is not joined.
    pub fn upper_bound_exclusive(mut self) -> Self {
        self.interval.upper = self.interval.upper.saturating_sub(1);
        self
    }

    /// Where left records go that come too late.
    pub fn side_output_left_late_data(mut self, tag: &OutputTag<L>) -> Self {
        self.late.left = Some(*tag);
        self
    }

    /// Where right records go that come too late.
    pub fn side_output_right_late_data(mut self, tag: &OutputTag<R>) -> Self {
        self.late.right = Some(*tag);
        self
    }

    /// Left records that find no partner come out too.
    pub fn left_outer(self) -> OuterIntervalJoined<L, A, R, B, LeftOuter> {
        OuterIntervalJoined { joined: self, join_type: JoinType::LeftOuter, kept: PhantomData }
    }

    /// Right records that find no partner come out too.
    pub fn right_outer(self) -> OuterIntervalJoined<L, A, R, B, RightOuter> {
        OuterIntervalJoined { joined: self, join_type: JoinType::RightOuter, kept: PhantomData }
    }

    /// All records that find no partner come out too.
    pub fn full_outer(self) -> OuterIntervalJoined<L, A, R, B, FullOuter> {
        OuterIntervalJoined { joined: self, join_type: JoinType::FullOuter, kept: PhantomData }
    }

    /// One record of each pair.
    pub fn apply<O, F>(self, join: F) -> DataStream<O>
    where
        O: TypeInformation,
        F: FnMut(&L, &R) -> O + Clone + Send + Sync + 'static,
    {
        self.process(InnerClosure(join))
    }

    /// A function that sees the records of a pair with their times, and may use side outputs.
    pub fn process<O, F>(self, function: F) -> DataStream<O>
    where
        O: TypeInformation,
        F: ProcessJoinFunction<L, R, O>,
    {
        self.add::<O, F, CallInner>(JoinType::Inner, function)
    }

    fn add<O, F, C>(self, join_type: JoinType, function: F) -> DataStream<O>
    where
        O: TypeInformation,
        F: hurtig_operator::function::RichFunction,
        C: CallJoin<F, L, R, O>,
    {
        let IntervalJoined { streams: IntervalJoin { left, right, keys }, interval, late } = self;
        let create = move || {
            let operator = hurtig_operator::join::IntervalJoin::<L, R, O, A, B, F, C>::new(
                interval,
                join_type,
                keys.clone(),
                late,
                function.clone(),
            );
            Box::new(operator) as Box<dyn Operator>
        };
        let output = BatchType::rows::<O>();
        let digest = mix(interval.lower as u64) ^ (interval.upper as u64).rotate_left(32) ^ join_type as u64;
        let node = NewNode { digest, ..NewNode::operator("Interval Join", output.clone(), create) };
        let builder = left.builder();
        let id = builder.borrow_mut().add(node, &[left.inputs(), right.inputs()]);
        DataStream::at(builder.clone(), id, output)
    }
}

/// Left records come alone too.
pub struct LeftOuter;

/// Right records come alone too.
pub struct RightOuter;

/// All records come alone too.
pub struct FullOuter;

/// Two streams joined by an interval, with the records that find no partner. Flink has this in SQL alone.
///
/// A record comes out alone when the watermark says that it can find no partner any more: a left one when it is
/// past the record's upper bound, a right one accordingly. It keeps its event time; watermarks behind the join
/// are late by as much, so that it counts as on time there. Late records do not come out alone either.
pub struct OuterIntervalJoined<L, A, R, B, J> {
    joined: IntervalJoined<L, A, R, B>,
    join_type: JoinType,
    kept: PhantomData<J>,
}

impl<L, A, R, B, J> OuterIntervalJoined<L, A, R, B, J>
where
    L: TypeInformation,
    A: SelectKey<L>,
    R: TypeInformation,
    B: SelectKey<R, Key = A::Key>,
{
    /// A function that sees pairs and lonely records with their times, and may use side outputs.
    pub fn process<O, F>(self, function: F) -> DataStream<O>
    where
        O: TypeInformation,
        F: ProcessOuterJoinFunction<L, R, O>,
    {
        self.joined.add::<O, F, CallOuter>(self.join_type, function)
    }
}

impl<L, A, R, B> OuterIntervalJoined<L, A, R, B, LeftOuter>
where
    L: TypeInformation,
    A: SelectKey<L>,
    R: TypeInformation,
    B: SelectKey<R, Key = A::Key>,
{
    /// One record of each pair and of each left record without a partner.
    pub fn apply<O, F>(self, join: F) -> DataStream<O>
    where
        O: TypeInformation,
        F: FnMut(&L, Option<&R>) -> O + Clone + Send + Sync + 'static,
    {
        self.process(LeftOuterClosure(join))
    }
}

impl<L, A, R, B> OuterIntervalJoined<L, A, R, B, RightOuter>
where
    L: TypeInformation,
    A: SelectKey<L>,
    R: TypeInformation,
    B: SelectKey<R, Key = A::Key>,
{
    /// One record of each pair and of each right record without a partner.
    pub fn apply<O, F>(self, join: F) -> DataStream<O>
    where
        O: TypeInformation,
        F: FnMut(Option<&L>, &R) -> O + Clone + Send + Sync + 'static,
    {
        self.process(RightOuterClosure(join))
    }
}

impl<L, A, R, B> OuterIntervalJoined<L, A, R, B, FullOuter>
where
    L: TypeInformation,
    A: SelectKey<L>,
    R: TypeInformation,
    B: SelectKey<R, Key = A::Key>,
{
    /// One record of each pair and of each record without a partner: at least one of the two is there.
    pub fn apply<O, F>(self, join: F) -> DataStream<O>
    where
        O: TypeInformation,
        F: FnMut(Option<&L>, Option<&R>) -> O + Clone + Send + Sync + 'static,
    {
        self.process(FullOuterClosure(join))
    }
}
