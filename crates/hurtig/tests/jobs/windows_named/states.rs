//! What a window function remembers: of its window, until that is over, and of its key.
use hurtig::operator::route::{OwnedKey, Selector};
use hurtig::operator::window::contents::Buffering;
use hurtig::operator::window::operator::{WindowOperator, WindowOptions};
use hurtig::prelude::*;
use hurtig::test::KeyedOneInputOperatorTestHarness;

use super::{Event, clock, events, minutes};
use crate::harness::{check, check_fails, check_per_key};

const GONE: OutputTag<String> = OutputTag::new("gone");

/// Key, window, which firing of the window this is, and which of the key.
type Counted = (i64, String, u64, u64);

/// Counts firings. When a window is gone it says how often it has fired.
#[derive(Clone, Default)]
struct CountFirings {
    firings: ValueState<u64>,
}

impl RichFunction for CountFirings {
    fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
        self.firings = context.state(&ValueStateDescriptor::new("firings"))?;
        Ok(())
    }
}

impl ProcessWindowFunction<Event, Counted, i64, TimeWindow> for CountFirings {
    fn process(
        &mut self,
        key: &i64,
        _: Elements<'_, Event>,
        context: &mut WindowContext<'_, TimeWindow, Counted>,
    ) -> Result<()> {
        let of_window = self.firings.value(&mut context.window_state())?.unwrap_or(0) + 1;
        self.firings.update(&mut context.window_state(), of_window)?;
        let of_key = self.firings.value(&mut context.global_state())?.unwrap_or(0) + 1;
        self.firings.update(&mut context.global_state(), of_key)?;
        let start = clock(context.window().start.as_millis());
        context.collect((*key, start, of_window, of_key));
        Ok(())
    }

    fn clear(&mut self, context: &mut WindowContext<'_, TimeWindow, Counted>) -> Result<()> {
        let firings = self.firings.value(&mut context.window_state())?;
        let start = clock(context.window().start.as_millis());
        context.output(&GONE, format!("{start} {firings:?}"))
    }
}

/// Two hours of key 1, with reports every twenty minutes, and one of key 2.
fn counted(env: &StreamExecutionEnvironment) -> DataStream<Counted> {
    let events = events(
        env,
        minutes(0),
        [
            (1, 1, "12:05"),
            (2, 2, "12:30"),
            (1, 3, "12:45"),
            (1, 4, "13:10"),
            (1, 5, "13:30"),
            (1, 6, "14:10"),
        ],
    );
    let hours = events.key_by(|(key, _)| *key).window(TumblingEventTimeWindows::of(minutes(60)));
    hours.trigger(ContinuousEventTimeTrigger::of(minutes(20))).process(CountFirings::default())
}

#[test]
fn state_of_a_window_is_its_own_and_state_of_a_key_is_of_all_its_windows() {
    let counted_as =
        |(key, start, of_window, of_key): (i64, &str, u64, u64)| (key, start.to_owned(), of_window, of_key);
    check_per_key(
        counted,
        |(key, ..)| *key,
        [
            (1, "12:00", 1, 1),
            (1, "12:00", 2, 2),
            (1, "12:00", 3, 3),
            (1, "13:00", 1, 4),
            (1, "13:00", 2, 5),
            (1, "13:00", 3, 6),
            (1, "14:00", 1, 7),
            (1, "14:00", 2, 8),
            (1, "14:00", 3, 9),
            (2, "12:00", 1, 1),
            (2, "12:00", 2, 2),
        ]
        .map(counted_as),
    );
}

#[test]
fn a_function_is_told_once_that_its_window_is_gone() {
    let gone = ["12:00 Some(3)", "12:00 Some(2)", "13:00 Some(3)", "14:00 Some(3)"];
    check(|env| counted(env).side_output(&GONE), gone.map(str::to_owned));
}

