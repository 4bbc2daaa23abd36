//! A window over several streams waits for the slowest of them, but not for one that is idle. On the mock clock.
use std::time::Duration;

use hurtig::prelude::*;

use super::{at, minutes};
use crate::functions::START;
use crate::harness::{Run, Watchdog, check};
use crate::script::{Script, Step};

/// How many elements, of which hour, and how many milliseconds after the start.
#[derive(Clone)]
struct When;

impl RichFunction for When {}

impl ProcessWindowFunction<i64, (i64, u64, i64), i64, TimeWindow> for When {
    fn process(
        &mut self,
        _: &i64,
        elements: Elements<'_, i64>,
        context: &mut WindowContext<'_, TimeWindow, (i64, u64, i64)>,
    ) -> Result<()> {
        let hour = context.window().start.as_millis() / at("01:00");
        let passed = context.current_processing_time().as_millis() - START;
        context.collect((hour, elements.len() as u64, passed));
        Ok(())
    }
}

fn hours(values: DataStream<i64>) -> DataStream<(i64, u64, i64)> {
    values.key_by(|_| 1).window(TumblingEventTimeWindows::of(minutes(60))).process(When)
}

/// Ten minutes of event time every tenth of a second: an hour in six tenths.
fn quick() -> Vec<Step> {
    (0..18).flat_map(|n| [Step::Record(n, at("00:10") * n), Step::Wait(100)]).collect()
}

fn script(env: &StreamExecutionEnvironment, steps: Vec<Step>, idle_after: Option<u64>) -> DataStream<i64> {
    let strategy = WatermarkStrategy::for_monotonous_timestamps();
    let strategy = match idle_after {
        Some(millis) => strategy.with_idleness(Duration::from_millis(millis)),
        None => strategy,
    };
    env.from_source(Script::new([steps]), strategy, "script")
}

/// The hours with their elements, and when the first of them fired.
fn check_first(
    program: impl Fn(&StreamExecutionEnvironment) -> DataStream<(i64, u64, i64)>,
    expect: &[(i64, u64)],
    first: std::ops::Range<i64>,
) {
    let _watchdog = Watchdog::start();
    for run in (0..50).flat_map(|seed| [1, 4].map(|parallelism| Run::seeded(seed, parallelism))) {
        let found = run.collect(&program);
        let counts: Vec<_> = found.iter().map(|(hour, count, _)| (*hour, *count)).collect();
        assert_eq!(counts, expect, "{run}");
        assert!(first.contains(&found[0].2), "{run}: {found:?}");
    }
}

#[test]
fn the_window_waits_for_the_slower_stream() {
    // It has nothing to say of the first hour for three seconds, and then two elements.
    let slow = || {
        vec![
            Step::Record(100, 0),
            Step::Wait(3000),
            Step::Record(101, at("00:59")),
            Step::Record(102, at("02:30")),
        ]
    };
    check_first(
        |env| hours(script(env, quick(), None).union([&script(env, slow(), None)])),
        &[(0, 8), (1, 6), (2, 7)],
        3000..4000,
    );
}

#[test]
fn an_idle_stream_does_not_keep_the_window_open() {
    let silent = || vec![Step::Wait(10_000)];
    check_first(
        |env| hours(script(env, quick(), Some(500)).union([&script(env, silent(), Some(500))])),
        &[(0, 6), (1, 6), (2, 6)],
        600..1200,
    );
    // But one that is silent and not known to be idle does.
    check_first(
        |env| hours(script(env, quick(), Some(500)).union([&script(env, silent(), None)])),
        &[(0, 6), (1, 6), (2, 6)],
        10_000..11_000,
    );
}

/// If the watermark were any more than the minimum, elements of the slower stream would be late and lost.
#[test]
fn nothing_of_either_stream_is_late() {
    check(
        |env| {
            let of =
                |sign: i64, pace: i64| (1..60).map(move |n| (sign * n, EventTime::from_millis(n * pace)));
            let fast = env.from_timestamped(of(1, 1000));
            let slow = env.from_timestamped(of(-1, 10));
            let windows = TumblingEventTimeWindows::of(Duration::from_millis(100));
            let keyed = fast.union([&slow]).key_by(|value| value.signum());
            keyed
                .window(windows)
                .apply(|sign, window, values| [(*sign, window.start.as_millis(), values.len() as u64)])
        },
        (1..60).map(|n| (1, n * 1000, 1)).chain((0..6).map(|n| (-1, n * 100, if n == 0 { 9 } else { 10 }))),
    );
}
