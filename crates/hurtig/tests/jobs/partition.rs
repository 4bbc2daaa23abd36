//! How records are shared out over subtasks.
use std::collections::BTreeMap;

use hurtig::prelude::*;

use crate::functions::WithSubtask;
use crate::harness::{Run, check_each, check_fails, sorted};

/// How many records each subtask got.
fn counts(run: Run, found: &[(u32, i64)]) -> Vec<usize> {
    let mut counts = vec![0; run.parallelism as usize];
    found.iter().for_each(|(subtask, _)| counts[*subtask as usize] += 1);
    counts
}

fn values(found: &[(u32, i64)]) -> Vec<i64> {
    sorted(found.iter().map(|(_, value)| *value))
}

#[test]
fn forward_keeps_records_where_they_are() {
    check_each(
        |env| {
            let here = env.from_sequence(0, 39).map_with(WithSubtask::default());
            here.forward().map_with(WithSubtask::default()).start_new_chain()
        },
        |run, found| {
            assert!(found.iter().all(|(after, (before, _))| after == before), "{run}: {found:?}");
            assert_eq!(found.len(), 40, "{run}");
        },
    );
}

#[test]
fn rebalance_deals_out_in_turn() {
    check_each(
        |env| env.from_collection(0..40i64).rebalance().map_with(WithSubtask::default()),
        |run, found| {
            assert_eq!(counts(run, &found), vec![40 / run.parallelism as usize; run.parallelism as usize]);
            assert_eq!(values(&found), Vec::from_iter(0..40), "{run}");
        },
    );
    // Producers begin at different subtasks, so that few records are shared out evenly too.
    check_each(
        |env| {
            let four = env.from_collection(0..4i64).rebalance().map(|n| n).set_parallelism(4);
            four.rebalance().map_with(WithSubtask::default()).set_parallelism(4)
        },
        |run, found| assert_eq!(counts(Run { parallelism: 4, ..run }, &found), [1; 4], "{run}"),
    );
}

#[test]
fn whatever_the_parallelism_all_records_arrive_once() {
    let ways: [fn(DataStream<i64>) -> DataStream<i64>; 5] = [
        |numbers| numbers,
        |numbers| numbers.rebalance(),
        |numbers| numbers.rescale(),
        |numbers| numbers.shuffle(),
        |numbers| numbers.key_by(|n| *n).map(|n| n).rescale(),
    ];
    for (from, to) in [(1, 3), (3, 1), (2, 3), (3, 2), (4, 3), (3, 5)] {
        for way in ways {
            for run in [Run::threads(1), Run::seeded(from + 8, 2), Run::seeded(to + 24, 2)] {
                let found = run.collect(&|env: &StreamExecutionEnvironment| {
                    let numbers = env.from_sequence(0, 29).set_parallelism(from as u32);
                    way(numbers).map(|n| n).set_parallelism(to as u32)
                });
                assert_eq!(sorted(found), Vec::from_iter(0..30), "{run}: {from} to {to}");
            }
        }
    }
}

#[test]
fn a_change_of_parallelism_is_a_rebalance() {
    check_each(
        |env| {
            let three = env.from_sequence(0, 29).map(|n| n).set_parallelism(3);
            three.map_with(WithSubtask::default())
        },
        |run, found| {
            assert_eq!(values(&found), Vec::from_iter(0..30), "{run}");
            assert!(counts(run, &found).iter().all(|count| *count > 0), "{run}");
        },
    );
}

#[test]
fn rescale_stays_within_a_group() {
    check_each(
        |env| {
            let two = env.from_sequence(0, 39).map_with(WithSubtask::default()).set_parallelism(2);
            two.rescale().map_with(WithSubtask::default()).set_parallelism(4)
        },
        |run, found| {
            for (to, (from, _)) in &found {
                assert_eq!(to / 2, *from, "{run}: from {from} to {to}");
            }
            let subtasks: Vec<_> = found.iter().map(|(to, _)| (*to, 0)).collect();
            assert_eq!(counts(Run { parallelism: 4, ..run }, &subtasks), [10; 4], "{run}");
        },
    );
    check_each(
        |env| {
            let four = env
                .from_sequence(0, 39)
                .set_parallelism(4)
                .map_with(WithSubtask::default())
                .set_parallelism(4);
            four.rescale().map_with(WithSubtask::default()).set_parallelism(2)
        },
        |run, found| {
            for (to, (from, _)) in &found {
                assert_eq!(from / 2, *to, "{run}: from {from} to {to}");
            }
            assert_eq!(found.len(), 40, "{run}");
        },
    );
}

