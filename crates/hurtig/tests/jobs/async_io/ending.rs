//! What ends calls: their failure, the end of the input, the end of the job. And what does not: silence.
use std::future::{Future, pending};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hurtig::connectors::base::{BlackHoleSink, GeneratorSource};
use hurtig::jobmaster::submit;
use hurtig::prelude::*;
use hurtig::runtime::{SeededExecutor, ThreadExecutor};

use super::{LONG, Load, after, sleep, some_runs, with_host};
use crate::functions::{Observe, Seen};
use crate::harness::{Run, Watchdog, check_each, check_fails, expect_message, wait_until};
use crate::recorder::{Event, Recorder};
use crate::script::{Script, Step};

#[test]
fn a_call_that_fails_fails_the_job() {
    let fails = |value: i64| async move { if value == 7 { Err("no user 7") } else { Ok(vec![value]) } };
    let program = |env: &StreamExecutionEnvironment| {
        AsyncDataStream::unordered_wait(&env.from_collection(0..20i64), fails, LONG, 5).set_parallelism(1)
    };
    check_fails(program, &["operator 'async wait operator' (1/1): record 8: no user 7"]);
    let program = |env: &StreamExecutionEnvironment| {
        let numbers = env.from_collection(0..20i64).rebalance();
        AsyncDataStream::ordered_wait(&numbers, fails, LONG, 5).name("Users")
    };
    check_fails(program, &["operator 'Users' (", "no user 7"]);
}

#[test]
fn a_failure_keeps_its_kind() {
    for run in some_runs().take(6) {
        let fails = |_: i64| async { Err::<Vec<i64>, _>(Error::user("no such table")) };
        let program = |env: &StreamExecutionEnvironment| {
            AsyncDataStream::unordered_wait(&env.from_collection([1i64]), fails, LONG, 5)
        };
        let error = run.try_collect(&program).unwrap_err();
        expect_message(run, &error, &["record 1: no such table"]);
        assert_eq!(error.kind(), hurtig::ErrorKind::User, "{run}");
    }
}

#[test]
fn a_panic_fails_the_job() {
    let in_the_future = |env: &StreamExecutionEnvironment| {
        let panics = with_host(|value, host| async move {
            sleep(&*host, 1).await;
            if value == 7 { panic!("oh {value}") } else { Ok(vec![value]) }
        });
        AsyncDataStream::unordered_wait(&env.from_collection(0..20i64), panics, LONG, 5).set_parallelism(1)
    };
    check_fails(in_the_future, &["operator 'async wait operator' (1/1): record 8: panic: oh 7"]);
    let before_it = |env: &StreamExecutionEnvironment| {
        let panics = with_host(|value, _| {
            if value == 7 {
                panic!("oh {value}")
            }
            async move { Ok(vec![value]) }
        });
        AsyncDataStream::unordered_wait(&env.from_collection(0..20i64), panics, LONG, 5).set_parallelism(1)
    };
    check_fails(before_it, &["operator 'async wait operator' (1/1)", "record", "panic: oh 7"]);
}

#[test]
fn the_end_of_the_input_waits_for_what_is_in_flight() {
    // All is taken, and the input at its end, long before the first answer.
    for ordered in [true, false] {
        check_each(
            |env| {
                let function = with_host(|value, host| async move {
                    sleep(&*host, 30 - value as u64).await;
                    Ok(vec![value])
                });
                let numbers = env.from_collection(0..20i64);
                let results = match ordered {
                    true => AsyncDataStream::ordered_wait(&numbers, function, LONG, 100),
                    false => AsyncDataStream::unordered_wait(&numbers, function, LONG, 100),
                };
                results.set_parallelism(1).process(Observe).set_parallelism(1)
            },
            |run, found| {
                assert_eq!(found.len(), 22, "{run}: {found:?}");
                assert_eq!(found[20..], [Seen::Watermark(i64::MAX), Seen::End], "{run}");
            },
        );
    }
}

#[test]
fn results_come_out_though_no_input_follows() {
    let _watchdog = Watchdog::start();
    for run in some_runs() {
        let env = run.environment();
        let recorder = Recorder::new();
        let script = Script::new([vec![Step::Record(1, 10), Step::Record(2, 20), Step::Hang]]);
        let function = with_host(|value, host| async move {
            sleep(&*host, 5).await;
            Ok(vec![value])
        });
        let numbers = env.from_source(script, WatermarkStrategy::no_watermarks(), "script");
        AsyncDataStream::ordered_wait(&numbers, function, LONG, 100).sink_to(recorder.clone());
        let executor = hurtig::run::executor(&env.configuration()).unwrap();
        let client = submit(env.take_program(Some("silent")).unwrap(), executor.clone()).unwrap();
        match run.seed {
            None => wait_until(|| (recorder.records().len() == 2).then_some(())),
            Some(_) => after(executor.as_ref(), Duration::from_millis(500)),
        }
        let writes = |(_, event): (u32, Event<i64>)| matches!(event, Event::Write(..)).then_some(event);
        let records: Vec<_> = recorder.events().into_iter().filter_map(writes).collect();
        let write = |value, time| Event::Write(value, Some(time), i64::MIN);
        assert_eq!(records, [write(1, 10), write(2, 20)], "{run}");
        client.cancel();
        assert!(client.result().is_err(), "{run}");
    }
}

