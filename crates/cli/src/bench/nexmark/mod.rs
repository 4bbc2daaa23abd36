//! `hurtig bench nexmark`: queries of the Nexmark benchmark, generator included.
//!
//! One query a file, in the DataStream API; `queries` lists them. All begin with one `flat_map` that filters and
//! projects; a join's two sides stay one stream, so that they need one exchange and keep their order. What they put out is compared in tests with
//! what the plain computations of `naive` make of the same events (`testing`).
mod count;
#[cfg(test)]
mod naive;
mod q0;
mod q1;
mod q11;
mod q12;
mod q18;
mod q2;
mod q3;
mod q4;
mod q5;
mod q7;
mod q8;
mod q9;
mod queries;
#[cfg(test)]
mod testing;

use std::time::Duration;

use clap::{Args, ValueEnum};
use hurtig::connectors::nexmark::{Event, Fields, Generator, GeneratorConfig, NexmarkSource};
use hurtig::prelude::*;
use serde_json::json;

use self::queries::{Query, queries};
use crate::bench::process::{Stopwatch, peak_rss_bytes};

/// How far the published watermark is behind the events.
const OUT_OF_ORDERNESS: Duration = Duration::from_secs(4);

/// Events per second of event time, as in the published set-up.
const EVENT_RATE: u64 = 10_000_000;
/// Names every query.
const ALL: &str = "all";
/// Events in one piece of the bare generator loop.
const PIECE: u64 = 1024;

/// Queries of the Nexmark benchmark, the generator inside the job
#[derive(Args)]
#[command(after_help = "\
With --json each query is one line: query, api, events, parallelism, generate, seconds, events_per_second,
cpu_seconds (of the process), events_per_cpu_second, peak_rss_bytes (of the process so far), and beside them
bare_events_per_cpu_second (a loop that only generates and drops the same events, in the same run) and ratio.")]
pub struct Nexmark {
    /// The API that the queries are written in
    #[arg(long, value_enum, default_value_t = Api::Datastream)]
    api: Api,
    /// The queries, separated by commas: q0, q1, q2, q3, q4, q5, q7, q8, q9, q11, q12, q18; or all
    #[arg(long, value_name = "QUERIES", value_delimiter = ',', default_value = "q0,q1,q2")]
    query: Vec<String>,
    /// Events of all three kinds
    #[arg(long, default_value_t = 10_000_000)]
    events: u64,
    /// Subtasks of every operator
    #[arg(long, default_value_t = 1)]
    parallelism: u32,
    /// What the generator makes: all fields as the published one, or those that the query reads
    #[arg(long, value_enum, default_value_t = Generate::Needed)]
    generate: Generate,
    /// Print a JSON object a line
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Api {
    Datastream,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Generate {
    All,
    Needed,
}

/// The published watermark, 4 seconds behind the events.
fn watermarks() -> WatermarkStrategy<Event> {
    WatermarkStrategy::for_bounded_out_of_orderness(OUT_OF_ORDERNESS)
}

impl Nexmark {
    /// Runs the queries one after the other.
    pub fn run(self) -> Result<()> {
        let known = queries();
        let is_known = |name: &String| name == ALL || known.iter().any(|query| query.name == name);
        let unknown = self.query.iter().find(|name| !is_known(name));
        if let Some(unknown) = unknown {
            let names: Vec<_> = known.iter().map(|query| query.name).collect();
            let names = names.join(", ");
            return Err(Error::user(format!(
                "there is no query '{unknown}' in this API yet; there are {names}"
            )));
        }
        for name in &self.query {
            for query in known.iter().filter(|query| name == ALL || query.name == name) {
                self.measure(query)?;
            }
        }
        Ok(())
    }

    fn config(&self) -> GeneratorConfig {
        GeneratorConfig {
            first_event_rate: EVENT_RATE,
            events_num: self.events,
            ranges: self.parallelism,
            ..GeneratorConfig::default()
        }
    }

    fn measure(&self, query: &Query) -> Result<()> {
        let fields = match self.generate {
            Generate::All => Fields::ALL,
            Generate::Needed => query.fields,
        };
        let bare = self.bare(fields)?;
        let env = StreamExecutionEnvironment::default();
        env.set_parallelism(self.parallelism);
        let source = NexmarkSource::with_fields(self.config(), fields)?;
        let watch = Stopwatch::start();
        (query.build)(env.from_source(source, watermarks(), "nexmark"));
        env.execute(query.name)?;
        let (seconds, cpu_seconds) = (watch.elapsed().as_secs_f64(), watch.cpu_seconds());
        let per_cpu_second = self.events as f64 / cpu_seconds.max(0.01);
        let generate = format!("{:?}", self.generate).to_lowercase();
        if self.json {
            let line = json!({
                "query": query.name,
                "api": "datastream",
                "events": self.events,
                "parallelism": self.parallelism,
                "generate": generate,
                "seconds": seconds,
                "events_per_second": (self.events as f64 / seconds).round(),
                "cpu_seconds": cpu_seconds,
                "events_per_cpu_second": per_cpu_second.round(),
                "peak_rss_bytes": peak_rss_bytes(),
                "bare_events_per_cpu_second": bare.round(),
                "ratio": per_cpu_second / bare,
            });
            println!("{line}");
        } else {
            println!(
                "{} ({generate} fields, parallelism {}): {} events in {seconds:.3} s, {:.2} M/s, {:.2} M per \
                 CPU-second, generator alone {:.2} M, ratio {:.2}, peak RSS {} MB",
                query.name,
                self.parallelism,
                self.events,
                self.events as f64 / seconds / 1e6,
                per_cpu_second / 1e6,
                bare / 1e6,
                per_cpu_second / bare,
                peak_rss_bytes() >> 20,
            );
        }
        Ok(())
    }

    /// Events per CPU-second of the generator alone.
    fn bare(&self, fields: Fields) -> Result<f64> {
        let generator = Generator::new(self.config())?;
        let watch = Stopwatch::start();
        let mut rows = generator.rows(fields);
        let mut events = Vec::new();
        for range in generator.ranges() {
            let numbers = range.numbers();
            let mut next = numbers.start;
            while next < numbers.end {
                let end = (next + PIECE).min(numbers.end);
                rows.append(&range, next..end, &mut events);
                std::hint::black_box(&events);
                events.clear();
                next = end;
            }
        }
        Ok(self.events as f64 / watch.cpu_seconds().max(0.01))
    }
}
