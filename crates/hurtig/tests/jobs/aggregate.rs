//! What a keyed stream computes: `reduce`, `sum`, `min`, `max`, `min_by`, `max_by`.
use std::collections::BTreeMap;

use hurtig::prelude::*;

use crate::functions::{WithTime, timed};
use crate::harness::{check_fails, check_per_key};

type Row = (String, i64, i64);

/// A name of three, a number that goes up and down, and a place in the order.
fn row(place: i64) -> Row {
    (["a", "b", "c"][place as usize % 3].to_owned(), (place * 37 % 23) - 11, place)
}

fn rows(env: &StreamExecutionEnvironment) -> DataStream<Row> {
    env.from_collection((0..45).map(row))
}

/// What a running aggregation puts out: each key's records folded one by one, the first as it is.
fn running(fold: impl Fn(&Row, Row) -> Row) -> Vec<Row> {
    let mut held: BTreeMap<String, Row> = BTreeMap::new();
    let step = |place| {
        let next = row(place);
        let result = match held.get(&next.0) {
            Some(before) => fold(before, next),
            None => next,
        };
        held.insert(result.0.clone(), result.clone());
        result
    };
    (0..45).map(step).collect()
}

fn check(program: impl Fn(DataStream<Row>) -> DataStream<Row>, fold: impl Fn(&Row, Row) -> Row) {
    check_per_key(|env| program(rows(env)), |row| row.0.clone(), running(fold));
}

#[test]
fn reduce() {
    let add = |held: &Row, next: Row| (next.0, held.1 + next.1, next.2);
    check(|rows| rows.key_by(|row| row.0.clone()).reduce(add), add);
    check(|rows| rows.key_by_ref(|row| &row.0).reduce(add), add);
    check(|rows| rows.rebalance().global().key_by_ref(|row| &row.0).reduce(add), add);
}

#[test]
fn try_reduce() {
    let add = |held: &Row, next: Row| (next.0, held.1 + next.1, next.2);
    check(
        |rows| rows.key_by_ref(|row| &row.0).try_reduce(move |held, next| Ok::<_, Error>(add(held, next))),
        add,
    );
    check_fails(
        |env| {
            let fails = |held: &Row, next: Row| match next.2 {
                30 => Err(format!("30 after {}", held.2)),
                _ => Ok(next),
            };
            rows(env).key_by_ref(|row| &row.0).try_reduce(fails).name("Latest")
        },
        &["operator 'Latest' (", "30 after 27"],
    );
}

#[test]
fn sum_keeps_the_first_records_other_fields() {
    let sum = |held: &Row, next: Row| (held.0.clone(), held.1 + next.1, held.2);
    check(|rows| rows.key_by_ref(|row| &row.0).sum(|row| &mut row.1), sum);
}

#[test]
fn a_sum_that_does_not_fit_shows_both_numbers() {
    check_fails(
        |env| {
            let numbers = env.from_collection([(1u8, 100i8), (2, 100), (1, 27), (2, -100), (1, 1)]);
            numbers.key_by(|(key, _)| *key).sum(|(_, n)| n).name("Total")
        },
        &["operator 'Total' (", "the sum of 127 and 1 does not fit i8"],
    );
    check_fails(
        |env| env.from_collection([i64::MIN, -1]).key_by(|_| true).sum(|n| n),
        &["the sum of -9223372036854775808 and -1 does not fit i64"],
    );
}

#[test]
fn sums_of_fractions_are_infinite_where_they_do_not_fit() {
    check_per_key(
        |env| env.from_collection([1.5f64, f64::MAX, f64::MAX, -1.0]).key_by(|_| 0i8).sum(|n| n),
        |_| (),
        [1.5, f64::MAX, f64::INFINITY, f64::INFINITY],
    );
}

#[test]
fn min_and_max_keep_the_first_records_other_fields() {
    let min = |held: &Row, next: Row| (held.0.clone(), held.1.min(next.1), held.2);
    check(|rows| rows.key_by_ref(|row| &row.0).min(|row| &mut row.1), min);
    let max = |held: &Row, next: Row| (held.0.clone(), held.1.max(next.1), held.2);
    check(|rows| rows.key_by_ref(|row| &row.0).max(|row| &mut row.1), max);
}

#[test]
fn min_by_and_max_by_keep_whole_records_and_of_equal_ones_the_first() {
    let min = |held: &Row, next: Row| if next.1 < held.1 { next } else { held.clone() };
    check(|rows| rows.key_by_ref(|row| &row.0).min_by(|row| row.1), min);
    let max = |held: &Row, next: Row| if next.1 > held.1 { next } else { held.clone() };
    check(|rows| rows.key_by_ref(|row| &row.0).max_by(|row| row.1), max);
    check_per_key(
        |env| {
            env.from_collection([(1, 'a'), (1, 'b'), (0, 'c'), (0, 'd')].map(|(n, c)| (n, c as i32)))
                .key_by(|_| ())
                .min_by(|(n, _): &(i32, i32)| *n)
        },
        |_| (),
        [(1, 'a'), (1, 'a'), (0, 'c'), (0, 'c')].map(|(n, c)| (n, c as i32)),
    );
}

#[test]
fn results_have_the_time_of_the_record_that_made_them() {
    let input = || timed((1..=20).map(|n| (n, n * 10)));
    check_per_key(
        move |env| env.from_timestamped(input()).key_by(|_| ()).sum(|n| n).process(WithTime),
        |_| (),
        (1..=20).map(|n| (n * (n + 1) / 2, Some(n * 10))),
    );
}

#[test]
fn aggregations_follow_each_other() {
    // The greatest of the sums of each residue.
    check_per_key(
        |env| {
            let sums =
                env.from_collection((0..30i64).map(|n| (n % 3, n))).key_by(|(key, _)| *key).sum(|(_, n)| n);
            sums.filter(|(key, _)| *key == 1).key_by(|(key, _)| *key).max(|(_, n)| n)
        },
        |(key, _)| *key,
        (0..10).scan(0, |sum, n| {
            *sum += 3 * n + 1;
            Some((1, *sum))
        }),
    );
}
