//! What a benchmark says, and how the best of several rounds is taken.
use hurtig::{Error, Result};
use serde_json::{Map, Value, json};

use crate::bench::process::Stopwatch;

/// The figures of one benchmark, in order.
pub struct Report(Vec<(String, Value)>);

impl Report {
    /// Figures of the benchmark's own.
    pub fn new(figures: Vec<(&'static str, Value)>) -> Self {
        Report(figures.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// Runs the engine and the bare loop in turn, `rounds` times, and compares their best. Both give a
    /// checksum; a difference is an error.
    pub fn compare(
        records: u64,
        rounds: u32,
        engine: impl Fn() -> Result<u64>,
        bare: impl Fn() -> u64,
    ) -> Result<Report> {
        let (mut best, mut best_cpu, mut best_bare) = (f64::INFINITY, 0.0, f64::INFINITY);
        let mut checksum = 0;
        for _ in 0..rounds.max(1) {
            let watch = Stopwatch::start();
            let expected = bare();
            best_bare = best_bare.min(watch.elapsed().as_secs_f64());
            let watch = Stopwatch::start();
            checksum = engine()?;
            let seconds = watch.elapsed().as_secs_f64();
            if checksum != expected {
                return Err(Error::bug(format!(
                    "the engine's checksum is {checksum:016x}, the bare loop's {expected:016x}"
                )));
            }
            if seconds < best {
                (best, best_cpu) = (seconds, watch.cpu_seconds());
            }
        }
        let (rate, bare_rate) = (records as f64 / best, records as f64 / best_bare);
        Ok(Report::new(vec![
            ("records", json!(records)),
            ("seconds", json!(round(best, 4))),
            ("cpu_seconds", json!(round(best_cpu, 2))),
            ("records_per_second", json!(rate.round())),
            ("bare_records_per_second", json!(bare_rate.round())),
            ("ratio", json!(round(rate / bare_rate, 3))),
            ("checksum", json!(format!("{checksum:016x}"))),
        ]))
    }

    /// The same figures under names that begin so.
    pub fn with_prefix(self, prefix: &str) -> Self {
        Report(self.0.into_iter().map(|(name, value)| (format!("{prefix}{name}"), value)).collect())
    }

    /// These figures, then others.
    pub fn and(mut self, other: Report) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Prints the figures, for people or as a JSON object.
    pub fn print(&self, name: &str, as_json: bool) {
        if as_json {
            let mut object = Map::from_iter([("name".to_owned(), json!(name))]);
            object.extend(self.0.iter().map(|(key, value)| (key.clone(), value.clone())));
            println!("{}", Value::Object(object));
            return;
        }
        println!("{name}");
        for (key, value) in &self.0 {
            match (key.ends_with("per_second"), value.as_f64()) {
                (true, Some(rate)) => println!("  {key:<24} {:.1} M", rate / 1e6),
                _ => println!("  {key:<24} {value}"),
            }
        }
    }
}

/// To so many digits behind the point.
pub fn round(value: f64, digits: i32) -> f64 {
    let scale = 10f64.powi(digits);
    (value * scale).round() / scale
}
