//! Tumbling windows: one after the other, all of one size.
use std::time::Duration;

use hurtig_core::{EventTime, ProcessingTime, Result};

use crate::window::assigner::{WindowAssigner, positive_millis, required};
use crate::window::trigger::{EventTimeTrigger, ProcessingTimeTrigger};
use crate::window::window::TimeWindow;

/// Windows of one size by event time, aligned to the epoch.
#[derive(Clone, Copy, Debug)]
pub struct TumblingEventTimeWindows(Tumbling);

/// Windows of one size by the wall clock, aligned to the epoch.
#[derive(Clone, Copy, Debug)]
pub struct TumblingProcessingTimeWindows(Tumbling);

#[derive(Clone, Copy, Debug)]
struct Tumbling {
    size: Duration,
    offset: i64,
    /// In milliseconds; 0 for a size that is none, which is reported when the first element comes.
    millis: i64,
}

impl Tumbling {
    fn of(size: Duration, offset: i64) -> Self {
        Tumbling { size, offset, millis: i64::try_from(size.as_millis()).unwrap_or(0) }
    }

    #[inline]
    fn window(&self, time: i64) -> Result<TimeWindow> {
        if self.millis <= 0 {
            positive_millis("the size of a tumbling window", self.size)?;
        }
        let start = TimeWindow::start_of(time, self.offset, self.millis);
        let end = start.saturating_add(self.millis);
        Ok(TimeWindow::new(EventTime::from_millis(start), EventTime::from_millis(end)))
    }
}

macro_rules! tumbling {
    ($name:ident, $trigger:ident, $event:literal, $time:expr) => {
        impl $name {
            /// Windows of this size. Its milliseconds must be at least one.
            pub fn of(size: Duration) -> Self {
                $name(Tumbling::of(size, 0))
            }

            /// Windows of this size, of which one starts `offset` after the epoch: a day's windows in UTC+8
            /// have an offset of minus eight hours, given as 16.
            pub fn with_offset(size: Duration, offset: Duration) -> Self {
                $name(Tumbling::of(size, i64::try_from(offset.as_millis()).unwrap_or(0)))
            }
        }

        impl<T> WindowAssigner<T> for $name {
            type Window = TimeWindow;
            type DefaultTrigger = $trigger;

            fn default_trigger(&self) -> $trigger {
                $trigger
            }

            fn is_event_time(&self) -> bool {
                $event
            }

            #[inline]
            fn assign_windows(
                &self,
                _: &T,
                timestamp: Option<EventTime>,
                now: ProcessingTime,
                windows: &mut Vec<TimeWindow>,
            ) -> Result<()> {
                let time: fn(Option<EventTime>, ProcessingTime) -> Result<i64> = $time;
                windows.push(self.0.window(time(timestamp, now)?)?);
                Ok(())
            }

            #[inline]
            fn assign_one(
                &self,
                _: &T,
                timestamp: Option<EventTime>,
                now: ProcessingTime,
                last: &TimeWindow,
            ) -> Result<Option<TimeWindow>> {
                let time: fn(Option<EventTime>, ProcessingTime) -> Result<i64> = $time;
                let time = time(timestamp, now)?;
                let same = last.start.as_millis() <= time && time < last.end.as_millis();
                if same { Ok(Some(*last)) } else { self.0.window(time).map(Some) }
            }
        }
    };
}
tumbling!(TumblingEventTimeWindows, EventTimeTrigger, true, |timestamp, _| Ok(
    required(timestamp)?.as_millis()
));
tumbling!(TumblingProcessingTimeWindows, ProcessingTimeTrigger, false, |_, now| Ok(now.as_millis()));
