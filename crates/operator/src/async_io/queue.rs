//! Which results may leave the operator, and when the watermarks between them may.
//!
//! Records stand here as the slots that they have in flight; their values and results lie there.
use hurtig_core::{Watermark, WatermarkStatus};

use super::OutputMode;
use super::ordered::Ordered;
use super::unordered::Unordered;
use crate::output::Output;

/// The records in flight in the order that counts. Flink's `StreamElementQueue`.
pub(super) enum ResultQueue {
    Ordered(Ordered),
    Unordered(Unordered),
}

/// What may leave next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// The results of the record in this slot.
    Record(usize),
    /// What came between two records.
    Control(Control),
}

impl ResultQueue {
    pub(super) fn new(mode: OutputMode) -> Self {
        match mode {
            OutputMode::Ordered => ResultQueue::Ordered(Ordered::default()),
            OutputMode::Unordered => ResultQueue::Unordered(Unordered::default()),
        }
    }

    /// A record has come and is in this slot.
    pub(super) fn add_record(&mut self, slot: usize) {
        match self {
            ResultQueue::Ordered(queue) => queue.add_record(slot),
            ResultQueue::Unordered(queue) => queue.add_record(slot),
        }
    }

    /// Where that belongs which comes between the last record and the next.
    pub(super) fn control(&mut self) -> &mut Control {
        match self {
            ResultQueue::Ordered(queue) => queue.control(),
            ResultQueue::Unordered(queue) => queue.control(),
        }
    }

    /// The record in this slot has its results.
    pub(super) fn complete(&mut self, slot: usize) {
        match self {
            ResultQueue::Ordered(queue) => queue.complete(slot),
            ResultQueue::Unordered(queue) => queue.complete(slot),
        }
    }

    /// Takes the next that may leave.
    pub(super) fn pop(&mut self) -> Option<Item> {
        match self {
            ResultQueue::Ordered(queue) => queue.pop(),
            ResultQueue::Unordered(queue) => queue.pop(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            ResultQueue::Ordered(queue) => queue.is_empty(),
            ResultQueue::Unordered(queue) => queue.is_empty(),
        }
    }
}

/// What came between two records, however much it was: so there is never more of it than of records. A later
/// watermark says all that an earlier one said, and a status counts until the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Control {
    before: Option<WatermarkStatus>,
    watermark: Option<Watermark>,
    after: Option<WatermarkStatus>,
}

impl Control {
    pub(super) fn watermark(&mut self, watermark: Watermark) {
        self.before = self.after.take().or(self.before);
        self.watermark = Some(watermark);
    }

    pub(super) fn status(&mut self, status: WatermarkStatus) {
        if self.watermark.is_none() {
            self.before = Some(status);
        } else {
            self.after = Some(status);
        }
    }

    pub(super) fn put(self, output: &mut Output) {
        if let Some(status) = self.before {
            output.status(status);
        }
        if let Some(watermark) = self.watermark {
            output.watermark(watermark);
        }
        if let Some(status) = self.after {
            output.status(status);
        }
    }
}

#[cfg(test)]
mod tests {
    use hurtig_core::EventTime;
    use hurtig_core::WatermarkStatus::{Active, Idle};

    use super::*;

    fn mark(millis: i64) -> Watermark {
        Watermark(EventTime::from_millis(millis))
    }

    #[test]
    fn the_last_watermark_and_the_statuses_around_it_are_kept() {
        let mut control = Control::default();
        control.watermark(mark(1));
        control.status(Idle);
        assert_eq!(control, Control { before: None, watermark: Some(mark(1)), after: Some(Idle) });
        control.status(Active);
        control.watermark(mark(2));
        assert_eq!(control, Control { before: Some(Active), watermark: Some(mark(2)), after: None });
        control.watermark(mark(3));
        control.status(Idle);
        assert_eq!(control, Control { before: Some(Active), watermark: Some(mark(3)), after: Some(Idle) });
    }

    #[test]
    fn a_status_without_a_watermark_is_kept_too() {
        let mut control = Control::default();
        control.status(Idle);
        control.status(Active);
        assert_eq!(control, Control { before: Some(Active), watermark: None, after: None });
    }
}
