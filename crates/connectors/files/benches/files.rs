//! Bytes per second of every format, read and written through the connector: one thread, files in the page
//! cache.
#![allow(missing_docs)]
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hurtig_connector::{
    Fetched, Host, ReaderContext, Sink, SinkWriter, Sleep, Source, SourceReader, WriteContext, WriterContext,
};
use hurtig_connector_files::source::FileSplit;
use hurtig_connector_files::{FileSink, FileSource};
use hurtig_core::ids::SubtaskIndex;
use hurtig_core::{Clock, EventTime, Instant, ProcessingTime, TypeInformation, Watermark};
use hurtig_derive::TypeInformation;
use hurtig_formats::{CsvOptions, JsonOptions, ParquetOptions};

const ROWS: i64 = 200_000;

#[derive(Clone, TypeInformation)]
#[hurtig(crate = "hurtig_core")]
struct Bid {
    auction: i64,
    bidder: i64,
    price: i64,
    channel: Option<String>,
    url: String,
    date_time: EventTime,
}

fn bid(id: i64) -> Bid {
    Bid {
        auction: id / 3,
        bidder: id * 7_919 % 10_007,
        price: id * 31 % 1_000_000,
        channel: (id % 4 > 0).then(|| "channel".to_owned()),
        url: format!("https://www.example.com/item.htm?query=1&channel_id={}", id % 1_000),
        date_time: EventTime::from_millis(1_600_000_000_000 + id),
    }
}

#[derive(Debug)]
struct StoppedClock;

impl Clock for StoppedClock {
    fn processing_time(&self) -> ProcessingTime {
        ProcessingTime::from_millis(0)
    }
    fn instant(&self) -> Instant {
        Instant::from_nanos(0)
    }
}

impl Host for StoppedClock {
    fn sleep_until(&self, _: Instant) -> Sleep {
        Box::pin(std::future::pending())
    }
    fn spawn_io(&self, _: std::pin::Pin<Box<dyn Future<Output = ()> + Send>>) {}
}

fn read<T: TypeInformation>(source: &FileSource<T>, path: &Path) -> usize {
    let context = ReaderContext { subtask: SubtaskIndex(0), parallelism: 1, host: Arc::new(StoppedClock) };
    let mut reader = source.create_reader(&context).expect("a reader");
    reader.add_splits(vec![FileSplit::new(path.to_str().expect("a name"))]).expect("a split");
    let mut rows = 0;
    loop {
        match reader.poll_next(&mut Context::from_waker(Waker::noop()), 1_024) {
            Poll::Ready(Ok(Fetched::Batch(_, batch))) => rows += black_box(batch).len(),
            Poll::Ready(Ok(_)) => return rows,
            other => panic!("{other:?}"),
        }
    }
}

fn write<T: Clone + 'static>(sink: &FileSink<T>, rows: &[T]) {
    let host = Arc::new(StoppedClock);
    let context = WriterContext { subtask: SubtaskIndex(0), parallelism: 1, attempt: 0, host };
    let mut writer = sink.create_writer(&context, Vec::new()).expect("a writer");
    let context = WriteContext { timestamp: None, watermark: Watermark::MIN };
    rows.iter().for_each(|row| writer.write(row.clone(), &context).expect("a written row"));
    writer.flush(true).expect("a flush");
    let committables = writer.prepare_commit().expect("committables");
    sink.create_committer()
        .expect("a committer")
        .expect("a committer")
        .commit(&committables)
        .expect("a commit");
}

fn formats(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let rows: Vec<Bid> = (0..ROWS).map(bid).collect();
    let lines: Vec<String> =
        rows.iter().map(|bid| format!("{} {} {}", bid.url, bid.price, bid.url)).collect();
    let mut run = |name: &str, write_file: &dyn Fn(&Path), read_file: &dyn Fn(&Path) -> usize| {
        let path = folder.path().join(name);
        write_file(&path);
        let file = path.join("part-0-0");
        let bytes = fs::metadata(&file).expect("a part").len();
        let mut group = criterion.benchmark_group(name);
        group.sample_size(10).throughput(Throughput::Bytes(bytes));
        group.bench_function("read", |bencher| bencher.iter(|| assert_eq!(read_file(&file), rows.len())));
        let other = folder.path().join("written");
        group.bench_function("write", |bencher| {
            bencher.iter(|| {
                write_file(&other);
                fs::remove_dir_all(&other).expect("removed");
            });
        });
        group.finish();
    };
    run("lines", &|path| write(&FileSink::lines(path), &lines), &|path| read(&FileSource::lines(path), path));
    let csv = CsvOptions::new;
    run("csv", &|path| write(&FileSink::csv(path, csv()), &rows), &|path| {
        read(&FileSource::<Bid>::csv(path, csv()), path)
    });
    let json = JsonOptions::new;
    run("json", &|path| write(&FileSink::json(path, json()), &rows), &|path| {
        read(&FileSource::<Bid>::json(path, json()), path)
    });
    let parquet = ParquetOptions::new;
    run("parquet", &|path| write(&FileSink::parquet(path, parquet()), &rows), &|path| {
        read(&FileSource::<Bid>::parquet(path), path)
    });
}

criterion_group!(benches, formats);
criterion_main!(benches);
