//! Rows made up by their type.
use std::collections::BTreeMap;
use std::time::Duration;

use hurtig_connector::{Boundedness, Source};
use hurtig_connector_base::DataGenSource;
use hurtig_core::types::Bytes;
use hurtig_core::{Configuration, EventTime, Result, TypeInformation};
use hurtig_derive::TypeInformation;

use crate::drive::{Run, Step};
use crate::host::{ManualHost, START_MILLIS};

#[derive(Clone, Debug, PartialEq, TypeInformation)]
#[hurtig(crate = "hurtig_core")]
struct Order {
    id: i64,
    price: Option<i32>,
    name: String,
    at: EventTime,
    weight: f64,
    tags: Vec<Option<i8>>,
    stock: BTreeMap<String, i16>,
    blob: Bytes,
    inner: Option<Inner>,
}

#[derive(Clone, Debug, PartialEq, TypeInformation)]
#[hurtig(crate = "hurtig_core")]
struct Inner {
    flag: bool,
    part: f32,
    many: u64,
}

const BASE: &[(&str, &str)] = &[
    ("rows-per-second", "1000000"),
    ("fields.id.kind", "sequence"),
    ("fields.id.start", "10"),
    ("fields.id.end", "1009"),
    ("fields.inner.many.max", "1000"),
];

fn source<T: TypeInformation>(options: &[(&str, &str)]) -> Result<DataGenSource<T>> {
    let mut configuration = Configuration::new();
    for (key, value) in options {
        configuration.set(*key, *value);
    }
    DataGenSource::from_options(&configuration)
}

fn orders(more: &[(&str, &str)]) -> Vec<Order> {
    rows(&source(&[BASE, more].concat()).unwrap(), 1)
}

/// All rows; the clock moves whenever a reader waits.
fn rows<T: TypeInformation>(source: &DataGenSource<T>, parallelism: u32) -> Vec<T> {
    let host = ManualHost::new();
    let mut run = Run::start(source, parallelism, &host);
    while run.ended.contains(&false) {
        for index in 0..parallelism as usize {
            while !matches!(run.step(index, 100), Step::Waiting | Step::Ended) {}
        }
        host.advance(Duration::from_secs(1));
    }
    run.records.into_iter().flatten().collect()
}

fn check_error<T: TypeInformation>(options: &[(&str, &str)], expect: &str) {
    let error = source::<T>(options).unwrap_err().to_string();
    assert!(error.contains(expect), "{error}");
}

#[test]
fn fields_are_as_their_options_say() {
    let more = [
        ("fields.price.min", "5"),
        ("fields.price.max", "7"),
        ("fields.price.null-rate", "0.5"),
        ("fields.name.length", "12"),
        ("fields.at.max-past", "10 s"),
        ("fields.weight.min", "-1.5"),
        ("fields.weight.max", "2"),
        ("fields.tags.length", "4"),
        ("fields.tags.element.null-rate", "0.25"),
        ("fields.stock.length", "2"),
        ("fields.stock.key.length", "3"),
        ("fields.stock.value.min", "0"),
        ("fields.blob.length", "20"),
        ("fields.blob.var-len", "true"),
        ("fields.inner.null-rate", "0.1"),
    ];
    let orders = orders(&more);
    assert_eq!(orders.len(), 1_000);
    assert!(orders.iter().map(|order| order.id).eq(10..=1009));
    let nulls = orders.iter().filter(|order| order.price.is_none()).count();
    assert!((400..600).contains(&nulls), "{nulls}");
    for price in 5..=7 {
        assert!(orders.iter().any(|order| order.price == Some(price)));
    }
    let inner: Vec<&Inner> = orders.iter().filter_map(|order| order.inner.as_ref()).collect();
    assert!((850..950).contains(&inner.len()), "{}", inner.len());
    assert!(inner.iter().all(|inner| inner.many <= 1_000 && inner.part >= 0.0));
    let (mut lengths, mut tag_nulls) = ([0; 21], 0);
    for order in &orders {
        assert!(order.price.is_none_or(|price| (5..=7).contains(&price)));
        assert!(order.name.len() == 12 && order.name.bytes().all(|digit| digit.is_ascii_hexdigit()));
        assert!((START_MILLIS - 10_000..=START_MILLIS + 1_000).contains(&order.at.as_millis()));
        assert!((-1.5..2.0).contains(&order.weight));
        assert_eq!(order.tags.len(), 4);
        assert!((1..=2).contains(&order.stock.len()));
        assert!(order.stock.iter().all(|(key, &value)| key.len() == 3 && value >= 0));
        lengths[order.blob.0.len()] += 1;
        tag_nulls += order.tags.iter().filter(|tag| tag.is_none()).count();
    }
    assert!(lengths[0] == 0 && lengths[1..].iter().all(|&count| count > 20), "{lengths:?}");
    assert!((900..1_100).contains(&tag_nulls), "{tag_nulls}");
}

#[test]
fn defaults_are_flinks() {
    let order = orders(&[]).swap_remove(0);
    assert_eq!((order.name.len(), order.blob.0.len(), order.tags.len(), order.stock.len()), (100, 100, 3, 3));
    assert_eq!(order.at.as_millis(), START_MILLIS);
    assert!(order.price.is_some());
    let source = source::<(i64,)>(&[]).unwrap();
    assert_eq!(source.boundedness(), Boundedness::Unbounded);
    assert_eq!(source.to_string(), "datagen without end at 10000 rows per second");
}

