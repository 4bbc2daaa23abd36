//! Whatever fails, the job fails with it: at once, with the place and the cause in the message, and with no
//! task left behind.
use std::sync::Arc;
use std::time::Duration;

use hurtig::ErrorKind;
use hurtig::connectors::base::{BlackHoleSink, GeneratorSource};
use hurtig::jobmaster::submit;
use hurtig::prelude::*;
use hurtig::runtime::{SeededExecutor, ThreadExecutor};

use crate::broken::{BrokenFunction, BrokenSink, BrokenSource, How, Trouble};
use crate::harness::{Run, Watchdog, expect_message, wait_until};

/// A program with trouble in it; beside it an endless one, which has to be stopped.
type Program = fn(&StreamExecutionEnvironment, Trouble);

/// Runs a program with trouble at `place` on threads and under seeds. It must fail with `who` in the message.
fn check(program: Program, place: &'static str, who: &str) {
    let _watchdog = Watchdog::start();
    for how in [How::Error, How::Panic] {
        let trouble = Trouble { place, how };
        let executor = ThreadExecutor::new();
        let error = outcome(program, trouble, Run::threads(2), executor.clone());
        expect_trouble(&error, trouble, who);
        wait_until(|| (executor.live_tasks() == 0).then_some(()));
        for seed in 0..10 {
            let executor = SeededExecutor::new(seed);
            let error = outcome(program, trouble, Run::seeded(seed, 2), executor.clone());
            expect_trouble(&error, trouble, who);
            assert!(executor.elapsed() < Duration::from_secs(1), "{trouble:?}: {:?}", executor.elapsed());
        }
    }
}

fn outcome(
    program: Program,
    trouble: Trouble,
    run: Run,
    executor: Arc<dyn hurtig::runtime::Executor>,
) -> Error {
    let env = run.environment();
    program(&env, trouble);
    let endless = GeneratorSource::unbounded(|index| index);
    let endless = env.from_source(endless, WatermarkStrategy::no_watermarks(), "endless");
    endless.rebalance().map(|n| n).sink_to(BlackHoleSink::new());
    let client = match submit(env.take_program(Some("trouble")).unwrap(), executor) {
        Ok(client) => client,
        Err(error) => return error,
    };
    let error = client.result().map(|_| ()).unwrap_err();
    assert_eq!(client.status(), JobStatus::Failed, "{trouble:?}");
    error
}

fn expect_trouble(error: &Error, trouble: Trouble, who: &str) {
    let cause = format!("broken {}", trouble.place);
    expect_message(format!("{trouble:?}"), error, &[who, &cause]);
    if trouble.how == How::Panic {
        expect_message(format!("{trouble:?}"), error, &["panic"]);
    }
    assert_eq!(error.kind(), ErrorKind::Restart, "{trouble:?}: {error}");
}

#[test]
fn a_function_fails() {
    let program: Program = |env, trouble| {
        let numbers = env.from_sequence(0, 40).rebalance();
        numbers.map_with(BrokenFunction(trouble)).name("Broken").sink_to(BlackHoleSink::new());
    };
    for place in ["open", "map", "close"] {
        check(program, place, "operator 'Broken' (");
    }
    check(program, "map", "/2), ");
    check(program, "map", "record");
}

#[test]
fn a_key_or_a_partitioner_fails() {
    let program: Program = |env, trouble| {
        let numbers = env.from_sequence(0, 40).map(|n| n).name("Before");
        let keyed =
            numbers.key_by(move |n| trouble.pass("key").map_or_else(|error| panic!("{error}"), |()| *n));
        keyed
            .map(|n| n)
            .name("Between")
            .broadcast()
            .partition_custom(move |_, _| {
                trouble.pass("partitioner").map_or_else(|error| panic!("{error}"), |()| 0)
            })
            .map(|n| n)
            .sink_to(BlackHoleSink::new());
    };
    for (place, who) in [("key", "operator 'Before' ("), ("partitioner", "operator 'Between' (")] {
        let _watchdog = Watchdog::start();
        let trouble = Trouble { place, how: How::Panic };
        for run in [Run::threads(2), Run::seeded(1, 2), Run::seeded(2, 2)] {
            let executor = hurtig::run::executor(&run.environment().configuration()).unwrap();
            expect_trouble(&outcome(program, trouble, run, executor), trouble, who);
        }
    }
}

#[test]
fn a_source_fails() {
    let program: Program = |env, trouble| {
        let strategy = WatermarkStrategy::no_watermarks();
        env.from_source(BrokenSource(trouble), strategy, "broken").sink_to(BlackHoleSink::new());
    };
    check(program, "create_enumerator", "'Source: broken'");
    check(program, "add_reader", "enumerator of 'Source: broken'");
    check(program, "handle_split_request", "enumerator of 'Source: broken'");
    check(program, "poll_discover", "enumerator of 'Source: broken'");
    check(program, "create_reader", "starting 'Source: broken");
    check(program, "add_splits", "operator 'Source: broken' (");
    check(program, "poll_next", "operator 'Source: broken' (");
}

