//! Functions that several tests use.
use hurtig::core::TypeInformation;
use hurtig::prelude::*;

/// What a mock clock shows at its start, in milliseconds since 1970: the beginning of 2020.
pub const START: i64 = 1_577_836_800_000;

/// Pairs each record with the subtask that it came to.
#[derive(Clone, Default)]
pub struct WithSubtask {
    subtask: u32,
}

impl RichFunction for WithSubtask {
    fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
        self.subtask = context.index_of_this_subtask();
        Ok(())
    }
}

impl<T: TypeInformation> MapFunction<T, (u32, T)> for WithSubtask {
    fn map(&mut self, value: T) -> Result<(u32, T)> {
        Ok((self.subtask, value))
    }
}

/// Pairs each record with its event time in milliseconds, if it has one.
#[derive(Clone)]
pub struct WithTime;

impl RichFunction for WithTime {}

impl<T: TypeInformation> ProcessFunction<T, (T, Option<i64>)> for WithTime {
    fn process_element(
        &mut self,
        value: T,
        context: &mut ProcessContext<'_, (T, Option<i64>)>,
    ) -> Result<()> {
        let time = context.timestamp().map(EventTime::as_millis);
        context.collect((value, time))
    }
}

/// Something that happened at an operator.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, TypeInformation)]
pub enum Seen {
    /// A record, its event time, and the watermark before it.
    Record(i64, Option<i64>, i64),
    /// The watermark advanced to this.
    Watermark(i64),
    /// The input ended.
    End,
}

/// Puts out what happens at it, in the order in which it happens.
#[derive(Clone)]
pub struct Observe;

impl RichFunction for Observe {}

impl ProcessFunction<i64, Seen> for Observe {
    fn process_element(&mut self, value: i64, context: &mut ProcessContext<'_, Seen>) -> Result<()> {
        let time = context.timestamp().map(EventTime::as_millis);
        let watermark = context.current_watermark().0.as_millis();
        context.collect(Seen::Record(value, time, watermark))
    }

    fn on_watermark(&mut self, watermark: Watermark, context: &mut ProcessContext<'_, Seen>) -> Result<()> {
        context.collect(Seen::Watermark(watermark.0.as_millis()))
    }

    fn finish(&mut self, context: &mut ProcessContext<'_, Seen>) -> Result<()> {
        context.collect(Seen::End)
    }
}

/// Numbers with their event times in milliseconds.
pub fn timed(elements: impl IntoIterator<Item = (i64, i64)>) -> Vec<(i64, EventTime)> {
    elements.into_iter().map(|(value, millis)| (value, EventTime::from_millis(millis))).collect()
}

/// All numbers that were seen as watermarks, in order.
pub fn watermarks(seen: &[Seen]) -> Vec<i64> {
    let mark = |seen: &Seen| if let Seen::Watermark(mark) = seen { Some(*mark) } else { None };
    seen.iter().filter_map(mark).collect()
}
