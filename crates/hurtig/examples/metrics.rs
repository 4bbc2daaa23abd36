//! A job without end, to look at while it runs: the sums of what ten sensors read, a thousand times a second.
//!
//! `cargo run --example metrics -- -Dmetrics.reporters=prom` says where its metrics are.
use std::time::Duration;

use hurtig::connectors::base::{BlackHoleSink, GeneratorSource};
use hurtig::prelude::*;

fn main() -> Result<()> {
    let (env, _) = StreamExecutionEnvironment::from_args()?;
    let reading = |millis: u64| (millis % 10, EventTime::from_millis(millis as i64), 1.5);
    let readings = GeneratorSource::unbounded(reading).with_records_per_second(1_000);
    let times = WatermarkStrategy::for_bounded_out_of_orderness(Duration::from_secs(5))
        .with_timestamp_assigner(|(_, time, _): &(u64, EventTime, f64), _| *time);
    env.from_source(readings, times, "Readings")
        .set_parallelism(1)
        .key_by(|(sensor, ..)| *sensor)
        .sum(|(.., reading)| reading)
        .name("Sums")
        .sink_to(BlackHoleSink::new());
    let job = env.execute_async("Sensors")?;
    match job.metrics_address() {
        Some(address) => println!("metrics: http://{address}/metrics"),
        None => println!("to see metrics: -Dmetrics.reporters=prom"),
    }
    job.result()?;
    Ok(())
}
