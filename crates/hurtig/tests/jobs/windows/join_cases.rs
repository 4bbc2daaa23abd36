//! Joins and scripts for two streams that proptest makes up.
use proptest::prelude::*;

use super::cases::{assigners, scripts};
use super::joins_oracle::{IntervalJoin, JoinKind, JoinStep, Side};
use super::oracle::{Late, Windowing};
use super::steps::Step;
use super::timers::TimeDomain;
use super::trigger::Trigger;

/// Up to `steps` records of both streams with their watermarks: a script for one stream in which each step falls
/// to either.
pub fn join_scripts(steps: usize) -> impl Strategy<Value = Vec<JoinStep>> {
    (scripts(steps), proptest::collection::vec(any::<bool>(), steps + 2)).prop_map(|(script, left)| {
        let side = |step: usize| if left[step] { Side::Left } else { Side::Right };
        let join = |(step, what)| match what {
            Step::Record(record) => JoinStep::Record(side(step), record),
            Step::Watermark(time) => JoinStep::Watermark(side(step), time),
            Step::ProcessingTime(time) => JoinStep::ProcessingTime(time),
            Step::End => JoinStep::End,
        };
        script.into_iter().enumerate().map(join).collect()
    })
}

/// Event-time windows as joins have them when nothing else is said, some with an allowed lateness.
pub fn join_windowings() -> impl Strategy<Value = Windowing> {
    let event_time =
        assigners().prop_filter("no event time", |assigner| assigner.domain() == TimeDomain::EventTime);
    (event_time, prop_oneof![Just(0), 1..20_i64]).prop_map(|(assigner, allowed_lateness)| Windowing {
        assigner,
        trigger: Trigger::EventTime,
        evictor: None,
        allowed_lateness,
        late: Late::Drop,
    })
}

/// Intervals to either side of an element, empty ones too.
pub fn interval_joins() -> impl Strategy<Value = IntervalJoin> {
    let kind = prop_oneof![
        Just(JoinKind::Inner),
        Just(JoinKind::LeftOuter),
        Just(JoinKind::RightOuter),
        Just(JoinKind::FullOuter),
    ];
    (-15..15_i64, 0..15_i64, any::<bool>(), any::<bool>(), kind).prop_map(
        |(lower, length, lower_inclusive, upper_inclusive, kind)| IntervalJoin {
            lower,
            lower_inclusive,
            upper: lower + length,
            upper_inclusive,
            kind,
        },
    )
}