/// Calls that never end, in two tasks, behind an endless source.
fn mute(env: &StreamExecutionEnvironment, load: &Arc<Load>) {
    let load = load.clone();
    let function = move |_: i64| {
        let entered = load.enter();
        async move {
            let _entered = entered;
            pending::<Vec<i64>>().await
        }
    };
    let source = GeneratorSource::unbounded(|index| index as i64);
    let numbers = env.from_source(source, WatermarkStrategy::no_watermarks(), "endless");
    AsyncDataStream::unordered_wait(&numbers, function, LONG, 10).sink_to(BlackHoleSink::new());
}

#[test]
fn cancelling_the_job_drops_all_calls() {
    let _watchdog = Watchdog::start();
    let (executor, load) = (ThreadExecutor::new(), Arc::new(Load::default()));
    let env = Run::threads(2).environment();
    mute(&env, &load);
    let client = submit(env.take_program(Some("mute")).unwrap(), executor.clone()).unwrap();
    wait_until(|| (load.now() == 20).then_some(()));
    client.cancel();
    assert!(client.result().is_err());
    wait_until(|| (executor.live_tasks() == 0 && load.now() == 0).then_some(()));
}

#[test]
fn cancelling_the_job_at_any_time_drops_all_calls() {
    let _watchdog = Watchdog::start();
    let mut busy = 0;
    for seed in 0..100 {
        let run = Run::seeded(seed, 2);
        let (executor, load) = (SeededExecutor::new(seed), Arc::new(Load::default()));
        let env = run.environment();
        mute(&env, &load);
        let client = submit(env.take_program(Some("mute")).unwrap(), executor.clone()).unwrap();
        after(executor.as_ref(), Duration::from_micros(seed * seed));
        busy += usize::from(load.now() > 0);
        client.cancel();
        assert!(client.result().is_err(), "{run}");
        after(executor.as_ref(), Duration::from_millis(1));
        assert_eq!((executor.live_tasks(), load.now()), (0, 0), "{run}");
    }
    assert!(busy > 50, "calls were under way in {busy} runs");
}

#[test]
fn a_failure_elsewhere_drops_all_calls() {
    let _watchdog = Watchdog::start();
    for seed in 0..20 {
        let run = Run::seeded(seed, 2);
        let (executor, load) = (SeededExecutor::new(seed), Arc::new(Load::default()));
        let env = run.environment();
        mute(&env, &load);
        let fails = |n: i64| if n > 50 { Err("enough") } else { Ok(n) };
        env.from_sequence(0, 100).try_map(fails).sink_to(BlackHoleSink::new());
        let client = submit(env.take_program(Some("mute")).unwrap(), executor.clone()).unwrap();
        let error = client.result().map(|_| ()).unwrap_err();
        expect_message(run, &error, &["enough"]);
        after(executor.as_ref(), Duration::from_millis(1));
        assert_eq!((executor.live_tasks(), load.now()), (0, 0), "{run}");
    }
}

/// Counts how often it was opened and closed.
#[derive(Clone)]
struct Lifecycle {
    opened: Arc<AtomicUsize>,
    closed: Arc<AtomicUsize>,
    fails: bool,
}

impl AsyncFunction<i64, i64> for Lifecycle {
    fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
        assert!(context.index_of_this_subtask() < context.number_of_parallel_subtasks());
        self.opened.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    fn async_invoke(&mut self, value: i64) -> impl Future<Output = Result<Vec<i64>>> + Send + 'static {
        let fails = self.fails;
        async move { if fails { Err(Error::restart("no")) } else { Ok(vec![value]) } }
    }

    fn close(&mut self) -> Result<()> {
        self.closed.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

#[test]
fn a_function_is_opened_and_closed_in_each_subtask_also_when_it_fails() {
    for run in some_runs() {
        for fails in [false, true] {
            let function = Lifecycle { opened: Arc::default(), closed: Arc::default(), fails };
            let result = run.try_collect(&|env: &StreamExecutionEnvironment| {
                let numbers = env.from_collection(0..20i64).rebalance();
                AsyncDataStream::unordered_wait(&numbers, function.clone(), LONG, 5)
            });
            assert_eq!(result.is_err(), fails, "{run}");
            let count = |counter: &AtomicUsize| counter.load(Ordering::SeqCst);
            let (opened, closed) = (count(&function.opened), count(&function.closed));
            assert!(fails || opened == run.parallelism as usize, "{run}: opened {opened} times");
            assert!(closed >= opened, "{run}: opened {opened} times, closed {closed} times");
        }
    }
}
