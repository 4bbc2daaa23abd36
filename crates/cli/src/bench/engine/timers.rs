//! `timers`: a timer of event time set for every record, a million live at once, each fired.
use std::collections::BTreeSet;
use std::hint::black_box;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hurtig::Result;
use hurtig::connectors::base::GeneratorSource;
use hurtig::core::key::hash::mix;
use hurtig::prelude::*;

use super::Engine;
use super::report::Report;
use super::sink::ChecksumSink;

/// Records per millisecond of event time.
const RATE: u64 = 1000;
/// Milliseconds of event time that a timer waits, on the average.
const WAIT: u64 = 1000;
const KEYS: u64 = 100_000;

#[derive(Clone, Default)]
struct Wait;

impl RichFunction for Wait {}

fn at(index: u64) -> i64 {
    let time = index / RATE;
    (time + 1 + mix(index) % (2 * WAIT)) as i64
}

impl KeyedProcessFunction<u64, (u64, i64), u64> for Wait {
    fn process_element(&mut self, (_, at): (u64, i64), ctx: &mut KeyedContext<'_, u64, u64>) -> Result<()> {
        ctx.register_event_time_timer(EventTime::from_millis(at))
    }

    fn on_timer(&mut self, timestamp: i64, ctx: &mut KeyedContext<'_, u64, u64>) -> Result<()> {
        ctx.collect(mix(timestamp as u64));
        Ok(())
    }
}

/// Measures it.
pub fn run(options: &Engine) -> Result<Report> {
    let records = options.records(20_000_000);
    let engine = || {
        let env = StreamExecutionEnvironment::default();
        let (sink, sum) = ChecksumSink::<u64>::new();
        let source = GeneratorSource::new(|index| (mix(index) % KEYS, at(index)), records);
        let in_order = WatermarkStrategy::for_bounded_out_of_orderness(Duration::from_millis(2 * WAIT))
            .with_timestamp_assigner(|record: &(u64, i64), _| EventTime::from_millis(record.1));
        env.from_source(source, in_order, "records").key_by(|record| record.0).process(Wait).sink_to(sink);
        env.execute("timers")?;
        Ok(sum.load(Ordering::Relaxed))
    };
    let bare = || {
        // A set, as a timer that is set twice is one timer.
        let mut waiting = BTreeSet::new();
        let mut sum = 0u64;
        for index in 0..black_box(records) {
            waiting.insert((at(index), mix(index) % KEYS));
            let now = (index / RATE) as i64;
            while waiting.first().is_some_and(|(at, _)| *at <= now) {
                if let Some((at, _)) = waiting.pop_first() {
                    sum = sum.wrapping_add(mix(at as u64));
                }
            }
        }
        waiting.into_iter().fold(sum, |sum, (at, _)| sum.wrapping_add(mix(at as u64)))
    };
    Report::compare(records, options.rounds, engine, bare)
}