#[test]
fn broadcast_sends_each_record_to_all() {
    check_each(
        |env| env.from_collection(0..15i64).broadcast().map_with(WithSubtask::default()),
        |run, found| {
            let mut by_subtask: BTreeMap<u32, Vec<i64>> = BTreeMap::new();
            found.iter().for_each(|(subtask, value)| by_subtask.entry(*subtask).or_default().push(*value));
            assert_eq!(by_subtask.len(), run.parallelism as usize, "{run}");
            for values in by_subtask.values() {
                assert_eq!(*values, Vec::from_iter(0..15), "{run}: in order");
            }
        },
    );
}

#[test]
fn global_sends_all_records_to_the_first_subtask() {
    check_each(
        |env| env.from_sequence(0, 29).global().map_with(WithSubtask::default()),
        |run, found| {
            assert!(found.iter().all(|(subtask, _)| *subtask == 0), "{run}: {found:?}");
            assert_eq!(values(&found), Vec::from_iter(0..30), "{run}");
        },
    );
}

#[test]
fn shuffle_is_even_enough_and_the_same_in_every_run() {
    let first = std::cell::RefCell::new(BTreeMap::new());
    check_each(
        |env| env.from_collection(0..120i64).shuffle().map_with(WithSubtask::default()),
        |run, found| {
            assert_eq!(values(&found), Vec::from_iter(0..120), "{run}");
            let even = 120 / run.parallelism as usize;
            let counts = counts(run, &found);
            assert!(counts.iter().all(|&count| (even / 2..=even * 2).contains(&count)), "{run}: {counts:?}");
            let in_turn = sorted(found.iter().map(|(subtask, value)| (*value, *subtask)));
            let in_turn = in_turn.windows(2).filter(|pair| pair[0].1 < pair[1].1).count();
            assert!(in_turn < 80, "{run}: this is a rebalance");
            let places: BTreeMap<i64, u32> =
                found.iter().map(|(subtask, value)| (*value, *subtask)).collect();
            let mut first = first.borrow_mut();
            assert_eq!(*first.entry(run.parallelism).or_insert_with(|| places.clone()), places, "{run}");
        },
    );
}

#[test]
fn a_custom_partitioner_names_the_subtask() {
    check_each(
        |env| {
            let partitioner = |n: &i64, subtasks: u32| (*n as u32 / 3) % subtasks;
            env.from_collection(0..30i64).partition_custom(partitioner).map_with(WithSubtask::default())
        },
        |run, found| {
            for (subtask, value) in &found {
                assert_eq!(*subtask, (*value as u32 / 3) % run.parallelism, "{run}: {value}");
            }
            assert_eq!(values(&found), Vec::from_iter(0..30), "{run}");
        },
    );
}

#[test]
fn a_custom_partitioner_that_is_wrong_fails_the_job() {
    check_fails(
        |env| {
            let partitioner = |n: &i64, subtasks: u32| if *n == 17 { subtasks + 5 } else { 0 };
            let before = env.from_collection(0..30i64).map(|n| n).name("Before");
            before.partition_custom(partitioner).map(|n| n).set_parallelism(2)
        },
        &["operator 'Before' (", "the custom partitioner named subtask 7 of 2"],
    );
    check_fails(
        |env| {
            let partitioner = |n: &i64, _: u32| if *n == 17 { panic!("where to?") } else { 0 };
            let before = env.from_collection(0..30i64).map(|n| n).name("Before");
            before.partition_custom(partitioner).map(|n| n)
        },
        &["operator 'Before' (", "where to?"],
    );
}
