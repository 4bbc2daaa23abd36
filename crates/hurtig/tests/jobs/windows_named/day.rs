//! A day on the mock clock: keys come and go, and when none comes any more nothing is held for any.
use std::time::Duration;

use hurtig::ProcessingTime;
use hurtig::operator::Operator;
use hurtig::operator::route::{OwnedKey, Selector};
use hurtig::operator::window::assigner::WindowAssigner;
use hurtig::operator::window::contents::{Buffering, Evicting, Incremental};
use hurtig::operator::window::function::{Apply, PassThrough, Reduce};
use hurtig::operator::window::operator::{WindowOperator, WindowOptions};
use hurtig::operator::window::panes::PaneOperator;
use hurtig::prelude::*;
use hurtig::state::keyed::StateSize;
use hurtig::test::KeyedOneInputOperatorTestHarness;

use super::{Event, minutes};

type Harness = KeyedOneInputOperatorTestHarness<Event, Event>;

/// What a subtask holds, without the bytes.
fn held(harness: &mut Harness) -> StateSize {
    StateSize { bytes: 0, ..harness.state_size() }
}

/// Lets a day pass, minute by minute, with the watermark a minute behind the clock. In each minute each of five
/// keys has an event; every ten minutes the oldest of them goes and a new one comes. At the end nothing comes for
/// `quiet`. Gives the greatest number of keys that were there at a time, and what came out.
fn a_day(harness: &mut Harness, quiet: Duration) -> (usize, Vec<Event>) {
    let (mut keys, mut found) = (0, Vec::new());
    let mut minute = |harness: &mut Harness, minute: i64, live: bool| {
        let millis = minute * 60_000;
        for key in (0..5).filter(|_| live).map(|n| minute / 10 + n) {
            harness.process_element((key, minute), EventTime::from_millis(millis)).unwrap();
        }
        harness.process_watermark(EventTime::from_millis(millis - 60_000)).unwrap();
        harness.advance_processing_time(minutes(1)).unwrap();
        keys = keys.max(harness.num_keys());
        found.extend(harness.take_values());
    };
    let quiet = (quiet.as_secs() / 60) as i64;
    (0..24 * 60).for_each(|n| minute(harness, n, true));
    (24 * 60..24 * 60 + quiet).for_each(|n| minute(harness, n, false));
    (keys, found)
}

/// Events of a day: five a minute.
const EVENTS: usize = 24 * 60 * 5;

/// A day over an operator: at most `most_keys` are there at a time, and at the end nothing is held.
fn check_a_day(operator: impl Operator + 'static, quiet: Duration, most_keys: usize) -> Vec<Event> {
    let mut harness = Harness::for_operator(operator);
    harness.open().unwrap();
    let (keys, found) = a_day(&mut harness, quiet);
    assert!((5..=most_keys).contains(&keys), "{keys} keys at a time");
    assert_eq!(held(&mut harness), StateSize::default());
    // The memory goes too: what is left does not depend on how much there was.
    let bytes = harness.state_size().bytes;
    assert!(bytes < 64 * 1024, "{bytes} bytes are left");
    found
}

fn key(event: &Event) -> i64 {
    event.0
}

type ByKey = Selector<OwnedKey<fn(&Event) -> i64>, i64>;

fn by_key() -> ByKey {
    Selector::new(OwnedKey(key))
}

fn add(held: Event, next: Event) -> Event {
    (held.0, held.1.max(next.1))
}

/// The key, and how many.
fn count<W>(key: &i64, _: &W, elements: Elements<'_, Event>) -> [Event; 1] {
    [(*key, elements.len() as i64)]
}

/// Windows of all elements.
fn buffering<A>(assigner: A, trigger: impl Trigger<Event, A::Window>, options: WindowOptions) -> impl Operator
where
    A: WindowAssigner<Event>,
{
    let contents = Buffering::<Event, Event, _>::new(Apply(count::<A::Window>));
    WindowOperator::new(by_key(), assigner, trigger, contents, options)
}

/// Windows of one value each.
fn incremental<A>(
    assigner: A,
    trigger: impl Trigger<Event, A::Window>,
    options: WindowOptions,
) -> impl Operator
where
    A: WindowAssigner<Event>,
{
    let contents = Incremental::<Event, _, Event, _>::new(Reduce(add), PassThrough);
    WindowOperator::new(by_key(), assigner, trigger, contents, options)
}

