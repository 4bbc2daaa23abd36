//! `flat_map`, `flat_map_with`.
use hurtig::prelude::*;

use crate::functions::{WithTime, timed};
use crate::harness::{check_fails, check_in_order};

#[test]
fn a_record_becomes_any_number_of_records_in_order() {
    let expand = |n: i64| (0..n % 5).map(move |i| n * 10 + i);
    check_in_order(move |env| env.from_collection(0..20i64).flat_map(expand), (0..20).flat_map(expand));
    check_in_order(
        |env| env.from_collection(0..20i64).flat_map(|n| (n == 7).then_some("seven".to_owned())),
        ["seven".to_owned()],
    );
}

#[test]
fn long_iterators_are_left_and_taken_up_again() {
    // Longer than any output of a small batch, and two of them in a row.
    check_in_order(
        |env| {
            let numbers = env.from_collection(0..3i64);
            numbers.flat_map(|n| (0..20i64).map(move |i| n * 20 + i)).flat_map(|n| [n * 2, n * 2 + 1])
        },
        0..120,
    );
}

#[test]
fn results_have_the_time_of_their_record() {
    let input = || timed((0..10).map(|n| (n, n * 100)));
    check_in_order(
        move |env| env.from_timestamped(input()).flat_map(|n| vec![n; 3]).process(WithTime),
        (0..10).flat_map(|n| vec![(n, Some(n * 100)); 3]),
    );
}

/// Splits at commas; an empty field is a mistake.
#[derive(Clone)]
struct Fields;

impl RichFunction for Fields {}

impl FlatMapFunction<String, String> for Fields {
    type Output = std::vec::IntoIter<String>;

    fn flat_map(&mut self, line: String) -> Result<Self::Output> {
        let fields: Vec<String> = line.split(',').map(str::to_owned).collect();
        match fields.iter().position(String::is_empty) {
            Some(place) => Err(Error::user(format!("field {place} of '{line}' is empty"))),
            None => Ok(fields.into_iter()),
        }
    }
}

#[test]
fn a_rich_flat_map_can_fail() {
    let lines = |lines: [&'static str; 3]| lines.map(str::to_owned);
    check_in_order(
        move |env| env.from_collection(lines(["a,b", "c", "d,e,f"])).flat_map_with(Fields),
        ["a", "b", "c", "d", "e", "f"].map(str::to_owned),
    );
    check_fails(
        move |env| env.from_collection(lines(["a,b", "c,,d", "e"])).flat_map_with(Fields).name("Fields"),
        &["operator 'Fields' (", "field 1 of 'c,,d' is empty"],
    );
}
