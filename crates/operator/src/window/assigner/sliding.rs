//! Sliding windows: all of one size, and a new one begins every slide.
use std::time::Duration;

use hurtig_core::{EventTime, ProcessingTime, Result};

use crate::window::assigner::{Panes, WindowAssigner, positive_millis, required};
use crate::window::trigger::{EventTimeTrigger, ProcessingTimeTrigger};
use crate::window::window::TimeWindow;

/// Overlapping windows by event time. An element belongs to `size / slide` of them; incremental functions with
/// the default trigger hold it once all the same, in a pane that the windows share.
#[derive(Clone, Copy, Debug)]
pub struct SlidingEventTimeWindows(Sliding);

/// Overlapping windows by the wall clock.
#[derive(Clone, Copy, Debug)]
pub struct SlidingProcessingTimeWindows(Sliding);

#[derive(Clone, Copy, Debug)]
struct Sliding {
    size: Duration,
    slide: Duration,
    offset: i64,
}

impl Sliding {
    fn windows(&self, time: i64, windows: &mut Vec<TimeWindow>) -> Result<()> {
        let size = positive_millis("the size of a sliding window", self.size)?;
        let slide = positive_millis("the slide of a sliding window", self.slide)?;
        let mut start = TimeWindow::start_of(time, self.offset, slide);
        while start > time.saturating_sub(size) {
            let end = start.saturating_add(size);
            windows.push(TimeWindow::new(EventTime::from_millis(start), EventTime::from_millis(end)));
            start = start.saturating_sub(slide);
        }
        Ok(())
    }

    fn panes(&self) -> Option<Panes> {
        let millis = |length: Duration| i64::try_from(length.as_millis()).ok().filter(|&millis| millis > 0);
        Some(Panes::new(millis(self.size)?, millis(self.slide)?, self.offset))
    }
}

macro_rules! sliding {
    ($name:ident, $trigger:ident, $event:literal, $time:expr) => {
        impl $name {
            /// Windows of this size, one every `slide`. Both must be at least a millisecond.
            pub fn of(size: Duration, slide: Duration) -> Self {
                Self::with_offset(size, slide, Duration::ZERO)
            }

            /// Windows of this size, one every `slide`, of which one starts `offset` after the epoch.
            pub fn with_offset(size: Duration, slide: Duration, offset: Duration) -> Self {
                let offset = i64::try_from(offset.as_millis()).unwrap_or(0);
                $name(Sliding { size, slide, offset })
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

            fn assign_windows(
                &self,
                _: &T,
                timestamp: Option<EventTime>,
                now: ProcessingTime,
                windows: &mut Vec<TimeWindow>,
            ) -> Result<()> {
                let time: fn(Option<EventTime>, ProcessingTime) -> Result<i64> = $time;
                self.0.windows(time(timestamp, now)?, windows)
            }

            fn panes(&self) -> Option<Panes> {
                self.0.panes()
            }
        }
    };
}
sliding!(
    SlidingEventTimeWindows,
    EventTimeTrigger,
    true,
    |timestamp, _| Ok(required(timestamp)?.as_millis())
);
sliding!(SlidingProcessingTimeWindows, ProcessingTimeTrigger, false, |_, now| Ok(now.as_millis()));