#[test]
fn state_of_a_window_is_forgotten_even_where_the_window_comes_again() {
    // Of key 2 comes nothing until its hour from twelve is over: what is late makes it anew, twice.
    check(
        |env| {
            let events = events(
                env,
                minutes(0),
                [
                    (1, 1, "12:05"),
                    (1, 2, "13:00"),
                    (2, 3, "12:10"),
                    (2, 4, "12:20"),
                    (1, 5, "14:00"),
                    (2, 6, "12:30"),
                ],
            );
            let hours = events.key_by(|(key, _)| *key).window(TumblingEventTimeWindows::of(minutes(60)));
            hours.allowed_lateness(minutes(30)).process(CountFirings::default())
        },
        [
            (1, "12:00".to_owned(), 1, 1),
            (2, "12:00".to_owned(), 1, 1),
            (2, "12:00".to_owned(), 2, 2),
            (1, "13:00".to_owned(), 1, 2),
            (1, "14:00".to_owned(), 1, 3),
        ],
    );
}

/// Counts the firings of a window, behind an incremental function.
#[derive(Clone, Default)]
struct AskWindow {
    firings: ValueState<u64>,
}

impl RichFunction for AskWindow {
    fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
        self.firings = context.state(&ValueStateDescriptor::new("firings"))?;
        Ok(())
    }
}

impl ProcessWindowFunction<Event, i64, i64, TimeWindow> for AskWindow {
    fn process(
        &mut self,
        _: &i64,
        _: Elements<'_, Event>,
        context: &mut WindowContext<'_, TimeWindow, i64>,
    ) -> Result<()> {
        self.firings.update(&mut context.window_state(), 1)
    }
}

#[test]
fn windows_that_share_panes_have_no_state_of_their_own() {
    let sums = |env: &StreamExecutionEnvironment| {
        let keyed = events(env, minutes(0), [(1, 1, "12:05")]).key_by(|(key, _)| *key);
        keyed.window(SlidingEventTimeWindows::of(minutes(20), minutes(10)))
    };
    let add = |held: Event, next: Event| (held.0, held.1 + next.1);
    check_fails(
        move |env| sums(env).reduce_with(add, AskWindow::default()).name("Windows"),
        &["operator 'Windows' (", "share panes", "global_state"],
    );
    // With a trigger that is said each window is for itself.
    check(
        move |env| {
            let trigger = ContinuousEventTimeTrigger::of(minutes(10));
            sums(env).trigger(trigger).reduce_with(add, AskWindow::default())
        },
        [],
    );
}

/// Says how often its window has fired.
#[derive(Clone, Default)]
struct FiringsOf {
    firings: ValueState<i64>,
}

impl RichFunction for FiringsOf {
    fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
        self.firings = context.state(&ValueStateDescriptor::new("firings"))?;
        Ok(())
    }
}

impl ProcessWindowFunction<Event, Event, i64, GlobalWindow> for FiringsOf {
    fn process(
        &mut self,
        _: &i64,
        elements: Elements<'_, Event>,
        context: &mut WindowContext<'_, GlobalWindow, Event>,
    ) -> Result<()> {
        let firings = self.firings.value(&mut context.window_state())?.unwrap_or(0) + 1;
        self.firings.update(&mut context.window_state(), firings)?;
        context.collect((firings, elements.len() as i64));
        Ok(())
    }
}

#[test]
fn a_window_whose_time_to_live_is_over_begins_anew() {
    let ttl = StateTtlConfig::new(minutes(30)).time_characteristic(TtlTimeCharacteristic::EventTime);
    let options = WindowOptions { ttl: Some(ttl), ..WindowOptions::default() };
    let key: fn(&Event) -> i64 = |event| event.0;
    let operator = WindowOperator::new(
        Selector::<_, i64>::new(OwnedKey(key)),
        GlobalWindows::create(),
        CountTrigger::of(1),
        Buffering::<Event, Event, _>::new(FiringsOf::default()),
        options,
    );
    let mut harness = KeyedOneInputOperatorTestHarness::<Event, Event>::for_operator(operator);
    harness.open().unwrap();
    for (value, minute) in [(1, 0), (2, 20), (3, 49), (4, 80)] {
        harness.process_element((7, value), EventTime::from_millis(minute * 60_000)).unwrap();
    }
    // Between 3 and 4 lies more than half an hour. The watermark has not moved: nobody has cleaned up.
    assert_eq!(harness.take_values(), [(1, 1), (2, 2), (3, 3), (1, 1)]);
}
