//! `tumbling_count`, `sliding_count` and `session_count`: counts per key and window of event time, a million
//! records per second of it.
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use compact_str::CompactString;
use hashbrown::HashMap;
use hurtig::Result;
use hurtig::connectors::base::GeneratorSource;
use hurtig::core::key::hash::mix;
use hurtig::prelude::*;

use super::Engine;
use super::keyed_count::{WORDS, word};
use super::report::Report;
use super::sink::ChecksumSink;

/// Records per millisecond of event time.
const RATE: u64 = 1000;

/// Counts; what it puts out is mixed, so that the sum of all says how the records were shared out.
#[derive(Clone)]
struct Count;

impl<T: 'static> AggregateFunction<T> for Count {
    type Accumulator = u64;
    type Output = u64;

    fn create_accumulator(&self) -> u64 {
        0
    }

    #[inline]
    fn add(&self, _: T, count: &mut u64) -> Result<()> {
        *count += 1;
        Ok(())
    }

    fn get_result(&self, count: &u64) -> Result<u64> {
        Ok(mix(*count))
    }

    fn merge(&self, into: &mut u64, other: u64) -> Result<()> {
        *into += other;
        Ok(())
    }
}

fn in_order<K: TypeInformation>() -> WatermarkStrategy<(K, i64)> {
    WatermarkStrategy::for_monotonous_timestamps()
        .with_timestamp_assigner(|record: &(K, i64), _| EventTime::from_millis(record.1))
}

fn time(index: u64) -> i64 {
    (index / RATE) as i64
}

fn vocabulary<W: From<String>>() -> Arc<[W]> {
    (0..WORDS).map(|index| W::from(word(index))).collect()
}

fn engine<K: Key>(
    name: &str,
    records: u64,
    record: impl Fn(u64) -> (K, i64) + Clone + Send + Sync + 'static,
    windows: impl Fn(KeyedCounts<K>) -> DataStream<u64>,
) -> Result<u64> {
    let env = StreamExecutionEnvironment::default();
    let (sink, sum) = ChecksumSink::<u64>::new();
    let source = GeneratorSource::new(record, records);
    let keyed = env.from_source(source, in_order(), "records").key_by_ref(first::<K> as fn(&(K, i64)) -> &K);
    windows(keyed).sink_to(sink);
    env.execute(name)?;
    Ok(sum.load(Ordering::Relaxed))
}

fn first<K>(record: &(K, i64)) -> &K {
    &record.0
}

type KeyedCounts<K> = KeyedStream<
    (K, i64),
    hurtig::operator::route::Selector<hurtig::operator::route::BorrowedKey<fn(&(K, i64)) -> &K>, K>,
>;

/// One second, ten thousand words.
pub fn tumbling(options: &Engine) -> Result<Report> {
    let compact = tumbling_of::<CompactString>(options)?;
    let owned = tumbling_of::<String>(options)?;
    Ok(compact.with_prefix("compact_").and(owned.with_prefix("string_")))
}

fn tumbling_of<W: Key + From<String> + Eq + std::hash::Hash>(options: &Engine) -> Result<Report> {
    let records = options.records(100_000_000);
    let words = vocabulary::<W>();
    let key = move |index: u64| words[(mix(index) % WORDS as u64) as usize].clone();
    let make = {
        let key = key.clone();
        move |index| (key(index), time(index))
    };
    let job = || {
        engine("tumbling_count", records, make.clone(), |keyed| {
            keyed.window(TumblingEventTimeWindows::of(Duration::from_secs(1))).aggregate(Count)
        })
    };
    let bare = || {
        let mut counts = HashMap::<W, u64>::new();
        let (mut sum, mut second) = (0u64, 0);
        let flush = |counts: &mut HashMap<W, u64>| {
            counts.drain().fold(0u64, |sum, (_, count)| sum.wrapping_add(mix(count)))
        };
        for index in 0..black_box(records) {
            if time(index) / 1000 != second {
                second = time(index) / 1000;
                sum = sum.wrapping_add(flush(&mut counts));
            }
            *counts.entry(key(index)).or_insert(0) += 1;
        }
        sum.wrapping_add(flush(&mut counts))
    };
    Report::compare(records, options.rounds, job, bare)
}

/// Ten minutes every second, ten thousand words.
pub fn sliding(options: &Engine) -> Result<Report> {
    const PANES: usize = 600;
    let records = options.records(100_000_000);
    let words = vocabulary::<CompactString>();
    let key = move |index: u64| words[(mix(index) % WORDS as u64) as usize].clone();
    let make = {
        let key = key.clone();
        move |index| (key(index), time(index))
    };
    let job = || {
        engine("sliding_count", records, make.clone(), |keyed| {
            let windows = SlidingEventTimeWindows::of(Duration::from_secs(600), Duration::from_secs(1));
            keyed.window(windows).aggregate(Count)
        })
    };
    // One ring of panes a word, and its sum.
    let bare = || {
        let mut counts = HashMap::<CompactString, (u64, Box<[u64; PANES]>)>::new();
        let mut sum = 0u64;
        let mut fire = |counts: &mut HashMap<CompactString, (u64, Box<[u64; PANES]>)>, second: usize| {
            for (total, ring) in counts.values_mut() {
                if *total > 0 {
                    sum = sum.wrapping_add(mix(*total));
                }
                // The pane that the next second takes is the one that leaves.
                let next = (second + 1) % PANES;
                *total -= std::mem::take(&mut ring[next]);
            }
        };
        let mut second = 0;
        for index in 0..black_box(records) {
            let now = (time(index) / 1000) as usize;
            while second < now {
                fire(&mut counts, second);
                second += 1;
            }
            let (total, ring) = counts.entry(key(index)).or_insert_with(|| (0, Box::new([0; PANES])));
            *total += 1;
            ring[second % PANES] += 1;
        }
        for second in second..second + PANES {
            fire(&mut counts, second);
        }
        sum
    };
    Report::compare(records, options.rounds, job, bare)
}

/// Sessions with a gap of a quarter of a second over a hundred thousand keys: of about a dozen records each.
pub fn session(options: &Engine) -> Result<Report> {
    const KEYS: u64 = 100_000;
    // Times are even: no pause is as long as the gap, at which it would be the watermark that decides.
    const GAP: i64 = 251;
    let records = options.records(50_000_000);
    let key = |index: u64| mix(index) % KEYS;
    let even = |index: u64| time(index) / 2 * 2;
    let job = || {
        engine(
            "session_count",
            records,
            move |index| (key(index), even(index)),
            |keyed| {
                keyed
                    .window(EventTimeSessionWindows::with_gap(Duration::from_millis(GAP.unsigned_abs())))
                    .aggregate(Count)
            },
        )
    };
    let bare = || {
        let mut open = HashMap::<u64, (i64, u64)>::new();
        let mut sum = 0u64;
        for index in 0..black_box(records) {
            let now = even(index);
            let (last, count) = open.entry(key(index)).or_insert((now, 0));
            // Sessions that touch are one.
            if now - *last > GAP {
                sum = sum.wrapping_add(mix(std::mem::take(count)));
            }
            *last = now;
            *count += 1;
        }
        open.values().fold(sum, |sum, (_, count)| sum.wrapping_add(mix(*count)))
    };
    Report::compare(records, options.rounds, job, bare)
}
