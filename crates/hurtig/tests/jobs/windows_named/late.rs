//! What comes when its window is over: still taken for a while, then put aside or counted.
use hurtig::connectors::base::BlackHoleSink;
use hurtig::prelude::*;

use super::{Event, Report, events, minutes, reported_key, strings, total};
use crate::harness::{Watchdog, check, check_per_key, runs};

const LATE: OutputTag<Event> = OutputTag::new("late");

/// The hour from three is over with 2. 3, 4 and 5 are late; with 6 it is half past four, and 7 and 8 later still.
const LATE_ONES: [(i64, i64, &str); 9] = [
    (1, 1, "03:10"),
    (1, 2, "04:00"),
    (1, 3, "03:20"),
    (1, 4, "03:30"),
    (2, 5, "03:40"),
    (1, 6, "04:30"),
    (1, 7, "03:50"),
    (2, 8, "03:59:59.999"),
    (1, 9, "04:10"),
];

fn hour() -> TumblingEventTimeWindows {
    TumblingEventTimeWindows::of(minutes(60))
}

#[test]
fn without_allowed_lateness_what_is_late_is_dropped() {
    check(
        |env| events(env, minutes(0), LATE_ONES).key_by(|(key, _)| *key).window(hour()).process(Report),
        strings(["1 [03:00, 04:00) [1] at 03:59:59.999", "1 [04:00, 05:00) [2, 6, 9] at end"]),
    );
}

#[test]
fn within_allowed_lateness_a_window_fires_again_for_each() {
    // Also the window of key 2, which has never been before.
    check_per_key(
        |env| {
            let hours = events(env, minutes(0), LATE_ONES).key_by(|(key, _)| *key).window(hour());
            hours.allowed_lateness(minutes(30)).process(Report)
        },
        reported_key,
        strings([
            "1 [03:00, 04:00) [1] at 03:59:59.999",
            "1 [03:00, 04:00) [1, 3] at 03:59:59.999",
            "1 [03:00, 04:00) [1, 3, 4] at 03:59:59.999",
            "2 [03:00, 04:00) [5] at 03:59:59.999",
            "1 [04:00, 05:00) [2, 6, 9] at end",
        ]),
    );
}

#[test]
fn a_window_that_drops_what_it_has_put_out_fires_with_the_late_ones_alone() {
    check_per_key(
        |env| {
            let hours = events(env, minutes(0), LATE_ONES).key_by(|(key, _)| *key).window(hour());
            hours.trigger(PurgingTrigger::of(EventTimeTrigger)).allowed_lateness(minutes(30)).process(Report)
        },
        reported_key,
        strings([
            "1 [03:00, 04:00) [1] at 03:59:59.999",
            "1 [03:00, 04:00) [3] at 03:59:59.999",
            "1 [03:00, 04:00) [4] at 03:59:59.999",
            "2 [03:00, 04:00) [5] at 03:59:59.999",
            "1 [04:00, 05:00) [2, 6, 9] at end",
        ]),
    );
}

#[test]
fn what_is_later_goes_to_the_side_output() {
    check(
        |env| {
            let hours = events(env, minutes(0), LATE_ONES).key_by(|(key, _)| *key).window(hour());
            let windows = hours.allowed_lateness(minutes(30)).side_output_late_data(&LATE).process(Report);
            windows.side_output(&LATE)
        },
        [(1, 7), (2, 8)],
    );
    // Of windows that share panes too: 3 has no window left, 4 one of two.
    check(
        |env| {
            let late = [(1, 1, "12:00"), (1, 2, "12:12"), (1, 3, "12:04"), (1, 4, "12:07")];
            let windows = SlidingEventTimeWindows::of(minutes(10), minutes(5));
            let windows = events(env, minutes(0), late).key_by(|(key, _)| *key).window(windows);
            let sums = windows
                .side_output_late_data(&LATE)
                .reduce(|held: Event, next: Event| (held.0, held.1 + next.1));
            sums.side_output(&LATE).map(|event| (-1, event)).union([&sums.map(|sum| (1, sum))])
        },
        [(-1, (1, 3)), (1, (1, 1)), (1, (1, 1)), (1, (1, 6)), (1, (1, 2))],
    );
}

/// Runs it on threads and under some seeds; the metric must say how many were dropped.
fn check_dropped(program: impl Fn(&StreamExecutionEnvironment) -> DataStream<String>, expect: i64) {
    let _watchdog = Watchdog::start();
    for run in runs().filter(|run| run.seed.is_none_or(|seed| seed < 50)) {
        let env = run.environment();
        program(&env).name("Windows").sink_to(BlackHoleSink::new());
        let client = env.execute_async("late").unwrap();
        client.result().unwrap();
        assert_eq!(total(&client.metrics(), "Windows", "numLateRecordsDropped"), expect, "{run}");
    }
}

#[test]
fn what_is_dropped_is_counted() {
    let keyed = |env: &StreamExecutionEnvironment| events(env, minutes(0), LATE_ONES).key_by(|(key, _)| *key);
    check_dropped(move |env| keyed(env).window(hour()).process(Report), 5);
    check_dropped(move |env| keyed(env).window(hour()).allowed_lateness(minutes(30)).process(Report), 2);
    // What is put aside is not lost.
    check_dropped(move |env| keyed(env).window(hour()).side_output_late_data(&LATE).process(Report), 0);
    // An element of several windows is dropped when all of them are over.
    let sliding = SlidingEventTimeWindows::of(minutes(120), minutes(60));
    check_dropped(move |env| keyed(env).window(sliding).process(Report), 0);
    check_dropped(
        move |env| {
            keyed(env)
                .window(SlidingEventTimeWindows::of(minutes(30), minutes(10)))
                .reduce_with(|held: Event, next: Event| (held.0, held.1 + next.1), Report)
        },
        4,
    );
    let sessions = EventTimeSessionWindows::with_gap(minutes(1));
    check_dropped(move |env| keyed(env).window(sessions).process(Report), 6);
}
