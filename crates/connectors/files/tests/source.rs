//! The file source, driven by hand.
#![allow(clippy::unwrap_used)]
mod common;

use std::fs;
use std::path::Path;
use std::time::Duration;

use common::{Cluster, TestHost, read_all};
use hurtig_connector::{Boundedness, Source, SourceReader};
use hurtig_connector_files::FileSource;
use hurtig_core::{ErrorKind, TypeInformation};
use hurtig_derive::TypeInformation;
use hurtig_formats::{CsvOptions, JsonOptions, LineOptions, ParseErrors};

#[derive(Clone, Debug, PartialEq, TypeInformation)]
#[hurtig(crate = "hurtig_core")]
struct Order {
    id: i64,
    name: Option<String>,
    price: f64,
}

fn order(id: i64, name: &str, price: f64) -> Order {
    Order { id, name: Some(name.to_owned()), price }
}

fn error<T: TypeInformation + std::fmt::Debug>(source: &impl Source<Record = T>) -> String {
    read_all::<T>(source).unwrap_err().to_string()
}

#[test]
fn folders_of_lines() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("b"), "3\n4").unwrap();
    fs::write(folder.path().join("a"), "1\r\n2\n").unwrap();
    fs::write(folder.path().join("c"), "").unwrap();
    fs::write(folder.path().join(".part-0-0.inprogress.0"), "no").unwrap();
    let source = FileSource::lines(folder.path());
    assert_eq!(source.boundedness(), Boundedness::Bounded);
    assert_eq!(read_all::<String>(&source).unwrap(), ["1", "2", "3", "4"]);
    let source = FileSource::lines([folder.path().join("b"), folder.path().join("a")]);
    assert_eq!(read_all::<String>(&source).unwrap(), ["1", "2", "3", "4"]);
}

#[test]
fn csv_and_json_with_errors_that_name_the_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orders");
    fs::write(&path, "price,id,name\n1.5,1,a\n2.5,2,\"b\nc\"\n").unwrap();
    let options = CsvOptions::new().with_header();
    let source = FileSource::<Order>::csv(&path, options.clone());
    assert_eq!(read_all::<Order>(&source).unwrap(), [order(1, "a", 1.5), order(2, "b\nc", 2.5)]);

    fs::write(&path, "price,id,name\n1.5,1,a\nx,2,b\n,3,c\n3.5,4,d\n").unwrap();
    let expect = format!("file '{}': line 3, column 'price': expected DOUBLE, found 'x'", path.display());
    assert_eq!(error::<Order>(&source), expect);
    let source = FileSource::<Order>::csv(&path, options.with_ignore_parse_errors());
    assert_eq!(read_all::<Order>(&source).unwrap(), [order(1, "a", 1.5), order(4, "d", 3.5)]);
    assert_eq!(source.parse_errors(), ParseErrors { records: 2, fields: 0 });

    fs::write(
        &path,
        "{\"id\":1,\"name\":\"a\",\"price\":1.5}\n{\"id\":2,\"price\":\"y\"}\n{\"id\":3,\"price\":2}\n",
    )
    .unwrap();
    let source = FileSource::<Order>::json(&path, JsonOptions::new());
    let expect = format!("file '{}': line 2, field 'price': expected DOUBLE, found 'y'", path.display());
    assert_eq!(error::<Order>(&source), expect);
    let source = FileSource::<Order>::json(&path, JsonOptions::new().with_ignore_parse_errors());
    let rows = read_all::<Order>(&source).unwrap();
    assert_eq!(rows, [order(1, "a", 1.5), Order { id: 3, name: None, price: 2.0 }]);
    assert_eq!(source.parse_errors(), ParseErrors { records: 1, fields: 0 });
}

#[test]
fn types_without_a_form_fail_at_the_start() {
    let source = FileSource::<(Vec<Vec<i32>>,)>::csv("/tmp", CsvOptions::new());
    let error = source.create_enumerator(None).err().unwrap();
    assert!(error.to_string().starts_with("column 'f0': CSV has no form for ARRAY<"), "{error}");
}

#[test]
fn missing_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing");
    let source = FileSource::lines(&path);
    assert!(error::<String>(&source).starts_with(&format!("reading '{}': No such file", path.display())));
    // A file that goes away between the listing and the reading.
    fs::write(&path, "a\n").unwrap();
    let mut cluster = Cluster::start(&source, &TestHost::default(), 1).unwrap();
    cluster.discover().unwrap();
    fs::remove_file(&path).unwrap();
    let error = cluster.rows::<String>(9).unwrap_err();
    assert!(error.to_string().contains(&format!("file '{}'", path.display())), "{error}");
}

