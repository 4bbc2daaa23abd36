//! Windows of the wall clock. On the mock clock, which begins on the hour.
use std::time::Duration;

use hurtig::prelude::*;

use crate::functions::START;
use crate::harness::{Run, Watchdog};
use crate::script::{Script, Step};

/// The start of the window in seconds after the start of all, the values, and when it fired, in milliseconds.
type Firing = (i64, Vec<i64>, i64);

#[derive(Clone)]
struct Fired;

impl RichFunction for Fired {}

impl ProcessWindowFunction<i64, Firing, i64, TimeWindow> for Fired {
    fn process(
        &mut self,
        _: &i64,
        elements: Elements<'_, i64>,
        context: &mut WindowContext<'_, TimeWindow, Firing>,
    ) -> Result<()> {
        let start = (context.window().start.as_millis() - START) / 1000;
        let passed = context.current_processing_time().as_millis() - START;
        context.collect((start, elements.iter().copied().collect(), passed));
        Ok(())
    }
}

/// Runs a program over the script on the mock clock: it must fire so, each at its second or some milliseconds
/// later.
fn check_on_clock(
    steps: &[Step],
    windows: impl Fn(DataStream<i64>) -> DataStream<Firing>,
    expect: &[(i64, Vec<i64>, i64)],
) {
    let _watchdog = Watchdog::start();
    for run in (0..100).flat_map(|seed| [1, 4].map(|parallelism| Run::seeded(seed, parallelism))) {
        let found = run.collect(&|env: &StreamExecutionEnvironment| {
            let source = Script::new([steps.to_vec()]);
            windows(env.from_source(source, WatermarkStrategy::no_watermarks(), "script"))
        });
        let in_seconds: Vec<_> =
            found.iter().map(|(start, values, passed)| (*start, values.clone(), passed / 1000)).collect();
        assert_eq!(in_seconds, expect, "{run}");
        assert!(found.iter().all(|(_, _, passed)| passed % 1000 < 100), "{run}: {found:?}");
    }
}

/// A value every quarter of a second, for three seconds, and time for the last windows.
fn quarters() -> Vec<Step> {
    (0..12).flat_map(|n| [Step::Record(n, 0), Step::Wait(250)]).chain([Step::Wait(5000)]).collect()
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_window_a_second() {
    check_on_clock(
        &quarters(),
        |values| values.key_by(|_| 0).window(TumblingProcessingTimeWindows::of(SECOND)).process(Fired),
        &[(0, vec![0, 1, 2, 3], 1), (1, vec![4, 5, 6, 7], 2), (2, vec![8, 9, 10, 11], 3)],
    );
}

#[test]
fn a_window_of_two_seconds_every_second() {
    let windows = || SlidingProcessingTimeWindows::of(2 * SECOND, SECOND);
    check_on_clock(
        &quarters(),
        |values| values.key_by(|_| 0).window(windows()).process(Fired),
        &[
            (-1, vec![0, 1, 2, 3], 1),
            (0, (0..8).collect(), 2),
            (1, (4..12).collect(), 3),
            (2, vec![8, 9, 10, 11], 4),
        ],
    );
    // The same with panes that are shared.
    check_on_clock(
        &quarters(),
        |values| values.key_by(|_| 0).window(windows()).reduce_with(|a, b| a + b, Fired),
        &[(-1, vec![6], 1), (0, vec![28], 2), (1, vec![60], 3), (2, vec![38], 4)],
    );
}

#[test]
fn a_session_ends_after_a_second_and_a_half_of_silence() {
    let steps = [
        Step::Record(1, 0),
        Step::Wait(500),
        Step::Record(2, 0),
        Step::Wait(3000),
        Step::Record(3, 0),
        Step::Wait(3000),
    ];
    check_on_clock(
        &steps,
        |values| {
            let sessions =
                values.key_by(|_| 0).window(ProcessingTimeSessionWindows::with_gap(SECOND * 3 / 2));
            sessions.process(Fired)
        },
        &[(0, vec![1, 2], 2), (3, vec![3], 5)],
    );
}

#[test]
fn what_waits_for_the_clock_when_the_input_ends_is_never_put_out() {
    check_on_clock(
        &[Step::Record(1, 0), Step::Wait(1500), Step::Record(2, 0)],
        |values| values.key_by(|_| 0).window(TumblingProcessingTimeWindows::of(SECOND)).process(Fired),
        &[(0, vec![1], 1)],
    );
}

#[test]
fn a_minute_that_reports_every_second_before_it_is_over() {
    let steps = [
        Step::Record(1, 0),
        Step::Wait(1500),
        Step::Record(2, 0),
        Step::Wait(2000),
        Step::Record(3, 0),
        Step::Wait(60_000),
    ];
    let so_far = |second: i64| match second {
        ..2 => vec![1],
        2..4 => vec![1, 2],
        _ => vec![1, 2, 3],
    };
    let minute = || TumblingProcessingTimeWindows::of(60 * SECOND);
    let second = || ContinuousProcessingTimeTrigger::of(SECOND);
    check_on_clock(
        &steps,
        |values| values.key_by(|_| 0).window(minute()).trigger(second()).process(Fired),
        &(1..=60).map(|second| (0, so_far(second), second)).collect::<Vec<_>>(),
    );
    check_on_clock(
        &steps,
        |values| values.key_by(|_| 0).window(minute()).trigger(PurgingTrigger::of(second())).process(Fired),
        &[(0, vec![1], 1), (0, vec![2], 2), (0, vec![3], 4)],
    );
}
