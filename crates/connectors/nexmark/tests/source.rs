//! The source under a reader's life: splits, pauses, recovery, other parallelism, pace.
#![allow(clippy::unwrap_used)]

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

use hurtig_connector::enumerator::EnumeratorAction;
use hurtig_connector::{
    Boundedness, ColumnSource, EnumeratorContext, Fetched, Host, ReaderContext, Sleep, Source, SourceReader,
    Split, SplitEnumerator, SplitId,
};
use hurtig_connector_nexmark::source::NexmarkSplit;
use hurtig_connector_nexmark::{
    Event, Fields, GeneratorConfig, Kind, NexmarkColumnSource, NexmarkSource, Table,
};
use hurtig_core::ids::SubtaskIndex;
use hurtig_core::{Batch, Clock, EventTime, Instant, ProcessingTime};

/// A clock that stands still until it is moved.
#[derive(Debug, Default)]
struct MockHost {
    nanos: Arc<AtomicU64>,
}

impl Clock for MockHost {
    fn processing_time(&self) -> ProcessingTime {
        ProcessingTime::from_millis((self.nanos.load(Ordering::Relaxed) / 1_000_000) as i64)
    }
    fn instant(&self) -> Instant {
        Instant::from_nanos(self.nanos.load(Ordering::Relaxed))
    }
}

impl Host for MockHost {
    fn sleep_until(&self, at: Instant) -> Sleep {
        let nanos = Arc::clone(&self.nanos);
        Box::pin(std::future::poll_fn(move |_| {
            if nanos.load(Ordering::Relaxed) >= at.as_nanos() { Poll::Ready(()) } else { Poll::Pending }
        }))
    }
    fn spawn_io(&self, _: Pin<Box<dyn Future<Output = ()> + Send>>) {
        panic!("the generator does no I/O");
    }
}

fn config() -> GeneratorConfig {
    GeneratorConfig { first_event_rate: 10_000, events_num: 10_000, ..Default::default() }
}

fn context(subtask: u32, parallelism: u32) -> ReaderContext {
    ReaderContext { subtask: SubtaskIndex(subtask), parallelism, host: Arc::new(MockHost::default()) }
}

/// What an enumerator gives to each of `parallelism` readers when they come up and then ask once.
fn assigned<E: SplitEnumerator<Split = NexmarkSplit>>(
    enumerator: &mut E,
    parallelism: u32,
) -> Vec<Vec<NexmarkSplit>> {
    let mut context = EnumeratorContext::new(parallelism, Arc::new(MockHost::default()));
    let mut splits = vec![Vec::new(); parallelism as usize];
    for reader in (0..parallelism).map(SubtaskIndex) {
        enumerator.add_reader(reader, &mut context).unwrap();
        for action in context.take_actions() {
            let EnumeratorAction::Assign(reader, split) = action else { panic!("{action:?}") };
            splits[reader.0 as usize].push(split);
        }
    }
    for reader in (0..parallelism).map(SubtaskIndex) {
        enumerator.handle_split_request(reader, &mut context).unwrap();
        let actions = context.take_actions();
        assert!(matches!(actions[..], [EnumeratorAction::NoMoreSplits(to)] if to == reader), "{actions:?}");
    }
    splits
}

fn poll<R: SourceReader>(reader: &mut R, max_rows: usize) -> Poll<Fetched> {
    reader.poll_next(&mut Context::from_waker(Waker::noop()), max_rows).map(|step| step.unwrap())
}

/// Reads up to `limit` batches, or to the end of input.
fn batches<R: SourceReader>(reader: &mut R, limit: usize) -> Vec<(SplitId, Batch)> {
    let mut batches = Vec::new();
    while batches.len() < limit {
        match poll(reader, 100) {
            Poll::Ready(Fetched::Batch(id, batch)) => batches.push((id, batch)),
            Poll::Ready(Fetched::SplitFinished(_) | Fetched::SourceEvent(_)) => {}
            Poll::Ready(Fetched::RequestSplit) => reader.no_more_splits(),
            Poll::Ready(Fetched::EndOfInput) | Poll::Pending => break,
        }
    }
    batches
}

fn rows(batches: Vec<(SplitId, Batch)>) -> Vec<Event> {
    batches.into_iter().flat_map(|(_, batch)| batch.into_rows::<Event>().unwrap().0).collect()
}