fn live_for(ttl: Duration) -> WindowOptions {
    WindowOptions { ttl: Some(StateTtlConfig::new(ttl)), ..WindowOptions::default() }
}

/// How many events the counts are of.
fn counted(found: &[Event]) -> usize {
    found.iter().map(|(_, count)| *count as usize).sum()
}

#[test]
fn sessions() {
    // A key has events for fifty minutes: one session of fifty events.
    let gap = EventTimeSessionWindows::with_gap(minutes(15));
    let found = check_a_day(buffering(gap, EventTimeTrigger, WindowOptions::default()), minutes(60), 20);
    assert_eq!(counted(&found), EVENTS);
    assert_eq!(found.iter().filter(|(_, count)| *count == 50).count(), 24 * 6 - 4);
    let gap = ProcessingTimeSessionWindows::with_gap(minutes(15));
    let found = check_a_day(buffering(gap, ProcessingTimeTrigger, WindowOptions::default()), minutes(60), 20);
    assert_eq!(counted(&found), EVENTS);
    // With a trigger that sets timers of its own, and windows that are kept for a while.
    let gap = EventTimeSessionWindows::with_gap(minutes(15));
    let options = WindowOptions { allowed_lateness: 10 * 60_000, ..WindowOptions::default() };
    check_a_day(incremental(gap, ContinuousEventTimeTrigger::of(minutes(2)), options), minutes(60), 20);
}

#[test]
fn windows_of_time() {
    let windows = TumblingEventTimeWindows::of(minutes(5));
    let found = check_a_day(buffering(windows, EventTimeTrigger, WindowOptions::default()), minutes(10), 12);
    assert_eq!(counted(&found), EVENTS);
    let windows = TumblingProcessingTimeWindows::of(minutes(5));
    let found =
        check_a_day(buffering(windows, ProcessingTimeTrigger, WindowOptions::default()), minutes(10), 12);
    assert_eq!(counted(&found), EVENTS);
    let windows = SlidingEventTimeWindows::of(minutes(20), minutes(5));
    let trigger = PurgingTrigger::of(ContinuousEventTimeTrigger::of(minutes(3)));
    let found = check_a_day(buffering(windows, trigger, WindowOptions::default()), minutes(30), 16);
    assert_eq!(counted(&found), 4 * EVENTS);
    let windows = SlidingProcessingTimeWindows::of(minutes(20), minutes(5));
    let found =
        check_a_day(incremental(windows, CountTrigger::of(3), WindowOptions::default()), minutes(30), 16);
    assert!(!found.is_empty());
}

#[test]
fn windows_that_share_panes() {
    for event_time in [true, false] {
        for size in [20, 100] {
            let windows = SlidingEventTimeWindows::of(minutes(size), minutes(5));
            let panes = WindowAssigner::<Event>::panes(&windows).unwrap();
            let contents = Incremental::<Event, _, Event, _>::new(Reduce(add), PassThrough);
            let operator = PaneOperator::<Event, ByKey, TimeWindow, _, Event, _>::new(
                by_key(),
                panes,
                event_time,
                contents,
                None,
            );
            check_a_day(operator, minutes(size + 5), 5 + size as usize / 10 + 4);
        }
    }
}

#[test]
fn counts_that_are_never_full() {
    // Each key comes fifty times and then no more: sevens are filled seven times, and one is left over.
    let sevens = || PurgingTrigger::of(CountTrigger::of(7));
    let operator = buffering(GlobalWindows::create(), sevens(), live_for(minutes(30)));
    let found = check_a_day(operator, minutes(60), 16);
    assert!(found.iter().all(|(_, count)| *count == 7), "{found:?}");
    assert!(found.len() >= 7 * (24 * 6 - 4), "{}", found.len());
    check_a_day(incremental(GlobalWindows::create(), sevens(), live_for(minutes(30))), minutes(60), 16);
    // With an evictor what was counted stays until nobody comes.
    let contents = Evicting::<Event, Event, _, _>::new(CountEvictor::of(10), Apply(count::<GlobalWindow>));
    let operator = WindowOperator::new(
        by_key(),
        GlobalWindows::create(),
        CountTrigger::of(7),
        contents,
        live_for(minutes(30)),
    );
    check_a_day(operator, minutes(60), 16);
    // Without a time to live all 148 keys of the day would still be there.
    let mut harness =
        Harness::for_operator(buffering(GlobalWindows::create(), sevens(), WindowOptions::default()));
    harness.open().unwrap();
    a_day(&mut harness, minutes(60));
    assert!(harness.num_keys() > 100, "{}", harness.num_keys());
}

