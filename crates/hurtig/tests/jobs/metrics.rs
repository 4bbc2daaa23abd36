//! What can be seen of a job from outside, under Flink's names and scopes.
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hurtig::connector::Host;
use hurtig::connectors::base::BlackHoleSink;
use hurtig::jobmaster::submit;
use hurtig::operator::metrics::{MetricSample, MetricValue};
use hurtig::prelude::*;
use hurtig::runtime::{Executor, SeededExecutor};

use crate::functions::timed;
use crate::harness::{Run, Watchdog, runs, wait_until};
use crate::script::{Script, Step};

/// The values of a metric in the subtasks of an operator, or else of a task, in order.
fn values(metrics: &[MetricSample], scope: &str, name: &str) -> Vec<i64> {
    let named = |variable: &str| -> Vec<i64> {
        let of_scope = metrics.iter().filter(|metric| {
            let variables = &metric.scope.variables;
            let is_operator = variables.contains_key("operator_name");
            metric.name == name
                && is_operator == (variable == "operator_name")
                && variables.get(variable).is_some_and(|found| found == scope)
        });
        of_scope.filter_map(|metric| metric.value.as_i64()).collect()
    };
    let of_operator = named("operator_name");
    if of_operator.is_empty() { named("task_name") } else { of_operator }
}

fn total(metrics: &[MetricSample], scope: &str, name: &str) -> i64 {
    values(metrics, scope, name).into_iter().sum()
}

#[test]
fn records_in_and_out_are_counted_per_operator() {
    let _watchdog = Watchdog::start();
    for run in runs().filter(|run| run.seed.is_none_or(|seed| seed < 50)) {
        let env = run.environment();
        let numbers = env.from_sequence(1, 40).name("Numbers");
        let even = numbers.filter(|n| n % 2 == 0).name("Even");
        even.flat_map(|n| [n, n, n]).name("Thrice").rebalance().sink_to(BlackHoleSink::new()).name("End");
        let client = env.execute_async("count").unwrap();
        client.result().unwrap();
        let metrics = client.metrics();
        let counts = |scope| ["numRecordsIn", "numRecordsOut"].map(|name| total(&metrics, scope, name));
        assert_eq!(counts("Source: Numbers"), [0, 40], "{run}");
        assert_eq!(counts("Even"), [40, 20], "{run}");
        assert_eq!(counts("Thrice"), [20, 60], "{run}");
        assert_eq!(counts("Sink: End"), [60, 0], "{run}");
        assert_eq!(total(&metrics, "Sink: End", "numRecordsSend"), 60, "{run}");
        assert_eq!(values(&metrics, "Even", "numRecordsIn").len(), run.parallelism as usize, "{run}");
        assert_eq!(
            total(&metrics, "Source: Numbers", "numSplitsProcessed"),
            i64::from(run.parallelism),
            "{run}"
        );
        let ended = values(&metrics, "Thrice", "currentInputWatermark");
        assert!(ended.iter().all(|mark| *mark == i64::MAX), "{run}: {ended:?}");
    }
}

#[test]
fn every_task_and_operator_has_its_metrics_under_flinks_scope() {
    let _watchdog = Watchdog::start();
    let env = Run::threads(2).environment();
    env.from_sequence(1, 40)
        .name("Numbers")
        .map(|n| n)
        .name("Same")
        .sink_to(BlackHoleSink::new())
        .name("End");
    let client = env.execute_async("my job").unwrap();
    client.result().unwrap();
    let metrics = client.metrics();
    let found: Vec<String> = metrics.iter().map(MetricSample::identifier).collect();
    let task = "localhost.taskmanager.local.my job.Source: Numbers -> Same -> Sink: End";
    let operator = "localhost.taskmanager.local.my job.Same";
    for subtask in 0..2 {
        let of_task = [
            "busyTimeMsPerSecond",
            "idleTimeMsPerSecond",
            "backPressuredTimeMsPerSecond",
            "isBackPressured",
            "numBuffersOut",
            "numBytesOut",
            "numRecordsIn",
            "numRecordsOut",
        ];
        let of_operator =
            ["numRecordsIn", "numRecordsOut", "currentInputWatermark", "currentOutputWatermark"];
        let of_task = of_task.map(|name| format!("{task}.{subtask}.{name}"));
        let of_operator = of_operator.map(|name| format!("{operator}.{subtask}.{name}"));
        for expect in of_task.iter().chain(&of_operator) {
            assert!(found.contains(expect), "no '{expect}' in {found:#?}");
        }
    }
    let of_operators = |metric: &&MetricSample| metric.scope.logical == "taskmanager.job.task.operator";
    let sample = metrics.iter().find(of_operators).unwrap();
    let job_id = client.job_id().to_string();
    for (variable, expect) in
        [("host", "localhost"), ("tm_id", "local"), ("job_name", "my job"), ("job_id", &job_id)]
    {
        assert_eq!(sample.scope.variables.get(variable).map(String::as_str), Some(expect));
    }
}

