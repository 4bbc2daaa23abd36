//! An hour that reports every thirty seconds: pane by pane if what was reported is dropped, else all so far.
use std::collections::BTreeMap;
use std::time::Duration;

use hurtig::prelude::*;

use super::{Event, Report, events, minutes, reported_key, strings};
use crate::harness::{Run, check_each, check_in_order, check_per_key};

const HALF_A_MINUTE: Duration = Duration::from_secs(30);

fn hour() -> TumblingEventTimeWindows {
    TumblingEventTimeWindows::of(minutes(60))
}

/// Of one key; 4 is late by a bit, 7 opens the next hour.
const SOME: [(i64, i64, &str); 8] = [
    (1, 1, "12:00:10"),
    (1, 2, "12:00:40"),
    (1, 3, "12:01:10"),
    (1, 4, "12:00:55"),
    (1, 5, "12:30"),
    (1, 6, "12:59:59"),
    (1, 7, "13:00:05"),
    (1, 8, "13:00:36"),
];

#[test]
fn panes_are_put_out_one_by_one() {
    // A record comes before the watermark that it raises, so it belongs to what that fires: 2, 3, 5 and 6 are
    // reported as soon as they come, 4 with what comes next. The moments without anything new are silent.
    check_in_order(
        |env| {
            let events = events(env, Duration::ZERO, SOME).key_by(|(key, _)| *key);
            let trigger = PurgingTrigger::of(ContinuousEventTimeTrigger::of(HALF_A_MINUTE));
            events.window(hour()).trigger(trigger).process(Report)
        },
        strings([
            "1 [12:00, 13:00) [1, 2] at 12:00:39.999",
            "1 [12:00, 13:00) [3] at 12:01:09.999",
            "1 [12:00, 13:00) [4, 5] at 12:29:59.999",
            "1 [12:00, 13:00) [6] at 12:59:58.999",
            "1 [13:00, 14:00) [7, 8] at 13:00:35.999",
        ]),
    );
}

#[test]
fn without_purging_reports_are_cumulative() {
    check_each(
        |env| {
            let events = events(env, Duration::ZERO, SOME).key_by(|(key, _)| *key);
            let trigger = ContinuousEventTimeTrigger::of(HALF_A_MINUTE);
            events.window(hour()).trigger(trigger).process(Report)
        },
        |run, found| {
            // Each moment that is passed is a report of its own, also where one watermark passes many.
            let mut counts: Vec<(String, usize)> = Vec::new();
            for report in found {
                match counts.last_mut() {
                    Some((last, count)) if *last == report => *count += 1,
                    _ => counts.push((report, 1)),
                }
            }
            let expect = [
                ("1 [12:00, 13:00) [1, 2] at 12:00:39.999", 1),
                ("1 [12:00, 13:00) [1, 2, 3] at 12:01:09.999", 1),
                // 12:01:30 to 12:29:30.
                ("1 [12:00, 13:00) [1, 2, 3, 4, 5] at 12:29:59.999", 57),
                // 12:30 to 12:59:30.
                ("1 [12:00, 13:00) [1, 2, 3, 4, 5, 6] at 12:59:58.999", 60),
                // The end.
                ("1 [12:00, 13:00) [1, 2, 3, 4, 5, 6] at 13:00:04.999", 1),
                ("1 [13:00, 14:00) [7, 8] at 13:00:35.999", 1),
                // 13:01 to 13:59:30, and the end.
                ("1 [13:00, 14:00) [7, 8] at end", 119),
            ];
            assert_eq!(counts, expect.map(|(report, count)| (report.to_owned(), count)), "{run}");
        },
    );
}

/// An hour of three keys, an event of each every twelve seconds or so, out of order by up to ten.
fn many() -> Vec<(i64, i64, i64)> {
    let mut random = 7_u64;
    let mut event = |n: i64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let seconds = (n * 4 - (random >> 33) as i64 % 10).max(0);
        (n % 3, n, seconds * 1000)
    };
    (0..900).map(&mut event).collect()
}

