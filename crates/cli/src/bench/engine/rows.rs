//! `handover_rows` and `hash_rows_2x2`: rows of 64 bytes between tasks.
use std::hint::black_box;
use std::sync::atomic::Ordering;

use hurtig::Result;
use hurtig::connectors::base::GeneratorSource;
use hurtig::core::key::hash::mix;
use hurtig::prelude::*;

use super::Engine;
use super::report::Report;
use super::sink::{ChecksumSink, Fold};

/// Eight fields of eight bytes.
#[derive(Clone, TypeInformation)]
pub struct Row64 {
    key: i64,
    a: i64,
    b: i64,
    c: i64,
    d: i64,
    e: i64,
    f: i64,
    g: i64,
}

fn row(index: u64) -> Row64 {
    let x = mix(index) as i64;
    let y = index as i64;
    Row64 { key: x, a: y, b: x ^ y, c: x.wrapping_add(y), d: 3, e: x >> 3, f: y << 5, g: -x }
}

impl Fold for Row64 {
    #[inline]
    fn fold(&self) -> u64 {
        let sum = [self.a, self.b, self.c, self.d, self.e, self.f, self.g];
        sum.into_iter().fold(self.key, i64::wrapping_add) as u64
    }
}

/// One source, one sink, a task each.
pub fn handover(options: &Engine) -> Result<Report> {
    let records = options.records(100_000_000);
    Report::compare(records, options.rounds, || engine(records, 1, false), || bare(records, 1))
}

/// Two sources, two sinks, by key.
pub fn hash(options: &Engine) -> Result<Report> {
    let records = options.records(100_000_000);
    Report::compare(records, options.rounds, || engine(records, 2, true), || bare(records, 2))
}

fn engine(records: u64, parallelism: u32, by_key: bool) -> Result<u64> {
    let env = StreamExecutionEnvironment::default();
    env.set_parallelism(parallelism).disable_operator_chaining();
    let (sink, sum) = ChecksumSink::<Row64>::new();
    let source = GeneratorSource::new(row, records);
    let rows = env.from_source(source, WatermarkStrategy::no_watermarks(), "rows");
    if by_key {
        rows.key_by(|row| row.key).sink_to(sink);
    } else {
        rows.sink_to(sink);
    }
    env.execute("rows")?;
    Ok(sum.load(Ordering::Relaxed))
}

fn bare(records: u64, threads: u64) -> u64 {
    let part = |thread: u64| {
        let (from, to) = (records * thread / threads, records * (thread + 1) / threads);
        move || (black_box(from)..to).fold(0u64, |sum, index| sum.wrapping_add(row(index).fold()))
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|thread| scope.spawn(part(thread))).collect();
        workers.into_iter().map(|worker| worker.join().unwrap_or(0)).fold(0, u64::wrapping_add)
    })
}
