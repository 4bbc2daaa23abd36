//! Interval joins: what joins with what, when it comes out and is forgotten, and the plain way to compute it.
use std::collections::BTreeSet;
use std::time::Duration;

use hurtig::datastream::IntervalJoined;
use hurtig::operator::join::function::CallOuter;
use hurtig::operator::join::{Interval, IntervalJoin, JoinType, LateOutputs};
use hurtig::operator::route::{OwnedKey, SelectKey, Selector};
use hurtig::prelude::*;
use hurtig::test::{Emitted, KeyedTwoInputOperatorTestHarness};
use proptest::prelude::*;

use crate::functions::WithTime;
use crate::harness::{Watchdog, check, check_each, check_fails, sorted};
use crate::windows::join_cases::{interval_joins, join_scripts};
use crate::windows::joins_oracle::{
    IntervalJoin as Oracle, IntervalOutcome, JoinKind, JoinStep, Joined, Side,
};
use crate::windows::outcome::Element;
use crate::windows::steps::Record;

/// A key, a value, and the step or number that tells it apart.
type Row = (i64, i64, i64);
type Pair = (Option<Row>, Option<Row>);

const LATE_LEFT: OutputTag<Row> = OutputTag::new("late left");
const LATE_RIGHT: OutputTag<Row> = OutputTag::new("late right");

/// Puts out whatever it gets.
#[derive(Clone)]
struct Both;

impl RichFunction for Both {}

impl ProcessOuterJoinFunction<Row, Row, Pair> for Both {
    fn process_element(
        &mut self,
        left: Option<&Row>,
        right: Option<&Row>,
        context: &mut JoinContext<'_, Pair>,
    ) -> Result<()> {
        assert_eq!(context.left_timestamp().is_some(), left.is_some());
        assert_eq!(context.right_timestamp().is_some(), right.is_some());
        context.collect((left.cloned(), right.cloned()));
        Ok(())
    }
}

type Harness = KeyedTwoInputOperatorTestHarness<Row, Row, Pair>;

/// The operator of an interval with both ends included.
fn joining((lower, upper): (i64, i64), join_type: JoinType) -> Harness {
    let key = || Selector::new(OwnedKey(|row: &Row| row.0));
    let late = LateOutputs { left: Some(LATE_LEFT), right: Some(LATE_RIGHT) };
    let interval = Interval { lower, upper };
    let operator = IntervalJoin::<Row, Row, Pair, _, _, Both, CallOuter>::new(
        interval,
        join_type,
        (key(), key()),
        late,
        Both,
    );
    let mut harness = Harness::for_operator(operator);
    harness.read_side_output(&LATE_LEFT);
    harness.read_side_output(&LATE_RIGHT);
    harness
}

fn at(millis: i64) -> EventTime {
    EventTime::from_millis(millis)
}

fn element(script: &[JoinStep], row: Row) -> Element {
    match script[row.2 as usize] {
        JoinStep::Record(_, Record { value, timestamp, .. }) => {
            Element { step: row.2 as usize, value, timestamp }
        }
        other => panic!("{other:?} is no record"),
    }
}

