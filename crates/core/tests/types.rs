//! Every type that maps to a logical type: its bytes, its Arrow columns and its hash agree with one another
//! and with the fixtures of version 1.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, Decimal128Array, DictionaryArray, Int8Array, Int16Array, Int32Array, Int64Array,
    LargeStringArray, StringArray, StringViewArray, StructArray, TimestampMicrosecondArray,
    TimestampNanosecondArray, TimestampSecondArray, UInt8Array, UInt16Array, UInt32Array, UInt64Array,
};
use compact_str::CompactString;
use hurtig_core::key::hash::{self, hash_column, hash_columns};
use hurtig_core::key::{KeyGroup, MaxParallelism};
use hurtig_core::types::codec::Reader;
use hurtig_core::types::{
    Bytes, Key, LogicalType, Opaque, OpaqueCodec, TypeInformation, from_record_batch, to_record_batch,
};
use hurtig_core::{BoxError, EventTime, ProcessingTime};
use hurtig_derive::{Key, TypeInformation};
use proptest::collection::{btree_map, hash_map, vec};
use proptest::option;
use proptest::prelude::*;

#[derive(Clone, Debug, PartialEq, TypeInformation, Key)]
#[hurtig(crate = "hurtig_core")]
struct Order {
    id: i64,
    note: Option<String>,
    #[hurtig(rename = "unit price")]
    price: f64,
    paid: Option<bool>,
    place: (i32, Option<i32>),
}

#[derive(Clone, Debug, PartialEq, TypeInformation, Key)]
#[hurtig(crate = "hurtig_core")]
struct Pair<A, B: PartialEq>(A, Option<B>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, TypeInformation, Key)]
#[hurtig(crate = "hurtig_core")]
struct UserId(u64);

#[derive(Clone, Copy, Debug, PartialEq, TypeInformation, Key)]
#[hurtig(crate = "hurtig_core")]
struct Nothing;

#[derive(Clone, Copy, Debug, PartialEq, TypeInformation, Key)]
#[hurtig(crate = "hurtig_core")]
enum Color {
    Red,
    #[hurtig(rename = "sea green")]
    Green,
}

#[derive(Clone, Debug, PartialEq, TypeInformation, Key)]
#[hurtig(crate = "hurtig_core")]
enum Event {
    Tick,
    Opened(UserId),
    Renamed(Option<String>),
    Moved { x: i32, y: Option<i32> },
    Swapped(Color, Color),
}

#[derive(Clone, Debug, PartialEq, TypeInformation)]
#[hurtig(crate = "hurtig_core")]
struct Nested<T> {
    orders: Vec<Order>,
    by_user: BTreeMap<UserId, Vec<Event>>,
    last: Box<Option<Event>>,
    raw: Text,
    other: [T; 3],
}

struct Utf8;

impl OpaqueCodec<String> for Utf8 {
    const NAME: &'static str = "utf8";

    fn encode(value: &String, out: &mut Vec<u8>) {
        out.extend_from_slice(value.as_bytes());
    }

    fn decode(bytes: &[u8]) -> Result<String, BoxError> {
        Ok(String::from_utf8(bytes.to_vec())?)
    }
}

type Text = Opaque<String, Utf8>;

fn encoded<T: TypeInformation>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    value.encode(&mut bytes);
    bytes
}

