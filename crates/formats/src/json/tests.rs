use std::collections::BTreeMap;

use hurtig_core::TypeInformation;
use proptest::prelude::*;

use super::*;
use crate::format::{Decoder, Encoder, ParseErrors};
use crate::test_support::{Order, decode_all, orders, same_in_pieces};

type Nested = (i32, Option<Vec<(Option<String>, bool)>>, BTreeMap<String, Option<f64>>);

fn check<T: TypeInformation + PartialEq + std::fmt::Debug>(
    options: JsonOptions,
    input: &str,
    expect: Result<Vec<T>, &str>,
) {
    let mut decoder = JsonDecoder::<T>::new(options).unwrap();
    match (decode_all(&mut decoder, input.as_bytes()), expect) {
        (Ok(rows), Ok(expect)) => assert_eq!(rows, expect, "{input}"),
        (Err(error), Err(expect)) => assert_eq!(error.to_string(), expect),
        (found, _) => panic!("{input}: {found:?}"),
    }
}

type Pair = (Option<i32>, String);

#[test]
fn objects_become_rows() {
    let rows = || Ok(vec![(Some(1), "a".to_owned()), (None, "b".to_owned())]);
    check(JsonOptions::new(), "{\"f0\":1,\"f1\":\"a\"}\n\n {\"f1\":\"b\"} \r\n", rows());
    check(
        JsonOptions::new(),
        "{\"x\":{\"y\":[1,{}]},\"f1\":\"a\",\"f0\":\"1\"}\n{\"f0\":null,\"f1\":\"b\"}",
        rows(),
    );
    check(
        JsonOptions::new(),
        "{\"f0\":1.0,\"f\\u0031\":\"\\u0061\"}\n{\"f0\":7,\"f0\":null,\"f1\":\"b\"}",
        rows(),
    );
    let text = |text: &str| Ok(vec![(None, text.to_owned())]);
    check::<Pair>(JsonOptions::new(), "{\"f1\":{\"a\": [1]}}", text("{\"a\": [1]}"));
    check::<Pair>(JsonOptions::new(), "{\"f1\":12.50}", text("12.50"));
}

#[test]
fn nested_values() {
    let row: Nested = (
        1,
        Some(vec![(Some("a".to_owned()), true), (None, false)]),
        BTreeMap::from([("k".to_owned(), Some(0.5)), ("l".to_owned(), None)]),
    );
    let line = "{\"f0\":1,\"f1\":[{\"f0\":\"a\",\"f1\":true},{\"f0\":null,\"f1\":false}],\"f2\":{\"k\":0.5,\"l\":null}}\n";
    check(JsonOptions::new(), line, Ok(vec![row.clone()]));
    let mut out = Vec::new();
    JsonEncoder::<Nested>::new(JsonOptions::new()).unwrap().encode(&row, &mut out).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), line);
    check::<Nested>(
        JsonOptions::new(),
        "{\"f0\":1,\"f1\":[{\"f1\":true},{\"f1\":\"oui\"}]}",
        Err("line 1, field 'f1[1].f1': expected BOOLEAN, found 'oui'"),
    );
    check::<Nested>(
        JsonOptions::new(),
        "{\"f0\":1,\"f2\":{\"k\":true}}",
        Err("line 1, field 'f2.k': expected DOUBLE, found 'true'"),
    );
}

#[test]
fn values_that_are_no_objects() {
    check(JsonOptions::new(), "1\n2", Ok(vec![1, 2]));
    check(JsonOptions::new(), "null\n\"a\"", Ok(vec![None, Some("a".to_owned())]));
    check(JsonOptions::new(), "[1,2]\n[]", Ok(vec![vec![1_i64, 2], vec![]]));
    check(JsonOptions::new(), "null\n{\"f0\":1}", Ok(vec![None, Some((1_i32,))]));
    check::<i32>(
        JsonOptions::new(),
        "1 2",
        Err("line 1: expected JSON, found '1 2': trailing characters at byte 3"),
    );
}

#[test]
fn numbers_keep_their_digits() {
    check(
        JsonOptions::new(),
        "12345678901234567890123456789",
        Ok(vec![12_345_678_901_234_567_890_123_456_789_i128]),
    );
    check(JsonOptions::new(), "18446744073709551615", Ok(vec![u64::MAX]));
    let mut decoder = JsonDecoder::<f64>::new(JsonOptions::new()).unwrap();
    let rows = decode_all(&mut decoder, b"\"NaN\"\n\"-Infinity\"\n1e300\n0.1").unwrap();
    assert!(rows[0].is_nan());
    assert_eq!(rows[1..], [f64::NEG_INFINITY, 1e300, 0.1]);
    let mut out = Vec::new();
    let mut encoder = JsonEncoder::<f64>::new(JsonOptions::new()).unwrap();
    rows.iter().for_each(|row| encoder.encode(row, &mut out).unwrap());
    assert_eq!(String::from_utf8(out).unwrap(), "\"NaN\"\n\"-Infinity\"\n1e300\n0.1\n");
}