#[test]
fn a_source_panics_where_it_cannot_fail() {
    let program: Program = |env, trouble| {
        let strategy = WatermarkStrategy::no_watermarks().with_timestamp_assigner(move |value, _| {
            if *value == 7 && trouble.place == "assign" {
                panic!("broken assign");
            }
            EventTime::from_millis(*value)
        });
        env.from_source(BrokenSource(trouble), strategy, "broken").sink_to(BlackHoleSink::new());
    };
    let _watchdog = Watchdog::start();
    for place in ["no_more_splits", "assign"] {
        let trouble = Trouble { place, how: How::Panic };
        for run in [Run::threads(2), Run::seeded(1, 2), Run::seeded(2, 2)] {
            let executor = hurtig::run::executor(&run.environment().configuration()).unwrap();
            expect_trouble(&outcome(program, trouble, run, executor), trouble, "operator 'Source: broken' (");
        }
    }
}

#[test]
fn a_sink_fails() {
    let program: Program = |env, trouble| {
        env.from_sequence(0, 40).rebalance().sink_to(BrokenSink(trouble)).name("broken");
    };
    for place in ["create_writer", "poll_ready", "write", "watermark", "flush", "prepare_commit"] {
        check(program, place, "operator 'Sink: broken' (");
    }
    for place in ["commit", "before commit", "after commit"] {
        check(program, place, "committing for 'Sink: broken'");
    }
}

#[test]
fn a_committer_that_cannot_be_made_is_an_error_of_the_start() {
    let env = Run::threads(2).environment();
    let trouble = Trouble { place: "create_committer", how: How::Error };
    env.from_sequence(0, 40).sink_to(BrokenSink(trouble)).name("broken");
    let error = env.execute("start").map(|_| ()).unwrap_err();
    expect_message("start", &error, &["'Sink: broken'", "broken create_committer"]);
}

#[test]
fn a_failure_in_one_of_many_tasks_ends_all() {
    // The failing record goes through four exchanges before it fails.
    let program: Program = |env, trouble| {
        let endless = GeneratorSource::unbounded(|index| index as i64 % 1000);
        let endless = env.from_source(endless, WatermarkStrategy::no_watermarks(), "numbers");
        let far = endless.key_by(|n| n % 10).map(|n| n).rebalance().map(|n| n).broadcast().map(|n| n);
        far.shuffle().map_with(BrokenFunction(trouble)).name("Broken").sink_to(BlackHoleSink::new());
    };
    check(program, "map", "operator 'Broken' (");
}

#[test]
fn an_error_keeps_its_kind_and_its_causes() {
    let _watchdog = Watchdog::start();
    for run in [Run::threads(1), Run::seeded(1, 1)] {
        let env = run.environment();
        let read = |_: i64| -> Result<i64> {
            let io = std::io::Error::new(std::io::ErrorKind::NotFound, "no such file");
            Err(Error::corrupt("reading 'a.csv'").caused_by(io))
        };
        env.from_collection([1i64]).try_map(read).sink_to(BlackHoleSink::new());
        let error = env.execute("kinds").map(|_| ()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{run}");
        expect_message(run, &error, &["operator 'Map' (1/1), at record 1: reading 'a.csv': no such file"]);
    }
}

/// Says that it makes two records of one.
#[derive(Clone)]
struct Doubles;

impl RichFunction for Doubles {}

impl MapFunction<i64, i64> for Doubles {
    fn map(&mut self, value: i64) -> Result<i64> {
        Ok(value)
    }

    fn map_batch(&mut self, values: Vec<i64>) -> Result<Vec<i64>> {
        Ok(values.iter().chain(&values).copied().collect())
    }
}

#[test]
fn a_map_that_makes_more_than_it_was_given_is_told_so() {
    let env = StreamExecutionEnvironment::default();
    env.from_sequence(1, 3).map_with(Doubles).name("Doubles").sink_to(BlackHoleSink::new());
    let error = env.execute("doubles").map(|_| ()).unwrap_err();
    expect_message("threads", &error, &["'Doubles'", "records of"]);
}

#[test]
fn a_task_that_does_not_stop_is_named_and_left_behind() {
    let _watchdog = Watchdog::start();
    let executor = ThreadExecutor::new();
    let (release, held) = std::sync::mpsc::channel::<()>();
    let held = Arc::new(std::sync::Mutex::new(held));
    let env = StreamExecutionEnvironment::default();
    env.set("task.cancellation.timeout", "100 ms");
    let hangs = move |number: i64| {
        // Until the test lets go of the other end.
        let _ = held.lock().unwrap().recv();
        number
    };
    env.from_sequence(1, 1).map(hangs).name("Hangs").sink_to(BlackHoleSink::new());
    let fails = |_| -> Result<i64, &'static str> { Err("no") };
    env.from_sequence(1, 1).try_map(fails).name("Fails").sink_to(BlackHoleSink::new());
    let client = submit(env.take_program(Some("stuck")).unwrap(), executor.clone()).unwrap();
    let error = client.result().map(|_| ()).unwrap_err();
    expect_message("threads", &error, &["'Fails'", "no", "did not stop within 100ms", "Hangs"]);
    assert_eq!(client.status(), hurtig::JobStatus::Failed);
    drop(release);
    wait_until(|| (executor.live_tasks() == 0).then_some(()));
}
