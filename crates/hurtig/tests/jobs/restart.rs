//! `restart-strategy.type: fixed-delay`. On the mock clock, where the delays cost nothing.
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use hurtig::connectors::base::{BlackHoleSink, CollectSink};
use hurtig::jobmaster::submit;
use hurtig::prelude::*;
use hurtig::runtime::{SeededExecutor, ThreadExecutor};

use crate::harness::{Run, Watchdog, expect_message, sorted, wait_until};

/// Fails at 13 in the first attempts.
#[derive(Clone)]
struct Unlucky {
    attempts: u32,
    attempt: u32,
    panics: bool,
    opened: Arc<AtomicU32>,
}

impl Unlucky {
    fn for_attempts(attempts: u32) -> Unlucky {
        Unlucky { attempts, attempt: 0, panics: false, opened: Arc::default() }
    }
}

impl RichFunction for Unlucky {
    fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
        self.attempt = context.attempt_number();
        self.opened.fetch_max(self.attempt + 1, Ordering::Relaxed);
        context.long_counter("attempts of subtasks").add(1);
        Ok(())
    }
}

impl MapFunction<i64, i64> for Unlucky {
    fn map(&mut self, value: i64) -> Result<i64> {
        if value == 13 && self.attempt < self.attempts {
            assert!(!self.panics, "bad luck in attempt {}", self.attempt);
            return Err(Error::restart(format!("bad luck in attempt {}", self.attempt)));
        }
        Ok(value)
    }
}

fn restarting(run: Run, attempts: u32, delay: &str) -> StreamExecutionEnvironment {
    let env = run.environment();
    env.set("restart-strategy.type", "fixed-delay");
    env.set("restart-strategy.fixed-delay.attempts", attempts.to_string());
    env.set("restart-strategy.fixed-delay.delay", delay);
    env
}

#[test]
fn a_map_that_panics_at_first_succeeds_in_the_next_attempt() {
    let _watchdog = Watchdog::start();
    for seed in 0..100 {
        for parallelism in [1, 4] {
            let run = Run::seeded(seed, parallelism);
            let env = restarting(run, 1, "3 s");
            let unlucky = Unlucky { panics: seed % 2 == 0, ..Unlucky::for_attempts(1) };
            let (sink, records) = CollectSink::new(usize::MAX);
            env.from_collection(0..30i64).rebalance().map_with(unlucky).sink_to(sink).set_parallelism(1);
            let executor = SeededExecutor::new(seed);
            let client = submit(env.take_program(Some("unlucky")).unwrap(), executor.clone()).unwrap();
            let result = client.result().unwrap_or_else(|error| panic!("{run}: {error}"));
            // Each record once: what the first attempt had collected is thrown away.
            let found = sorted(records.collect::<Result<Vec<_>>>().unwrap());
            assert_eq!(found, Vec::from_iter(0..30), "{run}");
            // Accumulators are those of the attempt that finished.
            let opened = result.accumulator("attempts of subtasks");
            let expect = hurtig::operator::accumulator::Accumulator::Long(i64::from(parallelism));
            assert_eq!(opened, Some(&expect), "{run}");
            let elapsed = executor.elapsed();
            assert!((3..4).contains(&elapsed.as_secs()), "{run}: the delay is 3 s, it took {elapsed:?}");
        }
    }
}

#[test]
fn the_last_attempts_error_is_the_jobs() {
    let _watchdog = Watchdog::start();
    for seed in 0..50 {
        let run = Run::seeded(seed, 2);
        let env = restarting(run, 2, "10 s");
        let unlucky = Unlucky::for_attempts(u32::MAX);
        let opened = unlucky.opened.clone();
        env.from_collection(0..30i64).map_with(unlucky).name("Unlucky").sink_to(BlackHoleSink::new());
        let executor = SeededExecutor::new(seed);
        let client = submit(env.take_program(Some("unlucky")).unwrap(), executor.clone()).unwrap();
        let error = client.result().map(|_| ()).unwrap_err();
        expect_message(run, &error, &["operator 'Unlucky' (", "bad luck in attempt 2"]);
        assert_eq!(opened.load(Ordering::Relaxed), 3, "{run}: one attempt and two more");
        assert_eq!(client.status(), JobStatus::Failed, "{run}");
        assert_eq!(executor.elapsed().as_secs(), 20, "{run}");
        assert_eq!(executor.live_tasks(), 0, "{run}");
    }
}

#[test]
fn a_mistake_is_not_tried_again() {
    let _watchdog = Watchdog::start();
    for run in [Run::threads(2), Run::seeded(1, 2)] {
        let env = restarting(run, 5, "1 h");
        let mistake = |n: i64| if n == 13 { Err(Error::user("13 is a mistake")) } else { Ok(n) };
        env.from_collection(0..30i64).try_map(mistake).sink_to(BlackHoleSink::new());
        let error = env.execute("mistake").map(|_| ()).unwrap_err();
        expect_message(run, &error, &["13 is a mistake"]);
    }
}

#[test]
fn without_a_strategy_there_is_one_attempt() {
    let _watchdog = Watchdog::start();
    let run = Run::seeded(1, 2);
    let env = run.environment();
    let unlucky = Unlucky::for_attempts(1);
    let opened = unlucky.opened.clone();
    env.from_collection(0..30i64).map_with(unlucky).sink_to(BlackHoleSink::new());
    assert!(env.execute("once").is_err());
    assert_eq!(opened.load(Ordering::Relaxed), 1);
}

#[test]
fn a_job_that_waits_for_its_restart_can_be_cancelled() {
    let _watchdog = Watchdog::start();
    let executor = ThreadExecutor::new();
    let env = restarting(Run::threads(2), 1, "1 h");
    env.from_collection(0..30i64).map_with(Unlucky::for_attempts(1)).sink_to(BlackHoleSink::new());
    let client = submit(env.take_program(Some("unlucky")).unwrap(), executor.clone()).unwrap();
    assert_eq!(client.wait_for(|status| status == JobStatus::Restarting), JobStatus::Restarting);
    client.cancel();
    assert!(client.result().is_err());
    assert_eq!(client.status(), JobStatus::Canceled);
    wait_until(|| (executor.live_tasks() == 0).then_some(()));
}

#[test]
fn a_restart_happens_on_threads_too() {
    let _watchdog = Watchdog::start();
    let executor = ThreadExecutor::new();
    let env = restarting(Run::threads(2), 3, "1 ms");
    let unlucky = Unlucky::for_attempts(3);
    let opened = unlucky.opened.clone();
    env.from_collection(0..30i64).map_with(unlucky).sink_to(BlackHoleSink::new());
    let client = submit(env.take_program(Some("unlucky")).unwrap(), executor.clone()).unwrap();
    let result = client.result().unwrap();
    assert_eq!(opened.load(Ordering::Relaxed), 4);
    assert!(result.net_runtime >= Duration::from_millis(3));
    wait_until(|| (executor.live_tasks() == 0).then_some(()));
}
