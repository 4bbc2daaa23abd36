//! `back_pressure`: what a sink that is much slower than its source costs in memory, and how soon a job stops
//! while one record is being made into a million. Each job runs in a process of its own.
use std::process::Command;

use clap::ValueEnum;
use hurtig::connectors::base::{BlackHoleSink, GeneratorSource};
use hurtig::core::key::hash::mix;
use hurtig::prelude::*;
use serde_json::{Value, json};

use super::Engine;
use super::report::{Report, round};
use crate::bench::process::{Stopwatch, peak_rss_bytes};

/// Which job a child runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Job {
    /// The sink drops what it gets.
    Unloaded,
    /// The sink is some fifty times slower than the source.
    SlowSink,
    /// One record becomes a million for the same slow sink; cancelled half-way.
    FlatMap,
}

/// Measures it.
pub fn run(options: &Engine) -> Result<Report> {
    let records = options.records(50_000_000);
    let unloaded = child(Job::Unloaded, records)?;
    let slow = child(Job::SlowSink, records)?;
    let flat_map = child(Job::FlatMap, records)?;
    let number = |figures: &Value, key: &str| figures[key].as_f64().unwrap_or(f64::NAN);
    let over = |figures: &Value| {
        let bytes = number(figures, "peak_rss_bytes") - number(&unloaded, "peak_rss_bytes");
        round(bytes / f64::from(1 << 20), 1)
    };
    if number(&slow, "delivered") != records as f64 {
        return Err(Error::bug(format!("{} records arrived of {records}", slow["delivered"])));
    }
    Ok(Report::new(vec![
        ("records", json!(records)),
        ("unloaded_peak_rss_bytes", unloaded["peak_rss_bytes"].clone()),
        ("slow_sink_seconds", slow["seconds"].clone()),
        ("slow_sink_over_unloaded_mb", json!(over(&slow))),
        ("flat_map_over_unloaded_mb", json!(over(&flat_map))),
        ("flat_map_cancel_ms", flat_map["cancel_ms"].clone()),
    ]))
}

fn child(job: Job, records: u64) -> Result<Value> {
    let failed = |what: String| Error::user(format!("the measured process: {what}"));
    let place = std::env::current_exe().map_err(|error| failed(error.to_string()))?;
    let name = job.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    let output = Command::new(place)
        .args(["bench", "back-pressure", &name, &records.to_string()])
        .output()
        .map_err(|error| failed(error.to_string()))?;
    serde_json::from_slice(&output.stdout)
        .map_err(|error| failed(format!("{error}: {}", String::from_utf8_lossy(&output.stderr))))
}

/// Costs about a hundred nanoseconds.
fn slowly(value: u64) -> u64 {
    (0..60).fold(value, |value, _| mix(value))
}

/// What a child does: runs the job and prints its figures.
pub fn run_child(job: Job, records: u64) -> Result<()> {
    let env = StreamExecutionEnvironment::default();
    env.disable_operator_chaining();
    let watch = Stopwatch::start();
    let none = WatermarkStrategy::no_watermarks;
    let figures = match job {
        Job::Unloaded | Job::SlowSink => {
            let source = env.from_source(GeneratorSource::new(mix, records), none(), "numbers");
            let counted = if job == Job::SlowSink { source.map(slowly) } else { source.map(|value| value) };
            counted.map_with(Count::default()).sink_to(BlackHoleSink::new());
            let result = env.execute("back pressure")?;
            let delivered = match result.accumulator("delivered") {
                Some(hurtig::operator::accumulator::Accumulator::Long(count)) => *count,
                _ => 0,
            };
            json!({
                "seconds": round(watch.elapsed().as_secs_f64(), 2),
                "delivered": delivered,
                "peak_rss_bytes": peak_rss_bytes(),
            })
        }
        Job::FlatMap => {
            env.from_source(GeneratorSource::unbounded(mix), none(), "numbers")
                .flat_map(|value| (0..1_000_000u64).map(move |index| value ^ index))
                .map(slowly)
                .sink_to(BlackHoleSink::new());
            let client = env.execute_async("flat map")?;
            // Some tens of millions of results, as far as the sink lets them through.
            let sent = || {
                let metrics = client.metrics();
                let records = metrics.iter().filter(|metric| metric.name == "numRecordsIn");
                records.filter_map(|metric| metric.value.as_i64()).max().unwrap_or(0)
            };
            while sent() < 20_000_000 && watch.elapsed().as_secs() < 20 {
                std::thread::yield_now();
            }
            let stop = Stopwatch::start();
            client.cancel();
            // Cancelled is what was asked for; whatever else it says is in the status.
            let _ = client.result();
            if client.status() != JobStatus::Canceled {
                return Err(Error::bug(format!("the job is {}, not cancelled", client.status())));
            }
            json!({
                "cancel_ms": round(stop.elapsed().as_secs_f64() * 1e3, 2),
                "peak_rss_bytes": peak_rss_bytes(),
            })
        }
    };
    println!("{figures}");
    Ok(())
}

/// Counts what arrives.
#[derive(Clone, Default)]
struct Count(hurtig::operator::accumulator::LongCounter);

impl RichFunction for Count {
    fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
        self.0 = context.long_counter("delivered");
        Ok(())
    }
}

impl MapFunction<u64, u64> for Count {
    fn map(&mut self, value: u64) -> Result<u64> {
        self.0.add(1);
        Ok(value)
    }
}