/// Plays a script as the oracle does. Records of one side that follow each other come in one batch.
fn play(join: &Oracle, script: &[JoinStep], limits: (usize, usize)) -> IntervalOutcome {
    let bounds =
        (join.lower + i64::from(!join.lower_inclusive), join.upper - i64::from(!join.upper_inclusive));
    let join_type = match join.kind {
        JoinKind::Inner => JoinType::Inner,
        JoinKind::LeftOuter => JoinType::LeftOuter,
        JoinKind::RightOuter => JoinType::RightOuter,
        JoinKind::FullOuter => JoinType::FullOuter,
    };
    let mut harness = joining(bounds, join_type);
    harness.set_limits(limits.0, limits.1);
    harness.open().unwrap();
    let mut outcome = IntervalOutcome::default();
    let mut step = 0;
    let mut promised = i64::MIN;
    while step < script.len() {
        let now = step;
        step += 1;
        match script[now] {
            JoinStep::Record(side, _) => {
                while matches!(script.get(step), Some(JoinStep::Record(next, _)) if *next == side) {
                    step += 1;
                }
                let records = (now..step).map(|step| {
                    let JoinStep::Record(_, Record { key, value, timestamp }) = script[step] else {
                        panic!()
                    };
                    ((i64::from(key), value, step as i64), at(timestamp))
                });
                match side {
                    Side::Left => harness.process_elements1(records).unwrap(),
                    Side::Right => harness.process_elements2(records).unwrap(),
                }
            }
            JoinStep::Watermark(Side::Left, time) => harness.process_watermark1(at(time)).unwrap(),
            JoinStep::Watermark(Side::Right, time) => harness.process_watermark2(at(time)).unwrap(),
            JoinStep::ProcessingTime(time) => {
                harness.set_processing_time(hurtig::ProcessingTime::from_millis(time)).unwrap();
            }
            JoinStep::End => {
                harness.end_input1().unwrap();
                harness.end_input2().unwrap();
            }
        }
        for emitted in harness.take_output() {
            match emitted {
                Emitted::Record((left, right), time) => {
                    let key = left.or(right).unwrap().0 as u8;
                    let (left, right) =
                        (left.map(|row| element(script, row)), right.map(|row| element(script, row)));
                    let times = [left, right].map(|element| element.map(|element| element.timestamp));
                    assert_eq!(time.map(EventTime::as_millis), times[0].max(times[1]));
                    assert!(time.unwrap().as_millis() >= promised, "{left:?} {right:?} after {promised}");
                    // Of a pair in a batch its own step counts; what comes alone is brought by the watermark.
                    let step = match (left, right) {
                        (Some(left), Some(right)) => left.step.max(right.step),
                        _ => now,
                    };
                    outcome.joined.push(Joined { step, key, left, right });
                }
                Emitted::Watermark(watermark) => promised = watermark.0.as_millis(),
                Emitted::Status(status) => panic!("{status:?}"),
            }
        }
    }
    let late = [(Side::Left, &LATE_LEFT), (Side::Right, &LATE_RIGHT)];
    for (side, tag) in late {
        for ((key, value, step), time) in harness.take_side_output(tag).unwrap() {
            let record = Record { key: key as u8, value, timestamp: time.unwrap().as_millis() };
            outcome.late.push((step as usize, side, record));
        }
    }
    outcome.joined.sort();
    outcome.late.sort_by_key(|(step, ..)| *step);
    let size = harness.state_size();
    assert_eq!((size.keys, size.entries, size.event_time_timers), (0, 0, 0), "nothing is left behind");
    outcome
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn it_joins_as_the_plain_way_says(
        join in interval_joins(),
        script in join_scripts(60),
        limits in (1..6_usize, 1..6_usize),
    ) {
        prop_assert_eq!(play(&join, &script, limits), join.run(&script));
    }
}

/// What the harness has put out: pairs of values with their time, and watermarks.
fn shown(harness: &mut Harness) -> Vec<String> {
    let value = |row: Option<Row>| row.map_or("-".to_owned(), |row| row.1.to_string());
    let show = |emitted| match emitted {
        Emitted::Record((left, right), time) => {
            format!("{} {} @{}", value(left), value(right), time.map_or(-1, EventTime::as_millis))
        }
        Emitted::Watermark(watermark) => format!("w{}", watermark.0.as_millis()),
        Emitted::Status(status) => format!("{status:?}"),
    };
    harness.take_output().into_iter().map(show).collect()
}

#[test]
fn an_outer_join_holds_watermarks_back_so_that_nothing_of_it_is_late() {
    // A left record waits for 5 ms, a right one for 2.
    let mut harness = joining((-2, 5), JoinType::FullOuter);
    harness.open().unwrap();
    harness.process_element1((1, 10, 0), at(100)).unwrap();
    harness.process_element2((1, 20, 0), at(106)).unwrap();
    harness.process_element2((2, 30, 0), at(100)).unwrap();
    harness.process_both_watermarks(at(101)).unwrap();
    assert_eq!(shown(&mut harness), ["w96"]);
    harness.process_both_watermarks(at(102)).unwrap();
    assert_eq!(shown(&mut harness), ["- 30 @100", "w97"]);
    harness.process_element2((1, 40, 0), at(102)).unwrap();
    assert_eq!(shown(&mut harness), ["10 40 @102"]);
    harness.process_both_watermarks(at(107)).unwrap();
    assert_eq!(shown(&mut harness), ["w102"]);
    harness.process_both_watermarks(EventTime::MAX).unwrap();
    assert_eq!(shown(&mut harness), ["- 20 @106".to_owned(), format!("w{}", i64::MAX)]);

    // Only those that are kept are waited for.
    for (join_type, promised) in
        [(JoinType::Inner, 50), (JoinType::LeftOuter, 45), (JoinType::RightOuter, 48)]
    {
        let mut harness = joining((-2, 5), join_type);
        harness.open().unwrap();
        harness.process_both_watermarks(at(50)).unwrap();
        assert_eq!(shown(&mut harness), [format!("w{promised}")], "{join_type:?}");
    }
}

