//! Plays scripts on the engine's window operators and remembers what comes out.
use std::ops::Range;

use hurtig::ProcessingTime;
use hurtig::operator::metrics::MetricValue;
use hurtig::operator::operator::Operator;
use hurtig::operator::route::{OwnedKey, Selector};
use hurtig::operator::window::contents::{Buffering, Evicting, Incremental};
use hurtig::operator::window::function::{PassThrough, Reduce};
use hurtig::operator::window::operator::{WindowOperator, WindowOptions};
use hurtig::operator::window::panes::PaneOperator;
use hurtig::prelude::{EventTime, GlobalWindows, TypeInformation, WindowAssigner};
use hurtig::state::keyed::StateSize;
use hurtig::test::{Emitted, KeyedOneInputOperatorTestHarness};
use proptest::prelude::*;

use super::super::assigner::Assigner;
use super::super::cases::Case;
use super::super::oracle::{Late, Windowing};
use super::super::steps::Step;
use super::super::trigger::Trigger;
use super::assigner::{AnyEvictor, TimeAssigner};
use super::item::{CLEARED, Fired, Item, LATE, Report, Span, Spans, Steps};
use super::trigger::AnyTrigger;

/// What the operator makes of elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contents {
    /// It holds them, and the function sees all; the only way with an evictor.
    Elements,
    /// It reduces them to their sum, which comes out as it is.
    Sum,
    /// It aggregates them, and the function sees the result.
    Aggregate,
}

/// Which operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// That of all windows.
    Windows,
    /// That of sliding windows which share panes.
    Panes,
}

/// How much the operator gets at once, and how much of its output fits.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Records that fit the output.
    pub output: usize,
    /// Records that it may take in one call.
    pub input: usize,
    /// Records in a batch, if so many come one after the other.
    pub batch: usize,
}

/// Any pace.
pub fn paces() -> impl Strategy<Value = Pace> {
    let few = || prop_oneof![4 => 1..5_usize, 1 => Just(1000)];
    (few(), few(), few()).prop_map(|(output, input, batch)| Pace { output, input, batch })
}

/// A window fired.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seen {
    /// Of which key.
    pub key: u8,
    /// The event time of what came out, in milliseconds.
    pub time: i64,
    /// Which window, where the function could see it.
    pub span: Option<Span>,
    /// Steps of elements, or their sum.
    pub content: Vec<i64>,
    /// For which time, as the window's own state says; 0 where windows have none.
    pub nth: u64,
}

/// What came out of an operator.
pub struct Played {
    /// Firings in their order, each with the steps that were played together.
    pub chunks: Vec<(Range<usize>, Vec<Seen>)>,
    /// Steps and event times of what went to the side output.
    pub late: Vec<(usize, i64)>,
    /// The counter `numLateRecordsDropped`.
    pub dropped: u64,
    /// The windows for which the function's `clear` was called.
    pub cleared: Vec<Span>,
    /// What is left inside after the end of the script, and after a second of the clock.
    pub left: StateSize,
}

/// Whether the function counts how often a window fires. Windows that merge or share panes have no state; those
/// that never end, and are purged, would not be gone with it.
pub fn counts(case: &Case, contents: Contents, way: Way) -> bool {
    let Windowing { assigner, trigger, .. } = &case.windowing;
    let is_purged = *assigner == Assigner::Global && matches!(trigger, Trigger::Purging(_));
    contents != Contents::Sum && way == Way::Windows && !assigner.merges() && !is_purged
}

/// Plays a case on an operator that is made as the DataStream API makes it.
pub fn played(case: &Case, contents: Contents, way: Way, pace: Pace) -> Played {
    match case.windowing.assigner {
        Assigner::Global => in_windows(GlobalWindows::create(), case, contents, way, pace),
        assigner => in_windows(TimeAssigner::<Item>::of(assigner), case, contents, way, pace),
    }
}