#[test]
fn lines_longer_than_the_buffer_and_than_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long");
    let lines = ["x".repeat(700_000), "y".to_owned(), "z".repeat(1 << 20)];
    fs::write(&path, lines.join("\n")).unwrap();
    assert_eq!(read_all::<String>(&FileSource::lines(&path)).unwrap(), lines);
    let source = FileSource::lines_with(&path, LineOptions::new().with_max_line_bytes(800_000));
    assert!(error::<String>(&source).ends_with("line 3: longer than 800000 bytes"));
}

/// Reads `stop` batches, restarts from the snapshot with another parallelism, and reads the rest: together
/// that must be everything, once.
fn check_restarts<T: TypeInformation + PartialEq + std::fmt::Debug>(source: &impl Source, expect: &[T]) {
    for stop in 0..expect.len() + 2 {
        let host = TestHost::default();
        let mut first = Cluster::start(source, &host, 2).unwrap();
        let (mut rows, _) = first.rows::<T>(stop).unwrap();
        let mut second = first.restart(source, &host, 1 + stop as u32 % 3).unwrap();
        let (rest, ended) = second.rows::<T>(usize::MAX).unwrap();
        assert!(ended);
        rows.extend(rest);
        assert_eq!(rows.len(), expect.len(), "after {stop} batches");
        assert!(expect.iter().all(|row| rows.contains(row)), "after {stop} batches: {rows:?}");
    }
}

#[test]
fn a_restart_reads_exactly_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let orders: Vec<Order> = (0..23).map(|id| order(id, "a \"quoted\"\nname", 0.5)).collect();
    for (index, part) in orders.chunks(9).enumerate() {
        let mut text = "price,name,id\r\n".to_owned();
        for order in part {
            text += &format!("0.5,\"a \"\"quoted\"\"\nname\",{}\r\n\r\n", order.id);
        }
        fs::write(folder.path().join(format!("{index}.csv")), text).unwrap();
    }
    check_restarts(&FileSource::<Order>::csv(folder.path(), CsvOptions::new().with_header()), &orders);

    let folder = tempfile::tempdir().unwrap();
    let lines: Vec<String> = (0..17).map(|line| format!("line {line}")).collect();
    fs::write(folder.path().join("a"), lines[..10].join("\n")).unwrap();
    fs::write(folder.path().join("b"), lines[10..].join("\r\n") + "\r\n").unwrap();
    check_restarts(&FileSource::lines(folder.path()), &lines);
}

#[test]
fn line_numbers_go_on_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    fs::write(&path, "f0\n1\n2\n3\n4\nx\n").unwrap();
    let source = FileSource::<(i32,)>::csv(&path, CsvOptions::new().with_header());
    let host = TestHost::default();
    let mut first = Cluster::start(&source, &host, 1).unwrap();
    assert_eq!(first.rows::<(i32,)>(1).unwrap().0, [(1,), (2,), (3,)]);
    let error = first.restart(&source, &host, 1).unwrap().rows::<(i32,)>(9).unwrap_err();
    assert!(error.to_string().ends_with("line 6, column 'f0': expected INT, found 'x'"), "{error}");
    // A file that has become shorter than what was read of it is not silently taken as read.
    fs::write(&path, "f0\n").unwrap();
    let error = first.restart(&source, &host, 1).unwrap().rows::<(i32,)>(9).unwrap_err();
    assert!(error.to_string().ends_with("the file has 3 bytes, but 9 had been read of it"), "{error}");
    assert_eq!(error.kind(), ErrorKind::Corrupt);
}

#[test]
fn one_file_goes_to_one_reader() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a", "b", "c"] {
        fs::write(folder.path().join(name), format!("{name}\n").repeat(10)).unwrap();
    }
    let source = FileSource::lines(folder.path());
    let mut cluster = Cluster::start(&source, &TestHost::default(), 2).unwrap();
    cluster.run(2).unwrap();
    let mut open: Vec<_> =
        cluster.readers.iter_mut().flat_map(|reader| reader.snapshot_state().unwrap()).collect();
    open.sort_by(|one, other| one.path.cmp(&other.path));
    let names: Vec<_> =
        open.iter().map(|split| Path::new(&split.path).file_name().unwrap().to_owned()).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(cluster.rows::<String>(usize::MAX).unwrap().0.len(), 24);
}

