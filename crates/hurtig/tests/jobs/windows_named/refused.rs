//! What makes no sense is refused, with an error that says what to do instead.
use std::time::Duration;

use hurtig::prelude::*;

use super::{Event, Report, events, minutes};
use crate::harness::check_fails;

fn keyless(env: &StreamExecutionEnvironment) -> DataStream<Event> {
    events(env, minutes(0), [(1, 1, "12:00"), (1, 2, "12:10")]).name("Events")
}

fn sessions() -> EventTimeSessionWindows {
    EventTimeSessionWindows::with_gap(minutes(5))
}

#[test]
fn a_fold_over_sessions() {
    // What was folded of one session cannot be put together with what was of another.
    check_fails(
        |env| {
            let sessions = keyless(env).key_by(|(key, _)| *key).window(sessions());
            sessions.fold(0, |held, (_, value)| held + value)
        },
        &["after operator 'Events'", "fold", "windows that merge", "aggregate"],
    );
}

#[test]
fn a_trigger_that_cannot_merge_over_sessions() {
    check_fails(
        |env| {
            let sessions = keyless(env).key_by(|(key, _)| *key).window(sessions());
            let delta = |old: &Event, new: &Event| (old.1 - new.1) as f64;
            sessions.trigger(DeltaTrigger::of(1.0, delta)).process(Report)
        },
        &["after operator 'Events'", "DeltaTrigger", "cannot merge"],
    );
    check_fails(
        |env| {
            let sessions = keyless(env).key_by(|(key, _)| *key).window(sessions());
            let trigger = ProcessingTimeoutTrigger::of(EventTimeTrigger, minutes(1));
            sessions.trigger(PurgingTrigger::of(trigger)).reduce(|held, _| held)
        },
        &["after operator 'Events'", "ProcessingTimeoutTrigger", "cannot merge"],
    );
}

#[test]
fn records_without_timestamps_in_windows_of_event_time() {
    let expect = [
        "operator 'Windows' (",
        "a record has no timestamp",
        "assign_timestamps_and_watermarks",
        "windows of processing time",
    ];
    let keyed = |env: &StreamExecutionEnvironment| {
        env.from_collection([(1, 1), (1, 2)]).key_by(|(key, _): &Event| *key)
    };
    let size = minutes(5);
    check_fails(
        |env| keyed(env).window(TumblingEventTimeWindows::of(size)).process(Report).name("Windows"),
        &expect,
    );
    let sliding = || SlidingEventTimeWindows::of(2 * size, size);
    check_fails(|env| keyed(env).window(sliding()).process(Report).name("Windows"), &expect);
    check_fails(|env| keyed(env).window(sliding()).reduce(|held, _| held).name("Windows"), &expect);
    check_fails(|env| keyed(env).window(sessions()).process(Report).name("Windows"), &expect);
}

#[test]
fn windows_of_no_length() {
    let windows = |env: &StreamExecutionEnvironment, size| {
        let keyed = keyless(env).key_by(|(key, _)| *key);
        keyed.window(TumblingEventTimeWindows::of(size)).process(Report)
    };
    check_fails(move |env| windows(env, Duration::ZERO), &["size of a tumbling window", "not 0ns"]);
    check_fails(
        move |env| windows(env, Duration::from_micros(900)),
        &["size of a tumbling window", "not 900µs"],
    );
    check_fails(
        |env| {
            let windows = SlidingEventTimeWindows::of(minutes(5), Duration::ZERO);
            keyless(env).key_by(|(key, _)| *key).window(windows).reduce(|held, _| held)
        },
        &["slide of a sliding window", "not 0ns"],
    );
    check_fails(
        |env| {
            let gap = |(_, value): &Event| minutes(*value as u64 - 1);
            let windows = EventTimeSessionWindows::with_dynamic_gap(gap);
            keyless(env).key_by(|(key, _)| *key).window(windows).process(Report)
        },
        &["gap of a session", "not 0ns"],
    );
}
