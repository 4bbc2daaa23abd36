//! The file sink, driven by hand.
#![allow(clippy::unwrap_used)]
mod common;

use std::fs;
use std::path::Path;
use std::time::Duration;

use common::{TestHost, WRITE, commit_all, files, read_all, writer_context};
use hurtig_connector::{CommitOutcome, Committable, Committer, Sink, SinkWriter, VersionedBytes};
use hurtig_connector_files::sink::{FileCommitter, FileWriter};
use hurtig_connector_files::{FileSink, FileSource, RollingPolicy};
use hurtig_core::{Clock as _, ErrorKind, EventTime, TypeInformation};
use hurtig_derive::TypeInformation;
use hurtig_formats::{CsvOptions, JsonOptions};

#[derive(Clone, Debug, PartialEq, TypeInformation)]
#[hurtig(crate = "hurtig_core")]
struct Order {
    id: i64,
    name: Option<String>,
    at: EventTime,
    tags: Vec<i32>,
}

fn orders(count: i64) -> Vec<Order> {
    let order = |id: i64| Order {
        id,
        name: (id % 3 > 0).then(|| format!("\"{id}\", n")),
        at: EventTime::from_millis(id * 1_001),
        tags: (0..id as i32 % 4).collect(),
    };
    (0..count).map(order).collect()
}

fn write<R: 'static>(writer: &mut FileWriter<R>, records: impl IntoIterator<Item = R>) {
    records.into_iter().for_each(|record| writer.write(record, &WRITE).unwrap());
}

/// Ends the input and commits everything.
fn finish<R: 'static>(sink: &FileSink<R>, writer: &mut FileWriter<R>) {
    writer.flush(true).unwrap();
    commit_all(sink, &writer.prepare_commit().unwrap());
}

fn check_round_trip<T: TypeInformation + PartialEq + std::fmt::Debug>(
    sink: impl Fn(&Path) -> FileSink<T>,
    source: impl Fn(&Path) -> FileSource<T>,
    rows: &[T],
) {
    let folder = tempfile::tempdir().unwrap();
    let sink = sink(folder.path()).with_rolling_policy(RollingPolicy::new().with_max_part_bytes(2_000));
    let host = TestHost::default();
    let mut writer = sink.create_writer(&writer_context(&host, 0, 0), Vec::new()).unwrap();
    write(&mut writer, rows.iter().cloned());
    finish(&sink, &mut writer);
    let mut found = read_all::<T>(&source(folder.path())).unwrap();
    // Parts are read in the order of their names, in which 10 comes before 2.
    assert!(rows.iter().all(|row| found.contains(row)), "{found:?}");
    found.truncate(rows.len() + 1);
    assert_eq!(found.len(), rows.len());
    assert!(files(folder.path()).iter().all(|name| name.starts_with("part-0-")));
}

#[test]
fn every_format_comes_back() {
    let rows = orders(100);
    let csv = || CsvOptions::new().with_header().with_null_literal("NULL");
    check_round_trip(|path| FileSink::csv(path, csv()), |path| FileSource::csv(path, csv()), &rows);
    let json = JsonOptions::new;
    check_round_trip(|path| FileSink::json(path, json()), |path| FileSource::json(path, json()), &rows);
    let lines: Vec<String> = (0..500).map(|line| format!("line {line}")).collect();
    check_round_trip(|path| FileSink::lines(path), |path| FileSource::lines(path), &lines);
}

#[cfg(feature = "parquet")]
#[test]
fn parquet_comes_back() {
    use hurtig_core::batch::ColumnBatch;
    use hurtig_core::types::to_record_batch;
    use hurtig_formats::{ParquetCompression, ParquetOptions};
    let options = || ParquetOptions::new().with_compression(ParquetCompression::Zstd);
    let rows = orders(5_000);
    check_round_trip(|path| FileSink::parquet(path, options()), |path| FileSource::parquet(path), &rows);

    let folder = tempfile::tempdir().unwrap();
    let sink =
        FileSink::<ColumnBatch>::parquet_columns(folder.path(), options()).with_part_suffix(".parquet");
    let host = TestHost::default();
    let mut writer = sink.create_writer(&writer_context(&host, 1, 0), Vec::new()).unwrap();
    let batch = ColumnBatch::from(to_record_batch(&rows).unwrap());
    write(&mut writer, [batch.clone(), batch.clone()]);
    // A checkpoint closes what cannot be cut off.
    writer.flush(false).unwrap();
    assert!(writer.snapshot_state().unwrap().len() == 1);
    commit_all(&sink, &writer.prepare_commit().unwrap());
    assert!(writer.snapshot_state().unwrap().is_empty());
    assert_eq!(files(folder.path()), ["part-1-0.parquet"]);
    let found = read_all::<Order>(&FileSource::<Order>::parquet(folder.path())).unwrap();
    assert_eq!(found, [rows.clone(), rows].concat());

    let kinds = arrow_array::Int8Array::from(vec![3_i8; batch.len()]);
    let deletes = ColumnBatch::with_changes(batch.into_batch(), kinds).unwrap();
    let error = writer.write(deletes, &WRITE).unwrap_err();
    assert!(error.to_string().ends_with("a file takes inserts alone, but row 0 is Delete"), "{error}");
}

