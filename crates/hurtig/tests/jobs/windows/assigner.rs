//! Which windows an element belongs to.
use std::fmt;

use super::steps::Record;
use super::timers::TimeDomain;

/// A window, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Window {
    /// From its start up to its end, which is no longer part of it.
    Time {
        /// The first time.
        start: i64,
        /// The first time after it.
        end: i64,
    },
    /// The one that holds everything, for ever.
    Global,
}

impl Window {
    /// The last time that belongs to it.
    pub fn max_timestamp(self) -> i64 {
        match self {
            Window::Time { end, .. } => end - 1,
            Window::Global => i64::MAX,
        }
    }

    /// Whether sessions of these extents are one: they overlap, or one begins where the other ends.
    pub fn touches(self, other: Window) -> bool {
        match (self, other) {
            (Window::Time { start, end }, Window::Time { start: other_start, end: other_end }) => {
                start <= other_end && other_start <= end
            }
            _ => true,
        }
    }

    /// The smallest window that holds both.
    pub fn cover(self, other: Window) -> Window {
        match (self, other) {
            (Window::Time { start, end }, Window::Time { start: other_start, end: other_end }) => {
                Window::Time { start: start.min(other_start), end: end.max(other_end) }
            }
            _ => Window::Global,
        }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Window::Time { start, end } => write!(f, "[{start}, {end})"),
            Window::Global => write!(f, "global"),
        }
    }
}

/// After how much silence a session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gap {
    /// So many milliseconds.
    Static(i64),
    /// `base` milliseconds and the remainder of the element's value by `modulus`.
    Dynamic {
        /// The shortest gap, in milliseconds.
        base: i64,
        /// More than the difference between the longest and the shortest.
        modulus: i64,
    },
}

impl Gap {
    /// The gap after an element of this value, in milliseconds.
    pub fn after(self, value: i64) -> i64 {
        match self {
            Gap::Static(gap) => gap,
            Gap::Dynamic { base, modulus } => base + value.rem_euclid(modulus),
        }
    }
}

/// How elements are assigned to windows. Lengths are in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assigner {
    /// `TumblingEventTimeWindows`, `TumblingProcessingTimeWindows`; the offset is smaller than the size.
    Tumbling {
        /// By which time.
        domain: TimeDomain,
        /// How long a window is.
        size: i64,
        /// How far windows are shifted, to either side.
        offset: i64,
    },
    /// `SlidingEventTimeWindows`, `SlidingProcessingTimeWindows`; the offset is smaller than the slide. The size
    /// need be no multiple of the slide, and may be smaller: then there are elements without a window.
    Sliding {
        /// By which time.
        domain: TimeDomain,
        /// How long a window is.
        size: i64,
        /// From one window's start to the next.
        slide: i64,
        /// How far windows are shifted, to either side.
        offset: i64,
    },
    /// `EventTimeSessionWindows`, `ProcessingTimeSessionWindows` and their dynamic forms.
    Session {
        /// By which time.
        domain: TimeDomain,
        /// What ends a session.
        gap: Gap,
    },
    /// `GlobalWindows`.
    Global,
}

impl Assigner {
    /// The windows of an element that arrives when the clock shows `clock`, the latest first.
    pub fn windows(self, record: Record, clock: i64) -> Vec<Window> {
        let time = match self.domain() {
            TimeDomain::EventTime => record.timestamp,
            TimeDomain::ProcessingTime => clock,
        };
        match self {
            Assigner::Tumbling { size, offset, .. } => sliding(time, size, size, offset),
            Assigner::Sliding { size, slide, offset, .. } => sliding(time, size, slide, offset),
            Assigner::Session { gap, .. } => {
                vec![Window::Time { start: time, end: time + gap.after(record.value) }]
            }
            Assigner::Global => vec![Window::Global],
        }
    }

    /// By which time windows end and are cleaned up. For global windows, which do neither, it is the clock, as
    /// Flink's `isEventTime` says: nothing is ever late for them.
    pub fn domain(self) -> TimeDomain {
        match self {
            Assigner::Tumbling { domain, .. }
            | Assigner::Sliding { domain, .. }
            | Assigner::Session { domain, .. } => domain,
            Assigner::Global => TimeDomain::ProcessingTime,
        }
    }

    /// Whether windows that touch become one.
    pub fn merges(self) -> bool {
        matches!(self, Assigner::Session { .. })
    }
}

/// The windows that begin at `offset` plus a multiple of `slide` and hold `time`.
fn sliding(time: i64, size: i64, slide: i64, offset: i64) -> Vec<Window> {
    let mut start = time - (time - offset).rem_euclid(slide);
    let mut windows = Vec::new();
    while start + size > time {
        windows.push(Window::Time { start, end: start + size });
        start -= slide;
    }
    windows
}
