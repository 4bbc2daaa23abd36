//! A seed is an order: the same one each time, and different seeds are different orders.
use std::collections::BTreeSet;

use hurtig::jobmaster::submit;
use hurtig::prelude::*;
use hurtig::runtime::SeededExecutor;

use crate::harness::{Run, Watchdog};
use crate::recorder::Recorder;

/// The order in which records came to the sink of a program, and the executor's digest of its steps.
fn arrivals(seed: u64, program: impl Fn(&StreamExecutionEnvironment) -> DataStream<i64>) -> (Vec<i64>, u64) {
    let env = StreamExecutionEnvironment::default();
    env.set_parallelism(1);
    let recorder = Recorder::new();
    program(&env).sink_to(recorder.clone());
    let executor = SeededExecutor::new(seed);
    let client = submit(env.take_program(Some("order")).unwrap(), executor.clone()).unwrap();
    client.result().unwrap();
    assert_eq!(executor.live_tasks(), 0);
    let order = recorder.records().into_iter().map(|(_, value)| value).collect();
    (order, executor.trace())
}

fn union(env: &StreamExecutionEnvironment) -> DataStream<i64> {
    env.from_collection(0..40i64).union([&env.from_collection(100..140i64)])
}

fn connect(env: &StreamExecutionEnvironment) -> DataStream<i64> {
    let second = env.from_collection(100..140i64);
    env.from_collection(0..40i64).connect(&second).map(|n| n, |n| n)
}

#[test]
fn a_seed_is_one_order() {
    let _watchdog = Watchdog::start();
    for seed in 0..50 {
        assert_eq!(arrivals(seed, union), arrivals(seed, union), "seed {seed}");
        assert_eq!(arrivals(seed, connect), arrivals(seed, connect), "seed {seed}");
    }
}

#[test]
fn a_whole_program_is_the_same_under_the_same_seed() {
    let _watchdog = Watchdog::start();
    let program = |env: &StreamExecutionEnvironment| {
        let words = env.from_sequence(0, 60).flat_map(|n| vec![n; n as usize % 4]);
        let sums = words.key_by(|n| n % 7).sum(|n| n);
        sums.union([&env.from_sequence(100, 120).shuffle()])
    };
    for seed in 0..20 {
        let run = Run::seeded(seed, 4);
        assert_eq!(run.collect(&program), run.collect(&program), "{run}");
    }
}

#[test]
fn seeds_are_different_orders() {
    let _watchdog = Watchdog::start();
    for program in [union, connect] {
        let orders: BTreeSet<_> = (0..100).map(|seed| arrivals(seed, program).0).collect();
        assert!(orders.len() >= 50, "100 seeds gave {} orders", orders.len());
        let in_order = |order: &Vec<i64>| {
            let (low, high): (Vec<i64>, Vec<i64>) = order.iter().partition(|n| **n < 100);
            low == Vec::from_iter(0..40) && high == Vec::from_iter(100..140)
        };
        assert!(orders.iter().all(in_order), "each input keeps its own order");
    }
}
