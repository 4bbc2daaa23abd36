//! Time to live: a key that stays away is forgotten.
use std::time::Duration;

use hurtig::core::ProcessingTime;
use hurtig::prelude::*;
use hurtig::test::KeyedOneInputOperatorTestHarness;

use crate::functions::timed;
use crate::harness::{Run, Watchdog, check_per_key};
use crate::script::{Script, Step};

const HOUR: i64 = 3_600_000;
const MINUTE: i64 = 60_000;
const DAY: Duration = Duration::from_secs(24 * 3600);

fn day() -> StateTtlConfig {
    StateTtlConfig::new(DAY)
}

fn event_time() -> StateTtlConfig {
    day().time_characteristic(TtlTimeCharacteristic::EventTime)
}

/// Counts the records of each key, and forgets.
#[derive(Clone)]
struct Count {
    ttl: StateTtlConfig,
    seen: ValueState<i64>,
}

impl Count {
    fn new(ttl: StateTtlConfig) -> Count {
        Count { ttl, seen: ValueState::default() }
    }
}

impl RichFunction for Count {
    fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
        let descriptor = ValueStateDescriptor::new("seen").enable_time_to_live(self.ttl);
        self.seen = context.state(&descriptor)?;
        Ok(())
    }
}

impl KeyedProcessFunction<i64, i64, (i64, i64)> for Count {
    fn process_element(&mut self, key: i64, ctx: &mut KeyedContext<'_, i64, (i64, i64)>) -> Result<()> {
        let seen = self.seen.modify(ctx, |seen| {
            let seen = seen.get_or_insert(0);
            *seen += 1;
            *seen
        })?;
        ctx.collect((key, seen));
        Ok(())
    }
}

#[test]
fn after_a_day_by_the_clock_a_key_is_new_again() {
    let _watchdog = Watchdog::start();
    let hours = |hours: i64| Step::Wait((hours * HOUR) as u64);
    let steps = || {
        let both = [Step::Record(1, 0), Step::Record(2, 0)];
        let mut steps = both.to_vec();
        steps.extend([hours(23), Step::Record(1, 0), hours(2), Step::Record(2, 0), hours(21)]);
        steps.extend([Step::Record(1, 0), hours(25)]);
        steps.extend(both);
        steps
    };
    for seed in 0..10 {
        for parallelism in [1, 4] {
            let run = Run::seeded(seed, parallelism);
            let mut counts = run.collect(&|env: &StreamExecutionEnvironment| {
                let keys = env.from_source(
                    Script::new([steps()]),
                    WatermarkStrategy::no_watermarks(),
                    "script",
                );
                keys.key_by(|key| *key).process(Count::new(day()))
            });
            counts.sort_by_key(|(key, _)| *key);
            assert_eq!(counts, [(1, 1), (1, 2), (1, 3), (1, 1), (2, 1), (2, 1), (2, 1)], "{run}");
        }
    }
}

#[test]
fn after_a_day_of_event_time_a_key_is_new_again() {
    // The same in every run, as it depends on the records alone.
    let input = || {
        let at = |key, hours: i64| (key, hours * HOUR);
        let mut records = vec![at(1, 0), at(2, 0), at(1, 23), at(2, 24), at(1, 46), at(1, 70), at(2, 71)];
        // One that is late finds what its time lets it find.
        records.extend([at(3, 80), at(3, 79), at(3, 103), at(3, 127), at(3, 127)]);
        timed(records)
    };
    let expect = [
        (1, 1),
        (2, 1),
        (1, 2),
        (2, 1),
        (1, 3),
        (1, 1),
        (2, 1),
        (3, 1),
        (3, 2),
        (3, 3),
        (3, 1),
        (3, 2),
    ];
    check_per_key(
        |env| env.from_timestamped(input()).key_by(|key| *key).process(Count::new(event_time())),
        |(key, _)| *key,
        expect,
    );
}

/// What a record tells [`Keep`] to do.
#[derive(Clone, Debug, TypeInformation)]
enum Tell {
    Write(i64),
    Read,
}