#[test]
fn a_part_in_progress_never_looks_finished() {
    let folder = tempfile::tempdir().unwrap();
    let sink = FileSink::<String>::lines(folder.path()).with_part_suffix(".txt");
    let host = TestHost::default();
    let mut writer = sink.create_writer(&writer_context(&host, 0, 3), Vec::new()).unwrap();
    assert!(files(folder.path()).is_empty());
    write(&mut writer, ["a".to_owned(), "b".to_owned()]);
    assert_eq!(files(folder.path()), [".part-0-0.txt.inprogress.3"]);
    writer.flush(false).unwrap();
    assert_eq!(files(folder.path()), [".part-0-0.txt.inprogress.3"]);
    assert!(writer.prepare_commit().unwrap().is_empty());
    assert!(read_all::<String>(&FileSource::lines(folder.path())).unwrap().is_empty());
    writer.flush(true).unwrap();
    assert_eq!(files(folder.path()), [".part-0-0.txt.inprogress.3"]);
    commit_all(&sink, &writer.prepare_commit().unwrap());
    assert_eq!(files(folder.path()), ["part-0-0.txt"]);
    assert_eq!(fs::read_to_string(folder.path().join("part-0-0.txt")).unwrap(), "a\nb\n");
}

#[test]
fn parts_roll_by_size_age_and_inactivity() {
    let folder = tempfile::tempdir().unwrap();
    let policy = RollingPolicy::new()
        .with_max_part_bytes(10)
        .with_rollover_interval(Duration::from_secs(60))
        .with_inactivity_interval(Duration::from_secs(20));
    let sink = FileSink::<String>::lines(folder.path()).with_rolling_policy(policy);
    let host = TestHost::default();
    let mut writer = sink.create_writer(&writer_context(&host, 0, 0), Vec::new()).unwrap();
    let after = |writer: &mut FileWriter<String>, seconds: u64| {
        for _ in 0..seconds {
            host.0.advance(Duration::from_secs(1));
            writer.tick(host.processing_time()).unwrap();
        }
        writer.prepare_commit().unwrap().len()
    };
    // By size: 12 bytes are more than 10.
    write(&mut writer, ["12345".to_owned(), "67890".to_owned(), "1".to_owned()]);
    assert_eq!(after(&mut writer, 1), 1);
    // By inactivity: the last record was written before the first second had passed.
    assert_eq!(after(&mut writer, 19), 0);
    assert_eq!(after(&mut writer, 1), 1);
    assert_eq!(after(&mut writer, 100), 0);
    // By age: a record every ten seconds keeps it active.
    for _ in 0..5 {
        write(&mut writer, [String::new()]);
        assert_eq!(after(&mut writer, 10), 0);
    }
    write(&mut writer, [String::new()]);
    assert_eq!(after(&mut writer, 9), 0);
    assert_eq!(after(&mut writer, 1), 1);
}

#[test]
fn buckets_by_function_and_by_the_clock() {
    let folder = tempfile::tempdir().unwrap();
    let host = TestHost::default();
    let sink = FileSink::<String>::lines(folder.path())
        .with_bucket_function(|record, context| format!("{}/{:?}", &record[..1], context.timestamp()));
    let mut writer = sink.create_writer(&writer_context(&host, 0, 0), Vec::new()).unwrap();
    write(&mut writer, ["a1", "b1", "a2"].map(str::to_owned));
    finish(&sink, &mut writer);
    assert_eq!(files(folder.path()), ["a/None/part-0-0", "b/None/part-0-0"]);

    let sink = FileSink::<String>::lines(folder.path()).with_bucket_function(|record, _| record.clone());
    let mut writer = sink.create_writer(&writer_context(&host, 0, 0), Vec::new()).unwrap();
    let error = writer.write("../x".to_owned(), &WRITE).unwrap_err();
    assert!(error.to_string().contains("the bucket '../x' is not a path below"), "{error}");

    let folder = tempfile::tempdir().unwrap();
    let sink = FileSink::<String>::lines(folder.path()).with_date_time_buckets("yyyy-MM-dd--HH");
    let mut writer = sink.create_writer(&writer_context(&host, 0, 0), Vec::new()).unwrap();
    write(&mut writer, ["a".to_owned()]);
    host.0.advance(Duration::from_millis(3_599_999));
    write(&mut writer, ["b".to_owned()]);
    host.0.advance(Duration::from_millis(1));
    write(&mut writer, ["c".to_owned()]);
    finish(&sink, &mut writer);
    assert_eq!(files(folder.path()), ["2020-02-29--23/part-0-0", "2020-03-01--00/part-0-0"]);
    let sink = FileSink::<String>::lines(folder.path()).with_date_time_buckets("what");
    assert!(sink.create_writer(&writer_context(&host, 0, 0), Vec::new()).is_err());
}