fn keyed_many(env: &StreamExecutionEnvironment) -> DataStream<Event> {
    let timed = many().into_iter().map(|(key, value, millis)| ((key, value), EventTime::from_millis(millis)));
    let strategy = WatermarkStrategy::for_punctuated_out_of_orderness(Duration::from_secs(10));
    env.from_timestamped(timed).assign_timestamps_and_watermarks(strategy).set_parallelism(1)
}

/// The sums of the hours of [`many`], by key and hour.
fn sums() -> BTreeMap<(i64, i64), i64> {
    let mut sums = BTreeMap::new();
    for (key, value, millis) in many() {
        *sums.entry((key, millis / 3_600_000)).or_default() += value;
    }
    sums
}

/// Key, hour and sum, from one value per firing.
#[derive(Clone)]
struct OfHour;

impl RichFunction for OfHour {}

impl ProcessWindowFunction<Event, (i64, i64, i64), i64, TimeWindow> for OfHour {
    fn process(
        &mut self,
        key: &i64,
        elements: Elements<'_, Event>,
        context: &mut WindowContext<'_, TimeWindow, (i64, i64, i64)>,
    ) -> Result<()> {
        let hour = context.window().start.as_millis() / 3_600_000;
        let sum = elements.iter().map(|(_, value)| *value).sum();
        context.collect((*key, hour, sum));
        Ok(())
    }
}

fn add(held: Event, next: Event) -> Event {
    (held.0, held.1 + next.1)
}

#[test]
fn the_panes_of_an_hour_sum_to_its_total() {
    let look = |run: Run, found: Vec<(i64, i64, i64)>| {
        let (mut totals, mut firings) = (BTreeMap::new(), BTreeMap::new());
        for (key, hour, sum) in found {
            *totals.entry((key, hour)).or_default() += sum;
            *firings.entry((key, hour)).or_insert(0) += 1;
        }
        assert_eq!(totals, sums(), "{run}");
        // An hour has 120 times thirty seconds.
        assert!(firings.values().all(|count| (115..=121).contains(count)), "{run}: {firings:?}");
    };
    let trigger = || PurgingTrigger::of(ContinuousEventTimeTrigger::of(HALF_A_MINUTE));
    // One value held per window, and all elements.
    check_each(
        |env| {
            let events = keyed_many(env).key_by(|(key, _)| *key);
            events.window(hour()).trigger(trigger()).reduce_with(add, OfHour)
        },
        look,
    );
    check_each(
        |env| keyed_many(env).key_by(|(key, _)| *key).window(hour()).trigger(trigger()).process(OfHour),
        look,
    );
}

#[test]
fn the_last_of_cumulative_firings_is_the_total() {
    check_each(
        |env| {
            let events = keyed_many(env).key_by(|(key, _)| *key);
            events
                .window(hour())
                .trigger(ContinuousEventTimeTrigger::of(HALF_A_MINUTE))
                .reduce_with(add, OfHour)
        },
        |run, found| {
            let mut last = BTreeMap::new();
            for (key, hour, sum) in found {
                let before = last.insert((key, hour), sum);
                assert!(before.is_none_or(|before| before <= sum), "{run}: {before:?}, then {sum}");
            }
            assert_eq!(last, sums(), "{run}");
        },
    );
}

#[test]
fn each_key_has_a_clock_of_reports_of_its_own() {
    // Key 2 begins within an interval and so first reports with the others, at the next multiple.
    check_per_key(
        |env| {
            let events = events(
                env,
                Duration::ZERO,
                [
                    (1, 1, "12:00:01"),
                    (2, 2, "12:00:29"),
                    (1, 3, "12:00:31"),
                    (2, 4, "12:00:32"),
                    (1, 5, "12:01:01"),
                ],
            );
            let trigger = PurgingTrigger::of(ContinuousEventTimeTrigger::of(HALF_A_MINUTE));
            events.key_by(|(key, _)| *key).window(hour()).trigger(trigger).process(Report)
        },
        reported_key,
        strings([
            "1 [12:00, 13:00) [1, 3] at 12:00:30.999",
            "2 [12:00, 13:00) [2] at 12:00:30.999",
            "1 [12:00, 13:00) [5] at 12:01:00.999",
            "2 [12:00, 13:00) [4] at 12:01:00.999",
        ]),
    );
}