/// Runs a program under a seed for `after` of the mock clock; gives its metrics as they were then.
fn metrics_after(
    seed: u64,
    after: Duration,
    program: impl Fn(&StreamExecutionEnvironment),
) -> Vec<MetricSample> {
    let env = Run::seeded(seed, 1).environment();
    program(&env);
    let executor = SeededExecutor::new(seed);
    let client = submit(env.take_program(Some("watched")).unwrap(), executor.clone()).unwrap();
    let found = Arc::new(Mutex::new(Vec::new()));
    let (watcher, seen) = (client.clone(), found.clone());
    let clock = executor.clone();
    let watch = async move {
        let at = |share: u32| hurtig::core::Instant::from_nanos(0) + after * share / 2;
        // A share of time is that since somebody last looked.
        clock.sleep_until(at(1)).await;
        watcher.metrics();
        clock.sleep_until(at(2)).await;
        *seen.lock().unwrap() = watcher.metrics();
        watcher.cancel();
    };
    executor.spawn("watcher", Box::pin(watch)).unwrap();
    assert!(client.result().is_err(), "seed {seed}: the job is endless");
    assert_eq!(client.status(), JobStatus::Canceled, "seed {seed}");
    let found = std::mem::take(&mut *found.lock().unwrap());
    assert!(!found.is_empty());
    found
}

fn text(metrics: &[MetricSample], scope: &str, name: &str) -> String {
    let found = metrics.iter().find(|metric| {
        let variables = &metric.scope.variables;
        let of = variables.get("operator_name").or(variables.get("task_name"));
        metric.name == name && of.is_some_and(|of| of == scope)
    });
    match found.map(|metric| &metric.value) {
        Some(MetricValue::Text(text)) => text.clone(),
        other => panic!("'{name}' of '{scope}' is {other:?}"),
    }
}

#[test]
fn a_stalled_watermark_names_the_channel_that_holds_it() {
    let _watchdog = Watchdog::start();
    for seed in 0..20 {
        let metrics = metrics_after(seed, Duration::from_secs(5), |env| {
            let moving = env.from_timestamped(timed((1..=50).map(|n| (n, n * 10)))).name("moving");
            let stuck = Script::new([vec![Step::Record(-1, 77), Step::Hang]]);
            let strategy = WatermarkStrategy::for_monotonous_timestamps();
            let stuck = env.from_source(stuck, strategy, "stuck");
            let united = moving.union([&stuck]).map(|n| n).name("United").start_new_chain();
            united.sink_to(BlackHoleSink::new()).disable_chaining();
        });
        assert_eq!(text(&metrics, "United", "watermarkHeldBy"), "Source: stuck (1/1)", "seed {seed}");
        assert_eq!(values(&metrics, "United", "currentInputWatermark"), [76], "seed {seed}");
        assert_eq!(text(&metrics, "Source: stuck", "watermarkHeldBySplit"), "part 0", "seed {seed}");
    }
}

