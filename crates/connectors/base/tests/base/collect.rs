//! Records on their way to the program, and back-pressure.
use std::sync::Arc;
use std::task::{Context, Waker};
use std::thread;

use hurtig_connector::{Sink, SinkWriter, WriteContext};
use hurtig_connector_base::{BlackHoleSink, CollectSink, CollectWriter};
use hurtig_core::{Error, ErrorKind, Watermark};

use crate::host::{CountingWaker, ManualHost};

const PLAIN: WriteContext = WriteContext { timestamp: None, watermark: Watermark::MIN };

fn writer(sink: &CollectSink<i64>, subtask: u32, parallelism: u32, attempt: u32) -> CollectWriter<i64> {
    sink.create_writer(&ManualHost::new().writer(subtask, parallelism, attempt), vec![]).unwrap()
}

fn close(mut writer: CollectWriter<i64>) {
    writer.flush(true).unwrap();
}

#[test]
fn the_iterator_ends_when_every_writer_has_closed() {
    let (sink, mut iterator) = CollectSink::<i64>::new(1_000);
    let mut first = writer(&sink, 0, 2, 0);
    first.write(1, &PLAIN).unwrap();
    first.write(2, &PLAIN).unwrap();
    assert_eq!(iterator.next().unwrap().unwrap(), 1);
    close(first);
    let mut second = writer(&sink, 1, 2, 0);
    second.write(3, &PLAIN).unwrap();
    close(second);
    let rest: Vec<i64> = iterator.by_ref().map(Result::unwrap).collect();
    assert_eq!(rest, [2, 3]);
    assert!(iterator.next().is_none());
}

#[test]
fn a_full_buffer_holds_the_writers_back() {
    let (sink, mut iterator) = CollectSink::<i64>::new(16);
    let mut writer = writer(&sink, 0, 1, 0);
    let counting = Arc::new(CountingWaker::default());
    let waker = Waker::from(counting.clone());
    let mut cx = Context::from_waker(&waker);
    for number in 0..2 {
        assert!(writer.poll_ready(&mut cx).is_ready());
        writer.write(number, &PLAIN).unwrap();
    }
    assert!(writer.poll_ready(&mut cx).is_pending());
    assert!(writer.poll_ready(&mut cx).is_pending());
    assert_eq!(counting.count(), 0);
    assert_eq!(iterator.next().unwrap().unwrap(), 0);
    assert_eq!(counting.count(), 1, "woken once");
    assert!(writer.poll_ready(&mut cx).is_ready());
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the test stands for a job on a thread of its own")]
fn a_slow_job_and_a_waiting_program() {
    let (sink, iterator) = CollectSink::<i64>::new(64);
    let job = thread::spawn(move || {
        let mut writer = writer(&sink, 0, 1, 0);
        for number in 0..10_000 {
            let parked = thread::current();
            let waker = Waker::from(Arc::new(Unpark(parked)));
            while writer.poll_ready(&mut Context::from_waker(&waker)).is_pending() {
                thread::park();
            }
            writer.write(number, &PLAIN).unwrap();
        }
        close(writer);
    });
    let numbers: Vec<i64> = iterator.map(Result::unwrap).collect();
    job.join().unwrap();
    assert_eq!(numbers, (0..10_000).collect::<Vec<i64>>());
}

struct Unpark(thread::Thread);

impl std::task::Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

#[test]
fn the_end_of_the_job_can_be_told_from_outside() {
    let (sink, mut iterator) = CollectSink::<i64>::new(64);
    let handle = iterator.handle();
    let mut writer = writer(&sink, 0, 1, 0);
    writer.write(1, &PLAIN).unwrap();
    handle.finish(Err(Error::user("operator 'map': no")));
    handle.finish(Ok(()));
    assert_eq!(iterator.next().unwrap().unwrap(), 1);
    assert_eq!(iterator.next().unwrap().unwrap_err().to_string(), "operator 'map': no");
    assert!(iterator.next().is_none());

    let (_sink, mut iterator) = CollectSink::<i64>::new(64);
    iterator.handle().finish(Ok(()));
    assert!(iterator.next().is_none());
}

#[test]
fn a_restart_begins_anew_or_is_an_error() {
    let (sink, mut iterator) = CollectSink::<i64>::new(64);
    let mut failed = writer(&sink, 0, 1, 0);
    failed.write(1, &PLAIN).unwrap();
    drop(failed);
    let mut again = writer(&sink, 0, 1, 1);
    again.write(1, &PLAIN).unwrap();
    assert_eq!(iterator.next().unwrap().unwrap(), 1);
    drop(again);
    let third = writer(&sink, 0, 1, 2);
    let error = iterator.next().unwrap().unwrap_err();
    assert!(error.to_string().contains("started again (attempt 2)"), "{error}");
    assert!(iterator.next().is_none());
    drop(third);
}

#[test]
fn a_job_that_vanishes_is_an_error() {
    let (sink, mut iterator) = CollectSink::<i64>::new(64);
    drop(writer(&sink, 0, 1, 0));
    drop(sink);
    assert_eq!(iterator.next().unwrap().unwrap_err().kind(), ErrorKind::Restart);
    assert!(iterator.next().is_none());
}

#[test]
fn a_program_that_stops_iterating_ends_the_job() {
    let (sink, iterator) = CollectSink::<i64>::new(8);
    let mut writer = writer(&sink, 0, 1, 0);
    writer.write(1, &PLAIN).unwrap();
    let counting = Arc::new(CountingWaker::default());
    let waker = Waker::from(counting.clone());
    assert!(writer.poll_ready(&mut Context::from_waker(&waker)).is_pending());
    drop(iterator);
    assert_eq!(counting.count(), 1);
    assert!(writer.poll_ready(&mut Context::from_waker(&waker)).is_ready());
    assert_eq!(writer.write(2, &PLAIN).unwrap_err().kind(), ErrorKind::User);
}

#[test]
fn records_without_content_are_counted_too() {
    let (sink, iterator) = CollectSink::<()>::new(8);
    let mut writer = sink.create_writer(&ManualHost::new().writer(0, 1, 0), vec![]).unwrap();
    for _ in 0..3 {
        writer.write((), &PLAIN).unwrap();
    }
    writer.flush(true).unwrap();
    drop(writer);
    assert_eq!(iterator.count(), 3);
}

#[test]
fn a_black_hole_takes_anything() {
    let rows = BlackHoleSink::<String>::new();
    let mut writer = rows.create_writer(&ManualHost::new().writer(0, 1, 0), vec![]).unwrap();
    writer.write("gone".into(), &PLAIN).unwrap();
    writer.flush(true).unwrap();
    let columns = BlackHoleSink::<hurtig_core::batch::ColumnBatch>::new();
    columns.create_writer(&ManualHost::new().writer(0, 1, 0), vec![]).unwrap().flush(true).unwrap();
    // The engine's own way of holding either.
    let _: [Box<dyn hurtig_connector::erased::ErasedSink>; 2] = [
        Box::new(hurtig_connector::erased::RowSinkEraser(rows)),
        Box::new(hurtig_connector::erased::ColumnSinkEraser(columns)),
    ];
}
