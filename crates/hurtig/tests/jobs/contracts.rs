//! What the contracts of sources and sinks promise beyond records: words from the enumerator, the order of a
//! writer's calls, ticks.
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use hurtig::connector::{
    Boundedness, EnumeratorContext, Fetched, ReaderContext, Sink, SinkWriter, Source, SourceReader, Split,
    SplitEnumerator, SplitId, VersionedBytes, WriteContext, WriterContext,
};
use hurtig::core::ids::SubtaskIndex;
use hurtig::core::{Batch, ProcessingTime};
use hurtig::prelude::*;

use crate::functions::{START, timed};
use crate::harness::{Run, Watchdog, check_each, runs};
use crate::recorder::{Event, Recorder};
use crate::script::{Script, Step};

/// A source without splits, whose readers yield what their enumerator tells them.
struct Told;

#[derive(Clone, Debug, TypeInformation)]
struct Nothing;

impl Split for Nothing {
    fn split_id(&self) -> SplitId {
        SplitId::new("nothing")
    }
}

impl Source for Told {
    type Record = i64;
    type Split = Nothing;
    type Enumerator = Teller;
    type Reader = Listener;

    fn boundedness(&self) -> Boundedness {
        Boundedness::Bounded
    }

    fn create_enumerator(&self, _: Option<&VersionedBytes>) -> Result<Teller> {
        Ok(Teller)
    }

    fn create_reader(&self, context: &ReaderContext) -> Result<Listener> {
        let index = context.subtask.0 as u8;
        Ok(Listener { index, asked: false, heard: VecDeque::new(), complete: false })
    }
}

/// Tells reader i, when it says its number, the numbers from ten times i on.
struct Teller;

impl SplitEnumerator for Teller {
    type Split = Nothing;

    fn handle_source_event(
        &mut self,
        reader: SubtaskIndex,
        event: VersionedBytes,
        context: &mut EnumeratorContext<Nothing>,
    ) -> Result<()> {
        assert_eq!(event, VersionedBytes { version: 8, bytes: vec![reader.0 as u8] });
        for number in 0..10u8 {
            let bytes = vec![reader.0 as u8 * 10 + number];
            context.send_event(reader, VersionedBytes { version: 7, bytes });
        }
        context.signal_no_more_splits(reader);
        Ok(())
    }

    fn handle_split_request(&mut self, _: SubtaskIndex, _: &mut EnumeratorContext<Nothing>) -> Result<()> {
        Err(Error::bug("there are no splits"))
    }

    fn add_splits_back(
        &mut self,
        _: Vec<Nothing>,
        _: SubtaskIndex,
        _: &mut EnumeratorContext<Nothing>,
    ) -> Result<()> {
        Err(Error::bug("there are no splits"))
    }

    fn snapshot_state(&self) -> Result<VersionedBytes> {
        Ok(VersionedBytes { version: 1, bytes: Vec::new() })
    }
}

struct Listener {
    index: u8,
    asked: bool,
    heard: VecDeque<i64>,
    complete: bool,
}

impl SourceReader for Listener {
    type Split = Nothing;

    fn add_splits(&mut self, _: Vec<Nothing>) -> Result<()> {
        Err(Error::bug("there are no splits"))
    }

    fn no_more_splits(&mut self) {
        self.complete = true;
    }

    fn poll_next(&mut self, _: &mut Context<'_>, _: usize) -> Poll<Result<Fetched>> {
        if !std::mem::replace(&mut self.asked, true) {
            let question = VersionedBytes { version: 8, bytes: vec![self.index] };
            return Poll::Ready(Ok(Fetched::SourceEvent(question)));
        }
        match self.heard.pop_front() {
            Some(number) => {
                Poll::Ready(Ok(Fetched::Batch(SplitId::new("heard"), Batch::from_rows(vec![number]))))
            }
            None if self.complete => Poll::Ready(Ok(Fetched::EndOfInput)),
            None => Poll::Pending,
        }
    }

    fn snapshot_state(&mut self) -> Result<Vec<Nothing>> {
        Ok(Vec::new())
    }

    fn handle_source_event(&mut self, event: VersionedBytes) -> Result<()> {
        assert_eq!(event.version, 7);
        self.heard.extend(event.bytes.into_iter().map(i64::from));
        Ok(())
    }
}