#[test]
fn what_can_find_no_partner_is_forgotten() {
    let mut harness = joining((-10, 20), JoinType::Inner);
    harness.open().unwrap();
    let mut most = 0;
    for round in 0..2000_i64 {
        let rows = |side: i64| (0..10).map(move |key| ((key + side, round, 0), at(round)));
        harness.process_elements1(rows(0)).unwrap();
        harness.process_elements2(rows(5)).unwrap();
        harness.process_both_watermarks(at(round - 1)).unwrap();
        harness.take_output();
        most = most.max(harness.state_size().bytes);
    }
    // Left records of the last 20 ms and right ones of the last 10, one timer for each side of a key.
    let size = harness.state_size();
    assert_eq!((size.keys, size.entries), (15, 10 * 21 + 10 * 11));
    assert!(size.event_time_timers <= 3 * 20, "{}", size.event_time_timers);
    assert!(most < 200_000, "{most} bytes");
    harness.end_input1().unwrap();
    harness.end_input2().unwrap();
    let size = harness.state_size();
    assert_eq!((size.keys, size.entries, size.event_time_timers), (0, 0, 0));
    assert!(size.bytes < 50_000, "{} bytes", size.bytes);
}

#[test]
fn a_small_range_of_a_large_buffer_is_found_at_once() {
    // To look through all of it for each record would take longer than the watchdog waits.
    let _watchdog = Watchdog::start();
    const COUNT: i64 = 300_000;
    let mut harness = joining((0, 1), JoinType::Inner);
    harness.set_limits(1024, 1024);
    harness.open().unwrap();
    harness.process_elements1((0..COUNT).map(|time| ((1, time, 0), at(time)))).unwrap();
    harness.process_elements2((0..COUNT).map(|time| ((1, time, 0), at(time)))).unwrap();
    let records = harness.take_records();
    assert_eq!(records.len() as i64, 2 * COUNT - 1);
    let right_order = |((left, right), _): &(Pair, _)| (0..2).contains(&(right.unwrap().1 - left.unwrap().1));
    assert!(records.iter().all(right_order));
}

#[test]
fn times_at_the_ends_of_time_do_not_overflow() {
    let mut harness = joining((i64::MIN, i64::MAX), JoinType::FullOuter);
    harness.open().unwrap();
    harness.process_element1((1, 1, 0), at(i64::MAX - 1)).unwrap();
    harness.process_element2((1, 2, 0), at(5)).unwrap();
    harness.process_element1((2, 3, 0), at(0)).unwrap();
    harness.process_element2((2, 4, 0), at(i64::MIN + 1)).unwrap();
    harness.process_element1((3, 5, 0), at(0)).unwrap();
    harness.process_both_watermarks(at(6)).unwrap();
    assert_eq!(
        shown(&mut harness),
        [format!("1 2 @{}", i64::MAX - 1), "3 4 @0".to_owned(), format!("w{}", 6 - i64::MAX)]
    );
    harness.process_both_watermarks(EventTime::MAX).unwrap();
    assert_eq!(shown(&mut harness), ["5 - @0".to_owned(), format!("w{}", i64::MAX)]);
    assert_eq!(harness.num_keys(), 0);
}

/// Orders and payments by their number: what, and when in milliseconds.
fn timed<const N: usize>(records: [(i64, &str, i64); N]) -> Vec<((i64, String), EventTime)> {
    records.into_iter().map(|(key, text, millis)| ((key, text.to_owned()), at(millis))).collect()
}

fn orders() -> Vec<((i64, String), EventTime)> {
    timed([(1, "tea", 100), (2, "rice", 110), (3, "salt", 120), (1, "oil", 130)])
}

fn payments() -> Vec<((i64, String), EventTime)> {
    timed([(1, "a", 95), (2, "b", 160), (1, "c", 150), (2, "d", 161), (4, "e", 120)])
}

const FIVE: RelativeTime = RelativeTime::Before(Duration::from_millis(5));
const FIFTY: RelativeTime = RelativeTime::After(Duration::from_millis(50));

