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

/// Two keys that come and stay away for some twenty-fourths of a time to live.
fn check_by_the_clock(run: Run, ttl: Duration) {
    let parts = |parts: u32| Step::Wait((ttl / 24 * parts).as_millis() as u64);
    let both = [Step::Record(1, 0), Step::Record(2, 0)];
    let mut steps = both.to_vec();
    steps.extend([parts(23), Step::Record(1, 0), parts(2), Step::Record(2, 0), parts(21)]);
    steps.extend([Step::Record(1, 0), parts(25)]);
    steps.extend(both);
    let mut counts = run.collect(&|env: &StreamExecutionEnvironment| {
        let source = Script::new([steps.clone()]);
        let keys = env.from_source(source, WatermarkStrategy::no_watermarks(), "script");
        keys.key_by(|key| *key).process(Count::new(StateTtlConfig::new(ttl)))
    });
    counts.sort_by_key(|(key, _)| *key);
    assert_eq!(counts, [(1, 1), (1, 2), (1, 3), (1, 1), (2, 1), (2, 1), (2, 1)], "{run}, {ttl:?}");
}

#[test]
fn after_a_day_by_the_clock_a_key_is_new_again() {
    let _watchdog = Watchdog::start();
    // Some hundred thousand seconds, in each of which the tasks wake up.
    check_by_the_clock(Run::seeded(0, 1), DAY);
    for seed in 0..30 {
        check_by_the_clock(Run::seeded(seed, 1), DAY / 1000);
        check_by_the_clock(Run::seeded(seed, 4), DAY / 1000);
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
    let expect =
        [(1, 1), (2, 1), (1, 2), (2, 1), (1, 3), (1, 1), (2, 1), (3, 1), (3, 2), (3, 3), (3, 1), (3, 2)];
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
    harness.set_limits(1000, 1000);
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
    check_clock(
        lazy,
        &[(0, Write(7)), (48 * HOUR, Write(8)), (49 * HOUR, Read)],
        &[(Some(8), vec![7, 8], vec![(7, 7), (8, 8)])],
    );
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

/// Keys of a large test.
const KEYS: i64 = 20_000;

fn write(keys: std::ops::Range<i64>, time: i64) -> impl Iterator<Item = ((i64, Tell), EventTime)> {
    keys.map(move |key| ((key, Write(key)), EventTime::from_millis(time)))
}

#[test]
fn keys_that_stay_away_leave_nothing_behind() {
    let mut harness = keep(day());
    harness.process_elements(write(0..KEYS, 0)).unwrap();
    assert_eq!((harness.num_keys(), harness.num_keyed_state_entries()), (20_000, 60_000));
    let full = harness.state_size().bytes;
    // A tenth of them goes on coming, every two hours, for a day.
    for _ in 0..12 {
        harness.advance_processing_time(Duration::from_secs(2 * 3600)).unwrap();
        harness.process_elements(write(0..KEYS / 10, 0)).unwrap();
    }
    harness.advance_processing_time(Duration::from_secs(3600)).unwrap();
    assert_eq!(harness.num_keys(), 2_000);
    harness.advance_processing_time(DAY).unwrap();
    assert_eq!((harness.num_keys(), harness.num_keyed_state_entries()), (0, 0));
    let left = harness.state_size().bytes;
    assert!(left < full / 50, "{left} of {full} bytes");
}

#[test]
fn what_is_over_by_event_time_goes_when_the_watermark_says_so() {
    let mut harness = keep(event_time());
    harness.process_elements(write(0..KEYS, 0)).unwrap();
    harness.process_elements(write(0..KEYS / 10, HOUR)).unwrap();
    let soon = Duration::from_millis(20);
    harness.process_watermark(EventTime::from_millis(24 * HOUR - 1)).unwrap();
    harness.advance_processing_time(soon).unwrap();
    assert_eq!(harness.num_keys(), 20_000);
    // A little later by event time: with the next look by the clock.
    harness.process_watermark(EventTime::from_millis(24 * HOUR)).unwrap();
    harness.advance_processing_time(Duration::from_secs(120)).unwrap();
    assert_eq!((harness.num_keys(), harness.num_keyed_state_entries()), (2_000, 6_000));
    // Much later: at once, and a little after, as it is much.
    harness.process_watermark(EventTime::from_millis(48 * HOUR)).unwrap();
    harness.advance_processing_time(soon).unwrap();
    assert_eq!((harness.num_keys(), harness.num_keyed_state_entries()), (0, 0));
}

#[test]
fn keys_are_forgotten_while_others_come() {
    // Nothing but records: no watermark, and no look from time to time, as each key comes once a minute.
    let mut harness = keep(event_time().cleanup_incrementally(10));
    for minute in 0..48 * 60 {
        let time = minute * MINUTE;
        harness.process_elements(write(minute * 10..minute * 10 + 10, time)).unwrap();
        harness.process_watermark(EventTime::from_millis(time)).unwrap();
    }
    // Those of the last day, and few more.
    let keys = harness.num_keys();
    assert!((14_400..18_000).contains(&keys), "{keys} keys");
}

/// Rings an hour after the last record of a key.
#[derive(Clone, Default)]
struct Quiet {
    at: ValueState<i64>,
}

impl RichFunction for Quiet {
    fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
        self.at = context.state(&ValueStateDescriptor::new("at"))?;
        Ok(())
    }
}

impl KeyedProcessFunction<i64, i64, i64> for Quiet {
    fn process_element(&mut self, _: i64, ctx: &mut KeyedContext<'_, i64, i64>) -> Result<()> {
        if let Some(at) = self.at.value(ctx)? {
            ctx.delete_event_time_timer(EventTime::from_millis(at))?;
            ctx.delete_processing_time_timer(ProcessingTime::from_millis(at))?;
        }
        let at = ctx.current_processing_time().as_millis() + HOUR;
        self.at.update(ctx, at)?;
        ctx.register_event_time_timer(EventTime::from_millis(at))?;
        ctx.register_processing_time_timer(ProcessingTime::from_millis(at))
    }

    fn on_timer(&mut self, timestamp: i64, ctx: &mut KeyedContext<'_, i64, i64>) -> Result<()> {
        // Of the two timers the first one rings.
        if self.at.value(ctx)? == Some(timestamp) {
            ctx.collect(*ctx.current_key().unwrap());
        }
        self.at.clear(ctx)
    }
}

#[test]
fn timers_of_a_day_leave_nothing_behind() {
    let mut harness = KeyedOneInputOperatorTestHarness::new(|key: &i64| *key, Quiet::default());
    harness.set_limits(1000, 1000);
    harness.open().unwrap();
    let mut most = 0;
    // For a day, each minute a hundred keys that are new every hour and come six times in it.
    for minute in 0..24 * 60_i64 {
        let first = minute / 60 * 1000 + minute % 10 * 100;
        let time = EventTime::from_millis(minute * MINUTE);
        harness.process_elements((first..first + 100).map(|key| (key, time))).unwrap();
        harness.advance_processing_time(Duration::from_secs(60)).unwrap();
        harness.process_watermark(time).unwrap();
        let size = harness.state_size();
        assert_eq!(size.keys, size.entries, "{minute}");
        assert!(size.event_time_timers <= 2100 && size.processing_time_timers <= 2100, "{size:?}");
        most = most.max(size.bytes);
    }
    harness.process_watermark(EventTime::from_millis(26 * HOUR)).unwrap();
    harness.advance_processing_time(Duration::from_secs(3600)).unwrap();
    let size = harness.state_size();
    assert_eq!((size.keys, size.entries, size.event_time_timers, size.processing_time_timers), (0, 0, 0, 0));
    assert!(size.bytes < 200_000 && most < 2_000_000, "{} and {most} bytes", size.bytes);
    assert_eq!(harness.take_values().len(), 24_000);
}

/// Has an operator state with a time to live.
#[derive(Clone)]
struct Lasting;

impl RichFunction for Lasting {
    fn initialize_state(&mut self, context: &mut FunctionInitializationContext<'_>) -> Result<()> {
        let descriptor = ListStateDescriptor::<i64>::new("lasting").enable_time_to_live(day());
        context.operator_state_store().list_state(&descriptor).map(|_| ())
    }
}

impl KeyedProcessFunction<i64, i64, i64> for Lasting {
    fn process_element(&mut self, _: i64, _: &mut KeyedContext<'_, i64, i64>) -> Result<()> {
        Ok(())
    }
}

#[test]
fn operator_state_lives_as_long_as_the_job() {
    let mut harness = KeyedOneInputOperatorTestHarness::new(|key: &i64| *key, Lasting);
    let error = harness.open().unwrap_err();
    crate::harness::expect_message("open", &error, &["operator state 'lasting'", "time to live"]);
}

#[test]
fn a_state_has_one_time_to_live() {
    #[derive(Clone)]
    struct Both;

    impl RichFunction for Both {
        fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
            let seen = ValueStateDescriptor::<i64>::new("seen");
            context.state(&seen)?;
            context.state(&seen.enable_time_to_live(day())).map(|_| ())
        }
    }

    impl KeyedProcessFunction<i64, i64, i64> for Both {
        fn process_element(&mut self, _: i64, _: &mut KeyedContext<'_, i64, i64>) -> Result<()> {
            Ok(())
        }
    }

    let mut harness = KeyedOneInputOperatorTestHarness::new(|key: &i64| *key, Both);
    let error = harness.open().unwrap_err();
    crate::harness::expect_message("open", &error, &["state 'seen'", "different times to live"]);
}
