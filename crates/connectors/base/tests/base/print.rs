//! The printed form of values, and the lines of a print sink.
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use hurtig_connector::{Sink, SinkWriter, WriteContext};
use hurtig_connector_base::PrintSink;
use hurtig_connector_base::display::{Printer, print};
use hurtig_core::types::codec::Reader;
use hurtig_core::types::{Bytes, LogicalType, RowField};
use hurtig_core::{ErrorKind, EventTime, ProcessingTime, TypeInformation, Watermark};
use hurtig_derive::TypeInformation;

use crate::host::ManualHost;

#[derive(Clone, TypeInformation)]
#[hurtig(crate = "hurtig_core")]
struct Order {
    id: i64,
    item: Option<String>,
    at: EventTime,
    tags: Vec<Option<i32>>,
    address: Address,
}

#[derive(Clone, TypeInformation)]
#[hurtig(crate = "hurtig_core")]
struct Address {
    street: String,
    number: Option<i32>,
}

fn check<T: TypeInformation>(value: T, expect: &str) {
    assert_eq!(print(&value).unwrap(), expect);
}

#[test]
fn values_print_as_in_flink() {
    check(1_i64, "1");
    check(-7_i8, "-7");
    check(true, "true");
    check(1.5_f32, "1.5");
    check(String::from("a b"), "a b");
    check(Some(2_i32), "2");
    check(None::<String>, "null");
    check(u64::MAX, "18446744073709551615");
    check(Bytes(vec![0, 255]), "[0, -1]");
    check(vec![1_i32, 2], "[1, 2]");
    check(Vec::<i32>::new(), "[]");
    check(BTreeMap::from([(String::from("k"), Some(1_i64)), (String::from("l"), None)]), "{k=1, l=null}");
    check(EventTime::from_millis(1_000), "1970-01-01T00:00:01Z");
    check(ProcessingTime::from_millis(1_577_836_801_500), "2020-01-01T00:00:01.500Z");
}

#[test]
fn tuples_and_rows_are_told_apart_by_their_fields() {
    check((String::from("a"), 1_i64), "(a,1)");
    check((None::<i64>, (1_i32, true)), "(null,(1,true))");
    let address = Address { street: "High Street".into(), number: None };
    check(address.clone(), "+I[High Street, null]");
    check((1_i64, address.clone()), "(1,+I[High Street, null])");
    let order = Order {
        id: 7,
        item: Some("pen".into()),
        at: EventTime::from_millis(0),
        tags: vec![Some(1), None],
        address,
    };
    check(order, "+I[7, pen, 1970-01-01T00:00:00Z, [1, null], +I[High Street, null]]");
}

#[test]
fn types_without_a_rust_value_print_from_their_encoding() {
    let check = |logical: LogicalType, bytes: &[u8], expect: &str| {
        let mut text = String::new();
        Printer::new(&logical.not_null()).print(&mut Reader::new(bytes), &mut text).unwrap();
        assert_eq!(text, expect);
    };
    check(LogicalType::decimal(10, 2), &1250_i128.to_le_bytes(), "12.50");
    check(LogicalType::date(), &18_262_i32.to_le_bytes(), "2020-01-01");
    check(LogicalType::time(0), &36_000_000_i32.to_le_bytes(), "10:00");
    check(LogicalType::timestamp(3), &1_577_836_801_000_i64.to_le_bytes(), "2020-01-01T00:00:01");
    let nanos = [&1_577_836_801_000_i64.to_le_bytes()[..], &1_000_u32.to_le_bytes()].concat();
    check(LogicalType::timestamp(6), &nanos, "2020-01-01T00:00:01.000001");
    check(LogicalType::timestamp_ltz(6), &nanos, "2020-01-01T00:00:01.000001Z");
    check(LogicalType::interval_year_month(), &14_i32.to_le_bytes(), "P14M");
    check(LogicalType::interval_day_time(), &4_500_i64.to_le_bytes(), "PT4.5S");
    let elements = LogicalType::multiset(LogicalType::tiny_int().not_null());
    check(elements, &[1, 5, 2, 0, 0, 0], "{5=2}");
    let row = LogicalType::row([
        RowField::new("a", LogicalType::tiny_int()),
        RowField::new("b", LogicalType::tiny_int().not_null()),
        RowField::new("c", LogicalType::array(LogicalType::tiny_int())),
    ]);
    check(row, &[0b01, 9, 3, 0b010, 1, 2], "+I[null, 9, [1, null, 2]]");
}