/// Orders and payments from five before to fifty after, the payments from a source that is not sorted, so
/// without watermarks but the last.
fn joined(
    env: &StreamExecutionEnvironment,
) -> IntervalJoined<
    (i64, String),
    impl SelectKey<(i64, String), Key = i64>,
    (i64, String),
    impl SelectKey<(i64, String), Key = i64>,
> {
    let orders = env.from_timestamped(orders()).key_by(|(key, _)| *key);
    let payments = payments().into_iter().map(|((key, text), time)| (key, text, time.as_millis()));
    let strategy = WatermarkStrategy::no_watermarks()
        .with_timestamp_assigner(|(_, _, millis): &(i64, String, i64), _| at(*millis));
    let payments = env.from_collection(payments).assign_timestamps_and_watermarks(strategy);
    let payments = payments.map(|(key, text, _)| (key, text)).key_by(|(key, _)| *key);
    orders.interval_join(&payments).between(FIVE, FIFTY)
}

fn text(left: Option<&(i64, String)>, right: Option<&(i64, String)>) -> String {
    let text = |row: Option<&(i64, String)>| row.map_or("-".to_owned(), |row| row.1.clone());
    format!("{} {}", text(left), text(right))
}

#[test]
fn programs_join_by_intervals() {
    let pairs = ["tea a", "tea c", "oil c", "rice b"].map(str::to_owned);
    check(|env| joined(env).apply(|left, right| text(Some(left), Some(right))), pairs.clone());
    let with = |more: &[&str]| {
        pairs.iter().cloned().chain(more.iter().map(|text| text.to_string())).collect::<Vec<_>>()
    };
    check(|env| joined(env).left_outer().apply(|left, right| text(Some(left), right)), with(&["salt -"]));
    check(
        |env| joined(env).right_outer().apply(|left, right| text(left, Some(right))),
        with(&["- d", "- e"]),
    );
    check(|env| joined(env).full_outer().apply(text), with(&["salt -", "- d", "- e"]));
    check(
        |env| joined(env).lower_bound_exclusive().apply(|left, right| text(Some(left), Some(right))),
        ["tea c", "oil c", "rice b"].map(str::to_owned),
    );
    check(
        |env| joined(env).upper_bound_exclusive().full_outer().apply(text),
        ["tea a", "oil c", "rice -", "salt -", "- b", "- d", "- e"].map(str::to_owned),
    );
}

const PAID_EARLY: OutputTag<String> = OutputTag::new("paid early");

/// How long each payment came after its order; early ones to a side output.
#[derive(Clone)]
struct Delay;

impl RichFunction for Delay {}

impl ProcessJoinFunction<(i64, String), (i64, String), i64> for Delay {
    fn process_element(
        &mut self,
        _: &(i64, String),
        payment: &(i64, String),
        context: &mut JoinContext<'_, i64>,
    ) -> Result<()> {
        let millis = |time: Option<EventTime>| time.map_or(-1, EventTime::as_millis);
        let delay = millis(context.right_timestamp()) - millis(context.left_timestamp());
        if delay < 0 {
            return context.output(&PAID_EARLY, payment.1.clone());
        }
        context.collect(delay);
        Ok(())
    }
}

#[test]
fn functions_see_the_times_of_both_and_results_have_the_later() {
    let pairs = [(50, Some(160)), (50, Some(150)), (20, Some(150))];
    check(|env| joined(env).process(Delay).process(WithTime), pairs);
    check(
        |env| joined(env).process(Delay).side_output(&PAID_EARLY).process(WithTime),
        [("a".to_owned(), Some(100))],
    );
}

#[test]
fn a_record_with_many_partners_stops_where_the_output_is_full() {
    let side = |from: i64| (0..60).map(move |n| ((n % 2, from + n), at(n))).collect::<Vec<_>>();
    let minute = Duration::from_secs(60);
    check(
        |env| {
            let left = env.from_timestamped(side(0)).key_by(|(key, _)| *key);
            let right = env.from_timestamped(side(100)).key_by(|(key, _)| *key);
            let joined = left.interval_join(&right);
            joined
                .between(RelativeTime::Before(minute), RelativeTime::After(minute))
                .apply(|left, right| (left.1, right.1))
        },
        (0..60).flat_map(|left| {
            (0..60).filter(move |right| left % 2 == right % 2).map(move |right| (left, 100 + right))
        }),
    );
}

