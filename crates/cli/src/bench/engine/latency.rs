//! `latency_keyed`: how long a single record takes from the source that made it to the sink.
#![expect(clippy::disallowed_methods, reason = "a benchmark measures from outside of the engine")]
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hurtig::connector::{
    Boundedness, EnumeratorContext, Fetched, ReaderContext, Sink, SinkWriter, Source, SourceReader, Split,
    SplitEnumerator, SplitId, VersionedBytes, WriteContext, WriterContext,
};
use hurtig::core::Batch;
use hurtig::core::ids::SubtaskIndex;
use hurtig::core::key::hash::mix;
use hurtig::prelude::*;
use serde_json::json;

use super::Engine;
use super::report::{Report, round};

/// One record each.
const PERIOD: Duration = Duration::from_micros(100);
/// Distinct keys.
const KEYS: u64 = 1000;

/// A record that knows when it was made.
#[derive(Clone, TypeInformation)]
struct Stamped {
    key: i64,
    made_nanos: i64,
}

/// Measures it.
pub fn run(options: &Engine) -> Result<Report> {
    let records = options.latency_seconds.max(1) * 1_000_000 / PERIOD.as_micros() as u64;
    let start = Instant::now();
    let env = StreamExecutionEnvironment::default();
    let found = Arc::new(Mutex::new(Vec::new()));
    env.from_source(Ticks { records, start }, WatermarkStrategy::no_watermarks(), "ticks")
        .key_by(|record| record.key)
        .map(|record| record)
        .sink_to(LatencySink { start, found: found.clone() });
    env.execute("latency_keyed")?;
    let mut nanos = std::mem::take(&mut *found.lock().unwrap_or_else(|poisoned| poisoned.into_inner()));
    if nanos.len() as u64 != records {
        return Err(Error::bug(format!("{} records arrived of {records}", nanos.len())));
    }
    nanos.sort_unstable();
    let quantile = |q: f64| {
        let place = ((nanos.len() as f64 * q).ceil() as usize).clamp(1, nanos.len());
        round(nanos[place - 1] as f64 / 1e6, 5)
    };
    Ok(Report::new(vec![
        ("records", json!(records)),
        ("seconds", json!(round(start.elapsed().as_secs_f64(), 2))),
        ("p50_ms", json!(quantile(0.5))),
        ("p99_ms", json!(quantile(0.99))),
        ("p999_ms", json!(quantile(0.999))),
        ("max_ms", json!(quantile(1.0))),
    ]))
}

/// Makes a record whenever its time has come.
struct Ticks {
    records: u64,
    start: Instant,
}

#[derive(Clone, TypeInformation)]
struct Position {
    next: i64,
}

impl Split for Position {
    fn split_id(&self) -> SplitId {
        SplitId::new("ticks")
    }
}

struct OneSplit;

impl SplitEnumerator for OneSplit {
    type Split = Position;

    fn handle_split_request(
        &mut self,
        reader: SubtaskIndex,
        context: &mut EnumeratorContext<Position>,
    ) -> Result<()> {
        context.assign_split(Position { next: 0 }, reader);
        Ok(())
    }

    fn add_splits_back(
        &mut self,
        splits: Vec<Position>,
        reader: SubtaskIndex,
        context: &mut EnumeratorContext<Position>,
    ) -> Result<()> {
        splits.into_iter().for_each(|split| context.assign_split(split, reader));
        Ok(())
    }

    fn snapshot_state(&self) -> Result<VersionedBytes> {
        Ok(VersionedBytes { version: 1, bytes: Vec::new() })
    }
}

struct TickReader {
    records: u64,
    start: Instant,
    split: Option<(SplitId, Position)>,
    asked: bool,
    first: Option<Instant>,
}

impl SourceReader for TickReader {
    type Split = Position;

    fn add_splits(&mut self, splits: Vec<Position>) -> Result<()> {
        self.split = splits.into_iter().next().map(|split| (split.split_id(), split));
        Ok(())
    }

    fn no_more_splits(&mut self) {}

    fn poll_next(&mut self, cx: &mut Context<'_>, _: usize) -> Poll<Result<Fetched>> {
        let Some((id, position)) = &mut self.split else {
            return if std::mem::replace(&mut self.asked, true) {
                Poll::Pending
            } else {
                Poll::Ready(Ok(Fetched::RequestSplit))
            };
        };
        let next = position.next as u64;
        if next == self.records {
            return Poll::Ready(Ok(Fetched::EndOfInput));
        }
        let now = Instant::now();
        let due = *self.first.get_or_insert(now) + PERIOD * next as u32;
        if now < due {
            // Nothing yet: the task may do what it does when it waits, and asks again at once.
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        position.next += 1;
        let made_nanos = now.duration_since(self.start).as_nanos() as i64;
        let record = Stamped { key: (mix(next) % KEYS) as i64, made_nanos };
        Poll::Ready(Ok(Fetched::Batch(id.clone(), Batch::from_rows(vec![record]))))
    }

    fn snapshot_state(&mut self) -> Result<Vec<Position>> {
        Ok(self.split.iter().map(|(_, split)| split.clone()).collect())
    }
}

impl Source for Ticks {
    type Record = Stamped;
    type Split = Position;
    type Enumerator = OneSplit;
    type Reader = TickReader;

    fn boundedness(&self) -> Boundedness {
        Boundedness::Bounded
    }

    fn create_enumerator(&self, _: Option<&VersionedBytes>) -> Result<OneSplit> {
        Ok(OneSplit)
    }

    fn create_reader(&self, _: &ReaderContext) -> Result<TickReader> {
        Ok(TickReader { records: self.records, start: self.start, split: None, asked: false, first: None })
    }
}

struct LatencySink {
    start: Instant,
    found: Arc<Mutex<Vec<u64>>>,
}

struct LatencyWriter {
    start: Instant,
    nanos: Vec<u64>,
    found: Arc<Mutex<Vec<u64>>>,
}

impl Sink for LatencySink {
    type Record = Stamped;
    type Writer = LatencyWriter;

    fn create_writer(&self, _: &WriterContext, _: Vec<VersionedBytes>) -> Result<LatencyWriter> {
        Ok(LatencyWriter { start: self.start, nanos: Vec::with_capacity(1 << 20), found: self.found.clone() })
    }
}

impl SinkWriter for LatencyWriter {
    type Record = Stamped;

    fn write(&mut self, record: Stamped, _: &WriteContext) -> Result<()> {
        let now = self.start.elapsed().as_nanos() as u64;
        self.nanos.push(now - record.made_nanos as u64);
        Ok(())
    }

    fn flush(&mut self, _: bool) -> Result<()> {
        let mut found = self.found.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        found.append(&mut self.nanos);
        Ok(())
    }
}
