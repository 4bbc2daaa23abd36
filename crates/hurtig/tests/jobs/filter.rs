//! `filter`, `filter_with`.
use hurtig::prelude::*;

use crate::functions::{WithTime, timed};
use crate::harness::{check_fails, check_in_order};

#[test]
fn keeps_what_the_predicate_holds_for() {
    check_in_order(
        |env| env.from_collection(0..40i64).filter(|n| n % 3 == 0),
        (0..40).filter(|n| n % 3 == 0),
    );
    check_in_order(|env| env.from_collection(0..40i64).filter(|_| false), []);
    check_in_order(|env| env.from_collection(0..40i64).filter(|_| true), 0..40);
}

#[test]
fn large_rows_and_rows_with_heap() {
    let large = |n: i64| (n, [n; 8]);
    check_in_order(
        move |env| env.from_collection((0..25).map(large)).filter(|(n, _)| n % 2 == 1),
        (0..25).map(large).filter(|(n, _)| n % 2 == 1),
    );
    let text = |n: i64| format!("{:>width$}", n, width = (n * 7 % 30) as usize);
    check_in_order(
        move |env| env.from_collection((0..25).map(text)).filter(|text| text.len() > 10),
        (0..25).map(text).filter(|text| text.len() > 10),
    );
}

#[test]
fn times_stay_with_their_records() {
    let input = || timed((0..30).map(|n| (n, n * n)));
    check_in_order(
        move |env| env.from_timestamped(input()).filter(|n| n % 4 != 1).process(WithTime),
        (0..30).filter(|n| n % 4 != 1).map(|n| (n, Some(n * n))),
    );
}

#[test]
fn a_predicate_may_remember() {
    // Each subtask has a clone of its own; with one there is one.
    check_in_order(
        |env| {
            let mut last = None;
            let numbers = env.from_collection([1i64, 1, 2, 2, 2, 3, 1, 1]);
            numbers.filter(move |n| last.replace(*n) != Some(*n)).set_parallelism(1)
        },
        [1, 2, 3, 1],
    );
}

#[derive(Clone)]
struct Fussy;

impl RichFunction for Fussy {}

impl FilterFunction<i64> for Fussy {
    fn filter(&mut self, value: &i64) -> Result<bool> {
        if *value == 13 { Err(Error::user("13 brings bad luck")) } else { Ok(true) }
    }
}

#[test]
fn a_failing_filter_names_operator_and_cause() {
    let expect = &["operator 'Fussy' (", "13 brings bad luck"];
    check_fails(|env| env.from_collection(0..30i64).filter_with(Fussy).name("Fussy"), expect);
    let input = || timed((0..30).map(|n| (n, n)));
    check_fails(move |env| env.from_timestamped(input()).filter_with(Fussy).name("Fussy"), expect);
}