#[test]
fn errors_name_line_field_and_text() {
    let check = |input: &str, expect: &str| check::<Pair>(JsonOptions::new(), input, Err(expect));
    check("{\"f1\":\"a\"}\n{\"f0\":{},\"f1\":\"a\"}", "line 2, field 'f0': expected INT, found '{}'");
    check("{\"f0\":1}", "line 1, field 'f1': the object has no such field of type STRING NOT NULL");
    check("{\"f1\":null}", "line 1, field 'f1': expected STRING NOT NULL, found NULL");
    check("[1]", "line 1: expected JSON, found '[1]': invalid type: sequence, expected an object");
    check("{\"f0\":1", "line 1: expected JSON, found '{\"f0\":1': EOF while parsing an object at byte 7");
    let long = format!("{{\"f0\":\"{}\"}}", "x".repeat(100));
    check(&long, &format!("line 1, field 'f0': expected INT, found '{}...'", "x".repeat(80)));
}

#[test]
fn ignored_errors_are_counted() {
    let input = b"{\"f0\":\"zz\",\"f1\":\"a\"}\nnot json\n{\"f0\":1}\n\xff\n{\"f0\":2,\"f1\":\"b\"}\n";
    let mut decoder = JsonDecoder::<Pair>::new(JsonOptions::new().with_ignore_parse_errors()).unwrap();
    let rows = decode_all(&mut decoder, input).unwrap();
    assert_eq!(rows, [(None, "a".to_owned()), (Some(2), "b".to_owned())]);
    assert_eq!(decoder.parse_errors(), ParseErrors { records: 3, fields: 1 });
    let strict = JsonOptions::new().with_fail_on_missing_field();
    check::<Pair>(
        strict,
        "{\"f1\":\"a\"}",
        Err("line 1, field 'f0': the object has no such field of type INT"),
    );
}

#[test]
fn null_fields_can_be_left_out() {
    let mut encoder =
        JsonEncoder::<(Option<i32>, Option<i32>)>::new(JsonOptions::new().without_null_fields()).unwrap();
    let mut out = Vec::new();
    encoder.encode(&(None, Some(1)), &mut out).unwrap();
    encoder.encode(&(None, None), &mut out).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), "{\"f1\":1}\n{}\n");
}

#[test]
fn options_by_name() {
    let error = JsonOptions::from_options([("json.timestamp-format.standard", "RFC")]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "option 'json.timestamp-format.standard' has the value 'RFC', expected 'SQL' or 'ISO-8601'"
    );
    assert!(
        JsonOptions::from_options([("fail-on-missing-field", "true"), ("ignore-parse-errors", "true")])
            .is_err()
    );
    assert!(JsonOptions::from_options([("json.x", "")]).is_err());
}

proptest! {
    #[test]
    fn rows_come_back(rows in proptest::collection::vec(orders(), 0..5)) {
        for options in [JsonOptions::new(), JsonOptions::new().without_null_fields().with_timestamp_format(TimestampFormat::Iso8601)] {
            let mut encoder = JsonEncoder::<Order>::new(options.clone()).unwrap();
            let mut out = Vec::new();
            for row in &rows {
                encoder.encode(row, &mut out).unwrap();
            }
            let mut decoder = JsonDecoder::<Order>::new(options).unwrap();
            let found = decode_all(&mut decoder, &out).unwrap();
            prop_assert_eq!(&found, &rows, "{}", String::from_utf8_lossy(&out));
        }
    }

    #[test]
    fn any_bytes_in_any_pieces(
        parts in proptest::collection::vec(
            prop_oneof![
                proptest::sample::select(vec![
                    "{", "}", "[", "]", ",", ":", "\"", "\n", "\\", "\"f0\":", "\"f1\":", "\"f2\":", "1", "null",
                    "true", "\"a\"", "{\"f0\":1,\"f2\":{}}\n", "\\ud800", "1e9", "-",
                ]).prop_map(|text| text.as_bytes().to_vec()),
                any::<u8>().prop_map(|byte| vec![byte]),
            ], 0..30),
        pieces in proptest::collection::vec(0..20_usize, 0..20),
    ) {
        let bytes = parts.concat();
        for options in [JsonOptions::new(), JsonOptions::new().with_ignore_parse_errors().with_max_line_bytes(40)] {
            same_in_pieces(|| Box::new(JsonDecoder::<Nested>::new(options.clone()).unwrap()), &bytes, &pieces);
            same_in_pieces(|| Box::new(JsonDecoder::<Option<Pair>>::new(options.clone()).unwrap()), &bytes, &pieces);
        }
    }
}
