//! `key_bytes`: what a million keys with a count each take in memory. Each job runs in a process of its own.
use std::hint::black_box;
use std::process::Command;

use clap::ValueEnum;
use hashbrown::HashMap;
use hurtig::connectors::base::{BlackHoleSink, GeneratorSource};
use hurtig::core::key::hash::mix;
use hurtig::prelude::*;
use serde_json::{Value, json};

use super::Engine;
use super::keyed_count::{Count, KEYS};
use super::report::{Report, round};
use crate::bench::process::peak_rss_bytes;

/// What a child holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Keys {
    /// One key, in the engine: what a job takes without them.
    One,
    /// All keys, in the engine.
    Engine,
    /// Nothing.
    None,
    /// All keys, in a bare map.
    Bare,
}

/// Measures it.
pub fn run(options: &Engine) -> Result<Report> {
    let records = options.records(20_000_000);
    let [one, engine, none, bare] = [Keys::One, Keys::Engine, Keys::None, Keys::Bare].map(|keys| {
        let name = keys.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
        child(&name, records)
    });
    let per_key = |with: f64, without: f64| round((with - without) / KEYS as f64, 1);
    let (engine, bare) = (per_key(engine?, one?), per_key(bare?, none?));
    Ok(Report::new(vec![
        ("keys", json!(KEYS)),
        ("peak_bytes_per_key", json!(engine)),
        ("bare_peak_bytes_per_key", json!(bare)),
        ("ratio", json!(round(engine / bare, 2))),
    ]))
}

fn child(name: &str, records: u64) -> Result<f64> {
    let failed = |what: String| Error::user(format!("the measured process: {what}"));
    let place = std::env::current_exe().map_err(|error| failed(error.to_string()))?;
    let output = Command::new(place)
        .args(["bench", "key-bytes", name, &records.to_string()])
        .output()
        .map_err(|error| failed(error.to_string()))?;
    let figures: Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| failed(format!("{error}: {}", String::from_utf8_lossy(&output.stderr))))?;
    Ok(figures["peak_rss_bytes"].as_f64().unwrap_or(f64::NAN))
}

/// What a child does: counts, and prints what it took.
pub fn run_child(keys: Keys, records: u64) -> Result<()> {
    let distinct = if keys == Keys::One { 1 } else { KEYS };
    let key = move |index: u64| mix(index) % distinct;
    match keys {
        Keys::One | Keys::Engine => {
            let env = StreamExecutionEnvironment::default();
            let source = GeneratorSource::new(key, records);
            env.from_source(source, WatermarkStrategy::no_watermarks(), "numbers")
                .key_by(|key| *key)
                .process(Count::default())
                .sink_to(BlackHoleSink::<u64>::new());
            env.execute("key bytes")?;
        }
        Keys::None => {}
        Keys::Bare => {
            let mut counts = HashMap::<u64, u64>::new();
            (0..records).for_each(|index| *counts.entry(key(index)).or_insert(0) += 1);
            black_box(&counts);
        }
    }
    println!("{}", json!({ "peak_rss_bytes": peak_rss_bytes() }));
    Ok(())
}