#[test]
fn splits_of_a_failed_reader_are_read_by_another() {
    use hurtig_connector::SplitEnumerator;
    use hurtig_core::ids::SubtaskIndex;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a"), "1\n2\n3\n4\n").unwrap();
    let source = FileSource::lines(folder.path());
    let mut cluster = Cluster::start(&source, &TestHost::default(), 2).unwrap();
    cluster.run(1).unwrap();
    let splits = cluster.readers[0].snapshot_state().unwrap();
    cluster.enumerator.add_splits_back(splits, SubtaskIndex(0), &mut cluster.context).unwrap();
    cluster.readers.remove(0);
    cluster.enumerator.handle_split_request(SubtaskIndex(0), &mut cluster.context).unwrap();
    assert_eq!(cluster.rows::<String>(usize::MAX).unwrap().0, ["4"]);
}

#[test]
fn a_watched_folder_gives_each_file_once() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str| fs::write(folder.path().join(name), format!("{name}\n")).unwrap();
    let source = FileSource::lines(folder.path()).monitor_continuously(Duration::from_secs(10));
    assert_eq!(source.boundedness(), Boundedness::Unbounded);
    let host = TestHost::default();
    let mut cluster = Cluster::start(&source, &host, 1).unwrap();
    let rows = |cluster: &mut Cluster<FileSource<String>>| cluster.rows::<String>(usize::MAX).unwrap();
    write("b");
    assert_eq!(rows(&mut cluster), (vec!["b".to_owned()], false));
    write("a");
    host.0.advance(Duration::from_millis(9_999));
    assert_eq!(rows(&mut cluster), (vec![], false));
    host.0.advance(Duration::from_millis(1));
    assert_eq!(rows(&mut cluster), (vec!["a".to_owned()], false));
    // Found, not read, at the checkpoint; and one that comes while the job is down.
    write("c");
    host.0.advance(Duration::from_secs(10));
    cluster.discover().unwrap();
    write("d");
    let mut cluster = cluster.restart(&source, &host, 1).unwrap();
    assert_eq!(rows(&mut cluster), (vec!["c".to_owned(), "d".to_owned()], false));
    fs::remove_file(folder.path().join("a")).unwrap();
    write("b");
    host.0.advance(Duration::from_secs(60));
    assert_eq!(rows(&mut cluster), (vec![], false));
}

#[cfg(feature = "parquet")]
mod parquet {
    use std::fs::File;

    use hurtig_connector::ColumnSource;
    use hurtig_connector_files::FileColumnSource;
    use hurtig_core::types::{LogicalType, RowField, record_schema, to_record_batch};
    use hurtig_formats::{ParquetOptions, ParquetWriter};

    use super::*;

    fn write(path: &Path, orders: &[Order]) {
        let options = ParquetOptions::new().with_row_group_bytes(200);
        let schema = record_schema::<Order>();
        let mut writer = ParquetWriter::new(File::create(path).unwrap(), schema, &options).unwrap();
        for part in orders.chunks(4) {
            writer.write(&to_record_batch(part).unwrap()).unwrap();
        }
        writer.finish().unwrap();
    }

    #[test]
    fn rows_and_restarts() {
        let folder = tempfile::tempdir().unwrap();
        let orders: Vec<Order> = (0..40).map(|id| order(id, &format!("name {id}"), 0.25)).collect();
        write(&folder.path().join("a.parquet"), &orders[..25]);
        write(&folder.path().join("b.parquet"), &orders[25..]);
        check_restarts(&FileSource::<Order>::parquet(folder.path()), &orders);
    }

    #[test]
    fn columns() {
        let folder = tempfile::tempdir().unwrap();
        write(&folder.path().join("a.parquet"), &(0..10).map(|id| order(id, "n", 0.5)).collect::<Vec<_>>());
        let row_type = LogicalType::row([
            RowField::new("price", LogicalType::double()),
            RowField::new("id", LogicalType::integer().not_null()),
        ]);
        let source = FileColumnSource::parquet(folder.path(), row_type.clone()).unwrap();
        let (batches, ended) =
            Cluster::start(&source, &TestHost::default(), 1).unwrap().run(usize::MAX).unwrap();
        assert!(ended);
        assert_eq!(source.row_type(), row_type);
        assert!(batches.iter().all(|batch| batch.columns().unwrap().schema() == source.schema()));
        assert_eq!(batches.iter().map(|batch| batch.len()).sum::<usize>(), 10);
        assert!(FileColumnSource::parquet("x", LogicalType::integer()).is_err());
    }

    #[test]
    fn truncated_files_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        write(&path, &[order(1, "a", 0.5)]);
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() - 10]).unwrap();
        let error = read_all::<Order>(&FileSource::<Order>::parquet(&path)).unwrap_err();
        assert!(
            error.to_string().starts_with(&format!("file '{}': not readable as Parquet", path.display()))
        );
        assert_eq!(error.kind(), ErrorKind::Corrupt);
    }
}