fn in_windows<A>(assigner: A, case: &Case, contents: Contents, way: Way, pace: Pace) -> Played
where
    A: WindowAssigner<Item, Window: Spans>,
{
    let windowing = &case.windowing;
    let selector = Selector::new(OwnedKey(|item: &Item| item.key));
    let trigger = AnyTrigger::of(&windowing.trigger);
    let late_output = (windowing.late == Late::SideOutput).then(|| LATE.name().to_owned());
    let report = if counts(case, contents, way) { Report::that_counts() } else { Report::default() };
    if way == Way::Panes {
        let (panes, event_time) = (assigner.panes().expect("it slides"), assigner.is_event_time());
        return match contents {
            Contents::Elements => panic!("panes hold no elements"),
            Contents::Sum => {
                let sum = Incremental::<Item, _, Item, _>::new(Reduce(sum), PassThrough);
                let operator = PaneOperator::<_, _, A::Window, _, _, _>::new(
                    selector,
                    panes,
                    event_time,
                    sum,
                    late_output,
                );
                play::<Item>(operator, case, pace)
            }
            Contents::Aggregate => {
                let steps = Incremental::<Item, _, Fired, _>::new(Steps, report);
                let operator = PaneOperator::<_, _, A::Window, _, _, _>::new(
                    selector,
                    panes,
                    event_time,
                    steps,
                    late_output,
                );
                play::<Fired>(operator, case, pace)
            }
        };
    }
    let options = WindowOptions { allowed_lateness: windowing.allowed_lateness, late_output, ttl: None };
    match (contents, windowing.evictor) {
        (Contents::Elements, None) => {
            let elements = Buffering::<Item, Fired, _>::new(report);
            play::<Fired>(WindowOperator::new(selector, assigner, trigger, elements, options), case, pace)
        }
        (Contents::Elements, Some(evictor)) => {
            let elements = Evicting::<Item, Fired, _, _>::new(AnyEvictor::of(evictor), report);
            play::<Fired>(WindowOperator::new(selector, assigner, trigger, elements, options), case, pace)
        }
        (_, Some(_)) => panic!("an evictor wants elements"),
        (Contents::Sum, None) => {
            let sum = Incremental::<Item, _, Item, _>::new(Reduce(sum), PassThrough);
            play::<Item>(WindowOperator::new(selector, assigner, trigger, sum, options), case, pace)
        }
        (Contents::Aggregate, None) => {
            let steps = Incremental::<Item, _, Fired, _>::new(Steps, report);
            play::<Fired>(WindowOperator::new(selector, assigner, trigger, steps, options), case, pace)
        }
    }
}

fn sum(first: Item, second: Item) -> Item {
    Item { value: first.value + second.value, ..first }
}

/// What comes out of an operator.
trait Shows: TypeInformation {
    /// As a firing. `now` is the watermark and the clock, in milliseconds.
    fn seen(self, time: i64, now: (i64, i64)) -> Seen;
}

impl Shows for Item {
    fn seen(self, time: i64, _: (i64, i64)) -> Seen {
        Seen { key: self.key, time, span: None, content: vec![self.value], nth: 0 }
    }
}

impl Shows for Fired {
    fn seen(self, time: i64, now: (i64, i64)) -> Seen {
        let Fired { key, span, steps, nth, watermark, clock } = self;
        assert_eq!((watermark, clock), now, "what the function is told of watermark and clock");
        assert_eq!(time, span.map_or(i64::MAX, |(_, end)| end - 1), "a window's last moment");
        Seen { key, time, span: Some(span), content: steps, nth }
    }
}

fn play<O: Shows>(operator: impl Operator + 'static, case: &Case, pace: Pace) -> Played {
    let Case { windowing, script } = case;
    let mut harness = KeyedOneInputOperatorTestHarness::<Item, O>::for_operator(operator);
    harness.set_limits(pace.output, pace.input);
    harness.read_side_output(&LATE);
    harness.read_side_output(&CLEARED);
    harness.open().unwrap();
    let (mut chunks, mut watermark, mut clock) = (Vec::new(), i64::MIN, 0);
    let mut step = 0;
    while step < script.len() {
        let first = step;
        step += 1;
        match script[first] {
            Step::Record(_) => {
                let mut records = Vec::new();
                while let Some(Step::Record(record)) = script.get(first + records.len())
                    && records.len() < pace.batch
                {
                    let item = Item::new(first + records.len(), *record, windowing.assigner);
                    records.push((item, EventTime::from_millis(record.timestamp)));
                }
                step = first + records.len();
                harness.process_elements(records).unwrap();
            }
            Step::Watermark(time) => {
                watermark = watermark.max(time);
                harness.process_watermark(EventTime::from_millis(time)).unwrap();
            }
            Step::End => {
                watermark = i64::MAX;
                harness.process_watermark(EventTime::MAX).unwrap();
            }
            Step::ProcessingTime(time) => {
                clock = time;
                harness.set_processing_time(ProcessingTime::from_millis(time)).unwrap();
            }
        }
        let mut seen = Vec::new();
        let mut passed = None;
        for emitted in harness.take_output() {
            assert_eq!(passed, None, "a watermark is passed on behind what it fires");
            match emitted {
                Emitted::Record(record, time) => {
                    let time = time.expect("results have the time of their window").as_millis();
                    seen.push(record.seen(time, (watermark, clock)));
                }
                Emitted::Watermark(time) => passed = Some(time.0.as_millis()),
                Emitted::Status(status) => panic!("{status:?}"),
            }
        }
        let advanced = matches!(script[first], Step::Watermark(_) | Step::End).then_some(watermark);
        assert_eq!(passed, advanced);
        chunks.push((first..step, seen));
    }
    // All windows that end by the clock are over then.
    harness.set_processing_time(ProcessingTime::from_millis(clock + 1000)).unwrap();
    let late = harness.take_side_output(&LATE).unwrap().into_iter();
    let late = late.map(|(item, time)| (item.step as usize, time.unwrap().as_millis())).collect();
    let cleared = harness.take_side_output(&CLEARED).unwrap().into_iter().map(|(span, _)| span).collect();
    let dropped = match harness.metric("numLateRecordsDropped") {
        Some(MetricValue::Counter(count)) => count,
        other => panic!("{other:?}"),
    };
    let left = harness.state_size();
    harness.end_input().unwrap();
    harness.close().unwrap();
    Played { chunks, late, dropped, cleared, left }
}
