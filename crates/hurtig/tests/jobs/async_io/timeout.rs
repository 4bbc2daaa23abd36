//! Calls that take too long.
use std::future::{Future, pending};
use std::sync::Arc;
use std::time::Duration;

use hurtig::connectors::base::BlackHoleSink;
use hurtig::jobmaster::submit;
use hurtig::prelude::*;
use hurtig::runtime::SeededExecutor;

use super::{LONG, Load, sleep, some_runs, some_seeds, with_host};
use crate::harness::{check, check_fails, expect_message};

/// Short enough to be waited for, also on threads.
const SHORT: Duration = Duration::from_millis(20);

/// Never answers for one in seven; the others are there at once.
async fn mute(value: i64) -> Vec<i64> {
    if value % 7 == 3 { pending().await } else { vec![value] }
}

#[test]
fn a_call_that_takes_too_long_fails_the_job() {
    for ordered in [true, false] {
        check_fails(
            |env| {
                let numbers = env.from_collection(0..5i64);
                if ordered {
                    AsyncDataStream::ordered_wait(&numbers, mute, SHORT, 10)
                } else {
                    AsyncDataStream::unordered_wait(&numbers, mute, SHORT, 10)
                }
                .set_parallelism(1)
            },
            &["operator 'async wait operator' (1/1): record 4: no results within 20ms", "timed out"],
        );
    }
}

/// Gives the negative number where there is no answer in time.
#[derive(Clone)]
pub struct OrNegative(pub(super) Arc<Load>);

impl AsyncFunction<i64, i64> for OrNegative {
    fn async_invoke(&mut self, value: i64) -> impl Future<Output = Result<Vec<i64>>> + Send + 'static {
        let entered = self.0.enter();
        async move {
            let _entered = entered;
            Ok(mute(value).await)
        }
    }

    fn timeout(&mut self, value: i64) -> Result<Vec<i64>> {
        Ok(vec![-value, -value])
    }
}

#[test]
fn a_function_may_give_results_instead() {
    let load = Arc::new(Load::default());
    let expect = || (0..20).flat_map(|n| if n % 7 == 3 { vec![-n, -n] } else { vec![n] });
    for ordered in [true, false] {
        check(
            |env| {
                let function = OrNegative(load.clone());
                let numbers = env.from_collection(0..20i64).rebalance();
                match ordered {
                    true => AsyncDataStream::ordered_wait(&numbers, function, SHORT, 2),
                    false => AsyncDataStream::unordered_wait(&numbers, function, SHORT, 2),
                }
            },
            expect(),
        );
    }
    assert_eq!(load.now(), 0);
}

#[test]
fn the_time_is_up_when_it_says_and_an_answer_before_counts() {
    for (answer, in_time) in [(99, true), (101, false)] {
        for run in some_seeds() {
            let executor = SeededExecutor::new(run.seed.unwrap());
            let env = run.environment();
            let function = with_host(move |value, host| async move {
                sleep(&*host, answer).await;
                Ok(vec![value])
            });
            let numbers = env.from_collection([1i64]);
            let timeout = Duration::from_millis(100);
            AsyncDataStream::unordered_wait(&numbers, function, timeout, 1).sink_to(BlackHoleSink::new());
            let client = submit(env.take_program(Some("slow")).unwrap(), executor.clone()).unwrap();
            let result = client.result();
            assert_eq!(result.is_ok(), in_time, "{run}: {answer} ms: {result:?}");
            let took = executor.elapsed();
            let expect =
                Duration::from_millis(answer.min(100) - 1)..Duration::from_millis(answer.min(100) + 20);
            assert!(expect.contains(&took), "{run}: {took:?}");
        }
    }
}

#[test]
fn a_deadline_of_long_ago_does_not_keep_a_job_from_its_end() {
    for run in some_seeds() {
        let executor = SeededExecutor::new(run.seed.unwrap());
        let env = run.environment();
        let quick = |value: i64| async move { vec![value] };
        let numbers = env.from_collection(0..30i64);
        AsyncDataStream::ordered_wait(&numbers, quick, LONG, 4).sink_to(BlackHoleSink::new());
        submit(env.take_program(Some("quick")).unwrap(), executor.clone()).unwrap().result().unwrap();
        assert!(executor.elapsed() < LONG / 10, "{run}: {:?}", executor.elapsed());
    }
}

#[test]
fn without_a_timeout_a_call_may_take_as_long_as_it_likes() {
    for run in some_seeds() {
        let found = run.collect(&|env: &StreamExecutionEnvironment| {
            let function = with_host(|value, host| async move {
                sleep(&*host, 200_000).await;
                Ok(vec![value])
            });
            AsyncDataStream::ordered_wait(&env.from_collection(0..3i64), function, Duration::ZERO, 4)
        });
        assert_eq!(found.len(), 3, "{run}");
    }
}

#[test]
fn a_timeout_that_fails_names_its_own_reason() {
    #[derive(Clone)]
    struct Strict;
    impl AsyncFunction<i64, i64> for Strict {
        fn async_invoke(&mut self, _: i64) -> impl Future<Output = Result<Vec<i64>>> + Send + 'static {
            pending()
        }
        fn timeout(&mut self, value: i64) -> Result<Vec<i64>> {
            Err(Error::user(format!("nobody knows {value}")))
        }
    }
    for run in some_runs().take(4) {
        let program = |env: &StreamExecutionEnvironment| {
            AsyncDataStream::ordered_wait(&env.from_collection([17i64]), Strict, SHORT, 10)
        };
        let error = run.try_collect(&program).unwrap_err();
        expect_message(run, &error, &["record 1: no results within 20ms: nobody knows 17"]);
        assert_eq!(error.kind(), hurtig::ErrorKind::User);
    }
}
