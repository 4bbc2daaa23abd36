//! Sessions: what is nearer than a gap belongs together, in whatever order it comes.
use hurtig::prelude::*;

use super::{Event, Report, events, minutes, reported_key, strings};
use crate::harness::{check_in_order, check_per_key};

#[test]
fn sessions_end_when_nothing_has_come_for_the_gap() {
    check_per_key(
        |env| {
            let events = events(
                env,
                minutes(0),
                [
                    (1, 1, "12:00"),
                    (2, 2, "12:04"),
                    (1, 3, "12:14:59.999"),
                    (1, 4, "12:40"),
                    (2, 5, "12:41"),
                    (1, 6, "12:55:00.001"),
                ],
            );
            events
                .key_by(|(key, _)| *key)
                .window(EventTimeSessionWindows::with_gap(minutes(15)))
                .process(Report)
        },
        reported_key,
        strings([
            "1 [12:00, 12:29:59.999) [1, 3] at 12:39:59.999",
            "2 [12:04, 12:19) [2] at 12:39:59.999",
            "1 [12:40, 12:55) [4] at 12:55",
            "2 [12:41, 12:56) [5] at end",
            "1 [12:55:00.001, 13:10:00.001) [6] at end",
        ]),
    );
}

#[test]
fn one_event_makes_one_session_of_two() {
    // 3 comes last and lies between. What is held is 1, then 2; which of both comes first nobody promises.
    let sum = |held: Event, next: Event| (held.0, held.1 + next.1);
    check_in_order(
        |env| {
            let events = events(
                env,
                minutes(60),
                [(1, 1, "12:00"), (1, 2, "12:20"), (1, 4, "12:10"), (1, 8, "12:36")],
            );
            let sessions =
                events.key_by(|(key, _)| *key).window(EventTimeSessionWindows::with_gap(minutes(15)));
            sessions.reduce_with(sum, Report)
        },
        strings(["1 [12:00, 12:35) [7] at end", "1 [12:36, 12:51) [8] at end"]),
    );
}

#[test]
fn events_that_touch_are_one_session() {
    // Flink's rule: the end of one is the start of the other.
    check_in_order(
        |env| {
            let events = events(env, minutes(60), [(1, 1, "12:00"), (1, 2, "12:15"), (1, 3, "12:30:00.001")]);
            events
                .key_by(|(key, _)| *key)
                .window(EventTimeSessionWindows::with_gap(minutes(15)))
                .process(Report)
        },
        strings(["1 [12:00, 12:30) [1, 2] at end", "1 [12:30:00.001, 12:45:00.001) [3] at end"]),
    );
}

#[test]
fn each_event_may_say_its_own_gap() {
    // As many minutes as its value.
    check_in_order(
        |env| {
            let events = events(
                env,
                minutes(60),
                [(1, 5, "12:00"), (1, 30, "12:04"), (1, 1, "12:20"), (1, 2, "12:34:00.001"), (1, 3, "12:40")],
            );
            let gap = |(_, value): &Event| minutes(*value as u64);
            events
                .key_by(|(key, _)| *key)
                .window(EventTimeSessionWindows::with_dynamic_gap(gap))
                .process(Report)
        },
        strings([
            "1 [12:00, 12:34) [5, 30, 1] at end",
            "1 [12:34:00.001, 12:36:00.001) [2] at end",
            "1 [12:40, 12:43) [3] at end",
        ]),
    );
}

#[test]
fn a_late_event_makes_a_session_longer_that_has_fired() {
    // 1 has fired when 3 comes, which is late and allowed: the session fires again, longer. 4 is too late.
    check_in_order(
        |env| {
            let events = events(
                env,
                minutes(0),
                [(1, 1, "12:00"), (1, 2, "12:30"), (1, 3, "12:10"), (1, 4, "11:30"), (1, 5, "13:00")],
            );
            let sessions =
                events.key_by(|(key, _)| *key).window(EventTimeSessionWindows::with_gap(minutes(15)));
            sessions.allowed_lateness(minutes(30)).process(Report)
        },
        strings([
            "1 [12:00, 12:15) [1] at 12:29:59.999",
            "1 [12:00, 12:25) [1, 3] at 12:29:59.999",
            "1 [12:30, 12:45) [2] at 12:59:59.999",
            "1 [13:00, 13:15) [5] at end",
        ]),
    );
}
