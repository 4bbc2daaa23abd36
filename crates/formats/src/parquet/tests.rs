use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, TimeUnit};
use bytes::Bytes;
use hurtig_core::types::{from_record_batch, record_schema, to_record_batch};
use hurtig_core::{ErrorKind, EventTime, TypeInformation};
use proptest::prelude::*;

use super::*;

type Row = (i64, Option<String>, Option<EventTime>, Vec<Option<i32>>, BTreeMap<String, f64>);

fn row(id: i64) -> Row {
    let name = (id % 3 != 0).then(|| format!("name {id}"));
    let tags = (0..id % 4).map(|tag| (tag != 1).then_some(tag as i32)).collect();
    (id, name, Some(EventTime::from_millis(id)), tags, BTreeMap::from([(format!("k{}", id % 2), id as f64)]))
}

fn file<T: TypeInformation>(rows: &[T], options: &ParquetOptions) -> Bytes {
    let mut writer = ParquetWriter::new(Vec::new(), record_schema::<T>(), options).unwrap();
    for chunk in rows.chunks(1_000) {
        writer.write(&to_record_batch(chunk).unwrap()).unwrap();
    }
    Bytes::from(writer.finish().unwrap())
}

fn read<T: TypeInformation>(
    reader: &mut ParquetReader<Bytes>,
    max_rows: usize,
) -> hurtig_core::Result<Vec<T>> {
    let mut rows = Vec::new();
    while let Some(batch) = reader.next_batch(max_rows)? {
        assert!((1..=max_rows).contains(&batch.num_rows()));
        rows.extend(from_record_batch::<T>(&batch)?);
    }
    Ok(rows)
}

#[test]
fn rows_come_back() {
    let rows: Vec<Row> = (0..20_000).map(row).collect();
    for compression in
        [ParquetCompression::Uncompressed, ParquetCompression::Snappy, ParquetCompression::Zstd]
    {
        let file = file(&rows, &ParquetOptions::new().with_compression(compression));
        let mut reader = ParquetReader::for_rows::<Row>(file).unwrap();
        assert_eq!(read::<Row>(&mut reader, 3_000).unwrap(), rows);
    }
}

#[test]
fn a_reader_goes_on_where_another_stopped() {
    let rows: Vec<(i64, String)> = (0..30_000).map(|id| (id, format!("{:064}", id * 7_919))).collect();
    let file = file(&rows, &ParquetOptions::new().with_row_group_bytes(200_000));
    let mut first = ParquetReader::for_rows::<(i64, String)>(file.clone()).unwrap();
    let mut seen = Vec::new();
    let mut groups = std::collections::BTreeSet::new();
    while let Some(batch) = first.next_batch(977).unwrap() {
        seen.extend(from_record_batch::<(i64, String)>(&batch).unwrap());
        groups.insert(first.position().row_group);
        let mut second = ParquetReader::for_rows::<(i64, String)>(file.clone()).unwrap();
        second.seek(first.position()).unwrap();
        let next =
            second.next_batch(1).unwrap().map(|batch| from_record_batch::<(i64, String)>(&batch).unwrap());
        assert_eq!(next.as_deref(), rows.get(seen.len()).map(std::slice::from_ref));
    }
    assert_eq!(seen, rows);
    assert!(groups.len() > 2, "{groups:?}");
    let mut reader = ParquetReader::for_rows::<(i64, String)>(file).unwrap();
    assert!(reader.seek(RowPosition { row_group: 1_000, row: 0 }).is_err());
    assert!(reader.seek(RowPosition { row_group: 0, row: 1 << 40 }).is_err());
}

#[test]
fn columns_are_found_by_name_and_may_be_missing() {
    let file = file(&[(1_i32, "a".to_owned(), true), (2, "b".to_owned(), false)], &ParquetOptions::new());
    let schema = |fields: Vec<Field>| Arc::new(Schema::new(fields));
    let wanted = schema(vec![
        Field::new("f2", DataType::Boolean, false),
        Field::new("other", DataType::Date32, true),
        Field::new("f0", DataType::Int64, false),
    ]);
    let mut reader = ParquetReader::for_schema(file.clone(), wanted.clone()).unwrap();
    let batch = reader.next_batch(10).unwrap().unwrap();
    assert_eq!(batch.schema(), wanted);
    let other = schema(vec![Field::new("f1", DataType::Timestamp(TimeUnit::Millisecond, None), true)]);
    let error = ParquetReader::for_schema(file.clone(), other).unwrap().next_batch(10).unwrap_err();
    assert!(
        error.to_string().contains("row group 0, from row 0 on: column 'f1': expected Timestamp"),
        "{error}"
    );
    let Err(error) = ParquetReader::for_rows::<(i32, i32, i32, i32)>(file) else {
        panic!("a missing column")
    };
    assert_eq!(
        error.to_string(),
        "no column 'f3' of type Int32, which cannot be NULL, among 'f0', 'f1', 'f2'"
    );
}

#[test]
fn a_truncated_file_is_an_error() {
    let file = file(&(0..100).map(row).collect::<Vec<_>>(), &ParquetOptions::new());
    for length in 0..file.len() {
        let Err(error) = ParquetReader::for_rows::<Row>(file.slice(..length)) else {
            panic!("{length} bytes")
        };
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn damaged_files_give_errors(changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6)) {
        let mut bytes = file(&(0..50).map(row).collect::<Vec<_>>(), &ParquetOptions::new()).to_vec();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Ok(mut reader) = ParquetReader::for_rows::<Row>(Bytes::from(bytes)) {
            let _ = read::<Row>(&mut reader, 10);
        }
    }

    #[test]
    fn any_bytes(bytes: Vec<u8>) {
        let framed = [b"PAR1", &bytes[..], &(bytes.len() as u32).to_le_bytes(), b"PAR1"].concat();
        for bytes in [bytes, framed] {
            if let Ok(mut reader) = ParquetReader::for_rows::<Row>(Bytes::from(bytes)) {
                let _ = read::<Row>(&mut reader, 10);
            }
        }
    }
}