#[test]
fn a_source_that_has_said_nothing_holds_the_watermark_at_its_start() {
    let _watchdog = Watchdog::start();
    let metrics = metrics_after(3, Duration::from_secs(5), |env| {
        let moving = env.from_timestamped(timed((1..=50).map(|n| (n, n * 10)))).name("moving");
        let stuck = Script::new([vec![Step::Hang]]);
        let stuck = env.from_source(stuck, WatermarkStrategy::for_monotonous_timestamps(), "stuck");
        moving.union([&stuck]).map(|n| n).name("United").sink_to(BlackHoleSink::new()).disable_chaining();
    });
    assert_eq!(text(&metrics, "United", "watermarkHeldBy"), "Source: stuck (1/1)");
    assert_eq!(values(&metrics, "United", "currentInputWatermark"), [i64::MIN]);
}

#[test]
fn a_task_that_waits_for_input_is_idle() {
    let _watchdog = Watchdog::start();
    let metrics = metrics_after(1, Duration::from_secs(10), |env| {
        let waits = Script::new([vec![Step::Record(1, 1), Step::Hang]]);
        let waits = env.from_source(waits, WatermarkStrategy::no_watermarks(), "waits");
        waits.map(|n| n).name("Behind").disable_chaining().sink_to(BlackHoleSink::new());
    });
    let of = |name| values(&metrics, "Behind", name)[0];
    assert!(of("idleTimeMsPerSecond") > 990, "{}", of("idleTimeMsPerSecond"));
    assert!(of("busyTimeMsPerSecond") < 10, "{}", of("busyTimeMsPerSecond"));
    assert_eq!((of("backPressuredTimeMsPerSecond"), of("isBackPressured")), (0, 0));
}

#[test]
fn a_task_before_a_slow_one_is_back_pressured() {
    // On threads: the slow one waits for a lock that the test holds.
    let _watchdog = Watchdog::start();
    let env = Run::threads(1).environment();
    let lock = Arc::new(Mutex::new(()));
    let held = lock.lock().unwrap();
    let slow = lock.clone();
    let fast = env.from_sequence(0, 1_000_000).name("Fast").rebalance();
    let slow = fast.map(move |n| {
        drop(slow.lock().unwrap());
        n
    });
    slow.name("Slow").sink_to(BlackHoleSink::new());
    let client = env.execute_async("slow").unwrap();
    wait_until(|| {
        let metrics = client.metrics();
        let of = |name| values(&metrics, "Source: Fast", name).first().copied().unwrap_or(0);
        (of("isBackPressured") == 1 && of("backPressuredTimeMsPerSecond") > 500).then_some(())
    });
    let metrics = client.metrics();
    let queued = metrics.iter().find(|metric| metric.name == "inputQueueSize").unwrap();
    let bytes = queued.value.as_i64().unwrap();
    // Ten segments of 32 KiB, and one batch more.
    assert!((100_000..400_000).contains(&bytes), "{bytes} bytes are queued");
    drop(held);
    client.cancel();
    // The job may have come to its end before it was told to stop.
    let _ = client.result();
}

#[test]
fn what_goes_between_tasks_is_counted_at_both_ends() {
    let _watchdog = Watchdog::start();
    let env = Run::threads(1).environment();
    env.set("execution.batch.rows", "10");
    let numbers = env.from_sequence(1, 100).name("Numbers").disable_chaining();
    numbers.sink_to(BlackHoleSink::new()).name("End");
    let client = env.execute_async("both ends").unwrap();
    client.result().unwrap();
    let metrics = client.metrics();
    let value = |task: &str, name: &str| {
        let of_task = |metric: &&MetricSample| {
            let scope = &metric.scope;
            scope.logical == "taskmanager.job.task"
                && scope.variables["task_name"] == task
                && metric.name == name
        };
        metrics.iter().find(of_task).and_then(|metric| metric.value.as_i64()).unwrap()
    };
    assert_eq!((value("Source: Numbers", "numRecordsOut"), value("Sink: End", "numRecordsIn")), (100, 100));
    let sent = value("Source: Numbers", "numBuffersOut");
    assert!((1..=10).contains(&sent), "{sent}");
    assert_eq!(value("Sink: End", "numBuffersIn"), sent);
    assert!(value("Source: Numbers", "numBytesOut") >= 800 && value("Sink: End", "numBytesIn") >= 800);
}