#[test]
fn words_of_readers_and_their_enumerator_reach_each_other_in_order() {
    check_each(
        |env| env.from_source(Told, WatermarkStrategy::no_watermarks(), "told"),
        |run, found| {
            let of = |reader: i64| found.iter().filter(move |number| **number / 10 == reader);
            for reader in 0..i64::from(run.parallelism) {
                assert!(of(reader).copied().eq(reader * 10..reader * 10 + 10), "{run}: {found:?}");
            }
            assert_eq!(found.len(), 10 * run.parallelism as usize, "{run}");
        },
    );
}

#[test]
fn a_writer_sees_records_and_watermarks_in_order_and_a_last_flush() {
    let _watchdog = Watchdog::start();
    for run in runs() {
        let env = run.environment();
        let recorder = Recorder::new();
        let numbers = env.from_timestamped(timed([(1, 10), (2, 30), (3, 20)]));
        numbers.sink_to(recorder.clone()).set_parallelism(1);
        env.execute("writer").unwrap();
        let expect = [
            Event::Write(1, Some(10), i64::MIN),
            Event::Watermark(9),
            Event::Write(2, Some(30), 9),
            Event::Watermark(29),
            Event::Write(3, Some(20), 29),
            Event::Watermark(i64::MAX),
            Event::Flush(true),
        ];
        assert_eq!(recorder.events(), expect.map(|event| (0, event)), "{run}");
    }
}

#[test]
fn a_waiting_task_holds_nothing_back() {
    // One record, then nothing for ten seconds: it arrives at once, though batches may wait for an hour.
    let _watchdog = Watchdog::start();
    for seed in 0..50 {
        let run = Run::seeded(seed, 2);
        let env = run.environment();
        env.set("execution.buffer-timeout", "1 h");
        let steps = vec![Step::Record(1, 1), Step::Wait(10_000)];
        let numbers = env.from_source(Script::new([steps]), WatermarkStrategy::no_watermarks(), "script");
        let clock = Clocked::default();
        numbers.rebalance().map(|n| n).key_by(|n| *n).sum(|n| n).sink_to(clock.clone());
        env.execute("latency").unwrap();
        let written = clock.0.lock().unwrap().written.clone();
        assert!(matches!(written[..], [millis] if millis < 100), "{run}: {written:?}");
    }
}

#[test]
fn a_writer_is_told_the_time_about_once_a_second() {
    let _watchdog = Watchdog::start();
    for seed in 0..50 {
        let run = Run::seeded(seed, 1);
        let env = run.environment();
        let steps = vec![Step::Wait(5_500), Step::Record(1, 1)];
        let numbers = env.from_source(Script::new([steps]), WatermarkStrategy::no_watermarks(), "script");
        let clock = Clocked::default();
        numbers.sink_to(clock.clone());
        env.execute("ticks").unwrap();
        let ticks = clock.0.lock().unwrap().ticks.clone();
        assert_eq!(ticks.len(), 5, "{run}: {ticks:?}");
        let late = ticks.iter().zip(1..).map(|(tick, second)| tick - 1000 * second);
        assert!(late.clone().all(|late| (0..50).contains(&late)), "{run}: {ticks:?}");
    }
}

/// Remembers when it was called, in milliseconds since the clock's start.
#[derive(Clone, Default)]
struct Clocked(Arc<Mutex<Times>>);

#[derive(Default)]
struct Times {
    written: Vec<i64>,
    ticks: Vec<i64>,
}

impl Sink for Clocked {
    type Record = i64;
    type Writer = ClockedWriter;

    fn create_writer(&self, context: &WriterContext, _: Vec<VersionedBytes>) -> Result<ClockedWriter> {
        Ok(ClockedWriter { times: self.0.clone(), context: context.clone() })
    }
}

struct ClockedWriter {
    times: Arc<Mutex<Times>>,
    context: WriterContext,
}

fn since_start(time: ProcessingTime) -> i64 {
    let passed = time.saturating_since(ProcessingTime::from_millis(START));
    Duration::as_millis(&passed) as i64
}

impl SinkWriter for ClockedWriter {
    type Record = i64;

    fn write(&mut self, _: i64, _: &WriteContext) -> Result<()> {
        let now = since_start(self.context.host.processing_time());
        self.times.lock().unwrap().written.push(now);
        Ok(())
    }

    fn tick(&mut self, now: ProcessingTime) -> Result<()> {
        self.times.lock().unwrap().ticks.push(since_start(now));
        Ok(())
    }

    fn flush(&mut self, _: bool) -> Result<()> {
        Ok(())
    }
}