#[test]
fn a_seed_repeats_at_any_parallelism() {
    let seeded = |seed: &str, parallelism| {
        let options = [("seed", seed), ("number-of-rows", "100"), ("rows-per-second", "1000")];
        rows(&source::<(i64, String, bool)>(&options).unwrap(), parallelism)
    };
    assert_eq!(seeded("1", 1).len(), 100);
    assert_eq!(seeded("1", 1), seeded("1", 3));
    assert_ne!(seeded("1", 1), seeded("2", 1));
}

#[test]
fn the_shortest_of_sequences_and_number_of_rows_counts() {
    let sequence = |name: &'static str, end: &'static str| {
        [(name, "kind", "sequence"), (name, "start", "0"), (name, "end", end)]
            .map(|(name, option, value)| (format!("fields.{name}.{option}"), value))
    };
    let check = |ends: (&'static str, &'static str), number: &'static str, expect: &str| {
        let options = sequence("f0", ends.0).into_iter().chain(sequence("f1", ends.1));
        let mut configuration = Configuration::new();
        configuration.set("number-of-rows", number);
        for (key, value) in options {
            configuration.set(key, value);
        }
        let source = DataGenSource::<(i64, String)>::from_options(&configuration).unwrap();
        assert_eq!(source.to_string(), format!("datagen of {expect} rows at 10000 rows per second"));
        assert_eq!(source.boundedness(), Boundedness::Bounded);
    };
    check(("9", "4"), "100", "5");
    check(("4", "9"), "100", "5");
    check(("9", "9"), "3", "3");
}

#[test]
fn sequences_take_the_form_of_their_type() {
    let names = ["f0", "f1", "f2", "f3", "f4"];
    let options: Vec<(String, &str)> = names
        .iter()
        .flat_map(|name| [("kind", "sequence"), ("start", "-1"), ("end", "0")].map(|o| (name, o)))
        .map(|(name, (option, value))| (format!("fields.{name}.{option}"), value))
        .collect();
    let options: Vec<(&str, &str)> = options.iter().map(|(key, value)| (key.as_str(), *value)).collect();
    let rows = rows(&source::<(i8, Option<String>, f32, f64, i128)>(&options).unwrap(), 1);
    assert_eq!(rows, [(-1, Some("-1".into()), -1.0, -1.0, -1), (0, Some("0".into()), 0.0, 0.0, 0)]);
}

#[test]
fn mistakes_name_the_option() {
    type Row = (i32, Option<String>, bool);
    check_error::<Row>(&[("number-of-rowz", "3")], "no option 'number-of-rowz'");
    check_error::<Row>(&[("number-of-rowz", "3")], "did you mean 'number-of-rows'?");
    check_error::<Row>(&[("fields.f7.min", "3")], "did you mean 'fields.f0.min'?");
    check_error::<Row>(&[("fields.f0.start", "3")], "no option 'fields.f0.start' for these fields");
    check_error::<Row>(
        &[("number-of-rows", "many")],
        "option 'number-of-rows' has the value 'many', expected",
    );
    check_error::<Row>(&[("rows-per-second", "0")], "option 'rows-per-second' has the value '0'");
    check_error::<Row>(&[("fields.f0.kind", "hello")], "'hello', expected random or sequence");
    check_error::<Row>(&[("fields.f0.kind", "sequence")], "option 'fields.f0.start' is missing");
    check_error::<Row>(&[("fields.f2.kind", "sequence")], "there is no sequence of BOOLEAN");
    check_error::<Row>(&[("fields.f0.min", "3000000000")], "expected a whole number from -2147483648 to");
    check_error::<Row>(
        &[("fields.f0.min", "4"), ("fields.f0.max", "3")],
        "option 'fields.f0.min' has the value '4', expected at most 'fields.f0.max', 3",
    );
    check_error::<Row>(&[("fields.f0.null-rate", "0.5")], "expected 0, as the type is INT NOT NULL");
    check_error::<Row>(&[("fields.f1.null-rate", "1.5")], "expected a number from 0 to 1");
    check_error::<Row>(&[("fields.f1.length", "-1")], "expected a whole number from 0 to 16777216");
    check_error::<Row>(&[("connector", "kafka")], "'kafka', expected datagen");
    check_error::<i64>(&[], "BIGINT NOT NULL is not a ROW type");
    let sequence = [("fields.f0.kind", "sequence"), ("fields.f0.start", "5"), ("fields.f0.end", "4")];
    check_error::<Row>(&sequence, "option 'fields.f0.end' has the value '4', expected at least the start, 5");
}

#[test]
fn known_options_of_the_table_are_taken() {
    let source = source::<(i64,)>(&[("connector", "datagen"), ("scan.parallelism", "2")]).unwrap();
    assert_eq!(source.parallelism(), Some(2));
}

#[test]
fn values_that_the_rust_type_cannot_hold_are_an_error() {
    // A DECIMAL(20, 0) goes beyond 64 bits in four of five rows.
    let source = source::<(u64,)>(&[("number-of-rows", "50")]).unwrap();
    let host = ManualHost::new();
    let mut run = Run::start(&source, 1, &host);
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let error = std::iter::repeat_with(|| {
        host.advance(Duration::from_secs(1));
        run.poll(0, &mut cx, 100)
    });
    let error = error.take(4).find_map(Result::err).unwrap().to_string();
    assert!(error.contains("set min and max"), "{error}");
}
