//! `keyed_count_u64` and `keyed_count_string`: a count per key in keyed state, put out at every record.
use std::hint::black_box;
use std::sync::atomic::Ordering;

use compact_str::CompactString;
use hashbrown::HashMap;
use hurtig::Result;
use hurtig::connectors::base::GeneratorSource;
use hurtig::core::key::hash::mix;
use hurtig::prelude::*;

use super::Engine;
use super::report::Report;
use super::sink::ChecksumSink;

/// Keys of the benchmarks whose keys are numbers.
pub const KEYS: u64 = 1_000_000;
/// Words of those whose keys are words.
pub const WORDS: usize = 10_000;

/// Counts the records of each key, and puts every count out.
#[derive(Clone, Default)]
pub struct Count {
    seen: ValueState<u64>,
}

impl RichFunction for Count {
    fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
        self.seen = context.state(&ValueStateDescriptor::new("seen"))?;
        Ok(())
    }
}

impl<K: Key, I: TypeInformation> KeyedProcessFunction<K, I, u64> for Count {
    #[inline]
    fn process_element(&mut self, _: I, ctx: &mut KeyedContext<'_, K, u64>) -> Result<()> {
        let count = self.seen.modify(ctx, |seen| {
            let seen = seen.get_or_insert(0);
            *seen += 1;
            *seen
        })?;
        ctx.collect(count);
        Ok(())
    }
}

/// A million keys that are numbers.
pub fn numbers(options: &Engine) -> Result<Report> {
    let records = options.records(100_000_000);
    let key = |index: u64| mix(index) % KEYS;
    let engine = || {
        let env = StreamExecutionEnvironment::default();
        let (sink, sum) = ChecksumSink::<u64>::new();
        env.from_source(GeneratorSource::new(key, records), WatermarkStrategy::no_watermarks(), "numbers")
            .key_by(|key| *key)
            .process(Count::default())
            .sink_to(sink);
        env.execute("keyed_count_u64")?;
        Ok(sum.load(Ordering::Relaxed))
    };
    let bare = || {
        let mut counts = HashMap::<u64, u64>::new();
        let mut sum = 0u64;
        for index in 0..black_box(records) {
            let count = counts.entry(key(index)).or_insert(0);
            *count += 1;
            sum = sum.wrapping_add(*count);
        }
        sum
    };
    Report::compare(records, options.rounds, engine, bare)
}

/// The text of word `index`.
pub fn word(index: usize) -> String {
    format!("word-{index:05}")
}

/// Ten thousand words.
pub fn words(options: &Engine) -> Result<Report> {
    let compact = words_as::<CompactString>(options)?;
    let owned = words_as::<String>(options)?;
    Ok(compact.with_prefix("compact_").and(owned.with_prefix("string_")))
}

fn words_as<W: Key + From<String> + Eq + std::hash::Hash>(options: &Engine) -> Result<Report> {
    let records = options.records(100_000_000);
    let vocabulary: std::sync::Arc<[W]> = (0..WORDS).map(|index| W::from(word(index))).collect();
    let make = {
        let vocabulary = vocabulary.clone();
        move |index: u64| vocabulary[(mix(index) % WORDS as u64) as usize].clone()
    };
    let engine = || {
        let env = StreamExecutionEnvironment::default();
        let (sink, sum) = ChecksumSink::<u64>::new();
        let source = GeneratorSource::new(make.clone(), records);
        env.from_source(source, WatermarkStrategy::no_watermarks(), "words")
            .key_by_ref(|word| word)
            .process(Count::default())
            .sink_to(sink);
        env.execute("keyed_count_string")?;
        Ok(sum.load(Ordering::Relaxed))
    };
    let bare = || {
        let mut counts = HashMap::<W, u64>::new();
        let mut sum = 0u64;
        for index in 0..black_box(records) {
            let count = counts.entry(make(index)).or_insert(0);
            *count += 1;
            sum = sum.wrapping_add(*count);
        }
        sum
    };
    Report::compare(records, options.rounds, engine, bare)
}
