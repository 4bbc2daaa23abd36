//! Whole jobs with windows against the oracle, where nothing is late: the disorder is less than watermarks lag.
use std::time::Duration;

use hurtig::operator::route::{OwnedKey, SelectKey, Selector};
use hurtig::prelude::*;

use super::super::assigner::{Assigner, Gap};
use super::super::oracle::{Due, Late, Windowing};
use super::super::outcome::Firing;
use super::super::steps::{Record, Step};
use super::super::timers::TimeDomain;
use super::super::trigger::Trigger as Said;
use super::item::{Item, LATE, SaysGap, Span, Spans, Steps, span};
use super::{sorted, sorted_all};
use crate::harness::{check, check_each, check_per_key};

/// How much earlier than the latest before it a record may be, in milliseconds.
const DISORDER: i64 = 50;

/// A key, a window, and the steps of the elements that are in it, sorted.
type Shown = (u8, Span, Vec<i64>);

/// So many records of five keys in disorder, always the same: two to three of them in ten milliseconds.
fn records(count: i64) -> Vec<Record> {
    // A step of a linear congruential generator, of which the upper bits are random enough.
    let next = |state: &mut u64| {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*state >> 33) as i64
    };
    let mut state = 1;
    let record = |number: i64| {
        let timestamp = number * 4 - next(&mut state) % DISORDER;
        Record { key: (next(&mut state) % 5) as u8, value: next(&mut state) % 20, timestamp }
    };
    (0..count).map(record).collect()
}

fn items(records: &[Record], assigner: Assigner) -> Vec<(Item, EventTime)> {
    let item = |(step, record): (usize, &Record)| {
        (Item::new(step, *record, assigner), EventTime::from_millis(record.timestamp))
    };
    records.iter().enumerate().map(item).collect()
}

/// The items by their keys, with watermarks that lag behind by more than their disorder.
fn keyed(
    env: &StreamExecutionEnvironment,
    items: &[(Item, EventTime)],
) -> KeyedStream<Item, impl SelectKey<Item, Key = u8> + use<>> {
    let lag = Duration::from_millis(DISORDER.unsigned_abs() + 1);
    let strategy = WatermarkStrategy::for_punctuated_out_of_orderness(lag)
        .with_timestamp_assigner(|(_, millis): &(Item, i64), _| EventTime::from_millis(*millis));
    let items = items.iter().map(|(item, time)| (item.clone(), time.as_millis()));
    let stamped = env.from_collection(items).assign_timestamps_and_watermarks(strategy);
    stamped.map(|(item, _)| item).key_by(|item| item.key)
}

/// What windows of event time must hold.
fn firings(assigner: Assigner, records: &[Record]) -> Vec<Firing> {
    let windowing = Windowing {
        assigner,
        trigger: Said::EventTime,
        evictor: None,
        allowed_lateness: 0,
        late: Late::Drop,
    };
    let script: Vec<_> = records.iter().copied().map(Step::Record).chain([Step::End]).collect();
    windowing.run(Due::After, &script).firings
}

fn expected(assigner: Assigner, records: &[Record]) -> Vec<Shown> {
    let shown = |Firing { key, window, elements, .. }: Firing| {
        let steps: Vec<_> = elements.iter().map(|element| element.step as i64).collect();
        (key, span(window), sorted(&steps))
    };
    firings(assigner, records).into_iter().map(shown).collect()
}

/// Shows what an incremental function has made of a window.
#[derive(Clone)]
struct Show;

impl RichFunction for Show {}

impl<W: Spans> ProcessWindowFunction<Vec<i64>, Shown, u8, W> for Show {
    fn process(
        &mut self,
        key: &u8,
        steps: Elements<'_, Vec<i64>>,
        context: &mut WindowContext<'_, W, Shown>,
    ) -> Result<()> {
        let span = context.window().span();
        let steps: Vec<i64> = steps.iter().flatten().copied().collect();
        context.collect((*key, span, sorted(&steps)));
        Ok(())
    }
}

/// Checks windows that hold their elements, and the same with an incremental function.
fn check_windows<A>(assigner: Assigner, windows: A)
where
    A: WindowAssigner<Item, Window: Spans, DefaultTrigger: Trigger<Item, A::Window>>,
{
    let records = records(120);
    let items = items(&records, assigner);
    let expect = expected(assigner, &records);
    let windowed = |env: &StreamExecutionEnvironment| keyed(env, &items).window(windows.clone());
    check(
        |env| {
            windowed(env).apply(|key, window: &A::Window, items| {
                let steps: Vec<i64> = items.iter().map(|item| item.step).collect();
                [(*key, window.span(), sorted(&steps))]
            })
        },
        expect.clone(),
    );
    check(|env| windowed(env).aggregate_with(Steps, Show), expect);
}

const BY_EVENT_TIME: TimeDomain = TimeDomain::EventTime;

#[test]
fn tumbling_windows() {
    let size = Duration::from_millis(70);
    let assigner = Assigner::Tumbling { domain: BY_EVENT_TIME, size: 70, offset: 0 };
    check_windows(assigner, TumblingEventTimeWindows::of(size));
}