#[test]
fn only_so_many_parts_are_open() {
    let folder = tempfile::tempdir().unwrap();
    let host = TestHost::default();
    let sink = FileSink::<String>::lines(folder.path())
        .with_rolling_policy(RollingPolicy::new().with_max_open_parts(2))
        .with_bucket_function(|record, _| record.clone());
    let mut writer = sink.create_writer(&writer_context(&host, 0, 0), Vec::new()).unwrap();
    for bucket in ["c", "b", "a"] {
        write(&mut writer, [bucket.to_owned()]);
        host.0.advance(Duration::from_secs(1));
    }
    commit_all(&sink, &writer.prepare_commit().unwrap());
    assert_eq!(files(folder.path()), ["a/.part-0-0.inprogress.0", "b/.part-0-0.inprogress.0", "c/part-0-0"]);
}

#[test]
fn finished_files_are_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let host = TestHost::default();
    let sink = FileSink::<String>::lines(folder.path());
    for attempt in [0, 0, 1] {
        let mut writer = sink.create_writer(&writer_context(&host, 0, attempt), Vec::new()).unwrap();
        write(&mut writer, ["x".to_owned()]);
        finish(&sink, &mut writer);
    }
    assert_eq!(files(folder.path()), ["part-0-0", "part-0-1", "part-0-2"]);
    // Two writers that both believe to be the first.
    let create = || sink.create_writer(&writer_context(&host, 1, 0), Vec::new()).unwrap();
    let (mut one, mut other) = (create(), create());
    write(&mut one, ["x".to_owned()]);
    write(&mut other, ["y".to_owned()]);
    finish(&sink, &mut one);
    finish(&sink, &mut other);
    assert_eq!(files(folder.path())[3..], ["part-1-0", "part-1-1"]);
}

fn commit_one(committable: &Committable) -> CommitOutcome {
    FileCommitter.commit(std::slice::from_ref(committable)).unwrap().remove(0)
}

#[test]
fn commits_can_be_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let host = TestHost::default();
    let sink = FileSink::<String>::lines(folder.path());
    let committable = || {
        let mut writer = sink.create_writer(&writer_context(&host, 0, 0), Vec::new()).unwrap();
        write(&mut writer, ["abc".to_owned()]);
        writer.flush(true).unwrap();
        writer.prepare_commit().unwrap().remove(0)
    };
    let failed = |outcome: CommitOutcome, expect: &str| match outcome {
        CommitOutcome::Failed(reason) => assert!(reason.contains(expect), "{reason}"),
        other => panic!("{other:?}"),
    };
    let first = committable();
    assert_eq!(commit_one(&first), CommitOutcome::Done);
    assert_eq!(commit_one(&first), CommitOutcome::AlreadyDone);
    fs::remove_file(folder.path().join("part-0-0")).unwrap();
    failed(commit_one(&first), "4 bytes are lost");
    let second = committable();
    fs::write(folder.path().join("part-0-0"), "mine").unwrap();
    failed(commit_one(&second), "would overwrite it");
    fs::remove_file(folder.path().join("part-0-0")).unwrap();
    fs::write(folder.path().join(".part-0-0.inprogress.0"), "a").unwrap();
    failed(commit_one(&second), "has 1 bytes, but was closed with 4");
    failed(commit_one(&Committable(VersionedBytes { version: 9, bytes: Vec::new() })), "version 9");
    failed(commit_one(&Committable(VersionedBytes { version: 1, bytes: vec![7] })), "at byte");
}

