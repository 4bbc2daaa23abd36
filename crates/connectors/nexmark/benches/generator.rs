//! What an event costs: rows and columns, everything and what single queries need.
//!
//! Allocation is part of making rows, so the allocator is the one that the product's programs use.
use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hurtig_connector_nexmark::{Event, Fields, Generator, GeneratorConfig, Kind, Table};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Event numbers in a batch, and in one iteration.
const BATCH: u64 = 1024;
const EVENTS: u64 = 100 * BATCH;

fn generator() -> Generator {
    let config = GeneratorConfig { first_event_rate: 10_000_000, ..Default::default() };
    Generator::new(config).expect("the defaults are valid")
}

/// What is asked for, by name.
fn wanted() -> Vec<(&'static str, Fields)> {
    let of = |kind, names| Fields::of(kind, names).expect("these columns exist");
    let q3 =
        of(Kind::Auction, &["id", "category", "seller"]) | of(Kind::Person, &["id", "name", "city", "state"]);
    vec![
        ("all", Fields::ALL),
        ("bids", Fields::all_of(Kind::Bid)),
        ("persons and auctions", Fields::all_of(Kind::Person) | Fields::all_of(Kind::Auction)),
        ("q0", of(Kind::Bid, &["auction", "bidder", "price", "dateTime", "extra"])),
        ("q2", of(Kind::Bid, &["auction", "price"])),
        ("q3", q3),
        ("q5", of(Kind::Bid, &["auction", "dateTime"])),
        ("q22", of(Kind::Bid, &["auction", "bidder", "price", "channel", "url"])),
    ]
}

fn batches() -> impl Iterator<Item = std::ops::Range<u64>> {
    (0..EVENTS / BATCH).map(|batch| 1 + batch * BATCH..1 + (batch + 1) * BATCH)
}

fn rows(criterion: &mut Criterion) {
    let generator = generator();
    let range = generator.range(0);
    let mut group = criterion.benchmark_group("rows");
    group.throughput(Throughput::Elements(EVENTS)).measurement_time(Duration::from_secs(3));
    for (name, fields) in wanted() {
        let mut rows = generator.rows(fields);
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| {
                for numbers in batches() {
                    let mut batch: Vec<Event> = Vec::with_capacity(BATCH as usize);
                    rows.append(&range, numbers, &mut batch);
                    black_box(&batch);
                }
            });
        });
    }
    group.finish();
}

fn columns(criterion: &mut Criterion) {
    let generator = generator();
    let range = generator.range(0);
    let mut group = criterion.benchmark_group("columns");
    group.throughput(Throughput::Elements(EVENTS)).measurement_time(Duration::from_secs(3));
    let tables = wanted().into_iter().map(|(name, fields)| (name, Table::Combined, fields));
    let bids = Fields::all_of(Kind::Bid);
    for (name, table, fields) in tables.chain([("bids, their own table", Table::Of(Kind::Bid), bids)]) {
        let mut columns = generator.columns(table, fields);
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| {
                for numbers in batches() {
                    black_box(columns.batch(&range, numbers).expect("a batch is far below 2 GiB"));
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, rows, columns);
criterion_main!(benches);
