//! Calls that are made again.
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hurtig::operator::async_io::{
    AsyncRetryStrategy, ExponentialBackoffDelayRetryStrategy, FixedDelayRetryStrategy, empty_result,
    has_exception,
};
use hurtig::prelude::*;

use super::{LONG, WithHost, some_runs, some_seeds, with_host};
use crate::harness::{Run, check, check_fails, check_in_order, expect_message};

const STEP: Duration = Duration::from_millis(4);

/// When each value was called, in milliseconds.
type Tries = Arc<Mutex<BTreeMap<i64, Vec<i64>>>>;

/// Fails, or finds nothing, for the first value modulo 4 tries.
fn flaky(tries: &Tries, fails: bool) -> impl AsyncFunction<i64, i64> + use<> {
    let tries = tries.clone();
    with_host(move |value, host| {
        let now = host.processing_time().as_millis();
        let mut tries = tries.lock().unwrap();
        let tries = tries.entry(value).or_default();
        tries.push(now);
        let good = tries.len() as i64 > value % 4;
        async move {
            match good {
                true => Ok(vec![value]),
                false if fails => Err(Error::retry(format!("the store is away for {value}"))),
                false => Ok(vec![]),
            }
        }
    })
}

/// The numbers below 12 through a flaky store.
fn program<S: AsyncRetryStrategy<i64>>(
    env: &StreamExecutionEnvironment,
    tries: &Tries,
    fails: bool,
    strategy: S,
) -> DataStream<i64> {
    let numbers = env.from_collection(0..12i64);
    AsyncDataStream::ordered_wait_with_retry(&numbers, flaky(tries, fails), LONG, 5, strategy)
}

fn fixed(max_attempts: u32) -> FixedDelayRetryStrategy<i64> {
    FixedDelayRetryStrategy::new(max_attempts, STEP)
}

fn exponential(max_attempts: u32) -> ExponentialBackoffDelayRetryStrategy<i64> {
    ExponentialBackoffDelayRetryStrategy::new(max_attempts, STEP, STEP * 3, 2.0)
}

#[test]
fn what_failed_is_tried_again() {
    let program = |env: &StreamExecutionEnvironment| {
        program(env, &Tries::default(), true, fixed(3).if_exception(has_exception))
    };
    check_in_order(program, 0..12);
}

#[test]
fn what_was_not_found_is_tried_again() {
    let strategy = || exponential(3).if_result(empty_result);
    check(
        |env| {
            let function = flaky(&Tries::default(), false);
            let numbers = env.from_collection(0..12i64);
            AsyncDataStream::unordered_wait_with_retry(&numbers, function, LONG, 5, strategy())
        },
        0..12,
    );
}

/// The times between the tries of each value, with what was asked for, are at least that; and under a seed
/// hardly more.
fn check_pauses(
    strategy: impl Fn() -> Box<dyn Fn(&StreamExecutionEnvironment, &Tries) -> DataStream<i64>>,
    expect: [u64; 3],
) {
    for run in some_runs() {
        let tries = Tries::default();
        let found = run.collect(&|env: &StreamExecutionEnvironment| strategy()(env, &tries));
        assert_eq!(found.len(), 12, "{run}");
        for (value, times) in &*tries.lock().unwrap() {
            assert_eq!(times.len() as i64, value % 4 + 1, "{run}: {value}");
            for (pause, expect) in times.windows(2).map(|pair| pair[1] - pair[0]).zip(expect) {
                let expect = expect as i64;
                assert!(pause >= expect, "{run}: {value}: {times:?}");
                assert!(run.seed.is_none() || pause < expect + 3, "{run}: {value}: {times:?}");
            }
        }
    }
}

#[test]
fn the_pauses_between_tries_are_the_strategys() {
    check_pauses(
        || Box::new(|env, tries| program(env, tries, true, fixed(3).if_exception(has_exception))),
        [4, 4, 4],
    );
    check_pauses(
        || Box::new(|env, tries| program(env, tries, true, exponential(3).if_exception(has_exception))),
        [4, 8, 12],
    );
}

