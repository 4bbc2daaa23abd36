//! `idle`: what a job that waits for input costs.
use std::time::Duration;

use hurtig::connectors::base::{BlackHoleSink, GeneratorSource};
use hurtig::prelude::*;
use serde_json::json;

use super::Engine;
use super::report::{Report, round};
use crate::bench::process::Stopwatch;

/// How long it waits.
const WAIT: Duration = Duration::from_secs(5);

/// Measures it: a keyed job whose source has one record a second.
pub fn run(_: &Engine) -> Result<Report> {
    let env = StreamExecutionEnvironment::default();
    env.set_parallelism(2);
    let source = GeneratorSource::new(|index| index, 1_000_000).with_records_per_second(1);
    env.from_source(source, WatermarkStrategy::for_monotonous_timestamps(), "slow")
        .key_by(|value| *value)
        .reduce(|_, next| next)
        .sink_to(BlackHoleSink::new());
    let client = env.execute_async("idle")?;
    client.wait_for(|status| status == JobStatus::Running);
    let watch = Stopwatch::start();
    let host = client.executor().clone();
    let sleep = host.sleep_until(host.instant() + WAIT);
    hurtig::runtime::executor::block_on(host.as_ref(), sleep);
    let (seconds, cpu_seconds) = (watch.elapsed().as_secs_f64(), watch.cpu_seconds());
    client.cancel();
    // Cancelled is what was asked for.
    let _ = client.result();
    Ok(Report::new(vec![
        ("seconds", json!(round(seconds, 2))),
        ("cpu_seconds", json!(round(cpu_seconds, 2))),
        ("share_of_a_core", json!(round(cpu_seconds / seconds, 4))),
    ]))
}