#[test]
fn bytes_that_nobody_wrote_are_an_error() {
    let logical = LogicalType::array(LogicalType::row([RowField::new("a", LogicalType::string())]));
    let printer = Printer::new(&logical);
    for length in 0..6 {
        let bytes = [1, 255, 255, 255, 255, 15];
        assert!(printer.print(&mut Reader::new(&bytes[..length]), &mut String::new()).is_err());
    }
}

#[test]
fn no_bytes_make_the_printer_panic() {
    let row = LogicalType::row([
        RowField::new("a", LogicalType::timestamp_ltz(9)),
        RowField::new("b", LogicalType::interval_day_time().not_null()),
        RowField::new("c", LogicalType::map(LogicalType::date().not_null(), LogicalType::decimal(38, 38))),
        RowField::new("d", LogicalType::array(LogicalType::time(3).not_null())),
        RowField::new("e", LogicalType::interval_year_month()),
        RowField::new("f", LogicalType::array(LogicalType::double()).not_null()),
    ]);
    let printer = Printer::new(&row);
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    let mut printed = 0;
    for round in 0..20_000 {
        // Few different bytes make counts that are small enough to be believed.
        let mask = [0xff, 0x03, 0x81][round % 3];
        let bytes: Vec<u8> = (0..next()).map(|_| next() & mask).collect();
        printed += usize::from(printer.print(&mut Reader::new(&bytes), &mut String::new()).is_ok());
    }
    assert!(printed > 100, "{printed}");
}

/// What was written, by whole `write` calls.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<String>>>);

impl Paper {
    fn text(&self) -> String {
        self.0.lock().unwrap().concat()
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().push(String::from_utf8(bytes.to_vec()).unwrap());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const PLAIN: WriteContext = WriteContext { timestamp: None, watermark: Watermark::MIN };

fn lines(identifier: &str, subtask: u32, parallelism: u32) -> String {
    let paper = Paper::default();
    let target = paper.clone();
    let sink = PrintSink::<i64>::to_writer(move || target.clone()).with_identifier(identifier);
    let mut writer = sink.create_writer(&ManualHost::new().writer(subtask, parallelism, 0), vec![]).unwrap();
    writer.write(1, &PLAIN).unwrap();
    writer.write(2, &PLAIN).unwrap();
    writer.flush(true).unwrap();
    paper.text()
}

#[test]
fn a_line_says_where_it_comes_from() {
    assert_eq!(lines("", 0, 1), "1\n2\n");
    assert_eq!(lines("", 1, 2), "2> 1\n2> 2\n");
    assert_eq!(lines("id", 0, 1), "id> 1\nid> 2\n");
    assert_eq!(lines("id", 1, 4), "id:2> 1\nid:2> 2\n");
}

#[test]
fn lines_come_out_together_and_in_time() {
    let paper = Paper::default();
    let target = paper.clone();
    let sink = PrintSink::<String>::to_writer(move || target.clone());
    let mut writer = sink.create_writer(&ManualHost::new().writer(0, 1, 0), vec![]).unwrap();
    let line = "x".repeat(999);
    for _ in 0..8 {
        writer.write(line.clone(), &PLAIN).unwrap();
    }
    assert_eq!(paper.text(), "");
    writer.write(line.clone(), &PLAIN).unwrap();
    assert_eq!((paper.text().len(), paper.0.lock().unwrap().len()), (9_000, 1));
    writer.write("batch".into(), &PLAIN).unwrap();
    writer.end_of_batch().unwrap();
    assert!(paper.text().ends_with("batch\n"));
    writer.write("cancelled".into(), &PLAIN).unwrap();
    drop(writer);
    assert!(paper.text().ends_with("batch\ncancelled\n"));
}

struct BrokenPipe;

impl Write for BrokenPipe {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_broken_pipe_is_an_error() {
    let sink = PrintSink::<i64>::to_writer(|| BrokenPipe);
    let mut writer = sink.create_writer(&ManualHost::new().writer(0, 1, 0), vec![]).unwrap();
    writer.write(1, &PLAIN).unwrap();
    let error = writer.flush(false).unwrap_err();
    assert_eq!(error.to_string(), "cannot print to the writer of a print sink: broken pipe");
    assert_eq!(error.kind(), ErrorKind::User);
}
