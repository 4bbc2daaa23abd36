//! What a join function is called with.
use hurtig_core::{EventTime, Result, TypeInformation, Watermark};

use crate::context::OperatorContext;
use crate::output::{Collector, Output, SideOutputs};
use crate::process::OutputTag;

/// The times of the two records at hand, and where results go. Flink's `ProcessJoinFunction.Context`.
pub struct JoinContext<'a, O> {
    collector: Collector<'a, O>,
    sides: SideOutputs<'a>,
    left: Option<EventTime>,
    right: Option<EventTime>,
    watermark: Watermark,
}

impl<'a, O: TypeInformation> JoinContext<'a, O> {
    pub(super) fn new(output: &'a mut Output, operator: &OperatorContext) -> Result<Self> {
        let (collector, sides) = output.split()?;
        Ok(JoinContext { collector, sides, left: None, right: None, watermark: operator.current_watermark() })
    }

    /// Turns to two records, of which one may be missing.
    #[inline]
    pub(super) fn turn_to(&mut self, left: Option<i64>, right: Option<i64>) {
        self.left = left.map(EventTime::from_millis);
        self.right = right.map(EventTime::from_millis);
    }

    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.collector.is_full()
    }

    /// Puts a record of this time into a side output.
    pub(super) fn output_at<T: TypeInformation>(
        &mut self,
        tag: &OutputTag<T>,
        value: T,
        time: EventTime,
    ) -> Result<()> {
        self.sides.collect(tag.name(), value, Some(time)).map(drop)
    }

    /// The event time of the left record, if there is one.
    pub fn left_timestamp(&self) -> Option<EventTime> {
        self.left
    }

    /// The event time of the right record, if there is one.
    pub fn right_timestamp(&self) -> Option<EventTime> {
        self.right
    }

    /// The event time of what is put out: the later one of the two records', or that of the only one.
    pub fn timestamp(&self) -> Option<EventTime> {
        self.left.max(self.right)
    }

    /// The watermark over both inputs.
    pub fn current_watermark(&self) -> Watermark {
        self.watermark
    }

    /// Puts a record out.
    #[inline]
    pub fn collect(&mut self, value: O) {
        let timestamp = self.timestamp();
        self.collector.collect(value, timestamp);
    }

    /// Puts a record into a side output. Dropped if nobody reads it.
    pub fn output<T: TypeInformation>(&mut self, tag: &OutputTag<T>, value: T) -> Result<()> {
        let timestamp = self.timestamp();
        self.sides.collect(tag.name(), value, timestamp)?;
        Ok(())
    }
}
