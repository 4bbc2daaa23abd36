//! Jobs from outside: executed one after the other, started, watched, cancelled.
use std::sync::Arc;
use std::time::Duration;

use hurtig::connectors::base::{BlackHoleSink, GeneratorSource};
use hurtig::jobmaster::submit;
use hurtig::prelude::*;
use hurtig::runtime::{Executor, SeededExecutor, ThreadExecutor};

use crate::harness::{Run, Watchdog, expect_message, runs, sorted, wait_until};
use crate::recorder::Recorder;

/// Numbers without end.
fn endless(env: &StreamExecutionEnvironment) -> DataStream<i64> {
    let generator = GeneratorSource::unbounded(|index| index as i64);
    env.from_source(generator, WatermarkStrategy::no_watermarks(), "endless")
}

#[test]
fn one_environment_executes_several_programs() {
    let _watchdog = Watchdog::start();
    for run in runs().filter(|run| run.seed.is_none_or(|seed| seed < 50)) {
        let env = run.environment();
        for round in 0..3 {
            let recorder = Recorder::new();
            env.from_collection(0..10i64).map(move |n| n + round).sink_to(recorder.clone());
            let result = env.execute(&format!("round {round}")).unwrap();
            assert_eq!(result.job_name, format!("round {round}"), "{run}");
            let found = sorted(recorder.records().into_iter().map(|(_, value)| value));
            assert_eq!(found, Vec::from_iter(round..round + 10), "{run}");
        }
        let error = env.execute("nothing").map(|_| ()).unwrap_err();
        expect_message(run, &error, &["No operators defined"]);
    }
}

#[test]
fn a_finished_job_says_so_and_cancelling_it_changes_nothing() {
    let _watchdog = Watchdog::start();
    for run in [Run::threads(2), Run::seeded(3, 2)] {
        let env = run.environment();
        env.from_sequence(1, 100).sink_to(BlackHoleSink::new());
        let client = env.execute_async("short").unwrap();
        let result = client.result().unwrap();
        assert_eq!(result.job_id, client.job_id(), "{run}");
        assert_eq!(client.status(), JobStatus::Finished, "{run}");
        client.cancel();
        assert_eq!(client.status(), JobStatus::Finished, "{run}");
        assert!(client.result().is_ok(), "{run}: the result stays");
        assert_eq!(client.wait_for(|status| status == JobStatus::Running), JobStatus::Finished, "{run}");
    }
}

#[test]
fn an_endless_job_can_be_cancelled_on_threads() {
    let _watchdog = Watchdog::start();
    for program in PROGRAMS {
        let executor = ThreadExecutor::new();
        let env = Run::threads(2).environment();
        program(&env);
        let client = submit(env.take_program(Some("endless")).unwrap(), executor.clone()).unwrap();
        assert_eq!(client.wait_for(|status| status == JobStatus::Running), JobStatus::Running);
        client.cancel();
        expect_cancelled(&client);
        wait_until(|| (executor.live_tasks() == 0).then_some(()));
    }
}

#[test]
fn an_endless_job_can_be_cancelled_at_any_time() {
    let _watchdog = Watchdog::start();
    for program in PROGRAMS {
        for seed in 0..100 {
            let run = Run::seeded(seed, 2);
            let executor = SeededExecutor::new(seed);
            let env = run.environment();
            program(&env);
            let client = submit(env.take_program(Some("endless")).unwrap(), executor.clone()).unwrap();
            // From before the first task runs until well after all do.
            let after = Duration::from_micros(seed * seed);
            cancel_after(&client, executor.clone(), after);
            expect_cancelled(&client);
            assert_eq!(executor.live_tasks(), 0, "{run}");
            let took = executor.elapsed().saturating_sub(after);
            assert!(took < Duration::from_millis(100), "{run}: it took {took:?}");
        }
    }
}

