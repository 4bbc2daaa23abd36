//! The sources that need no outside system.
use hurtig::connectors::base::{BlackHoleSink, GeneratorSource};
use hurtig::prelude::*;

use crate::functions::{WithTime, timed};
use crate::harness::{Run, Watchdog, check, check_in_order};

#[test]
fn a_collection_in_order() {
    check_in_order(
        |env| env.from_collection(["c", "a", "b"].map(str::to_owned)),
        ["c", "a", "b"].map(str::to_owned),
    );
    check_in_order(|env| env.from_collection(Vec::<i64>::new()), []);
    check_in_order(|env| env.from_collection([()]), [()]);
    let rows = || (0..25i32).map(|n| (n, (n % 2 == 0).then(|| format!("row {n}"))));
    check_in_order(move |env| env.from_collection(rows()), rows());
}

#[test]
fn a_collection_has_no_times_unless_given() {
    check_in_order(|env| env.from_collection(0..9i64).process(WithTime), (0..9).map(|n| (n, None)));
    let input = || timed((0..9).map(|n| (n, 500 - n)));
    check_in_order(
        move |env| env.from_timestamped(input()).process(WithTime),
        (0..9).map(|n| (n, Some(500 - n))),
    );
    check_in_order(|env| env.from_timestamped(Vec::<(i64, EventTime)>::new()), []);
}

#[test]
fn a_sequence_includes_both_ends() {
    check_in_order(|env| env.from_sequence(-7, 30), -7..=30);
    check_in_order(|env| env.from_sequence(5, 5), [5]);
    check_in_order(|env| env.from_sequence(5, 4), []);
    check_in_order(|env| env.from_sequence(i64::MAX - 2, i64::MAX), i64::MAX - 2..=i64::MAX);
}

#[test]
fn a_sequence_may_have_fewer_numbers_than_readers() {
    check(|env| env.from_sequence(1, 2).map(|n| n * n).set_parallelism(3), [1, 4]);
}

#[test]
fn a_generator_makes_records_from_indexes() {
    check_in_order(
        |env| {
            let generator = GeneratorSource::new(|index| format!("record {index}"), 30);
            env.from_source(generator, WatermarkStrategy::no_watermarks(), "generator")
        },
        (0..30).map(|index| format!("record {index}")),
    );
}

#[test]
fn a_generator_keeps_its_rate() {
    let _watchdog = Watchdog::start();
    for seed in 0..20 {
        for parallelism in [1, 4] {
            let run = Run::seeded(seed, parallelism);
            let env = run.environment();
            let generator = GeneratorSource::new(|index| index, 41).with_records_per_second(20);
            let numbers = env.from_source(generator, WatermarkStrategy::no_watermarks(), "generator");
            numbers.sink_to(BlackHoleSink::new());
            let result = env.execute("rate").unwrap();
            let millis = result.net_runtime.as_millis();
            assert!((1900..2300).contains(&millis), "{run}: {millis} ms");
        }
    }
}