#[test]
fn sliding_windows_of_few_panes_and_of_many() {
    for (size, slide) in [(90, 30), (100, 8)] {
        let assigner = Assigner::Sliding { domain: BY_EVENT_TIME, size, slide, offset: 0 };
        let millis = |millis: i64| Duration::from_millis(millis.unsigned_abs());
        check_windows(assigner, SlidingEventTimeWindows::of(millis(size), millis(slide)));
    }
}

#[test]
fn sessions() {
    let assigner = Assigner::Session { domain: BY_EVENT_TIME, gap: Gap::Static(25) };
    check_windows(assigner, EventTimeSessionWindows::with_gap(Duration::from_millis(25)));
    let assigner = Assigner::Session { domain: BY_EVENT_TIME, gap: Gap::Dynamic { base: 10, modulus: 20 } };
    check_windows(assigner, EventTimeSessionWindows::with_dynamic_gap(Item::gap));
}

/// Checks windows by count, of which each holds elements in their order.
fn check_counts(
    windowing: &Windowing,
    windows: impl Fn(KeyedStream<Item, Selector<OwnedKey<fn(&Item) -> u8>, u8>>) -> DataStream<(u8, Vec<i64>)>,
) {
    let records = records(100);
    let script: Vec<_> = records.iter().copied().map(Step::Record).chain([Step::End]).collect();
    let expect = windowing.run(Due::After, &script).firings.into_iter().map(|firing| {
        (firing.key, firing.elements.iter().map(|element| element.step as i64).collect::<Vec<_>>())
    });
    let items = items(&records, Assigner::Global);
    let key: fn(&Item) -> u8 = |item| item.key;
    // One source and no stop between it and the key: each key's records stay in their order.
    check_per_key(|env| windows(env.from_timestamped(items.clone()).key_by(key)), |(key, _)| *key, expect);
}

#[test]
fn windows_by_count() {
    let list = |key: &u8, _: &GlobalWindow, items: Elements<'_, Item>| {
        [(*key, items.iter().map(|item| item.step).collect::<Vec<_>>())]
    };
    check_counts(&Windowing::count(3), |keyed| keyed.count_window(3).apply(list));
    check_counts(&Windowing::sliding_count(5, 2), |keyed| keyed.count_window_sliding(5, 2).apply(list));
}

#[test]
fn each_record_is_in_its_window_or_late() {
    let records = records(120);
    let items = items(&records, Assigner::Global);
    let all: Vec<i64> = (0..records.len() as i64).collect();
    // Half of the disorder is allowed for by nobody.
    let program = |env: &StreamExecutionEnvironment| {
        let windows = env.from_timestamped(items.clone()).key_by(|item| item.key);
        let windows = windows.window(TumblingEventTimeWindows::of(Duration::from_millis(30)));
        let windows = windows.allowed_lateness(Duration::from_millis(5)).side_output_late_data(&LATE);
        let in_time = windows.trigger(PurgingTrigger::of(EventTimeTrigger)).aggregate(Steps);
        let late = in_time.side_output(&LATE).map(|item| vec![item.step, -1]);
        in_time.union([&late])
    };
    check_each(program, |run, found| {
        let (late, in_time): (Vec<_>, Vec<_>) = found.into_iter().partition(|steps| steps.ends_with(&[-1]));
        assert!(late.len() > 10 && in_time.len() > 30, "{run}: {} late", late.len());
        let steps = in_time.into_iter().flatten().chain(late.into_iter().map(|steps| steps[0]));
        assert_eq!(sorted_all(steps), all, "{run}");
    });
}

#[test]
fn two_streams_in_one_window() {
    let assigner = Assigner::Sliding { domain: BY_EVENT_TIME, size: 60, slide: 40, offset: 0 };
    let windows = || SlidingEventTimeWindows::of(Duration::from_millis(60), Duration::from_millis(40));
    let records = records(100);
    let items = items(&records, assigner);
    let is_left = |step: &i64| step % 3 > 0;
    let both = expected(assigner, &records).into_iter().map(|(key, _, steps)| {
        let (left, right): (Vec<i64>, Vec<i64>) = steps.into_iter().partition(is_left);
        (key, left, right)
    });
    let both = sorted_all(both);
    let sides = |env: &StreamExecutionEnvironment| {
        let (left, right): (Vec<_>, Vec<_>) =
            items.iter().cloned().partition(|(item, _)| is_left(&item.step));
        (keyed(env, &left), keyed(env, &right))
    };
    check(
        |env| {
            let (left, right) = sides(env);
            let joined = left.co_group(&right).where_key(|item| item.key).equal_to(|item| item.key);
            joined.window(windows()).co_group(|left: &[&Item], right: &[&Item]| {
                let steps = |items: &[&Item]| sorted(&items.iter().map(|item| item.step).collect::<Vec<_>>());
                let key = left.iter().chain(right).next().map_or(0, |item| item.key);
                [(key, steps(left), steps(right))]
            })
        },
        both.clone(),
    );
    let pairs = both.iter().flat_map(|(_, left, right)| {
        left.iter().flat_map(move |&left| right.iter().map(move |&right| (left, right)))
    });
    check(
        |env| {
            let (left, right) = sides(env);
            let joined = left.join(&right).where_key(|item| item.key).equal_to(|item| item.key);
            joined.window(windows()).apply(|left, right| [(left.step, right.step)])
        },
        pairs,
    );
}
