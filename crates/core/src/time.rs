//! Event time and processing time as types of their own: a raw integer never crosses a crate boundary.
use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A moment in event time, in milliseconds since 1970-01-01T00:00:00Z. Flink calls it a timestamp.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EventTime(i64);

impl EventTime {
    /// Earlier than every event: where each watermark starts (Flink's `Long.MIN_VALUE`).
    pub const MIN: EventTime = EventTime(i64::MIN);
    /// Later than every event: the watermark that a bounded source ends with (`Watermark.MAX_WATERMARK`).
    pub const MAX: EventTime = EventTime(i64::MAX);

    /// The moment `millis` milliseconds after the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        EventTime(millis)
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// `self - duration`, stopping at [`EventTime::MIN`].
    pub fn saturating_sub(self, duration: Duration) -> Self {
        EventTime(self.0.saturating_sub(millis(duration)))
    }

    /// `self + duration`, stopping at [`EventTime::MAX`].
    pub fn saturating_add(self, duration: Duration) -> Self {
        EventTime(self.0.saturating_add(millis(duration)))
    }
}

impl fmt::Debug for EventTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            EventTime::MIN => f.write_str("MIN"),
            EventTime::MAX => f.write_str("MAX"),
            EventTime(millis) => write!(f, "{millis}ms"),
        }
    }
}

impl fmt::Display for EventTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A moment on the wall clock of the machine that processes, in milliseconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProcessingTime(i64);

impl ProcessingTime {
    /// The moment `millis` milliseconds after the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        ProcessingTime(millis)
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// The time from `earlier` to `self`, zero if the clock went back.
    pub fn saturating_since(self, earlier: ProcessingTime) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0).max(0) as u64)
    }
}

impl Add<Duration> for ProcessingTime {
    type Output = ProcessingTime;
    fn add(self, duration: Duration) -> ProcessingTime {
        ProcessingTime(self.0.saturating_add(millis(duration)))
    }
}

impl Sub<Duration> for ProcessingTime {
    type Output = ProcessingTime;
    fn sub(self, duration: Duration) -> ProcessingTime {
        ProcessingTime(self.0.saturating_sub(millis(duration)))
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// A point on a clock that never goes back, in nanoseconds since some fixed start: for measuring
/// and for deadlines, never for results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// The point `nanos` nanoseconds after the clock's start.
    pub const fn from_nanos(nanos: u64) -> Self {
        Instant(nanos)
    }

    /// Nanoseconds since the clock's start.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The time from `earlier` to `self`, zero if `earlier` is later.
    pub fn since(self, earlier: Instant) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;
    fn add(self, duration: Duration) -> Instant {
        Instant(self.0.saturating_add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)))
    }
}

/// Where the engine reads the time. The runtime gives every operator, reader and writer one;
/// under the seeded executor it is a mock clock.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The wall clock.
    fn processing_time(&self) -> ProcessingTime;
    /// The clock that never goes back.
    fn instant(&self) -> Instant;
}