fn all_events(config: GeneratorConfig) -> Vec<Event> {
    let source = NexmarkSource::new(config).unwrap();
    let splits = assigned(&mut source.create_enumerator(None).unwrap(), 1).remove(0);
    let mut reader = source.create_reader(&context(0, 1)).unwrap();
    reader.add_splits(splits).unwrap();
    rows(batches(&mut reader, usize::MAX))
}

#[test]
fn a_reader_hands_out_every_event_with_its_time_and_ends() {
    let source = NexmarkSource::new(config()).unwrap();
    assert_eq!(source.boundedness(), Boundedness::Bounded);
    let mut reader = source.create_reader(&context(0, 1)).unwrap();
    assert!(matches!(poll(&mut reader, 100), Poll::Ready(Fetched::RequestSplit)));
    assert!(poll(&mut reader, 100).is_pending());
    reader.add_splits(assigned(&mut source.create_enumerator(None).unwrap(), 1).remove(0)).unwrap();
    let found = batches(&mut reader, usize::MAX);
    assert_eq!(found.len(), 100);
    for (_, batch) in &found {
        let times: Vec<EventTime> = batch.rows::<Event>().unwrap().iter().map(Event::date_time).collect();
        assert_eq!(batch.timestamps(), Some(times.as_slice()));
    }
    assert_eq!(rows(found).len(), 10_000);
    assert!(matches!(poll(&mut reader, 100), Poll::Ready(Fetched::EndOfInput)));
}

#[test]
fn a_restored_reader_goes_on_where_the_snapshot_was_taken() {
    let source = NexmarkSource::new(GeneratorConfig { ranges: 3, ..config() }).unwrap();
    let mut enumerator = source.create_enumerator(None).unwrap();
    let mut first = source.create_reader(&context(0, 1)).unwrap();
    first.add_splits(assigned(&mut enumerator, 1).remove(0)).unwrap();
    let mut events = rows(batches(&mut first, 41));
    // Splits cross the wire as bytes; the reader goes on, as one that fails later would.
    let snapshot: Vec<_> = first.snapshot_state().unwrap().iter().map(Split::to_bytes).collect();
    batches(&mut first, 10);
    let mut second = source.create_reader(&context(0, 1)).unwrap();
    second
        .add_splits(snapshot.iter().map(|bytes| NexmarkSplit::from_bytes(bytes).unwrap()).collect())
        .unwrap();
    events.extend(rows(batches(&mut second, usize::MAX)));
    assert_eq!(events, all_events(GeneratorConfig { ranges: 3, ..config() }));
}

#[test]
fn ranges_of_one_reader_are_read_side_by_side() {
    let events = all_events(GeneratorConfig { ranges: 4, ..config() });
    assert_eq!(events.len(), 10_000);
    // 100 events of a range at 10,000 events a second over four ranges are 40 ms.
    let mut latest = EventTime::MIN;
    for event in &events {
        latest = latest.max(event.date_time());
        assert!(latest.as_millis() - event.date_time().as_millis() <= 40);
    }
}

#[test]
fn each_reader_gets_its_ranges_also_after_a_change_of_parallelism() {
    let source = NexmarkSource::new(GeneratorConfig { ranges: 5, ..config() }).unwrap();
    let indexes = |splits: &[Vec<NexmarkSplit>]| -> Vec<Vec<u32>> {
        splits.iter().map(|splits| splits.iter().map(|split| split.index).collect()).collect()
    };
    let enumerator = source.create_enumerator(None).unwrap();
    let state = enumerator.snapshot_state().unwrap();
    let mut restored = source.create_enumerator(Some(&state)).unwrap();
    assert_eq!(indexes(&assigned(&mut restored, 2)), [vec![0, 2, 4], vec![1, 3]]);
    assert_eq!(indexes(&assigned(&mut restored, 2)), [[0; 0]; 2]);
    let mut context = EnumeratorContext::new(2, Arc::new(MockHost::default()));
    let back = NexmarkSplit { index: 3, first_id: 6_001, events: 2_000, next: 77 };
    restored.add_splits_back(vec![back.clone()], SubtaskIndex(1), &mut context).unwrap();
    let state = restored.snapshot_state().unwrap();
    let mut restored = source.create_enumerator(Some(&state)).unwrap();
    assert_eq!(assigned(&mut restored, 3), [vec![], vec![back], vec![]]);
}

