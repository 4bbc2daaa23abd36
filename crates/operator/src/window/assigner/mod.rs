//! Window assigners: which windows an element belongs to.
mod global;
mod session;
mod sliding;
mod tumbling;

use std::time::Duration;

use hurtig_core::{Error, EventTime, ProcessingTime, Result};

use crate::window::trigger::Trigger;
use crate::window::window::Window;

pub use global::GlobalWindows;
pub use session::{
    DynamicEventTimeSessionWindows, DynamicProcessingTimeSessionWindows, EventTimeSessionWindows,
    ProcessingTimeSessionWindows,
};
pub use sliding::{SlidingEventTimeWindows, SlidingProcessingTimeWindows};
pub use tumbling::{TumblingEventTimeWindows, TumblingProcessingTimeWindows};

/// Says which windows an element belongs to. Flink's `WindowAssigner`.
pub trait WindowAssigner<T>: Clone + Send + Sync + 'static {
    /// What kind of windows these are.
    type Window: Window;
    /// What fires them unless the user says otherwise.
    type DefaultTrigger: Trigger<T, Self::Window>;

    /// The trigger unless the user says otherwise.
    fn default_trigger(&self) -> Self::DefaultTrigger;

    /// Whether windows end by event time.
    fn is_event_time(&self) -> bool;

    /// Whether windows that touch become one. Flink's `MergingWindowAssigner`.
    fn is_merging(&self) -> bool {
        false
    }

    /// Appends the windows of an element.
    fn assign_windows(
        &self,
        element: &T,
        timestamp: Option<EventTime>,
        now: ProcessingTime,
        windows: &mut Vec<Self::Window>,
    ) -> Result<()>;

    /// The one window of an element, where each element has just one; `last` is that of the element before,
    /// most often the same. `None` where elements may have several.
    #[doc(hidden)]
    #[inline]
    fn assign_one(
        &self,
        element: &T,
        timestamp: Option<EventTime>,
        now: ProcessingTime,
        last: &Self::Window,
    ) -> Result<Option<Self::Window>> {
        let _ = (element, timestamp, now, last);
        Ok(None)
    }

    /// The panes that these windows are made of, if they can share them.
    fn panes(&self) -> Option<Panes> {
        None
    }
}

/// Sliding windows as runs of panes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Panes {
    /// Milliseconds in a window.
    pub size: i64,
    /// Milliseconds from one window to the next.
    pub slide: i64,
    /// Where a window starts, in milliseconds.
    pub offset: i64,
    /// Milliseconds in a pane: the greatest that size and slide are multiples of.
    pub pane: i64,
}

impl Panes {
    pub(crate) fn new(size: i64, slide: i64, offset: i64) -> Self {
        let (mut a, mut b) = (size, slide);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        Panes { size, slide, offset, pane: a }
    }
}

/// A length of time as positive whole milliseconds.
pub(crate) fn positive_millis(what: &str, length: Duration) -> Result<i64> {
    match i64::try_from(length.as_millis()) {
        Ok(millis) if millis > 0 => Ok(millis),
        _ => Err(Error::user(format!("{what} must be at least a millisecond, not {length:?}"))),
    }
}

/// The event time of an element, which windows of event time cannot do without.
#[inline]
pub(crate) fn required(timestamp: Option<EventTime>) -> Result<EventTime> {
    match timestamp {
        Some(time) if time != EventTime::MIN => Ok(time),
        _ => Err(without_timestamp()),
    }
}

#[cold]
fn without_timestamp() -> Error {
    Error::user(
        "a record has no timestamp, but its window is one of event time: give the source or the stream a \
         watermark strategy with timestamps (assign_timestamps_and_watermarks), or use windows of processing \
         time",
    )
}