#[test]
fn a_restart_cuts_off_what_the_checkpoint_does_not_hold() {
    let folder = tempfile::tempdir().unwrap();
    let host = TestHost::default();
    let sink = FileSink::<String>::csv(folder.path(), CsvOptions::new().with_header());
    let mut first = sink.create_writer(&writer_context(&host, 0, 0), Vec::new()).unwrap();
    write(&mut first, ["a", "b"].map(str::to_owned));
    first.flush(false).unwrap();
    assert!(first.prepare_commit().unwrap().is_empty());
    let state = first.snapshot_state().unwrap();
    assert_eq!(state.len(), 1);
    // Written, and even closed, but never committed.
    write(&mut first, ["c".to_owned()]);
    first.flush(true).unwrap();
    drop(first);

    // Two attempts from the same checkpoint: the first of them dies as well.
    for attempt in 1..=2 {
        let mut writer = sink.create_writer(&writer_context(&host, 0, attempt), state.clone()).unwrap();
        write(&mut writer, ["c", "d"].map(str::to_owned));
        if attempt == 2 {
            finish(&sink, &mut writer);
        }
    }
    let mut rows =
        read_all::<String>(&FileSource::csv(folder.path(), CsvOptions::new().with_header())).unwrap();
    rows.sort();
    assert_eq!(rows, ["a", "b", "c", "d"]);

    // The checkpoint again: its part is finished now, with exactly what it holds.
    let mut writer = sink.create_writer(&writer_context(&host, 0, 3), state.clone()).unwrap();
    assert!(writer.prepare_commit().unwrap().is_empty());
    fs::write(folder.path().join("part-0-0"), "f0\na\nb\nc\n").unwrap();
    let error = sink.create_writer(&writer_context(&host, 0, 3), state.clone()).err().unwrap();
    assert!(error.to_string().contains("has been finished since with 9"), "{error}");
    fs::remove_file(folder.path().join("part-0-0")).unwrap();
    let error = sink.create_writer(&writer_context(&host, 0, 3), state).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains("which is not there any more"), "{error}");
}

#[test]
fn folders_that_cannot_be_written_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let blocked = folder.path().join("file");
    fs::write(&blocked, "").unwrap();
    let host = TestHost::default();
    let sink = FileSink::<String>::lines(blocked.join("below"));
    let mut writer = sink.create_writer(&writer_context(&host, 0, 0), Vec::new()).unwrap();
    let error = writer.write("a".to_owned(), &WRITE).unwrap_err();
    assert!(error.to_string().contains(&format!("'{}'", blocked.join("below").display())), "{error}");
    assert_eq!(error.kind(), ErrorKind::User);
    let sink = FileSink::<String>::lines("s3://bucket/folder");
    assert!(sink.create_writer(&writer_context(&host, 0, 0), Vec::new()).is_err());
    let sink = FileSink::<String>::lines(folder.path()).with_part_prefix("_part");
    assert!(sink.create_writer(&writer_context(&host, 0, 0), Vec::new()).is_err());
}

/// A device that is always full.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_names_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let host = TestHost::default();
    let sink = FileSink::<String>::with_format(folder.path(), full::FullDisk);
    let mut writer = sink.create_writer(&writer_context(&host, 0, 0), Vec::new()).unwrap();
    write(&mut writer, ["a".to_owned()]);
    let error = writer.flush(false).unwrap_err();
    let path = folder.path().join(".part-0-0.inprogress.0");
    assert!(error.to_string().starts_with(&format!("file '{}': writing failed: No space", path.display())));
    assert_eq!(error.kind(), ErrorKind::Restart);
}

#[cfg(target_os = "linux")]
mod full {
    use std::fs::{File, OpenOptions};
    use std::io::Write;

    use hurtig_connector_files::sink::{PartFormat, PartWriter};
    use hurtig_core::{Error, Result};

    pub struct FullDisk;

    impl PartFormat<String> for FullDisk {
        fn create(&self, _: File) -> Result<Box<dyn PartWriter<String>>> {
            Ok(Box::new(FullPart(OpenOptions::new().write(true).open("/dev/full").unwrap())))
        }
    }

    struct FullPart(File);

    impl PartWriter<String> for FullPart {
        fn write(&mut self, _: String) -> Result<()> {
            Ok(())
        }
        fn bytes(&self) -> u64 {
            0
        }
        fn persist(&mut self) -> Result<Option<u64>> {
            self.0.write_all(b"a").map_err(|error| Error::restart("writing failed").caused_by(error))?;
            Ok(Some(1))
        }
        fn finish(mut self: Box<Self>) -> Result<u64> {
            self.persist().map(Option::unwrap_or_default)
        }
    }
}
