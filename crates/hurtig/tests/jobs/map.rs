//! `map`, `try_map`, `map_with`.
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use hurtig::operator::accumulator::{Accumulator, LongCounter};
use hurtig::operator::metrics::{Counter, MetricValue};
use hurtig::prelude::*;

use crate::functions::{WithTime, timed};
use crate::harness::{Run, Watchdog, check, check_fails, check_in_order, runs};

#[test]
fn each_record_becomes_another() {
    check_in_order(|env| env.from_collection(0..30i64).map(|n| n * 2), (0..30).map(|n| n * 2));
}

#[test]
fn the_type_may_change_and_times_stay() {
    let input = || timed((0..20).map(|n| (n, 1000 - n)));
    check_in_order(
        move |env| env.from_timestamped(input()).map(|n| format!("{n}!")).process(WithTime),
        (0..20).map(|n| (format!("{n}!"), Some(1000 - n))),
    );
}

#[test]
fn maps_in_a_row_and_maps_of_one_stream() {
    check(
        |env| {
            let numbers = env.from_collection(0..15i64);
            let up = numbers.map(|n| n + 1).map(|n| n * 10);
            let down = numbers.map(|n| -n);
            up.union([&down])
        },
        (0..15).map(|n| (n + 1) * 10).chain((0..15).map(|n| -n)),
    );
}

#[test]
fn a_failing_map_names_operator_subtask_and_record() {
    let parse = |text: String| text.parse::<i64>();
    check_fails(
        move |env| env.from_collection(words()).try_map(parse).name("Parse"),
        &["operator 'Parse' (", "record", "invalid digit found in string"],
    );
    // One by one the record itself is known; as a run only where it lies.
    let error = Run::threads(1).try_collect(&|env: &_| numbers(env).try_map(fail_at_18)).unwrap_err();
    assert!(names_record(&error.to_string(), 18), "{error}");
    let error = Run::threads(1).try_collect(&move |env: &_| strings(env).try_map(parse)).unwrap_err();
    assert!(names_record(&error.to_string(), 18), "{error}");
}

fn words() -> Vec<String> {
    (1..=30).map(|n| if n == 18 { "eighteen".to_owned() } else { n.to_string() }).collect()
}

fn strings(env: &StreamExecutionEnvironment) -> DataStream<String> {
    env.from_collection(words())
}

fn numbers(env: &StreamExecutionEnvironment) -> DataStream<i64> {
    env.from_collection(1..=30i64)
}

fn fail_at_18(n: i64) -> Result<i64, String> {
    if n == 18 { Err("eighteen".to_owned()) } else { Ok(n) }
}

/// Whether a message says `at record n`, or `between records a and b` with n among them.
fn names_record(message: &str, record: u64) -> bool {
    let (_, place) = message.split_once("'Map' (1/1), ").unwrap_or_default();
    let (place, _) = place.split_once(':').unwrap_or_default();
    let numbers: Vec<u64> = place.split(' ').filter_map(|word| word.parse().ok()).collect();
    match numbers[..] {
        [one] => place.starts_with("at record") && one == record,
        [first, last] => place.starts_with("between records") && (first..=last).contains(&record),
        _ => false,
    }
}

/// A function with everything that a rich function can have.
#[derive(Clone, Default)]
struct Rich {
    open: Arc<AtomicU32>,
    place: Option<Place>,
}

#[derive(Clone)]
struct Place {
    subtask: i64,
    seen: LongCounter,
    metric: Counter,
}

impl RichFunction for Rich {
    fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
        assert_eq!((context.operator_name(), context.attempt_number()), ("Rich", 0));
        assert!(context.index_of_this_subtask() < context.number_of_parallel_subtasks());
        assert_eq!(context.max_number_of_parallel_subtasks(), 128);
        assert_eq!(context.current_watermark(), Watermark::MIN);
        self.open.fetch_add(1, Ordering::Relaxed);
        context.long_counter("opened").add(1);
        let subtask = i64::from(context.index_of_this_subtask());
        context.accumulator("greatest subtask", Accumulator::LongMaximum(i64::MIN)).add(subtask as f64);
        self.place = Some(Place {
            subtask,
            seen: context.long_counter("seen"),
            metric: context.metric_group().add_group("mine").counter("seen"),
        });
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        self.open.fetch_sub(1, Ordering::Relaxed);
        Ok(())
    }
}

impl MapFunction<i64, i64> for Rich {
    fn map(&mut self, value: i64) -> Result<i64> {
        let place = self.place.as_ref().ok_or_else(|| Error::bug("a record before open"))?;
        place.seen.add(1);
        place.metric.add(1);
        Ok(value + place.subtask)
    }
}

#[test]
fn a_rich_map_is_opened_and_closed_and_gives_accumulators_and_metrics() {
    let _watchdog = Watchdog::start();
    for run in runs() {
        let env = run.environment();
        let function = Rich::default();
        let numbers = env.from_collection(0..40i64);
        let sink = hurtig::connectors::base::BlackHoleSink::new();
        numbers.map_with(function.clone()).name("Rich").sink_to(sink);
        let client = env.execute_async("rich").unwrap();
        let result = client.result().unwrap();
        let long = |name: &str| match result.accumulator(name) {
            Some(Accumulator::Long(value) | Accumulator::LongMaximum(value)) => *value,
            other => panic!("{run}: '{name}' is {other:?}"),
        };
        assert_eq!(long("seen"), 40, "{run}");
        assert_eq!(long("opened"), i64::from(run.parallelism), "{run}");
        assert_eq!(long("greatest subtask"), i64::from(run.parallelism) - 1, "{run}");
        assert_eq!(function.open.load(Ordering::Relaxed), 0, "{run}: opened and not closed");
        let metrics = client.metrics();
        let mine = metrics.iter().filter(|metric| metric.name == "mine.seen");
        let total: u64 =
            mine.map(|metric| if let MetricValue::Counter(n) = metric.value { n } else { 0 }).sum();
        assert_eq!(total, 40, "{run}");
    }
}