/// Programs that never end by themselves.
const PROGRAMS: [fn(&StreamExecutionEnvironment); 4] = [
    |env| drop(endless(env).key_by(|n| n % 7).max(|n| n).sink_to(BlackHoleSink::new())),
    |env| drop(endless(env).rebalance().map(|n| n).broadcast().sink_to(BlackHoleSink::new())),
    // An iterator that is never at its end, at an operator that never gets a second record.
    |env| {
        let endless = env.from_collection([0u64]).flat_map(|_| 0i64..);
        endless.rebalance().filter(|n| n % 2 == 0).sink_to(BlackHoleSink::new());
    },
    // One that waits most of the time.
    |env| {
        let generator = GeneratorSource::unbounded(|index| index).with_records_per_second(1);
        let numbers = env.from_source(generator, WatermarkStrategy::no_watermarks(), "slow");
        numbers.sink_to(BlackHoleSink::new());
    },
];

fn cancel_after(client: &JobClient, executor: Arc<SeededExecutor>, after: Duration) {
    let client = client.clone();
    let sleep =
        hurtig::connector::Host::sleep_until(&*executor, hurtig::core::Instant::from_nanos(0) + after);
    let cancel = async move {
        sleep.await;
        client.cancel();
    };
    executor.spawn("canceller", Box::pin(cancel)).unwrap();
}

fn expect_cancelled(client: &JobClient) {
    let error = client.result().map(|_| ()).unwrap_err();
    expect_message("cancelled", &error, &["job 'endless' was cancelled"]);
    assert_eq!(client.status(), JobStatus::Canceled);
}

#[test]
fn whoever_has_seen_enough_drops_the_iterator_and_the_job_ends() {
    let _watchdog = Watchdog::start();
    let env = Run::threads(2).environment();
    let mut found = endless(&env).map(|n| n / 2).execute_and_collect("endless").unwrap();
    let client = found.client().clone();
    let first: Vec<i64> = found.by_ref().take(1000).collect::<Result<_>>().unwrap();
    assert_eq!(first.len(), 1000);
    drop(found);
    assert!(client.result().is_err());
    assert!(client.status().is_terminal());
}

#[test]
fn a_collected_job_that_fails_gives_its_error_last() {
    let _watchdog = Watchdog::start();
    let fails = |n: i64| if n == 500 { Err("500 is too much") } else { Ok(n) };
    for run in [Run::threads(1), Run::seeded(5, 1)] {
        let env = run.environment();
        let mut found = env.from_sequence(0, 10_000).try_map(fails).execute_and_collect("fails").unwrap();
        let error = found.find_map(Result::err).unwrap();
        expect_message(run, &error, &["operator 'Map' (1/1)", "500 is too much"]);
        assert!(found.next().is_none(), "{run}: nothing follows the error");
    }
}

#[test]
fn earlier_executes_return_what_is_recorded() {
    let _watchdog = Watchdog::start();
    let first = StreamExecutionEnvironment::default();
    first.from_sequence(1, 3).sink_to(BlackHoleSink::new());
    let recorded = first.execute("first").unwrap();

    let again = StreamExecutionEnvironment::default();
    let list = serde_json::to_string(&[&recorded]).unwrap();
    again.set("hurtig.execution.recorded-results", list);
    let (not_run, run) = (Recorder::new(), Recorder::new());
    again.from_collection([1i64]).sink_to(not_run.clone());
    assert_eq!(again.execute("first").unwrap().job_id, recorded.job_id);
    again.from_collection([2i64]).sink_to(run.clone());
    assert_ne!(again.execute("second").unwrap().job_id, recorded.job_id);
    assert_eq!((not_run.records().len(), run.records().len()), (0, 1));

    again.set("hurtig.execution.recorded-results", "nonsense");
    again.from_collection([1i64]).sink_to(BlackHoleSink::new());
    let error = again.execute("third").map(|_| ()).unwrap_err();
    expect_message("threads", &error, &["hurtig.execution.recorded-results"]);
}