#[test]
fn the_last_failure_fails_the_job() {
    for strategy in [0, 2] {
        let program = |env: &StreamExecutionEnvironment| {
            program(env, &Tries::default(), true, fixed(strategy).if_exception(has_exception))
                .set_parallelism(1)
        };
        let tries = if strategy == 0 { "record 2: the store" } else { "record 4, after 3 tries: the store" };
        check_fails(program, &["operator 'async wait operator' (1/1)", tries, "is away for"]);
    }
}

#[test]
fn the_last_result_goes_on_as_it_is() {
    let found = |run: Run| {
        run.collect(&|env: &StreamExecutionEnvironment| {
            program(env, &Tries::default(), false, fixed(2).if_result(empty_result))
        })
    };
    for run in some_runs() {
        assert_eq!(crate::harness::sorted(found(run)), [0, 1, 2, 4, 5, 6, 8, 9, 10], "{run}");
    }
}

#[test]
fn what_no_predicate_names_is_not_tried_again() {
    let never =
        |env: &StreamExecutionEnvironment| program(env, &Tries::default(), true, fixed(9)).set_parallelism(1);
    check_fails(never, &["record 2: the store is away for 1"]);
    let others = |env: &StreamExecutionEnvironment| {
        let strategy =
            fixed(9).if_result(empty_result).if_exception(|error| error.to_string().ends_with("for 1"));
        program(env, &Tries::default(), true, strategy).set_parallelism(1)
    };
    check_fails(others, &["record 3: the store is away for 2"]);
}

#[test]
fn a_panic_is_not_tried_again() {
    let panics = |env: &StreamExecutionEnvironment| {
        let function =
            |value: i64| async move { if value == 3 { panic!("broken {value}") } else { vec![value] } };
        let strategy = fixed(9).if_exception(has_exception);
        let numbers = env.from_collection(0..12i64);
        AsyncDataStream::ordered_wait_with_retry(&numbers, function, LONG, 5, strategy).set_parallelism(1)
    };
    check_fails(panics, &["record 4: panic: broken 3"]);
}

#[test]
fn the_timeout_covers_all_tries_and_the_pauses_between_them() {
    let timeout = Duration::from_millis(20);
    let function = |_: i64| async { Err::<Vec<i64>, _>("away") };
    let program = |env: &StreamExecutionEnvironment| {
        let strategy =
            FixedDelayRetryStrategy::new(1000, Duration::from_millis(6)).if_exception(has_exception);
        let numbers = env.from_collection([1i64]);
        AsyncDataStream::unordered_wait_with_retry(&numbers, function, timeout, 5, strategy)
            .set_parallelism(1)
    };
    check_fails(program, &["record 1, after ", " tries: no results within 20ms"]);
    for run in some_seeds() {
        let error = run.try_collect(&program).unwrap_err();
        let expect = (3..=4).any(|tries| error.to_string().contains(&format!("after {tries} tries")));
        assert!(expect, "{run}: {error}");
    }
}

#[test]
fn retries_without_an_end_and_capacities_of_nothing_are_mistakes() {
    let mistaken = |stream: fn(
        &DataStream<i64>,
        WithHost<fn(i64, Arc<dyn hurtig::connector::Host>) -> Never>,
    ) -> DataStream<i64>,
                    expect: &str| {
        let env = StreamExecutionEnvironment::default();
        let function: fn(i64, Arc<dyn hurtig::connector::Host>) -> Never = |_, _| std::future::pending();
        stream(&env.from_collection([1i64]).name("Ones"), with_host(function)).print();
        let error = env.execute("mistaken").map(|_| ()).unwrap_err();
        expect_message("mistaken", &error, &["after operator 'Ones'", expect]);
    };
    mistaken(|ones, f| AsyncDataStream::ordered_wait(ones, f, LONG, 0), "capacity 0");
    mistaken(|ones, f| AsyncDataStream::unordered_wait(ones, f, LONG, usize::MAX), "expected 1 to 1048576");
    mistaken(
        |ones, f| AsyncDataStream::ordered_wait_with_retry(ones, f, Duration::ZERO, 1, fixed(1)),
        "no timeout",
    );
}

type Never = std::future::Pending<Result<Vec<i64>>>;