use Tell::{Read, Write};

/// A value, a list and a map of one key.
type Kept = (Option<i64>, Vec<i64>, Vec<(i64, i64)>);

/// Keeps what it is told: the last value, a list of all, a map by the last digit.
#[derive(Clone)]
struct Keep {
    ttl: StateTtlConfig,
    value: ValueState<i64>,
    list: ListState<i64>,
    map: MapState<i64, i64>,
}

impl RichFunction for Keep {
    fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
        self.value = context.state(&ValueStateDescriptor::new("value").enable_time_to_live(self.ttl))?;
        self.list = context.list_state(&ListStateDescriptor::new("list").enable_time_to_live(self.ttl))?;
        self.map = context.map_state(&MapStateDescriptor::new("map").enable_time_to_live(self.ttl))?;
        Ok(())
    }
}

impl KeyedProcessFunction<i64, (i64, Tell), Kept> for Keep {
    fn process_element(
        &mut self,
        (_, told): (i64, Tell),
        ctx: &mut KeyedContext<'_, i64, Kept>,
    ) -> Result<()> {
        match told {
            Write(value) => {
                self.value.update(ctx, value)?;
                self.list.add(ctx, value)?;
                self.map.put(ctx, value % 10, value)
            }
            Read => {
                let list = self.list.get(ctx)?.copied().collect();
                let map = self.map.entries(ctx)?.map(|(digit, value)| (*digit, *value)).collect();
                let kept = (self.value.value(ctx)?, list, map);
                ctx.collect(kept);
                Ok(())
            }
        }
    }
}

type Harness = KeyedOneInputOperatorTestHarness<(i64, Tell), Kept>;

fn keep(ttl: StateTtlConfig) -> Harness {
    let (value, list, map) = Default::default();
    let keep = Keep { ttl, value, list, map };
    let mut harness = Harness::new(|(key, _): &(i64, Tell)| *key, keep);
    harness.open().unwrap();
    harness
}

/// By the clock: what happens to key 1 at which millisecond; and what is read.
fn check_clock(ttl: StateTtlConfig, steps: &[(i64, Tell)], expect: &[Kept]) {
    let mut harness = keep(ttl);
    for (at, told) in steps {
        harness.set_processing_time(ProcessingTime::from_millis(*at)).unwrap();
        harness.process_value((1, told.clone())).unwrap();
    }
    assert_eq!(harness.take_values(), expect);
}

/// By event time, without any watermark.
fn check_events(ttl: StateTtlConfig, steps: &[(i64, Tell)], expect: &[Kept]) {
    let mut harness = keep(ttl);
    for (at, told) in steps {
        harness.process_element((1, told.clone()), EventTime::from_millis(*at)).unwrap();
    }
    assert_eq!(harness.take_values(), expect);
}

fn nothing() -> Kept {
    (None, vec![], vec![])
}

fn one(value: i64) -> Kept {
    (Some(value), vec![value], vec![(value % 10, value)])
}

#[test]
fn a_value_lives_exactly_so_long() {
    let steps = [(5, Write(7)), (24 * HOUR + 4, Read), (24 * HOUR + 5, Read)];
    check_clock(day(), &steps, &[one(7), nothing()]);
    check_events(event_time(), &steps, &[one(7), nothing()]);
}

#[test]
fn reading_renews_only_if_it_is_told_to() {
    let steps = [(0, Write(7)), (20 * HOUR, Read), (40 * HOUR, Read), (64 * HOUR, Read)];
    check_clock(day(), &steps, &[one(7), nothing(), nothing()]);
    check_events(event_time(), &steps, &[one(7), nothing(), nothing()]);
    let renewing = |ttl: StateTtlConfig| ttl.update_type(UpdateType::OnReadAndWrite);
    check_clock(renewing(day()), &steps, &[one(7), one(7), nothing()]);
    check_events(renewing(event_time()), &steps, &[one(7), one(7), nothing()]);
    let disabled = |ttl: StateTtlConfig| ttl.update_type(UpdateType::Disabled);
    check_clock(disabled(day()), &steps, &[one(7), one(7), one(7)]);
    check_events(disabled(event_time()), &steps, &[one(7), one(7), one(7)]);
}

