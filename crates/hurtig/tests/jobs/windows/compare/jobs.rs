//! Whole jobs with windows against the oracle, where nothing is late: the disorder is less than watermarks lag.
use std::time::Duration;

use hurtig::datastream::WindowedStream;
use hurtig::operator::route::SelectKey;
use hurtig::prelude::*;

use super::super::assigner::{Assigner, Gap};
use super::super::oracle::{Due, Late, Windowing};
use super::super::outcome::Firing;
use super::super::steps::{Record, Step};
use super::super::timers::TimeDomain;
use super::super::trigger::Trigger as Said;
use super::item::{Item, LATE, SaysGap, Span, Spans, Steps, span};
use super::{sorted, sorted_all};
use crate::harness::{check, check_each, check_per_key};

/// How much earlier than the latest before it a record may be, in milliseconds.
const DISORDER: i64 = 50;

/// A key, a window, and the steps of the elements that are in it, sorted.
type Shown = (u8, Span, Vec<i64>);

/// So many records of five keys in disorder, always the same: two to three of them in ten milliseconds.
fn records(count: i64) -> Vec<Record> {
    // A step of a linear congruential generator, of which the upper bits are random enough.
    let next = |state: &mut u64| {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*state >> 33) as i64
    };
    let mut state = 1;
    let record = |number: i64| {
        let timestamp = number * 4 - next(&mut state) % DISORDER;
        Record { key: (next(&mut state) % 5) as u8, value: next(&mut state) % 20, timestamp }
    };
    (0..count).map(record).collect()
}

fn items(records: &[Record], assigner: Assigner) -> Vec<(Item, EventTime)> {
    let item = |(step, record): (usize, &Record)| {
        (Item::new(step, *record, assigner), EventTime::from_millis(record.timestamp))
    };
    records.iter().enumerate().map(item).collect()
}

/// The items by their keys, with watermarks that lag behind by more than their disorder.
fn keyed(
    env: &StreamExecutionEnvironment,
    items: &[(Item, EventTime)],
) -> KeyedStream<Item, impl SelectKey<Item, Key = u8> + use<>> {
    let lag = Duration::from_millis(DISORDER.unsigned_abs() + 1);
    let strategy = WatermarkStrategy::for_punctuated_out_of_orderness(lag)
        .with_timestamp_assigner(|(_, millis): &(Item, i64), _| EventTime::from_millis(*millis));
    let items = items.iter().map(|(item, time)| (item.clone(), time.as_millis()));
    let stamped = env.from_collection(items).assign_timestamps_and_watermarks(strategy);
    stamped.map(|(item, _)| item).key_by(|item| item.key)
}

/// What windows of event time must hold.
fn firings(assigner: Assigner, records: &[Record]) -> Vec<Firing> {
    let windowing = Windowing {
        assigner,
        trigger: Said::EventTime,
        evictor: None,
        allowed_lateness: 0,
        late: Late::Drop,
    };
    let script: Vec<_> = records.iter().copied().map(Step::Record).chain([Step::End]).collect();
    windowing.run(Due::After, &script).firings
}

fn expected(assigner: Assigner, records: &[Record]) -> Vec<Shown> {
    let shown = |Firing { key, window, elements, .. }: Firing| {
        let steps: Vec<_> = elements.iter().map(|element| element.step as i64).collect();
        (key, span(window), sorted(&steps))
    };
    firings(assigner, records).into_iter().map(shown).collect()
}

/// Shows what an incremental function has made of a window.
#[derive(Clone)]
struct Show;

impl RichFunction for Show {}

impl<W: Spans> ProcessWindowFunction<Vec<i64>, Shown, u8, W> for Show {
    fn process(
        &mut self,
        key: &u8,
        steps: Elements<'_, Vec<i64>>,
        context: &mut WindowContext<'_, W, Shown>,
    ) -> Result<()> {
        let span = context.window().span();
        let steps: Vec<i64> = steps.iter().flatten().copied().collect();
        context.collect((*key, span, sorted(&steps)));
        Ok(())
    }
}

/// Checks windows that hold their elements, and the same with an incremental function.
fn check_windows<A>(assigner: Assigner, windows: A)
where
    A: WindowAssigner<Item, Window: Spans, DefaultTrigger: Trigger<Item, A::Window>>,
{
    let records = records(300);
    let items = items(&records, assigner);
    let expect = expected(assigner, &records);
    let windowed = |env: &StreamExecutionEnvironment| keyed(env, &items).window(windows.clone());
    check(
        |env| {
            windowed(env).apply(|key, window: &A::Window, items| {
                let steps: Vec<i64> = items.iter().map(|item| item.step).collect();
                [(*key, window.span(), sorted(&steps))]
            })
        },
        expect.clone(),
    );
    check(|env| windowed(env).aggregate_with(Steps, Show), expect);
}
