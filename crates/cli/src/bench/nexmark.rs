//! `hurtig bench nexmark`: queries of the Nexmark benchmark, generator included.
use clap::{Args, ValueEnum};
use hurtig::connectors::base::BlackHoleSink;
use hurtig::connectors::nexmark::{Event, Fields, Generator, GeneratorConfig, NexmarkSource};
use hurtig::prelude::*;
use serde_json::json;

use crate::bench::process::{Stopwatch, peak_rss_bytes};

/// Events per second of event time, as in the published set-up.
const EVENT_RATE: u64 = 10_000_000;
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
    /// The queries, separated by commas: q0, q1, q2
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

/// A query of the benchmark.
struct Query {
    name: &'static str,
    /// What it reads.
    fields: Fields,
    /// Writes it down behind the events.
    build: fn(DataStream<Event>),
}

/// q0: of each bid auction, bidder, price, dateTime, extra. q1 the same with the price in euros.
#[derive(Clone, TypeInformation)]
struct BidRow<P> {
    auction: i64,
    bidder: i64,
    price: P,
    date_time: EventTime,
    extra: String,
}

/// q1's price: 0.908 times the dollar price, exactly, as DECIMAL(23, 3): thousandths of a cent.
#[derive(Clone, TypeInformation)]
struct Thousandths(i128);

/// q2: auction and price.
#[derive(Clone, TypeInformation)]
struct Selected {
    auction: i64,
    price: i64,
}

fn queries() -> [Query; 3] {
    let pass = Fields::BID_AUCTION
        | Fields::BID_BIDDER
        | Fields::BID_PRICE
        | Fields::BID_DATE_TIME
        | Fields::BID_EXTRA;
    [
        Query { name: "q0", fields: pass, build: q0 },
        Query { name: "q1", fields: pass, build: q1 },
        Query { name: "q2", fields: Fields::BID_AUCTION | Fields::BID_PRICE, build: q2 },
    ]
}

fn q0(events: DataStream<Event>) {
    let bids = events.flat_map(|event| match event {
        Event::Bid(bid) => Some(BidRow {
            auction: bid.auction,
            bidder: bid.bidder,
            price: bid.price,
            date_time: bid.date_time,
            extra: bid.extra,
        }),
        _ => None,
    });
    bids.sink_to(BlackHoleSink::new());
}

fn q1(events: DataStream<Event>) {
    let bids = events.flat_map(|event| match event {
        Event::Bid(bid) => Some(BidRow {
            auction: bid.auction,
            bidder: bid.bidder,
            price: Thousandths(i128::from(bid.price) * 908),
            date_time: bid.date_time,
            extra: bid.extra,
        }),
        _ => None,
    });
    bids.sink_to(BlackHoleSink::new());
}

fn q2(events: DataStream<Event>) {
    let bids = events.flat_map(|event| match event {
        Event::Bid(bid) if bid.auction % 123 == 0 => {
            Some(Selected { auction: bid.auction, price: bid.price })
        }
        _ => None,
    });
    bids.sink_to(BlackHoleSink::new());
}

impl Nexmark {
    /// Runs the queries one after the other.
    pub fn run(self) -> Result<()> {
        let known = queries();
        let unknown = self.query.iter().find(|name| known.iter().all(|query| query.name != **name));
        if let Some(unknown) = unknown {
            let names = known.map(|query| query.name).join(", ");
            return Err(Error::user(format!(
                "there is no query '{unknown}' in this API yet; there are {names}"
            )));
        }
        for name in &self.query {
            if let Some(query) = known.iter().find(|query| query.name == name) {
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
        let strategy = WatermarkStrategy::for_bounded_out_of_orderness(std::time::Duration::from_secs(4));
        let watch = Stopwatch::start();
        (query.build)(env.from_source(source, strategy, "nexmark"));
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
