//! Window joins and co-groups against the oracle.
use std::time::Duration;

use hurtig::ProcessingTime;
use hurtig::operator::route::{OwnedKey, Selector};
use hurtig::operator::window::contents::Buffering;
use hurtig::operator::window::join::{CoGroup, EachPair, EitherKey};
use hurtig::operator::window::operator::{WindowOperator, WindowOptions};
use hurtig::prelude::{CoGroupFunction, EventTime, EventTimeTrigger, TaggedUnion, TypeInformation};
use hurtig::test::KeyedOneInputOperatorTestHarness;
use proptest::prelude::*;

use super::super::join_cases::{join_scripts, join_windowings};
use super::super::joins_oracle::{self, JoinStep, Side};
use super::super::oracle::{Due, Windowing};
use super::super::outcome::Element;
use super::assigner::TimeAssigner;
use super::driver::{Pace, paces};
use super::item::{Item, SaysGap};
use super::{sorted, sorted_all};

type Union = TaggedUnion<Item, Item>;

impl SaysGap for Union {
    fn gap(&self) -> Duration {
        match self {
            TaggedUnion::One(item) | TaggedUnion::Two(item) => item.gap(),
        }
    }
}

/// Plays a script on the operator of both streams in one. What comes out has the step and the event time with it.
fn played<O: TypeInformation>(
    windowing: &Windowing,
    script: &[JoinStep],
    pace: Pace,
    function: impl CoGroupFunction<Item, Item, O>,
) -> Vec<(usize, i64, O)> {
    let key = || Selector::new(OwnedKey(|item: &Item| item.key));
    let operator = WindowOperator::new(
        EitherKey { one: key(), two: key() },
        TimeAssigner::<Union>::of(windowing.assigner),
        EventTimeTrigger,
        Buffering::<Union, O, _>::new(CoGroup(function)),
        WindowOptions { allowed_lateness: windowing.allowed_lateness, ..WindowOptions::default() },
    );
    let mut harness = KeyedOneInputOperatorTestHarness::<Union, O>::for_operator(operator);
    harness.set_limits(pace.output, pace.input);
    harness.open().unwrap();
    let mut watermarks = [i64::MIN; 2];
    let mut out = Vec::new();
    for (step, what) in script.iter().enumerate() {
        match *what {
            JoinStep::Record(side, record) => {
                let item = Item::new(step, record, windowing.assigner);
                let item = if side == Side::Left { Union::One(item) } else { Union::Two(item) };
                harness.process_element(item, EventTime::from_millis(record.timestamp)).unwrap();
            }
            JoinStep::Watermark(side, time) => {
                let watermark = &mut watermarks[side as usize];
                *watermark = time.max(*watermark);
                let both = EventTime::from_millis(watermarks[0].min(watermarks[1]));
                harness.process_watermark(both).unwrap();
            }
            JoinStep::ProcessingTime(time) => {
                harness.set_processing_time(ProcessingTime::from_millis(time)).unwrap();
            }
            JoinStep::End => harness.end_input().unwrap(),
        }
        let records = harness.take_records().into_iter();
        out.extend(records.map(|(value, time)| (step, time.unwrap().as_millis(), value)));
    }
    assert_eq!((harness.num_keys(), harness.num_event_time_timers()), (0, 0), "left behind");
    out
}

fn steps(elements: &[Element]) -> Vec<i64> {
    elements.iter().map(|element| element.step as i64).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn co_groups_are_as_the_oracle_says(
        windowing in join_windowings(),
        script in join_scripts(60),
        pace in paces(),
    ) {
        let steps_of = |items: &[&Item]| items.iter().map(|item| item.step).collect::<Vec<_>>();
        let key_of = move |items: &[&Item]| items.first().map(|item| item.key);
        let found = played(&windowing, &script, pace, move |left: &[&Item], right: &[&Item]| {
            let key = key_of(left).or(key_of(right)).unwrap();
            [(key, steps_of(left), steps_of(right))]
        });
        let expect = joins_oracle::co_group(&windowing, Due::After, &script);
        let in_order = expect.iter().all(|group| group.in_order);
        let expect = expect.into_iter().map(|group| {
            (group.step, group.window.max_timestamp(), (group.key, steps(&group.left), steps(&group.right)))
        });
        let in_any_order = |(step, time, (key, left, right)): (_, _, (_, Vec<i64>, Vec<i64>))| {
            if in_order { (step, time, (key, left, right)) } else { (step, time, (key, sorted(&left), sorted(&right))) }
        };
        let (found, expect) = (found.into_iter().map(in_any_order), expect.map(in_any_order));
        prop_assert_eq!(sorted_all(found), sorted_all(expect));
    }

    #[test]
    fn window_joins_are_as_the_oracle_says(
        windowing in join_windowings(),
        script in join_scripts(60),
        pace in paces(),
    ) {
        let pair = EachPair(|left: &Item, right: &Item| [(left.step, right.step)]);
        let found = played(&windowing, &script, pace, pair);
        let expect = joins_oracle::window_join(&windowing, Due::After, &script);
        let expect = expect.into_iter().map(|(window, joined)| {
            let step = |element: Option<Element>| element.unwrap().step as i64;
            (joined.step, window.max_timestamp(), (step(joined.left), step(joined.right)))
        });
        prop_assert_eq!(sorted_all(found), sorted_all(expect));
    }
}