/// Something that came out, by the numbers of its records.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, TypeInformation)]
enum Out {
    Joined(Option<i64>, Option<i64>),
    LateLeft(i64),
    LateRight(i64),
}

#[test]
fn each_record_is_joined_or_alone_or_late() {
    // Number n has time n, but every seventh comes thirty behind.
    let side = |from: i64| {
        let time = move |n: i64| if n % 7 == 6 { n - 30 } else { n };
        (0..80).map(move |n| (((n % 3), from + n, time(n)), at(time(n)))).collect::<Vec<_>>()
    };
    let after = |millis| RelativeTime::After(Duration::from_millis(millis));
    let program = |env: &StreamExecutionEnvironment| {
        let left = env.from_timestamped(side(0)).key_by(|row| row.0);
        let right = env.from_timestamped(side(1000)).key_by(|row| row.0);
        let joined = left.interval_join(&right).between(after(1), after(4));
        let joined = joined.side_output_left_late_data(&LATE_LEFT).side_output_right_late_data(&LATE_RIGHT);
        let number = |row: Option<&Row>| row.map(|row| row.1);
        let joined = joined.full_outer().apply(move |left, right| Out::Joined(number(left), number(right)));
        let late = joined.side_output(&LATE_LEFT).map(|row| Out::LateLeft(row.1));
        let late_right = joined.side_output(&LATE_RIGHT).map(|row| Out::LateRight(row.1));
        joined.union([&late, &late_right])
    };
    check_each(program, |run, found| {
        let (mut left, mut right) = (BTreeSet::new(), BTreeSet::new());
        let (mut late_left, mut late_right) = (BTreeSet::new(), BTreeSet::new());
        for out in &found {
            match *out {
                Out::Joined(l, r) => {
                    left.extend(l);
                    right.extend(r);
                }
                Out::LateLeft(number) => assert!(late_left.insert(number), "{run}"),
                Out::LateRight(number) => assert!(late_right.insert(number), "{run}"),
            }
        }
        assert_eq!(sorted(&found).windows(2).find(|two| two[0] == two[1]), None, "{run}: twice");
        assert!(left.is_disjoint(&late_left) && right.is_disjoint(&late_right), "{run}");
        assert!(left.union(&late_left).copied().eq(0..80), "{run}: {left:?} {late_left:?}");
        assert!(right.union(&late_right).copied().eq(1000..1080), "{run}: {right:?} {late_right:?}");
        // Those that are in order are in all their pairs.
        let in_order = |n: i64| n % 7 != 6;
        for l in (0..80).filter(|&n| in_order(n)) {
            for r in (l + 1..=l + 4).filter(|&r| r < 80 && in_order(r) && r % 3 == l % 3) {
                assert!(found.contains(&Out::Joined(Some(l), Some(1000 + r))), "{run}: {l} and {r}");
            }
        }
    });
}

#[test]
fn records_without_times_and_bounds_the_wrong_way_round_are_mistakes() {
    check_fails(
        |env| {
            let left = env.from_collection([(1i64, 1i64)]).key_by(|row| row.0);
            let right = env.from_timestamped([((1i64, 2i64), at(5))]).key_by(|row| row.0);
            left.interval_join(&right).between(FIVE, FIFTY).apply(|left, right| left.1 + right.1)
        },
        &["Interval Join", "a record of the left input of an interval join has no event time"],
    );
    check_fails(
        |env| {
            let left = env.from_timestamped([((1i64, 1i64), at(5))]).key_by(|row| row.0);
            left.interval_join(&left).between(FIFTY, FIVE).apply(|left, right| left.1 + right.1)
        },
        &["an interval join between 50 ms and -5 ms: the lower bound is above the upper one"],
    );
}

#[test]
fn late_records_that_go_nowhere_are_counted() {
    let mut harness = joining((0, 1), JoinType::Inner);
    harness.open().unwrap();
    harness.process_both_watermarks(at(10)).unwrap();
    harness.process_element1((1, 1, 0), at(9)).unwrap();
    harness.process_element2((1, 2, 0), at(10)).unwrap();
    assert_eq!(harness.take_side_output(&LATE_LEFT).unwrap(), [((1, 1, 0), Some(at(9)))]);
    assert_eq!(harness.metric("numLateRecordsDropped").and_then(|value| value.as_i64()), Some(0));
    assert_eq!(harness.num_keyed_state_entries(), 1, "at the watermark is not behind it");
}
