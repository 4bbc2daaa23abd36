//! When a window of event time fires: not before the watermark says that it is over.
use std::time::Duration;

use hurtig::prelude::*;

use super::{Event, Report, at, events, minutes, strings};
use crate::harness::{Run, Watchdog, check, check_in_order};
use crate::script::{Script, Step};

/// What comes before, in an order of its own; 3 is an hour old and 4 belongs to the next window.
const BEFORE: [(i64, i64, &str); 5] =
    [(7, 1, "03:10"), (7, 2, "03:59:59.999"), (7, 4, "04:00"), (7, 3, "03:00"), (7, 5, "04:04:59.999")];

fn hours(env: &StreamExecutionEnvironment, last: &[(i64, i64, &'static str)]) -> DataStream<String> {
    let events = events(env, minutes(5), BEFORE.into_iter().chain(last.iter().copied()));
    events.key_by(|(key, _)| *key).window(TumblingEventTimeWindows::of(minutes(60))).process(Report)
}

#[test]
fn with_five_minutes_of_disorder_an_hour_fires_five_minutes_after_its_end() {
    check_in_order(
        |env| hours(env, &[(7, 6, "04:05")]),
        strings(["7 [03:00, 04:00) [1, 2, 3] at 03:59:59.999", "7 [04:00, 05:00) [4, 5, 6] at end"]),
    );
    // Whatever event it is that comes past it, and of whichever key.
    check(
        |env| hours(env, &[(8, 6, "04:30")]),
        strings([
            "7 [03:00, 04:00) [1, 2, 3] at 04:24:59.999",
            "7 [04:00, 05:00) [4, 5] at end",
            "8 [04:00, 05:00) [6] at end",
        ]),
    );
}

#[test]
fn a_millisecond_earlier_it_does_not_fire() {
    // The end of the input is what fires it.
    check_in_order(
        |env| hours(env, &[]),
        strings(["7 [03:00, 04:00) [1, 2, 3] at end", "7 [04:00, 05:00) [4, 5] at end"]),
    );
}

#[test]
fn with_one_minute_of_disorder_noon_to_five_past_fires_at_six_past() {
    let windows = |last: &'static str| {
        move |env: &StreamExecutionEnvironment| {
            let events = events(
                env,
                minutes(1),
                [
                    (1, 1, "12:00"),
                    (1, 2, "12:05:30"),
                    (1, 3, "12:04:59.999"),
                    (1, 4, "12:05:59.999"),
                    (2, 5, last),
                ],
            );
            events.key_by(|(key, _)| *key).window(TumblingEventTimeWindows::of(minutes(5))).process(Report)
        }
    };
    let others = ["1 [12:05, 12:10) [2, 4] at end", "2 [12:05, 12:10) [5] at end"];
    let fires_at = |time| [&[format!("1 [12:00, 12:05) [1, 3] at {time}")], &strings(others)[..]].concat();
    check(windows("12:06"), fires_at("12:04:59.999"));
    check(windows("12:05:59.999"), fires_at("end"));
}

#[test]
fn sliding_windows_fire_one_after_the_other() {
    let program = |env: &StreamExecutionEnvironment| {
        let events = events(
            env,
            minutes(1),
            [(1, 1, "12:00"), (1, 2, "12:07"), (1, 3, "12:04"), (1, 4, "12:12"), (1, 5, "12:30")],
        );
        let windows = SlidingEventTimeWindows::of(minutes(10), minutes(5));
        events.key_by(|(key, _)| *key).window(windows)
    };
    check_in_order(
        move |env| program(env).process(Report),
        strings([
            "1 [11:55, 12:05) [1] at 12:05:59.999",
            "1 [12:00, 12:10) [1, 2, 3] at 12:10:59.999",
            "1 [12:05, 12:15) [2, 4] at 12:28:59.999",
            "1 [12:10, 12:20) [4] at 12:28:59.999",
            "1 [12:25, 12:35) [5] at end",
            "1 [12:30, 12:40) [5] at end",
        ]),
    );
}

/// Flink's usual watermarks, which come every fifth of a second: at 04:05, and at 04:04:59.999 for the last time
/// before it. Events come as late as the clock allows.
#[test]
fn periodic_watermarks_fire_it_too() {
    let steps = || {
        BEFORE
            .into_iter()
            .chain([(7, 6, "04:05")])
            .flat_map(|(_, value, time)| [Step::Record(value, at(time)), Step::Wait(300)])
            .collect()
    };
    let program = |env: &StreamExecutionEnvironment| {
        let strategy = WatermarkStrategy::for_bounded_out_of_orderness(minutes(5));
        let events =
            env.from_source(Script::new([steps()]), strategy, "script").map(|value| -> Event { (7, value) });
        events.key_by(|(key, _)| *key).window(TumblingEventTimeWindows::of(minutes(60))).process(Report)
    };
    let _watchdog = Watchdog::start();
    for run in (0..100).flat_map(|seed| [1, 4].map(|parallelism| Run::seeded(seed, parallelism))) {
        let expect = ["7 [03:00, 04:00) [1, 2, 3] at 03:59:59.999", "7 [04:00, 05:00) [4, 5, 6] at end"];
        assert_eq!(run.collect(&program), expect, "{run}");
    }
}

#[test]
fn results_carry_the_last_moment_of_their_window() {
    // So a window of windows works: the minutes of an hour, and of these the hour.
    check_in_order(
        |env| {
            let events = events(
                env,
                Duration::ZERO,
                [(1, 1, "12:00"), (1, 2, "12:01"), (1, 3, "12:59"), (1, 4, "13:00"), (1, 5, "13:02")],
            );
            let sum = |held: Event, next: Event| (held.0, held.1 + next.1);
            let of_minutes =
                events.key_by(|(key, _)| *key).window(TumblingEventTimeWindows::of(minutes(1))).reduce(sum);
            let keyed = of_minutes.key_by(|(key, _)| *key);
            keyed.window(TumblingEventTimeWindows::of(minutes(60))).process(Report)
        },
        strings(["1 [12:00, 13:00) [1, 2, 3] at 12:59:59.999", "1 [13:00, 14:00) [4, 5] at end"]),
    );
}
