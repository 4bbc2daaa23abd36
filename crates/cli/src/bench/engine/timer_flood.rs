//! `timer_flood`: one watermark that fires ten million timers into a slow sink: what it takes in memory beyond
//! the timers, and how soon it is cancelled half-way. Each job runs in a process of its own.
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::ValueEnum;
use hurtig::connectors::base::{BlackHoleSink, GeneratorSource};
use hurtig::core::key::hash::mix;
use hurtig::prelude::*;
use serde_json::{Value, json};

use super::Engine;
use super::report::{Report, round};
use crate::bench::process::{Stopwatch, peak_rss_bytes};

/// What a child does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Flood {
    /// Lets all timers fire.
    Run,
    /// Cancels when a tenth has fired.
    Cancel,
}

/// Timers fired in this process.
static FIRED: AtomicU64 = AtomicU64::new(0);
/// The greatest resident size when the first timer fired.
static RSS_BEFORE: AtomicU64 = AtomicU64::new(0);

/// Measures it.
pub fn run(options: &Engine) -> Result<Report> {
    let timers = options.records(10_000_000);
    let all = child(Flood::Run, timers)?;
    let cancelled = child(Flood::Cancel, timers)?;
    if all["fired"].as_u64() != Some(timers) {
        return Err(Error::bug(format!("{} timers fired of {timers}", all["fired"])));
    }
    Ok(Report::new(vec![
        ("timers", json!(timers)),
        ("seconds", all["seconds"].clone()),
        ("rss_before_firing_mb", all["before_mb"].clone()),
        ("rss_grown_while_firing_mb", all["grown_mb"].clone()),
        ("fired_before_cancel", cancelled["fired"].clone()),
        ("cancel_ms", cancelled["cancel_ms"].clone()),
    ]))
}

fn child(flood: Flood, timers: u64) -> Result<Value> {
    let failed = |what: String| Error::user(format!("the measured process: {what}"));
    let place = std::env::current_exe().map_err(|error| failed(error.to_string()))?;
    let name = flood.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    let output = Command::new(place)
        .args(["bench", "timer-flood", &name, &timers.to_string()])
        .output()
        .map_err(|error| failed(error.to_string()))?;
    serde_json::from_slice(&output.stdout)
        .map_err(|error| failed(format!("{error}: {}", String::from_utf8_lossy(&output.stderr))))
}

/// Sets one timer for each record, all for the same few seconds of event time.
#[derive(Clone, Default)]
struct Wait;

impl RichFunction for Wait {}

impl KeyedProcessFunction<u64, u64, [u64; 8]> for Wait {
    fn process_element(&mut self, key: u64, ctx: &mut KeyedContext<'_, u64, [u64; 8]>) -> Result<()> {
        ctx.register_event_time_timer(EventTime::from_millis((key % 5000) as i64))
    }

    fn on_timer(&mut self, timestamp: i64, ctx: &mut KeyedContext<'_, u64, [u64; 8]>) -> Result<()> {
        if FIRED.fetch_add(1, Ordering::Relaxed) == 0 {
            RSS_BEFORE.store(peak_rss_bytes(), Ordering::Relaxed);
        }
        ctx.collect([timestamp.unsigned_abs(); 8]);
        Ok(())
    }
}

/// Costs about a hundred nanoseconds.
fn slowly(row: [u64; 8]) -> u64 {
    (0..60).fold(row[0], |value, _| mix(value))
}

/// Runs the job and prints its figures.
pub fn run_child(flood: Flood, timers: u64) -> Result<()> {
    let env = StreamExecutionEnvironment::default();
    env.disable_operator_chaining();
    let source = GeneratorSource::new(mix, timers);
    env.from_source(source, WatermarkStrategy::no_watermarks(), "numbers")
        .key_by(|key| *key)
        .process(Wait)
        .map(slowly)
        .sink_to(BlackHoleSink::new());
    let megabytes = |bytes: u64| round(bytes as f64 / f64::from(1 << 20), 1);
    let watch = Stopwatch::start();
    let figures = match flood {
        Flood::Run => {
            env.execute("timer flood")?;
            let before = RSS_BEFORE.load(Ordering::Relaxed);
            json!({
                "seconds": round(watch.elapsed().as_secs_f64(), 2),
                "fired": FIRED.load(Ordering::Relaxed),
                "before_mb": megabytes(before),
                "grown_mb": megabytes(peak_rss_bytes().saturating_sub(before)),
            })
        }
        Flood::Cancel => {
            let client = env.execute_async("timer flood")?;
            while FIRED.load(Ordering::Relaxed) < timers / 10 && watch.elapsed().as_secs() < 60 {
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
                "fired": FIRED.load(Ordering::Relaxed),
            })
        }
    };
    println!("{figures}");
    Ok(())
}