fn hex(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "-".to_owned();
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(digits: &str) -> Vec<u8> {
    if digits == "-" {
        return Vec::new();
    }
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

/// The values come back from bytes and from columns, and no part of their bytes is a value.
fn round_trip<T: TypeInformation + PartialEq + Debug>(values: &[T]) {
    assert_eq!(T::NULLABLE, T::logical_type().is_nullable());
    T::logical_type().check().unwrap();
    for value in values {
        let bytes = encoded(value);
        let mut input = Reader::new(&bytes);
        assert_eq!(&T::decode(&mut input).unwrap(), value);
        input.finish().unwrap();
        assert!(value.is_null() || bytes.len() >= T::MIN_BYTES);
        assert!(T::HAS_HEAP || value.heap_bytes() == 0);
        for end in (0..bytes.len()).step_by(bytes.len() / 50 + 1) {
            assert!(T::decode(&mut Reader::new(&bytes[..end])).is_err(), "{value:?} cut at {end}");
        }
    }
    assert_eq!(from_record_batch::<T>(&to_record_batch(values).unwrap()).unwrap(), values);
    columns_round_trip(values);
}

fn columns_round_trip<T: TypeInformation + PartialEq + Debug>(values: &[T]) {
    let given: Vec<Option<&T>> = values.iter().flat_map(|value| [Some(value), None]).collect();
    let array = T::to_array(&given);
    assert_eq!(array.data_type(), &T::logical_type().arrow_data_type());
    let expect = |values: &[Option<&T>]| -> Vec<Option<T>> {
        values.iter().map(|value| value.filter(|value| !value.is_null()).cloned()).collect()
    };
    assert_eq!(T::from_array(&array).unwrap(), expect(&given));
    if given.len() > 2 {
        let sliced = array.slice(1, given.len() - 2);
        assert_eq!(T::from_array(&sliced).unwrap(), expect(&given[1..given.len() - 1]));
    }
    let nulls = arrow_array::new_null_array(&arrow_schema::DataType::Null, 2);
    assert_eq!(T::from_array(&nulls).unwrap(), [None, None]);
}

/// The hash of a column, NULL among the values, is that of the values; so is that of several columns.
fn hashes_agree<T: Key>(values: &[T]) {
    let given: Vec<Option<&T>> = values.iter().flat_map(|value| [Some(value), None]).collect();
    let array = T::to_array(&given);
    let expect: Vec<u64> = given.iter().map(|value| value.map_or(hash::NULL, T::key_hash)).collect();
    check_hashes(&array, &expect);
    if !given.is_empty() {
        check_hashes(&array.slice(1, given.len() - 1), &expect[1..]);
    }
    let mut hashes = Vec::new();
    hash_columns(&[array.clone(), array], &mut hashes).unwrap();
    let tuples = given.iter().map(|value| (value.cloned(), value.cloned()).key_hash());
    assert_eq!(hashes, tuples.collect::<Vec<_>>());
    for (value, other) in values.iter().zip(values.iter().skip(1)) {
        assert!(value.key_eq(value));
        assert!(!value.key_eq(other) || value.key_hash() == other.key_hash());
    }
}

fn check_hashes(array: &dyn Array, expect: &[u64]) {
    let mut hashes = Vec::new();
    hash_column(array, &mut hashes).unwrap();
    assert_eq!(hashes, expect, "{:?}", array.data_type());
}

fn key<T: Key + PartialEq + Debug>(values: &[T]) {
    round_trip(values);
    hashes_agree(values);
}

/// Whatever can be read is what would have been written.
fn check_decoder<T: TypeInformation>(bytes: &[u8]) {
    let mut input = Reader::new(bytes);
    if let Ok(value) = T::decode(&mut input) {
        assert_eq!(encoded(&value), bytes[..input.offset()]);
    }
}

fn few<T: Arbitrary>() -> impl Strategy<Value = Vec<T>> {
    vec(any::<T>(), 0..10)
}

fn color() -> impl Strategy<Value = Color> {
    prop_oneof![Just(Color::Red), Just(Color::Green)]
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        Just(Event::Tick),
        any::<u64>().prop_map(|id| Event::Opened(UserId(id))),
        option::of(".*").prop_map(Event::Renamed),
        (any::<i32>(), any::<Option<i32>>()).prop_map(|(x, y)| Event::Moved { x, y }),
        (color(), color()).prop_map(|(one, other)| Event::Swapped(one, other)),
    ]
}

fn order() -> impl Strategy<Value = Order> {
    let fields =
        (any::<i64>(), option::of(".*"), any::<f64>(), any::<Option<bool>>(), any::<(i32, Option<i32>)>());
    fields.prop_map(|(id, note, price, paid, place)| Order { id, note, price, paid, place })
}

fn nested() -> impl Strategy<Value = Nested<f32>> {
    let by_user = btree_map(any::<u64>().prop_map(UserId), vec(event(), 0..3), 0..3);
    let fields = (vec(order(), 0..3), by_user, option::of(event()), ".*", any::<[f32; 3]>());
    fields.prop_map(|(orders, by_user, last, raw, other)| Nested {
        orders,
        by_user,
        last: Box::new(last),
        raw: Text::new(raw),
        other,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn numbers(values in few::<(i8, i16, i32, i64, u8, u16, u32, u64)>(), wide in few::<i128>()) {
        key(&values);
        key(&values.iter().map(|value| value.0).collect::<Vec<_>>());
        key(&values.iter().map(|value| value.3).collect::<Vec<_>>());
        key(&values.iter().map(|value| value.4).collect::<Vec<_>>());
        key(&values.iter().map(|value| value.7).collect::<Vec<_>>());
        key(&wide);
    }

    #[test]
    fn floats(values in few::<(f32, f64, bool)>()) {
        key(&values);
    }

    #[test]
    fn strings(values in vec((".*", ".*", ".*", few::<u8>()), 0..10)) {
        let values: Vec<_> = values
            .into_iter()
            .map(|(one, two, three, four)| {
                (one, CompactString::from(two), Box::<str>::from(three.as_str()), Arc::<str>::from(three), Bytes(four))
            })
            .collect();
        key(&values);
        key(&values.into_iter().map(|value| value.0).collect::<Vec<_>>());
    }

    #[test]
    fn times(values in few::<(i64, i64)>()) {
        let moments = |(event, processing)| (EventTime::from_millis(event), ProcessingTime::from_millis(processing));
        key(&values.into_iter().map(moments).collect::<Vec<_>>());
    }

    #[test]
    fn lists(values in vec((
        few::<i32>(),
        few::<Option<i64>>(),
        any::<[u8; 3]>(),
        option::of(vec(few::<String>(), 0..4)),
    ), 0..10)) {
        key(&values);
        key(&values.into_iter().map(|value| value.1).collect::<Vec<_>>());
    }

    #[test]
    fn maps(values in vec((
        btree_map(".*", any::<Option<i32>>(), 0..5),
        hash_map(any::<i64>(), vec(any::<u8>(), 0..4), 0..5),
        option::of(hash_map(any::<u32>(), Just(()), 0..5)),
    ), 0..10)) {
        round_trip(&values);
    }

    #[test]
    fn options(values in few::<(Option<i64>, Option<Box<bool>>, Box<Option<f64>>, Option<(Option<u8>,)>)>()) {
        key(&values);
        key(&values.into_iter().map(|value| value.0).collect::<Vec<_>>());
    }

    #[test]
    fn derived(orders in vec(order(), 0..10), events in vec(event(), 0..10), nested in vec(nested(), 0..4)) {
        key(&orders);
        key(&events);
        key(&events.iter().cloned().map(Some).chain([None]).collect::<Vec<_>>());
        key(&orders.into_iter().zip(events.into_iter().map(Some)).map(|(a, b)| Pair(a, b)).collect::<Vec<_>>());
        round_trip(&nested);
    }

    #[test]
    fn no_bytes_make_a_decoder_panic(mut bytes in vec(any::<u8>(), 0..200), small in any::<bool>()) {
        if small {
            bytes.iter_mut().for_each(|byte| *byte %= 8);
        }
        check_decoder::<Vec<Option<Vec<String>>>>(&bytes);
        check_decoder::<Vec<Event>>(&bytes);
        check_decoder::<Vec<Order>>(&bytes);
        check_decoder::<(Option<u64>, Option<Bytes>, [bool; 4], i8)>(&bytes);
        check_decoder::<Vec<[i64; 1000]>>(&bytes);
        check_decoder::<Text>(&bytes);
        // Maps may come in any order.
        let _ = HashMap::<String, Option<Event>>::decode(&mut Reader::new(&bytes));
        let _ = Nested::<u16>::decode(&mut Reader::new(&bytes));
    }

    #[test]
    fn no_change_makes_a_decoder_panic(nested in nested(), place in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = encoded(&nested);
        let place = place.index(bytes.len());
        bytes[place] = byte;
        if let Ok(value) = Nested::<f32>::decode(&mut Reader::new(&bytes)) {
            encoded(&value);
        }
    }

    #[test]
    fn an_integer_hashes_by_value(value in any::<i8>()) {
        let hash = value.key_hash();
        let wide = i128::from(value);
        prop_assert_eq!(i16::from(value).key_hash(), hash);
        prop_assert_eq!(i32::from(value).key_hash(), hash);
        prop_assert_eq!(i64::from(value).key_hash(), hash);
        prop_assert_eq!(wide.key_hash(), hash);
        prop_assert_eq!(EventTime::from_millis(i64::from(value)).key_hash(), hash);
        check_hashes(&Int8Array::from(vec![value]), &[hash]);
        check_hashes(&Int16Array::from(vec![i16::from(value)]), &[hash]);
        check_hashes(&Int32Array::from(vec![i32::from(value)]), &[hash]);
        check_hashes(&Int64Array::from(vec![i64::from(value)]), &[hash]);
        let decimal = Decimal128Array::from(vec![wide * 1000]);
        check_hashes(&decimal.with_precision_and_scale(30, 3).unwrap(), &[hash]);
        if let Ok(value) = u8::try_from(value) {
            prop_assert_eq!(value.key_hash(), hash);
            prop_assert_eq!(u16::from(value).key_hash(), hash);
            prop_assert_eq!(u32::from(value).key_hash(), hash);
            prop_assert_eq!(u64::from(value).key_hash(), hash);
            check_hashes(&UInt8Array::from(vec![value]), &[hash]);
            check_hashes(&UInt16Array::from(vec![u16::from(value)]), &[hash]);
            check_hashes(&UInt32Array::from(vec![u32::from(value)]), &[hash]);
            check_hashes(&UInt64Array::from(vec![u64::from(value)]), &[hash]);
        }
    }

    #[test]
    fn a_decimal_hashes_by_value(unscaled in any::<i64>(), scale in 0_u8..10, zeros in 0_u32..10) {
        let padded = i128::from(unscaled) * 10_i128.pow(zeros);
        let hash = hash::decimal(i128::from(unscaled), scale);
        prop_assert_eq!(hash::decimal(padded, scale + zeros as u8), hash);
        let column = Decimal128Array::from(vec![padded]);
        check_hashes(&column.with_precision_and_scale(38, (scale + zeros as u8) as i8).unwrap(), &[hash]);
    }

    #[test]
    fn a_string_hashes_by_its_bytes(text in ".*") {
        let hash = text.key_hash();
        prop_assert_eq!(Bytes(text.clone().into_bytes()).key_hash(), hash);
        prop_assert_eq!(Arc::<str>::from(text.as_str()).key_hash(), hash);
        check_hashes(&StringViewArray::from(vec![text.as_str()]), &[hash]);
        check_hashes(&LargeStringArray::from(vec![text.as_str()]), &[hash]);
        check_hashes(&[text.as_str()].into_iter().collect::<DictionaryArray<Int32Type>>(), &[hash]);
    }
}

#[test]
fn edges() {
    key(&[i64::MIN, -1, 0, 1, i64::MAX]);
    key(&[0, u64::MAX, i64::MAX as u64 + 1]);
    key(&[EventTime::MIN, EventTime::MAX]);
    key(&[Nothing, Nothing]);
    key(&[(), ()]);
    key(&[Color::Red, Color::Green]);
    key(&[0.0, f64::INFINITY, f64::NEG_INFINITY, f64::MIN_POSITIVE]);
    key::<Vec<String>>(&[]);
    assert!(f64::NAN.key_eq(&-f64::NAN) && 0.0_f32.key_eq(&-0.0));
    assert_eq!(f64::NAN.key_hash(), f32::NAN.key_hash());
    let nulls: [Option<Option<i32>>; 2] = [None, Some(None)];
    assert!(nulls[0].key_eq(&nulls[1]) && nulls[0].key_hash() == nulls[1].key_hash());
    assert_eq!(encoded(&nulls[0]), encoded(&nulls[1]));
}

#[test]
fn derived_types_are_rows() {
    let check = |logical: LogicalType, expect: &str| assert_eq!(logical.to_string(), expect);
    check(
        Order::logical_type(),
        "ROW<`id` BIGINT NOT NULL, `note` STRING, `unit price` DOUBLE NOT NULL, `paid` BOOLEAN, \
         `place` ROW<`f0` INT NOT NULL, `f1` INT> NOT NULL> NOT NULL",
    );
    check(Pair::<bool, i8>::logical_type(), "ROW<`f0` BOOLEAN NOT NULL, `f1` TINYINT> NOT NULL");
    check(UserId::logical_type(), "ROW<`f0` DECIMAL(20, 0) NOT NULL> NOT NULL");
    check(Color::logical_type(), "STRING NOT NULL");
    check(
        Event::logical_type(),
        "ROW<`type` STRING NOT NULL, `Opened` ROW<`f0` DECIMAL(20, 0) NOT NULL>, `Renamed` STRING, \
         `Moved` ROW<`x` INT NOT NULL, `y` INT>, `Swapped` ROW<`f0` STRING NOT NULL, `f1` STRING NOT NULL>> \
         NOT NULL",
    );
    check(<Vec<u8>>::logical_type(), "ARRAY<SMALLINT NOT NULL> NOT NULL");
    check(<HashMap<String, Option<Bytes>>>::logical_type(), "MAP<STRING NOT NULL, BYTES> NOT NULL");
    assert_eq!(Color::Green.key_hash(), "sea green".to_owned().key_hash());
    assert_eq!(UserId(7).key_hash(), (7_i32,).key_hash());
}

#[test]
fn columns_of_other_physical_types_are_read() {
    let times = [1_500, -1].map(EventTime::from_millis).map(Some);
    assert_eq!(EventTime::from_array(&TimestampMicrosecondArray::from(vec![1_500_999, -1])).unwrap(), times);
    let nanos = TimestampNanosecondArray::from(vec![1_500_000_001, -1]).with_timezone("Europe/Oslo");
    assert_eq!(EventTime::from_array(&nanos).unwrap(), times);
    let seconds = TimestampSecondArray::from(vec![Some(2), None]);
    assert_eq!(EventTime::from_array(&seconds).unwrap(), [Some(EventTime::from_millis(2000)), None]);

    let integers: [ArrayRef; 4] = [
        Arc::new(Int8Array::from(vec![Some(5), None])),
        Arc::new(UInt32Array::from(vec![Some(5), None])),
        Arc::new(Int64Array::from(vec![Some(5), None])),
        Arc::new(DictionaryArray::new(
            Int8Array::from(vec![Some(0), None]),
            Arc::new(Int16Array::from(vec![5])),
        )),
    ];
    for array in integers {
        assert_eq!(i64::from_array(&array).unwrap(), [Some(5), None]);
        assert_eq!(u64::from_array(&array).unwrap(), [Some(5), None]);
    }
    assert!(i32::from_array(&Int64Array::from(vec![5])).is_err());
    assert!(u8::from_array(&Int16Array::from(vec![256])).is_err());
    assert!(u64::from_array(&Int64Array::from(vec![-1])).is_err());

    let decimals = |value| Decimal128Array::from(vec![value]).with_precision_and_scale(20, 2).unwrap();
    assert_eq!(u64::from_array(&decimals(700)).unwrap(), [Some(7)]);
    assert!(u64::from_array(&decimals(701)).is_err());

    let expect = [Some("a".to_owned()), None];
    let texts: [ArrayRef; 4] = [
        Arc::new(StringArray::from(vec![Some("a"), None])),
        Arc::new(LargeStringArray::from(vec![Some("a"), None])),
        Arc::new(StringViewArray::from(vec![Some("a"), None])),
        Arc::new([Some("a"), None].into_iter().collect::<DictionaryArray<Int32Type>>()),
    ];
    for array in texts {
        assert_eq!(String::from_array(&array).unwrap(), expect);
    }
    assert!(Color::from_array(&StringArray::from(vec!["Blue"])).is_err());
}

#[test]
fn what_lies_under_a_null_row_does_not_matter() {
    let out_of_range: ArrayRef = Arc::new(Int16Array::from(vec![300, 3]));
    let field = arrow_schema::Field::new("f0", arrow_schema::DataType::Int16, false);
    let rows = StructArray::new(vec![field].into(), vec![out_of_range], Some(vec![false, true].into()));
    assert_eq!(<(u8,)>::from_array(&rows).unwrap(), [None, Some((3,))]);
}

#[test]
fn a_corrupt_count_is_refused_before_anything_is_allocated() {
    let mut bytes = vec![0xff; 9];
    bytes.push(1);
    let error = <Vec<Option<[u64; 100]>>>::decode(&mut Reader::new(&bytes)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "at byte 0: expected 18446744073709551615 elements, but only 0 bytes are left"
    );
    assert!(String::decode(&mut Reader::new(&bytes)).is_err());
    assert!(<HashMap<String, ()>>::decode(&mut Reader::new(&bytes)).is_err());
}

/// One line each: SQL type, value, hash, key group of 128.
#[test]
fn hashes_are_those_of_the_fixture() {
    let mut lines = String::new();
    let mut line = |logical: &str, value: &str, hash: u64| {
        let group = KeyGroup::of(hash, MaxParallelism::DEFAULT);
        lines.push_str(&format!("{logical} | {value} | {hash:016x} | {group}\n"));
    };
    line("NULL", "NULL", None::<i32>.key_hash());
    line("BOOLEAN", "FALSE", false.key_hash());
    line("BOOLEAN", "TRUE", true.key_hash());
    for value in [0, 1, -1, 42, 127, -128, 1_000_000, i64::from(i32::MIN), i64::MAX, i64::MIN] {
        line("BIGINT", &value.to_string(), value.key_hash());
    }
    for value in [0, 9_223_372_036_854_775_807, 9_223_372_036_854_775_808, u64::MAX] {
        line("DECIMAL(20, 0)", &value.to_string(), value.key_hash());
    }
    for value in [i128::MIN, -9_223_372_036_854_775_809, i128::MAX] {
        line("DECIMAL(38, 0)", &value.to_string(), value.key_hash());
    }
    line("DECIMAL(10, 2)", "1.50", hash::decimal(150, 2));
    line("DECIMAL(10, 1)", "1.5", hash::decimal(15, 1));
    line("DECIMAL(10, 2)", "-0.07", hash::decimal(-7, 2));
    line("DECIMAL(10, 2)", "3.00", hash::decimal(300, 2));
    for value in [0.0, -0.0, 1.0, -1.5, 0.1, f64::INFINITY, f64::NAN] {
        line("DOUBLE", &format!("{value:?}"), value.key_hash());
    }
    line("FLOAT", "0.1", 0.1_f32.key_hash());
    for value in ["", "a", "Hurtig", "2147483647", "grüße", "a string that is longer than sixteen bytes"] {
        line("STRING", &format!("'{value}'"), value.to_owned().key_hash());
    }
    line("BYTES", "x'00ff'", Bytes(vec![0, 255]).key_hash());
    line("TIMESTAMP(3)", "1970-01-01 00:00:01.500", EventTime::from_millis(1500).key_hash());
    line("TIMESTAMP(9)", "1970-01-01 00:00:01.500000001", hash::timestamp(1500, 1));
    line("TIMESTAMP(6)", "1969-12-31 23:59:59.999999", hash::timestamp(-1, 999_000));
    line("ROW<>", "()", ().key_hash());
    line("ROW<INT>", "(42)", (42,).key_hash());
    line("ROW<BIGINT, STRING>", "(42, 'a')", (42_i64, "a".to_owned()).key_hash());
    line("ROW<STRING, BIGINT>", "('a', 42)", ("a".to_owned(), 42_i64).key_hash());
    line("ROW<INT, INT>", "(1, NULL)", (1, None::<i32>).key_hash());
    line("ARRAY<INT>", "[]", Vec::<i32>::new().key_hash());
    line("ARRAY<INT>", "[1, 2, 3]", vec![1, 2, 3].key_hash());
    line("STRING", "'sea green'", Color::Green.key_hash());
    line("ROW<STRING, ROW, STRING, ROW, ROW>", "Tick", Event::Tick.key_hash());
    let moved = Event::Moved { x: 1, y: None };
    line("ROW<STRING, ROW, STRING, ROW, ROW>", "Moved { x: 1, y: NULL }", moved.key_hash());
    assert_eq!(lines, include_str!("key_hash_vectors.txt"), "now:\n{lines}");
}

/// One line each: a name, and the bytes of version 1.
#[test]
fn bytes_are_those_of_the_fixture() {
    let mut lines = String::new();
    fn line<T: TypeInformation + PartialEq + Debug>(lines: &mut String, name: &str, value: T) {
        let bytes = encoded(&value);
        assert_eq!(T::decode(&mut Reader::new(&bytes)).unwrap(), value);
        lines.push_str(&format!("{name} | {} | {}\n", T::logical_type(), hex(&bytes)));
        let fixture =
            include_str!("encoding_v1.txt").lines().find(|line| line.split(" | ").next() == Some(name));
        let stored = unhex(fixture.unwrap().rsplit(" | ").next().unwrap());
        assert_eq!(T::decode(&mut Reader::new(&stored)).unwrap(), value, "{name}");
    }
    line(&mut lines, "boolean", true);
    line(&mut lines, "tinyint", -2_i8);
    line(&mut lines, "smallint", -2_i16);
    line(&mut lines, "int", 1_000_000);
    line(&mut lines, "bigint", -1_000_000_000_000_i64);
    line(&mut lines, "u8", 200_u8);
    line(&mut lines, "u16", 60_000_u16);
    line(&mut lines, "u32", 4_000_000_000_u32);
    line(&mut lines, "u64", u64::MAX);
    line(&mut lines, "i128", -7_i128);
    line(&mut lines, "float", 1.5_f32);
    line(&mut lines, "double", -0.1);
    line(&mut lines, "string", "grüße".to_owned());
    line(&mut lines, "empty string", CompactString::default());
    line(&mut lines, "long string", "x".repeat(130));
    line(&mut lines, "bytes", Bytes(vec![0, 255, 7]));
    line(&mut lines, "moment", EventTime::from_millis(1_500));
    line(&mut lines, "null", None::<i64>);
    line(&mut lines, "present", Some(5_i64));
    line(&mut lines, "empty row", ());
    line(&mut lines, "row", (1_i32, "a".to_owned()));
    line(&mut lines, "row with nulls", (Some(1_i8), 2_i8, None::<i8>, Some(3_i8)));
    line(&mut lines, "array", vec![1_i16, 2, 3]);
    line(&mut lines, "array with nulls", vec![Some(1_i16), None, Some(3)]);
    line(&mut lines, "fixed array", [true, false]);
    line(&mut lines, "map", BTreeMap::from([("a".to_owned(), Some(1)), ("b".to_owned(), None)]));
    line(&mut lines, "opaque", Text::new("raw".to_owned()));
    let order = Order { id: 7, note: None, price: 2.5, paid: Some(true), place: (3, Some(4)) };
    line(&mut lines, "struct", order);
    line(&mut lines, "names", Color::Green);
    line(&mut lines, "variant without data", Event::Tick);
    line(&mut lines, "variant with a value", Event::Opened(UserId(9)));
    line(&mut lines, "variant with null", Event::Renamed(None));
    line(&mut lines, "variant with fields", Event::Moved { x: -1, y: Some(1) });
    assert_eq!(lines, include_str!("encoding_v1.txt"), "now:\n{lines}");
}