#[test]
fn a_paused_range_waits() {
    let source = NexmarkSource::new(GeneratorConfig { ranges: 2, ..config() }).unwrap();
    let mut reader = source.create_reader(&context(0, 1)).unwrap();
    let splits = assigned(&mut source.create_enumerator(None).unwrap(), 1).remove(0);
    let (one, two) = (splits[0].split_id(), splits[1].split_id());
    reader.add_splits(splits).unwrap();
    reader.pause_or_resume_splits(std::slice::from_ref(&one), &[]).unwrap();
    assert!(batches(&mut reader, 5).iter().all(|(id, _)| *id == two));
    reader.pause_or_resume_splits(std::slice::from_ref(&two), std::slice::from_ref(&one)).unwrap();
    assert!(batches(&mut reader, 5).iter().all(|(id, _)| *id == one));
    reader.pause_or_resume_splits(&[one], &[]).unwrap();
    assert!(poll(&mut reader, 100).is_pending());
}

#[test]
fn columns_come_with_times_in_batches_of_the_wanted_length() {
    let fields = Fields::of(Kind::Bid, &["auction", "price"]).unwrap();
    let source = NexmarkColumnSource::new(config(), Table::Of(Kind::Bid), fields).unwrap();
    assert_eq!(source.row_type().to_string(), "ROW<`auction` BIGINT, `price` BIGINT> NOT NULL");
    let mut reader = source.create_reader(&context(0, 1)).unwrap();
    reader.add_splits(assigned(&mut source.create_enumerator(None).unwrap(), 1).remove(0)).unwrap();
    let mut count = 0;
    for (_, batch) in batches(&mut reader, usize::MAX) {
        assert_eq!(batch.record_batch().unwrap().schema(), source.schema());
        assert_eq!(batch.timestamps().map(<[_]>::len), Some(batch.len()));
        assert!(batch.len() <= 100);
        count += batch.len();
    }
    assert_eq!(count, 9_200);
}

#[test]
fn nothing_wanted_is_an_empty_stream() {
    let source = NexmarkSource::with_fields(config(), Fields::NONE).unwrap();
    let mut reader = source.create_reader(&context(0, 1)).unwrap();
    reader.add_splits(assigned(&mut source.create_enumerator(None).unwrap(), 1).remove(0)).unwrap();
    assert_eq!(batches(&mut reader, usize::MAX).len(), 0);
    assert!(matches!(poll(&mut reader, 100), Poll::Ready(Fetched::EndOfInput)));
}

#[test]
fn a_source_that_is_kept_alive_does_not_end() {
    let source =
        NexmarkSource::new(GeneratorConfig { keep_alive: true, stop_at: Some(250), ..config() }).unwrap();
    assert_eq!(source.boundedness(), Boundedness::Unbounded);
    let mut reader = source.create_reader(&context(0, 1)).unwrap();
    reader.add_splits(assigned(&mut source.create_enumerator(None).unwrap(), 1).remove(0)).unwrap();
    reader.no_more_splits();
    assert_eq!(rows(batches(&mut reader, usize::MAX)).len(), 250);
    assert!(poll(&mut reader, 100).is_pending());
    assert!(reader.snapshot_state().unwrap()[0].is_finished());
}

#[test]
fn paced_events_come_with_the_clock() {
    let source = NexmarkSource::new(GeneratorConfig { max_emit_speed: false, ..config() }).unwrap();
    let host = MockHost::default();
    let nanos = Arc::clone(&host.nanos);
    nanos.store(5_000_000_000, Ordering::Relaxed);
    let context = ReaderContext { host: Arc::new(host), ..context(0, 1) };
    let mut reader = source.create_reader(&context).unwrap();
    reader.add_splits(assigned(&mut source.create_enumerator(None).unwrap(), 1).remove(0)).unwrap();
    let mut events_after = |millis: u64| {
        nanos.fetch_add(millis * 1_000_000, Ordering::Relaxed);
        rows(batches(&mut reader, usize::MAX)).len()
    };
    // Ten events have the same millisecond, the first only nine: there is no event number 0.
    assert_eq!([events_after(0), events_after(0)], [9, 0]);
    assert_eq!([events_after(1), events_after(0)], [10, 0]);
    assert_eq!(events_after(30), 300);
    assert_eq!(events_after(2_000), 10_000 - 319);
}
