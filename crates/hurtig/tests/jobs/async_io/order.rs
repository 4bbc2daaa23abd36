//! In which order results leave, with watermarks or without; and how many records are in flight.
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use hurtig::prelude::*;

use super::{LONG, Load, sleep, some_runs, uneven, with_host};
use crate::functions::{Observe, Seen, timed, watermarks};
use crate::harness::{check, check_each, check_in_order, runs};

/// None, one or two results of one record.
fn results(value: i64) -> Vec<i64> {
    (0..value % 3).map(|n| value * 10 + n).collect()
}

#[test]
fn ordered_results_come_in_the_order_of_their_records() {
    check_in_order(
        |env| {
            let function = with_host(|value, host| async move {
                sleep(&*host, uneven(value)).await;
                Ok(results(value))
            });
            AsyncDataStream::ordered_wait(&env.from_collection(0..40i64), function, LONG, 7)
        },
        (0..40).flat_map(results),
    );
}

#[test]
fn unordered_results_are_the_same() {
    check(
        |env| {
            let function = with_host(|value, host| async move {
                sleep(&*host, uneven(value)).await;
                Ok(results(value))
            });
            AsyncDataStream::unordered_wait(&env.from_collection(0..40i64), function, LONG, 7)
        },
        (0..40).flat_map(results),
    );
}

#[test]
fn closures_and_async_functions_will_do() {
    async fn halves(value: i64) -> Result<Vec<i64>, std::num::TryFromIntError> {
        let small = u8::try_from(value)?;
        Ok(if small.is_multiple_of(2) { vec![i64::from(small / 2)] } else { vec![] })
    }
    check_in_order(
        |env| {
            let doubled = |value: i64| async move { vec![value * 2] };
            let doubled = AsyncDataStream::ordered_wait(&env.from_collection(0..40i64), doubled, LONG, 100);
            AsyncDataStream::ordered_wait(&doubled, halves, LONG, 100)
        },
        0..40,
    );
}

/// Something that happens once.
#[derive(Clone, Default)]
struct Event {
    happened: Arc<AtomicBool>,
    waiting: Arc<Mutex<Vec<Waker>>>,
}

impl Event {
    fn happen(&self) {
        self.happened.store(true, Ordering::SeqCst);
        std::mem::take(&mut *self.waiting.lock().unwrap()).into_iter().for_each(Waker::wake);
    }

