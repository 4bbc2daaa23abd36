//! `key_by`, `key_by_ref`: records of one key go to one subtask, in order.
use std::collections::{BTreeMap, BTreeSet};

use hurtig::core::Key as KeyOf;
use hurtig::core::key::{KeyGroup, MaxParallelism};
use hurtig::prelude::*;

use crate::functions::WithSubtask;
use crate::harness::{Run, check_each, check_fails, check_per_key};

/// The subtask that owns a key, as it is documented.
fn owner<K: KeyOf>(key: &K, run: Run) -> u32 {
    let groups = MaxParallelism::DEFAULT;
    KeyGroup::of(key.key_hash(), groups).subtask(groups, run.parallelism).0
}

/// All records are there, each in the subtask that owns its key; with several subtasks more than one has some.
fn check_owners<T, K: KeyOf>(run: Run, found: &[(u32, T)], key: impl Fn(&T) -> K, count: usize) {
    assert_eq!(found.len(), count, "{run}");
    for (subtask, record) in found {
        assert_eq!(*subtask, owner(&key(record), run), "{run}");
    }
    let busy: BTreeSet<u32> = found.iter().map(|(subtask, _)| *subtask).collect();
    assert!(run.parallelism == 1 || busy.len() > 1, "{run}: only {busy:?}");
}

#[test]
fn numbers_by_key() {
    check_each(
        |env| env.from_collection(0..60i64).key_by(|n| n % 11).map_with(WithSubtask::default()),
        |run, found| check_owners(run, &found, |n| n % 11, 60),
    );
}

#[test]
fn the_width_of_a_number_does_not_matter() {
    check_each(
        |env| {
            let narrow = env.from_collection(0..20i64).key_by(|n| *n as i16).map_with(WithSubtask::default());
            let wide = env.from_collection(0..20i64).key_by(|n| *n as u64).map_with(WithSubtask::default());
            narrow.union([&wide])
        },
        |run, found| check_owners(run, &found, |n| *n, 40),
    );
}

#[test]
fn text_in_the_record_by_reference() {
    let word = |n: i64| (format!("word {}", n % 7), n);
    check_each(
        move |env| {
            let words = env.from_collection((0..42).map(word));
            words.key_by_ref(|(word, _)| word).map_with(WithSubtask::default())
        },
        |run, found| check_owners(run, &found, |(word, _)| word.clone(), 42),
    );
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, TypeInformation, Key)]
struct Address {
    street: String,
    number: Option<i32>,
}

#[test]
fn a_struct_as_key() {
    let address = |n: i64| Address {
        street: format!("street {}", n % 3),
        number: (n % 4 != 0).then_some(n as i32 % 4),
    };
    check_each(
        move |env| {
            env.from_collection(0..48i64).key_by(move |n| address(*n)).map_with(WithSubtask::default())
        },
        |run, found| check_owners(run, &found, |n| address(*n), 48),
    );
}

#[test]
fn a_key_keeps_its_order_from_each_producer() {
    // Two exchanges by different keys; the pairs of a key come from one subtask each time.
    let record = |n: i64| (n % 5, n);
    check_per_key(
        move |env| {
            let records = env.from_collection((0..50).map(record));
            records
                .key_by(|(key, _)| *key)
                .map(|record| record)
                .key_by(|(key, _)| key % 2)
                .map(|record| record)
        },
        |(key, _)| *key,
        (0..50).map(record),
    );
}

#[test]
fn every_subtask_agrees_whatever_the_producers() {
    check_each(
        |env| {
            let one = env.from_collection(0..30i64);
            let many = env.from_sequence(0, 29);
            one.union([&many]).key_by(|n| *n).map_with(WithSubtask::default())
        },
        |run, found| {
            let mut places: BTreeMap<i64, BTreeSet<u32>> = BTreeMap::new();
            for (subtask, value) in &found {
                places.entry(*value).or_default().insert(*subtask);
            }
            assert!(places.values().all(|subtasks| subtasks.len() == 1), "{run}: {places:?}");
            check_owners(run, &found, |n| *n, 60);
        },
    );
}

#[test]
fn a_key_selector_that_panics_fails_the_job() {
    let key = |n: &i64| if *n == 13 { panic!("no key for 13") } else { *n };
    check_fails(
        move |env| {
            env.from_collection(0..30i64).map(|n| n).name("Before").key_by(key).map(|n| n).set_parallelism(2)
        },
        &["operator 'Before' (", "no key for 13"],
    );
}
