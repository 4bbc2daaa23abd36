//! `async_enrichment`: records that are each looked up in a store which takes its time to answer.
#![expect(
    clippy::disallowed_methods,
    reason = "the synchronous counterpart sleeps, as a blocking client does"
)]
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hurtig::connector::Host;
use hurtig::connectors::base::GeneratorSource;
use hurtig::core::key::hash::mix;
use hurtig::prelude::*;
use serde_json::json;

use super::Engine;
use super::report::{Report, round};
use super::sink::ChecksumSink;
use crate::bench::process::Stopwatch;

/// What the store takes for an answer.
const ANSWER: Duration = Duration::from_millis(5);
/// Records in flight.
const CAPACITY: usize = AsyncDataStream::DEFAULT_CAPACITY;
/// Lookups one after the other are slow: so few of them.
const SYNCHRONOUS_RECORDS: u64 = 400;
/// How much faster it has to be.
const LEAST_RATIO: f64 = 50.0;

/// Measures it: lookups at the same time, lookups one after the other, and what the engine itself takes for
/// answers that are there at once.
pub fn run(options: &Engine) -> Result<Report> {
    let records = options.records(100_000);
    let (unordered, cpu_seconds) = best(options, records, |numbers| {
        AsyncDataStream::unordered_wait(numbers, Store::new(ANSWER), Duration::from_secs(60), CAPACITY)
    })?;
    let (ordered, _) = best(options, records, |numbers| {
        AsyncDataStream::ordered_wait(numbers, Store::new(ANSWER), Duration::from_secs(60), CAPACITY)
    })?;
    let immediate_records = options.records(2_000_000);
    let (immediate, _) = best(options, immediate_records, |numbers| {
        AsyncDataStream::unordered_wait(
            numbers,
            Store::new(Duration::ZERO),
            Duration::from_secs(60),
            CAPACITY,
        )
    })?;
    let (synchronous, _) = best(options, SYNCHRONOUS_RECORDS, |numbers| {
        numbers.map(|id| {
            std::thread::sleep(ANSWER);
            mix(id)
        })
    })?;
    let rate = |records: u64, seconds: f64| records as f64 / seconds;
    let ratio = rate(records, unordered) / rate(SYNCHRONOUS_RECORDS, synchronous);
    if ratio < LEAST_RATIO {
        return Err(Error::bug(format!(
            "only {ratio:.1} times the synchronous rate, expected {LEAST_RATIO}"
        )));
    }
    let rate = |records, seconds| json!(rate(records, seconds).round());
    Ok(Report::new(vec![
        ("records", json!(records)),
        ("seconds", json!(round(unordered, 4))),
        ("cpu_seconds", json!(round(cpu_seconds, 2))),
        ("unordered_per_second", rate(records, unordered)),
        ("ordered_per_second", rate(records, ordered)),
        ("synchronous_per_second", rate(SYNCHRONOUS_RECORDS, synchronous)),
        ("ratio", json!(round(ratio, 1))),
        ("immediate_per_second", rate(immediate_records, immediate)),
    ]))
}

/// The best of several rounds: its seconds, and its CPU seconds. Each looks the numbers below `records` up.
fn best(
    options: &Engine,
    records: u64,
    look_up: impl Fn(&DataStream<u64>) -> DataStream<u64>,
) -> Result<(f64, f64)> {
    let expected = (0..records).map(mix).fold(0, u64::wrapping_add);
    let mut best = (f64::INFINITY, 0.0);
    for _ in 0..options.rounds.max(1) {
        let env = StreamExecutionEnvironment::default();
        let source = GeneratorSource::new(|index| index, records);
        let (sink, sum) = ChecksumSink::<u64>::new();
        look_up(&env.from_source(source, WatermarkStrategy::no_watermarks(), "ids")).sink_to(sink);
        let watch = Stopwatch::start();
        env.execute("async_enrichment")?;
        let seconds = watch.elapsed().as_secs_f64();
        let found = sum.load(Ordering::Relaxed);
        if found != expected {
            return Err(Error::bug(format!("the checksum is {found:016x}, expected {expected:016x}")));
        }
        if seconds < best.0 {
            best = (seconds, watch.cpu_seconds());
        }
    }
    Ok(best)
}

/// A store whose answers take their time on the host's clock.
#[derive(Clone)]
struct Store {
    answer: Duration,
    host: Option<Arc<dyn Host>>,
}

impl Store {
    fn new(answer: Duration) -> Self {
        Store { answer, host: None }
    }
}

impl AsyncFunction<u64, u64> for Store {
    fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
        self.host = Some(context.host());
        Ok(())
    }

    fn async_invoke(&mut self, id: u64) -> impl Future<Output = Result<Vec<u64>>> + Send + 'static {
        let wait = match &self.host {
            Some(host) if !self.answer.is_zero() => Some(host.sleep_until(host.instant() + self.answer)),
            _ => None,
        };
        async move {
            if let Some(wait) = wait {
                wait.await;
            }
            Ok(vec![mix(id)])
        }
    }
}