#[test]
fn elements_and_entries_live_on_their_own() {
    let steps = [
        (0, Write(10)),
        (6 * HOUR, Write(21)),
        (12 * HOUR, Write(30)),
        (24 * HOUR, Read),
        (30 * HOUR, Read),
        (36 * HOUR, Read),
    ];
    let expect = [
        // The entry of the digit 0 was written again, and so stays longer.
        (Some(30), vec![21, 30], vec![(0, 30), (1, 21)]),
        (Some(30), vec![30], vec![(0, 30)]),
        nothing(),
    ];
    check_clock(day(), &steps, &expect);
    check_events(event_time(), &steps, &expect);
}

#[test]
fn what_is_over_may_be_shown_until_it_is_cleaned_up() {
    let shown = |ttl: StateTtlConfig| ttl.state_visibility(StateVisibility::ReturnExpiredIfNotCleanedUp);
    let steps = [(0, Write(7)), (48 * HOUR, Read)];
    let lazy = shown(day()).disable_cleanup_in_background();
    check_clock(lazy, &steps, &[one(7)]);
    check_events(shown(event_time()), &steps, &[one(7)]);
    // Written again it is a new one.
    check_clock(lazy, &[(0, Write(7)), (48 * HOUR, Write(8)), (49 * HOUR, Read)], &[(
        Some(8),
        vec![7, 8],
        vec![(7, 7), (8, 8)],
    )]);
    // It goes in the background: as time passes, there is nothing left to be shown.
    let mut harness = keep(shown(day()));
    harness.process_value((1, Write(7))).unwrap();
    harness.advance_processing_time(DAY + Duration::from_secs(120)).unwrap();
    assert_eq!(harness.num_keyed_state_entries(), 0);
    harness.process_value((1, Read)).unwrap();
    assert_eq!(harness.take_values(), [nothing()]);
}

#[test]
fn nothing_is_cleaned_up_unseen_where_that_is_switched_off() {
    let mut harness = keep(day().disable_cleanup_in_background());
    for key in 0..100 {
        harness.process_value((key, Write(key))).unwrap();
    }
    harness.advance_processing_time(2 * DAY).unwrap();
    assert_eq!((harness.num_keys(), harness.num_keyed_state_entries()), (100, 300));
    for key in 0..100 {
        harness.process_value((key, Read)).unwrap();
    }
    assert!(harness.take_values().iter().all(|kept| *kept == nothing()));
}

#[test]
fn keys_that_stay_away_leave_nothing_behind() {
    const KEYS: i64 = 20_000;
    let mut harness = keep(day());
    harness.set_limits_for_speed();
    harness.open().unwrap();
    // All keys within the first hour; a tenth of them goes on coming, every two hours, for a day.
    let all = (0..KEYS).map(|key| ((key, Write(key)), EventTime::from_millis(0)));
    harness.process_elements(all).unwrap();
    assert_eq!((harness.num_keys(), harness.num_keyed_state_entries()), (20_000, 60_000));
    let full = harness.state_size().bytes;
    for _ in 0..12 {
        harness.advance_processing_time(Duration::from_secs(2 * 3600)).unwrap();
        let some = (0..KEYS / 10).map(|key| ((key, Write(key)), EventTime::from_millis(0)));
        harness.process_elements(some).unwrap();
    }
    harness.advance_processing_time(Duration::from_secs(3600)).unwrap();
    assert_eq!(harness.num_keys(), 2_000);
    harness.advance_processing_time(DAY).unwrap();
    assert_eq!((harness.num_keys(), harness.num_keyed_state_entries()), (0, 0));
    assert!(harness.state_size().bytes < full / 50, "{} of {full} bytes", harness.state_size().bytes);
}
