//! Windows of so many elements.
use std::time::Duration;

use hurtig::prelude::*;

use super::Event;
use crate::functions::START;
use crate::harness::{Run, Watchdog, check_in_order, check_per_key};
use crate::script::{Script, Step};

/// Two keys in turn: 0 gets 0, 2, 4, .. and 1 gets 1, 3, 5, ..
fn in_turn(env: &StreamExecutionEnvironment, count: i64) -> DataStream<Event> {
    env.from_collection((0..count).map(|n| (n % 2, n)))
}

/// The values of a window with its key.
fn values(key: &i64, elements: &Elements<'_, Event>) -> [(i64, Vec<i64>); 1] {
    [(*key, elements.iter().map(|(_, value)| *value).collect())]
}

#[test]
fn three_of_a_key_at_a_time() {
    // The last two of key 1 wait for a third for ever.
    check_per_key(
        |env| {
            let windows = in_turn(env, 17).key_by(|(key, _)| *key).count_window(3);
            windows.apply(|key, _, elements| values(key, &elements))
        },
        |(key, _)| *key,
        [
            (0, vec![0, 2, 4]),
            (1, vec![1, 3, 5]),
            (0, vec![6, 8, 10]),
            (1, vec![7, 9, 11]),
            (0, vec![12, 14, 16]),
        ],
    );
}

#[test]
fn three_at_a_time_reduced() {
    check_per_key(
        |env| {
            let windows = in_turn(env, 17).key_by(|(key, _)| *key).count_window(3);
            windows.reduce(|held: Event, next: Event| (held.0, held.1 + next.1))
        },
        |(key, _)| *key,
        [(0, 6), (1, 9), (0, 24), (1, 27), (0, 42)],
    );
}

#[test]
fn at_every_second_the_last_four() {
    check_per_key(
        |env| {
            let windows = in_turn(env, 14).key_by(|(key, _)| *key).count_window_sliding(4, 2);
            windows.apply(|key, _, elements| values(key, &elements))
        },
        |(key, _)| *key,
        [
            (0, vec![0, 2]),
            (0, vec![0, 2, 4, 6]),
            (0, vec![4, 6, 8, 10]),
            (1, vec![1, 3]),
            (1, vec![1, 3, 5, 7]),
            (1, vec![5, 7, 9, 11]),
        ],
    );
}

#[test]
fn four_of_all_at_a_time() {
    check_in_order(
        |env| env.from_collection(0..10i64).count_window_all(4).apply(|_, all| [all.iter().sum::<i64>()]),
        [6, 22],
    );
    check_in_order(
        |env| {
            let windows = env.from_collection(0..10i64).count_window_all_sliding(3, 2);
            windows.apply(|(), _, last| [last.iter().copied().collect::<Vec<_>>()])
        },
        [vec![0, 1], vec![1, 2, 3], vec![3, 4, 5], vec![5, 6, 7], vec![7, 8, 9]],
    );
}

/// The values, and how many seconds after the start they were put out.
#[derive(Clone)]
struct WithSeconds;

impl RichFunction for WithSeconds {}

impl ProcessWindowFunction<i64, (i64, Vec<i64>), i64, GlobalWindow> for WithSeconds {
    fn process(
        &mut self,
        _: &i64,
        elements: Elements<'_, i64>,
        context: &mut WindowContext<'_, GlobalWindow, (i64, Vec<i64>)>,
    ) -> Result<()> {
        let passed = context.current_processing_time().as_millis() - START;
        context.collect((passed / 1000, elements.iter().copied().collect()));
        Ok(())
    }
}

/// On the mock clock: records, each with a key that is its sign.
fn check_on_clock(steps: Vec<Step>, size: u64, timeout: Duration, expect: &[(i64, Vec<i64>)]) {
    let _watchdog = Watchdog::start();
    for run in (0..100).flat_map(|seed| [1, 4].map(|parallelism| Run::seeded(seed, parallelism))) {
        let mut found = run.collect(&|env: &StreamExecutionEnvironment| {
            let source = Script::new([steps.clone()]);
            let numbers = env.from_source(source, WatermarkStrategy::no_watermarks(), "script");
            let keyed = numbers.key_by(|number| number.signum());
            keyed.count_window_with_timeout(size, timeout).process(WithSeconds)
        });
        found.sort();
        assert_eq!(found, expect, "{run}");
    }
}

#[test]
fn three_of_a_key_or_what_has_come_in_five_seconds() {
    let record = |value| Step::Record(value, 0);
    let steps = vec![
        // Full at once.
        record(1),
        record(2),
        record(3),
        // Not full: out after five seconds. The time is counted from the first of them.
        record(4),
        record(-1),
        Step::Wait(3000),
        record(5),
        Step::Wait(7000),
        // The count begins anew after a time-out, and the time after a full window.
        record(6),
        record(7),
        record(8),
        Step::Wait(4000),
        record(9),
        Step::Wait(4000),
        // Not yet out: nine since four seconds. It is out at nineteen.
        record(10),
        Step::Wait(10_000),
        // Waits for the clock when the input ends, and so is never out.
        record(11),
    ];
    let expect = [(0, vec![1, 2, 3]), (5, vec![-1]), (5, vec![4, 5]), (10, vec![6, 7, 8]), (19, vec![9, 10])];
    check_on_clock(steps, 3, Duration::from_secs(5), &expect);
}
