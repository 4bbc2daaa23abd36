use std::sync::Arc;

use arrow_array::{Int8Array, Int64Array};
use arrow_schema::{DataType, Field, Schema};

use super::*;

fn columns(values: Vec<i64>) -> RecordBatch {
    let schema = Schema::new(vec![Field::new("f0", DataType::Int64, false)]);
    RecordBatch::try_new(Arc::new(schema), vec![Arc::new(Int64Array::from(values))]).unwrap()
}

fn times(millis: &[i64]) -> Vec<EventTime> {
    millis.iter().map(|&millis| EventTime::from_millis(millis)).collect()
}

#[test]
fn a_cursor_leaves_what_it_does_not_take() {
    let mut batch = Batch::from_stamped_rows(vec![1i64, 2, 3, 4], times(&[10, 20, 30, 40])).unwrap();
    let taken: Vec<_> = batch.cursor::<i64>(2).unwrap().collect();
    assert_eq!(taken, vec![(1, Some(EventTime::from_millis(10))), (2, Some(EventTime::from_millis(20)))]);
    assert_eq!(batch.rows::<i64>().unwrap(), &[3, 4]);
    assert_eq!(batch.timestamps().unwrap(), &times(&[30, 40])[..]);
    let front = batch.split_to(1);
    assert_eq!((front.len(), batch.len()), (1, 1));
}

#[test]
fn another_type_is_an_error_that_names_both() {
    let error = Batch::from_rows(vec![1i64]).rows::<String>().unwrap_err();
    assert!(error.to_string().contains("String") && error.to_string().contains("i64"), "{error}");
}

#[test]
fn scatter_keeps_order_and_timestamps_per_target() {
    let mut scatter = Scatter::new(3);
    scatter.scatter(Batch::from_rows(vec![0i64, 1, 2]), &[0, 1, 0]).unwrap();
    let stamped = Batch::from_stamped_rows(vec![3i64, 4], times(&[30, 40])).unwrap();
    scatter.scatter(stamped, &[0, 1]).unwrap();
    let batch = scatter.take(0).unwrap().unwrap();
    assert_eq!(batch.rows::<i64>().unwrap(), &[0, 2, 3]);
    let none = EventTime::MIN;
    assert_eq!(batch.timestamps().unwrap(), &[none, none, EventTime::from_millis(30)]);
    assert_eq!(scatter.take(1).unwrap().unwrap().rows::<i64>().unwrap(), &[1, 4]);
    assert!(scatter.take(2).unwrap().is_none());
    assert!(scatter.scatter(Batch::from_rows(vec![0i64]), &[3]).is_err());
}

#[test]
fn scatter_shares_out_columns_with_their_changes() {
    let kinds = Int8Array::from(vec![0, 3, 1]);
    let batch = ColumnBatch::with_changes(columns(vec![7, 8, 9]), kinds).unwrap();
    let mut scatter = Scatter::new(2);
    scatter.scatter(Batch::from_columns(batch), &[1, 0, 1]).unwrap();
    scatter.scatter(Batch::from_columns(columns(vec![10])), &[1]).unwrap();
    let ones = scatter.take(1).unwrap().unwrap();
    let ones = ones.columns().unwrap();
    assert_eq!(ones.batch().column(0).as_ref(), &Int64Array::from(vec![7, 9, 10]) as &dyn arrow_array::Array);
    assert_eq!((ones.change(0), ones.change(1)), (crate::RowKind::Insert, crate::RowKind::UpdateBefore));
    assert_eq!(ones.change(2), crate::RowKind::Insert);
}

#[test]
fn batches_survive_their_encoding() {
    let rows = Batch::from_stamped_rows(vec!["a".to_owned(), String::new()], times(&[1, -1])).unwrap();
    let edge = BatchType::rows::<String>();
    let mut bytes = Vec::new();
    edge.encode(&rows, &mut bytes).unwrap();
    let back = edge.decode(&bytes).unwrap();
    assert_eq!(back.rows::<String>().unwrap(), rows.rows::<String>().unwrap());
    assert_eq!(back.timestamps(), rows.timestamps());
    for cut in 0..bytes.len() {
        assert!(edge.decode(&bytes[..cut]).is_err(), "cut at {cut}");
    }

    let kinds = Int8Array::from(vec![0, 2]);
    let batch = ColumnBatch::with_changes(columns(vec![1, 2]), kinds).unwrap();
    let edge = BatchType::columns(crate::types::LogicalType::null(), batch.schema());
    let mut bytes = Vec::new();
    edge.encode(&Batch::from_columns(batch.clone()), &mut bytes).unwrap();
    let back = edge.decode(&bytes).unwrap();
    assert_eq!(back.record_batch().unwrap(), batch.batch());
    assert_eq!(back.columns().unwrap().changes(), batch.changes());
}

#[test]
fn bytes_count_what_rows_own() {
    let short = Batch::from_rows(vec![0u64; 100]).bytes();
    assert_eq!(short, 800);
    let long = Batch::from_rows(vec!["x".repeat(1000); 100]).bytes();
    assert!((100_000..110_000).contains(&long), "{long}");
}
