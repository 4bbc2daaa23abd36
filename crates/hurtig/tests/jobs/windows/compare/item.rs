//! The records of scripts as the engine's operators get them, and what they put out.
use std::time::Duration;

use hurtig::prelude::{
    AggregateFunction, Elements, GlobalWindow, OutputTag, ProcessWindowFunction, Result, RichFunction,
    RuntimeContext, TimeWindow, TypeInformation, ValueState, ValueStateDescriptor, WindowContext,
};

use super::super::assigner::{Assigner, Window};
use super::super::steps::Record;

/// A record of a script.
#[derive(Clone, Debug, PartialEq, TypeInformation)]
pub struct Item {
    /// Its key.
    pub key: u8,
    /// Its value.
    pub value: i64,
    /// The step that brought it.
    pub step: i64,
    /// The gap after it, for sessions whose gap each element says, in milliseconds.
    pub gap: u64,
}

impl Item {
    /// The record of a step.
    pub fn new(step: usize, record: Record, assigner: Assigner) -> Item {
        let gap = match assigner {
            Assigner::Session { gap, .. } => gap.after(record.value).unsigned_abs(),
            _ => 0,
        };
        Item { key: record.key, value: record.value, step: step as i64, gap }
    }

    /// How far the values of two are from each other.
    pub fn distance(&self, other: &Item) -> f64 {
        (self.value - other.value).abs() as f64
    }
}

/// What says how long the gap after it is.
pub trait SaysGap {
    /// The gap.
    fn gap(&self) -> Duration;
}

impl SaysGap for Item {
    fn gap(&self) -> Duration {
        Duration::from_millis(self.gap)
    }
}

/// Where elements go that are too late.
pub const LATE: OutputTag<Item> = OutputTag::new("late");

/// Where windows go that are cleared.
pub const CLEARED: OutputTag<Span> = OutputTag::new("cleared");

/// A window as a record: start and end, `None` for the global one.
pub type Span = Option<(i64, i64)>;

/// A window of the engine that can be compared with those of the oracle.
pub trait Spans: hurtig::prelude::Window {
    /// Start and end.
    fn span(&self) -> Span;
}

impl Spans for TimeWindow {
    fn span(&self) -> Span {
        Some((self.start.as_millis(), self.end.as_millis()))
    }
}

impl Spans for GlobalWindow {
    fn span(&self) -> Span {
        None
    }
}

/// A window of the oracle as a record.
pub fn span(window: Window) -> Span {
    match window {
        Window::Time { start, end } => Some((start, end)),
        Window::Global => None,
    }
}

/// A window fired.
#[derive(Clone, Debug, PartialEq, TypeInformation)]
pub struct Fired {
    /// Of which key.
    pub key: u8,
    /// Which window.
    pub span: Span,
    /// The steps of its elements.
    pub steps: Vec<i64>,
    /// For which time, as the window's own state says; 0 where windows have none.
    pub nth: u64,
    /// The watermark then.
    pub watermark: i64,
    /// The clock then.
    pub clock: i64,
}

/// Reports each firing with all it can see, and each window that is cleared.
#[derive(Clone, Default)]
pub struct Report {
    /// Whether windows have states of their own.
    counts: bool,
    count: ValueState<u64>,
}

impl Report {
    /// One that counts how often a window fires, in the window's state.
    pub fn that_counts() -> Report {
        Report { counts: true, count: ValueState::default() }
    }

    fn fired<W: Spans>(
        &mut self,
        key: u8,
        steps: Vec<i64>,
        context: &mut WindowContext<'_, W, Fired>,
    ) -> Result<()> {
        let mut nth = 0;
        if self.counts {
            let states = &mut context.window_state();
            nth = self.count.value(states)?.unwrap_or(0) + 1;
            self.count.update(states, nth)?;
        }
        let span = context.window().span();
        let watermark = context.current_watermark().0.as_millis();
        let clock = context.current_processing_time().as_millis();
        context.collect(Fired { key, span, steps, nth, watermark, clock });
        Ok(())
    }

    fn cleared<W: Spans>(context: &mut WindowContext<'_, W, Fired>) -> Result<()> {
        let span = context.window().span();
        context.output(&CLEARED, span)
    }
}

impl RichFunction for Report {
    fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
        self.count = context.state(&ValueStateDescriptor::new("count"))?;
        Ok(())
    }
}

impl<W: Spans> ProcessWindowFunction<Item, Fired, u8, W> for Report {
    fn process(
        &mut self,
        key: &u8,
        elements: Elements<'_, Item>,
        context: &mut WindowContext<'_, W, Fired>,
    ) -> Result<()> {
        let steps: Vec<i64> = elements.iter().map(|item| item.step).collect();
        assert_eq!((elements.len(), elements.is_empty()), (steps.len(), steps.is_empty()));
        self.fired(*key, steps, context)
    }

    fn clear(&mut self, context: &mut WindowContext<'_, W, Fired>) -> Result<()> {
        Self::cleared(context)
    }
}

impl<W: Spans> ProcessWindowFunction<Vec<i64>, Fired, u8, W> for Report {
    fn process(
        &mut self,
        key: &u8,
        elements: Elements<'_, Vec<i64>>,
        context: &mut WindowContext<'_, W, Fired>,
    ) -> Result<()> {
        assert_eq!(elements.len(), 1, "one result of an incremental function");
        let steps = elements.iter().flatten().copied().collect();
        self.fired(*key, steps, context)
    }

    fn clear(&mut self, context: &mut WindowContext<'_, W, Fired>) -> Result<()> {
        Self::cleared(context)
    }
}

/// Collects the steps of elements: what is taken in twice, or not at all, shows.
#[derive(Clone)]
pub struct Steps;

impl AggregateFunction<Item> for Steps {
    type Accumulator = Vec<i64>;
    type Output = Vec<i64>;

    fn create_accumulator(&self) -> Vec<i64> {
        Vec::new()
    }

    fn add(&self, item: Item, steps: &mut Vec<i64>) -> Result<()> {
        steps.push(item.step);
        Ok(())
    }

    fn get_result(&self, steps: &Vec<i64>) -> Result<Vec<i64>> {
        Ok(steps.clone())
    }

    fn merge(&self, into: &mut Vec<i64>, mut other: Vec<i64>) -> Result<()> {
        into.append(&mut other);
        Ok(())
    }
}
