//! `hurtig bench engine`: the pieces of the engine.
mod async_enrichment;
pub mod back_pressure;
mod chain_u64;
pub mod first_record;
mod hash_arrow;
mod idle;
pub mod key_bytes;
mod keyed_count;
mod latency;
mod report;
mod rows;
mod sink;
pub mod timer_flood;
mod timers;
mod windows;

use clap::Args;
use hurtig::{Error, Result};
use report::Report;

/// Pieces of the engine, each beside a hand-written loop over the same records
#[derive(Args)]
#[command(after_help = "\
Benchmarks:
  chain_u64      a splitmix source, map, filter, map in one chain
  handover_rows  64-byte rows from one task to another
  hash_rows_2x2  64-byte rows from two sources by key to two sinks
  hash_arrow_2x2 the same with Arrow batches of five columns
  latency_keyed  single records 100 us apart, source -> key_by -> map -> sink
  first_record   from the start of a process to the first record out
  back_pressure  memory under a slow sink, and how soon a flat_map of a million rows is cancelled
  idle           what a job that waits costs
  async_enrichment    lookups in a store that answers after 5 ms, 100 at the same time and one after the other
  keyed_count_u64     a count per key, 1 M keys, in a KeyedProcessFunction
  keyed_count_string  the same over 10,000 words, as CompactString and as String
  key_bytes           what each of 1 M keys takes in memory
  tumbling_count      counts of 10,000 words in windows of 1 s, 1 M records per second of event time
  sliding_count       the same in windows of 10 min, one every second
  session_count       sessions of 100 k keys
  timers              a timer per record, 1 M live
  timer_flood         one watermark that fires 10 M timers into a slow sink

With --json each benchmark is one line: name, records (counted at the source), seconds, cpu_seconds,
records_per_second, bare_records_per_second (a hand-written, fused loop over the same records in the same
run, on as many threads as there are sources), ratio, checksum (folded from every record at the sink, equal
for both); for latency p50_ms, p99_ms, p999_ms.")]
pub struct Engine {
    /// Run only these (separated by commas)
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    only: Vec<String>,
    /// Print a JSON object a line
    #[arg(long)]
    json: bool,
    /// Scale the number of records
    #[arg(long, default_value_t = 1.0)]
    scale: f64,
    /// Best of this many runs
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Seconds of the latency benchmark
    #[arg(long, default_value_t = 30)]
    latency_seconds: u64,
}

type Benchmark = fn(&Engine) -> Result<Report>;

const BENCHMARKS: &[(&str, Benchmark)] = &[
    ("chain_u64", chain_u64::run),
    ("handover_rows", rows::handover),
    ("hash_rows_2x2", rows::hash),
    ("hash_arrow_2x2", hash_arrow::run),
    ("latency_keyed", latency::run),
    ("first_record", first_record::run),
    ("back_pressure", back_pressure::run),
    ("idle", idle::run),
    ("async_enrichment", async_enrichment::run),
    ("keyed_count_u64", keyed_count::numbers),
    ("keyed_count_string", keyed_count::words),
    ("key_bytes", key_bytes::run),
    ("tumbling_count", windows::tumbling),
    ("sliding_count", windows::sliding),
    ("session_count", windows::session),
    ("timers", timers::run),
    ("timer_flood", timer_flood::run),
];

impl Engine {
    /// Runs the benchmarks one after the other.
    pub fn run(self) -> Result<()> {
        if let Some(unknown) = self.only.iter().find(|name| BENCHMARKS.iter().all(|(known, _)| known != name))
        {
            let known: Vec<&str> = BENCHMARKS.iter().map(|(name, _)| *name).collect();
            let known = known.join(", ");
            return Err(Error::user(format!("there is no benchmark '{unknown}'; there are {known}")));
        }
        for (name, benchmark) in BENCHMARKS {
            if self.only.is_empty() || self.only.iter().any(|only| only == name) {
                benchmark(&self)?.print(name, self.json);
            }
        }
        Ok(())
    }

    fn records(&self, base: u64) -> u64 {
        ((base as f64 * self.scale) as u64).max(1000)
    }
}