#[test]
fn counts_that_are_never_full_by_event_time() {
    let ttl = StateTtlConfig::new(minutes(30)).time_characteristic(TtlTimeCharacteristic::EventTime);
    let options = WindowOptions { ttl: Some(ttl), ..WindowOptions::default() };
    let sevens = PurgingTrigger::of(CountTrigger::of(7));
    check_a_day(buffering(GlobalWindows::create(), sevens, options), minutes(60), 16);
}

#[test]
fn counts_with_a_time_out_need_no_time_to_live() {
    let trigger = ProcessingTimeoutTrigger::of(CountTrigger::of(7), minutes(10));
    let operator = buffering(GlobalWindows::create(), PurgingTrigger::of(trigger), WindowOptions::default());
    let found = check_a_day(operator, minutes(60), 16);
    assert_eq!(counted(&found), EVENTS);
}

/// Without records and watermarks it is the clock alone that cleans up.
#[test]
fn the_clock_alone_forgets_what_was_never_filled() {
    let sevens = PurgingTrigger::of(CountTrigger::of(7));
    let mut harness =
        Harness::for_operator(buffering(GlobalWindows::create(), sevens, live_for(minutes(30))));
    harness.open().unwrap();
    harness.set_processing_time(ProcessingTime::from_millis(1000)).unwrap();
    (0..100).for_each(|key| harness.process_value((key, 1)).unwrap());
    assert_eq!(harness.num_keys(), 100);
    harness.advance_processing_time(minutes(29)).unwrap();
    assert_eq!(harness.num_keys(), 100);
    harness.advance_processing_time(minutes(3)).unwrap();
    assert_eq!(held(&mut harness), StateSize::default());
}

/// Counts a key's events for as long as they come within half an hour of each other; says so when they stop.
#[derive(Clone, Default)]
struct CountUntilQuiet {
    count: ValueState<i64>,
    minutes: MapState<i64, i64>,
    alarm: ValueState<i64>,
}

impl RichFunction for CountUntilQuiet {
    fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
        let ttl = StateTtlConfig::new(minutes(30));
        self.count = context.state(&ValueStateDescriptor::new("count"))?;
        self.minutes = context.map_state(&MapStateDescriptor::new("minutes").enable_time_to_live(ttl))?;
        self.alarm = context.state(&ValueStateDescriptor::new("alarm"))?;
        Ok(())
    }
}

impl KeyedProcessFunction<i64, Event, Event> for CountUntilQuiet {
    fn process_element(&mut self, (_, minute): Event, ctx: &mut KeyedContext<'_, i64, Event>) -> Result<()> {
        self.minutes.put(ctx, minute, minute)?;
        let count = self.count.value(ctx)?.unwrap_or(0) + 1;
        self.count.update(ctx, count)?;
        if let Some(alarm) = self.alarm.value(ctx)? {
            ctx.delete_event_time_timer(EventTime::from_millis(alarm))?;
        }
        let alarm = (minute + 30) * 60_000;
        ctx.register_event_time_timer(EventTime::from_millis(alarm))?;
        self.alarm.update(ctx, alarm)
    }

    fn on_timer(&mut self, _: i64, ctx: &mut KeyedContext<'_, i64, Event>) -> Result<()> {
        if let (Some(key), Some(count)) = (ctx.current_key().copied(), self.count.value(ctx)?) {
            ctx.collect((key, count));
        }
        self.count.clear(ctx)?;
        self.alarm.clear(ctx)
    }
}

#[test]
fn a_process_function_with_timers_and_time_to_live() {
    let mut harness = Harness::new(key, CountUntilQuiet::default());
    harness.open().unwrap();
    let (keys, found) = a_day(&mut harness, minutes(90));
    assert!((5..=20).contains(&keys), "{keys} keys at a time");
    assert_eq!(held(&mut harness), StateSize::default());
    assert_eq!(counted(&found), EVENTS);
    assert_eq!(found.len(), 24 * 6 + 4, "one alarm a key");
}
