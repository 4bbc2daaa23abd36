//! `chain_u64`: a source, three operators and a sink in one chain, on numbers.
use std::hint::black_box;
use std::sync::atomic::Ordering;

use hurtig::Result;
use hurtig::connectors::base::GeneratorSource;
use hurtig::core::key::hash::mix;
use hurtig::prelude::*;

use super::Engine;
use super::report::Report;
use super::sink::{ChecksumSink, Fold};

fn first(x: u64) -> u64 {
    x.wrapping_mul(3).wrapping_add(1)
}

fn keep(x: &u64) -> bool {
    !x.is_multiple_of(10)
}

fn second(x: u64) -> u64 {
    x ^ (x >> 7)
}

/// Measures it.
pub fn run(options: &Engine) -> Result<Report> {
    let records = options.records(400_000_000);
    let engine = || {
        let env = StreamExecutionEnvironment::default();
        let source = GeneratorSource::new(mix, records);
        let (sink, sum) = ChecksumSink::<u64>::new();
        env.from_source(source, WatermarkStrategy::no_watermarks(), "splitmix")
            .map(first)
            .filter(keep)
            .map(second)
            .sink_to(sink);
        env.execute("chain_u64")?;
        Ok(sum.load(Ordering::Relaxed))
    };
    let bare = || {
        let mut sum = 0u64;
        for index in 0..black_box(records) {
            let x = first(mix(index));
            if keep(&x) {
                sum = sum.wrapping_add(second(x).fold());
            }
        }
        sum
    };
    Report::compare(records, options.rounds, engine, bare)
}
