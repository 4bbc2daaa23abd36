//! Windows of a whole stream, whatever its keys.
use hurtig::prelude::*;

use super::{Event, clock, events, minutes, strings};
use crate::harness::{Run, check, check_each};

/// Ten events, one every four minutes from twelve, by as many subtasks as there are.
fn spread(env: &StreamExecutionEnvironment) -> DataStream<Event> {
    let times = ["12:00", "12:04", "12:08", "12:12", "12:16", "12:20", "12:24", "12:28", "12:32", "12:36"];
    let events = events(env, minutes(0), times.into_iter().zip(0..).map(|(time, n)| (n % 3, n, time)));
    events.rebalance().map(|event| event)
}

fn quarter() -> TumblingEventTimeWindows {
    TumblingEventTimeWindows::of(minutes(15))
}

#[test]
fn all_of_a_quarter_of_an_hour() {
    check(
        |env| {
            let windows = spread(env).window_all(quarter());
            windows.apply(|window, all| {
                let mut values: Vec<i64> = all.iter().map(|(_, value)| *value).collect();
                values.sort_unstable();
                [format!("{} {values:?}", clock(window.start.as_millis()))]
            })
        },
        strings(["12:00 [0, 1, 2, 3]", "12:15 [4, 5, 6, 7]", "12:30 [8, 9]"]),
    );
}

#[test]
fn reduced_folded_and_aggregated() {
    let reduced = |env: &StreamExecutionEnvironment| {
        spread(env)
            .window_all(quarter())
            .reduce(|held: Event, next: Event| (0, held.1 + next.1))
            .map(|(_, sum)| sum)
    };
    check(reduced, [6, 22, 17]);
    let folded = |env: &StreamExecutionEnvironment| {
        spread(env).window_all(quarter()).fold(0, |held, next| held + next.1)
    };
    check(folded, [6, 22, 17]);
    let aggregated =
        |env: &StreamExecutionEnvironment| spread(env).window_all(quarter()).aggregate_with(Count, Starts);
    check(aggregated, strings(["12:00 4", "12:15 4", "12:30 2"]));
}

#[test]
fn sliding_windows_and_sessions_of_all() {
    let sliding = |env: &StreamExecutionEnvironment| {
        let windows = SlidingEventTimeWindows::of(minutes(30), minutes(15));
        spread(env).window_all(windows).aggregate_with(Count, Starts)
    };
    check(sliding, strings(["11:45 4", "12:00 8", "12:15 6", "12:30 2"]));
    let session = |env: &StreamExecutionEnvironment| {
        spread(env).window_all(EventTimeSessionWindows::with_gap(minutes(5))).aggregate_with(Count, Starts)
    };
    check(session, strings(["12:00 10"]));
}

#[test]
fn one_subtask_does_it() {
    check_each(
        |env| spread(env).window_all(quarter()).process(WhichSubtask::default()),
        |run: Run, found| assert_eq!(found, [(0, 1); 3], "{run}"),
    );
}

/// How many.
#[derive(Clone)]
struct Count;

impl AggregateFunction<Event> for Count {
    type Accumulator = u64;
    type Output = u64;

    fn create_accumulator(&self) -> u64 {
        0
    }

    fn add(&self, _: Event, count: &mut u64) -> Result<()> {
        *count += 1;
        Ok(())
    }

    fn get_result(&self, count: &u64) -> Result<u64> {
        Ok(*count)
    }

    fn merge(&self, into: &mut u64, other: u64) -> Result<()> {
        *into += other;
        Ok(())
    }
}

/// The start of the window, and its count.
#[derive(Clone)]
struct Starts;

impl RichFunction for Starts {}

impl ProcessAllWindowFunction<u64, String, TimeWindow> for Starts {
    fn process(
        &mut self,
        counts: Elements<'_, u64>,
        context: &mut WindowContext<'_, TimeWindow, String>,
    ) -> Result<()> {
        let start = clock(context.window().start.as_millis());
        counts.iter().for_each(|count| context.collect(format!("{start} {count}")));
        Ok(())
    }
}

/// Which subtask of how many.
#[derive(Clone, Default)]
struct WhichSubtask {
    place: (u32, u32),
}

impl RichFunction for WhichSubtask {
    fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
        self.place = (context.index_of_this_subtask(), context.number_of_parallel_subtasks());
        Ok(())
    }
}

impl ProcessAllWindowFunction<Event, (u32, u32), TimeWindow> for WhichSubtask {
    fn process(
        &mut self,
        _: Elements<'_, Event>,
        context: &mut WindowContext<'_, TimeWindow, (u32, u32)>,
    ) -> Result<()> {
        context.collect(self.place);
        Ok(())
    }
}
