//! `first_record`: from the start of a process to the first record out of its job.
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use hurtig::prelude::*;
use serde_json::json;

use super::Engine;
use super::report::{Report, round};
use crate::bench::process::Stopwatch;

/// Processes that are started.
const RUNS: usize = 21;

/// Measures it.
pub fn run(_: &Engine) -> Result<Report> {
    let place = std::env::current_exe().map_err(|error| Error::user("this executable").caused_by(error))?;
    let mut seconds = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let failed = |error| Error::user(format!("starting '{}'", place.display())).caused_by(error);
        let watch = Stopwatch::start();
        let mut child = Command::new(&place)
            .args(["bench", "first-record"])
            .stdout(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut line).map_err(failed)?;
        }
        seconds.push(watch.elapsed().as_secs_f64());
        child.wait().map_err(failed)?;
        if line.trim() != "42" {
            return Err(Error::bug(format!("the first record came out as {line:?}")));
        }
    }
    seconds.sort_by(f64::total_cmp);
    Ok(Report::new(vec![
        ("records", json!(RUNS)),
        ("p50_ms", json!(round(seconds[RUNS / 2] * 1e3, 2))),
        ("max_ms", json!(round(seconds[RUNS - 1] * 1e3, 2))),
    ]))
}

/// What the started process does.
pub fn child() -> Result<()> {
    let env = StreamExecutionEnvironment::default();
    env.from_sequence(41, 41).map(|number| number + 1).print();
    env.execute("first record")?;
    Ok(())
}