    async fn wait(self) {
        poll_fn(|cx| {
            self.waiting.lock().unwrap().push(cx.waker().clone());
            if self.happened.load(Ordering::SeqCst) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

/// The second record's call has to end before the first one's can.
fn second_first(env: &StreamExecutionEnvironment, ordered: bool) -> DataStream<i64> {
    let second = Event::default();
    let function = move |value: i64| {
        let second = second.clone();
        async move {
            if value == 1 {
                second.wait().await
            } else {
                second.happen()
            }
            vec![value]
        }
    };
    let numbers = env.from_collection([1i64, 2]);
    let results = if ordered {
        AsyncDataStream::ordered_wait(&numbers, function, LONG, 2)
    } else {
        AsyncDataStream::unordered_wait(&numbers, function, LONG, 2)
    };
    results.set_parallelism(1).map(|n| n).set_parallelism(1)
}

#[test]
fn the_order_is_that_of_completion_or_that_of_records() {
    check_each(|env| second_first(env, false), |run, found| assert_eq!(found, [2, 1], "{run}"));
    check_each(|env| second_first(env, true), |run, found| assert_eq!(found, [1, 2], "{run}"));
}

/// Five records of each time, and a watermark wherever the time has gone on.
fn in_fives() -> Vec<(i64, EventTime)> {
    timed((0..60).map(|n| (n, n / 5 * 10)))
}

/// What an observer behind the calls sees: each result is its record.
fn observed(env: &StreamExecutionEnvironment, ordered: bool) -> DataStream<Seen> {
    let function = with_host(|value, host| async move {
        sleep(&*host, uneven(value)).await;
        Ok(vec![value])
    });
    let numbers = env.from_timestamped(in_fives());
    let results = if ordered {
        AsyncDataStream::ordered_wait(&numbers, function, LONG, 13)
    } else {
        AsyncDataStream::unordered_wait(&numbers, function, LONG, 13)
    };
    results.set_parallelism(1).process(Observe).set_parallelism(1)
}

fn expected() -> Vec<Seen> {
    let (mut expect, mut last) = (Vec::new(), i64::MIN);
    for (value, time) in in_fives() {
        let time = time.as_millis();
        expect.push(Seen::Record(value, Some(time), last));
        if last < time - 1 {
            last = time - 1;
            expect.push(Seen::Watermark(last));
        }
    }
    expect.extend([Seen::Watermark(i64::MAX), Seen::End]);
    expect
}

#[test]
fn ordered_watermarks_stay_in_their_place() {
    check_in_order(|env| observed(env, true), expected());
}

#[test]
fn unordered_nothing_overtakes_a_watermark_and_a_watermark_overtakes_nothing() {
    let disordered = AtomicUsize::new(0);
    let by_value = |seen: &[Seen]| -> BTreeMap<i64, Seen> {
        let record = |seen: &Seen| {
            if let Seen::Record(value, ..) = seen { Some((*value, seen.clone())) } else { None }
        };
        seen.iter().filter_map(record).collect()
    };
    check_each(
        |env| observed(env, false),
        |run, found| {
            // Each record with its own time, and exactly the watermark before it that it came with.
            assert_eq!(by_value(&found), by_value(&expected()), "{run}");
            assert_eq!(watermarks(&found), watermarks(&expected()), "{run}");
            assert_eq!(found.len(), expected().len(), "{run}");
            assert_eq!(found.last(), Some(&Seen::End), "{run}");
            disordered.fetch_add(usize::from(found != expected()), Ordering::Relaxed);
        },
    );
    let disordered = disordered.into_inner();
    assert!(disordered > 300, "only {disordered} runs changed the order between watermarks");
}

#[test]
fn there_are_never_more_calls_than_the_capacity() {
    const CAPACITY: usize = 5;
    for ordered in [true, false] {
        for run in some_runs() {
            let load = Arc::new(Load::default());
            let found = run.collect(&|env: &StreamExecutionEnvironment| {
                let load = load.clone();
                let function = with_host(move |value, host| {
                    let entered = load.enter();
                    async move {
                        let _entered = entered;
                        sleep(&*host, 1 + uneven(value)).await;
                        Ok(vec![value])
                    }
                });
                let numbers = env.from_collection(0..40i64);
                let results = if ordered {
                    AsyncDataStream::ordered_wait(&numbers, function, LONG, CAPACITY)
                } else {
                    AsyncDataStream::unordered_wait(&numbers, function, LONG, CAPACITY)
                };
                results.set_parallelism(1)
            });
            assert_eq!((found.len(), load.total(), load.now()), (40, 40, 0), "{run}");
            assert_eq!(load.most(), CAPACITY, "{run}: as many as allowed, and not one more");
        }
    }
}

#[test]
fn results_that_wait_for_their_turn_take_up_capacity() {
    const CAPACITY: usize = 3;
    for run in some_runs() {
        let load = Arc::new(Load::default());
        let started = Arc::new(AtomicUsize::new(0));
        let found = run.collect(&|env: &StreamExecutionEnvironment| {
            let (load, started) = (load.clone(), started.clone());
            let function = with_host(move |value, host| {
                let (entered, load, started) = (load.enter(), load.clone(), started.clone());
                async move {
                    let _entered = entered;
                    if value == 0 {
                        // The others are there long before.
                        sleep(&*host, 20).await;
                        started.store(load.total(), Ordering::SeqCst);
                    }
                    Ok(vec![value])
                }
            });
            let numbers = env.from_collection(0..10i64);
            AsyncDataStream::ordered_wait(&numbers, function, LONG, CAPACITY).set_parallelism(1)
        });
        assert_eq!(found.len(), 10, "{run}");
        assert_eq!(started.load(Ordering::SeqCst), CAPACITY, "{run}: calls before the first had ended");
    }
}

#[test]
fn calls_upon_calls_and_many_records_between_them() {
    let long = |value: i64| async move { vec![value; 30] };
    check(
        |env| {
            let numbers = env.from_collection(0..20i64).rebalance();
            let function = with_host(|value, host| async move {
                sleep(&*host, uneven(value) / 4).await;
                Ok(vec![value, value + 1])
            });
            let first = AsyncDataStream::unordered_wait(&numbers, function, LONG, 4);
            let many = AsyncDataStream::ordered_wait(&first, long, LONG, 2).flat_map(|n| [n, -n]);
            AsyncDataStream::ordered_wait(
                &many,
                |n: i64| async move { if n > 3 { vec![n] } else { vec![] } },
                LONG,
                50,
            )
        },
        (0..20).flat_map(|n| [n, n + 1]).filter(|n| *n > 3).flat_map(|n| vec![n; 30]),
    );
}

#[test]
fn all_seeds_differ_in_their_order_somewhere() {
    // If every seed gave one order, the tests above would say little.
    let orders: std::collections::BTreeSet<Vec<i64>> = runs()
        .filter(|run| run.seed.is_some_and(|seed| seed < 40))
        .map(|run| {
            run.collect(&|env: &StreamExecutionEnvironment| {
                let function = with_host(|value, host| async move {
                    sleep(&*host, uneven(value)).await;
                    Ok(vec![value])
                });
                AsyncDataStream::unordered_wait(&env.from_collection(0..40i64), function, LONG, 7)
            })
        })
        .collect();
    assert!(orders.len() > 20, "{} orders", orders.len());
}
