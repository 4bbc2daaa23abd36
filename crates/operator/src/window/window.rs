//! What windows are: a span of time, or everything.
use hurtig_core::key::hash::{Composite, integer};
use hurtig_core::types::codec::{DecodeError, Reader};
use hurtig_core::types::{LogicalType, TypeInformation};
use hurtig_core::{EventTime, Key};
use hurtig_derive::TypeInformation;

/// A bucket that elements are put into. Flink's `Window`.
pub trait Window: Key + PartialEq + std::fmt::Debug {
    /// The last moment that belongs to it, by which it is over.
    fn max_timestamp(&self) -> EventTime;

    /// The window of this span.
    fn of(start: EventTime, end: EventTime) -> Self;

    /// Whether both overlap or touch, and so are one where windows merge.
    fn intersects(&self, other: &Self) -> bool;

    /// The least window that covers both.
    fn cover(&self, other: &Self) -> Self;
}

/// The time from `start` up to but not including `end`. Flink's `TimeWindow`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, TypeInformation)]
#[hurtig(crate = "hurtig_core")]
pub struct TimeWindow {
    /// The first moment that belongs to it.
    pub start: EventTime,
    /// The first moment after it.
    pub end: EventTime,
}

impl TimeWindow {
    /// The window from `start` up to but not including `end`.
    pub const fn new(start: EventTime, end: EventTime) -> Self {
        TimeWindow { start, end }
    }

    /// The start of the window of this size, in milliseconds, that a timestamp belongs to, where one starts at
    /// `offset`. Flink's `getWindowStartWithOffset`.
    #[inline]
    pub const fn start_of(timestamp: i64, offset: i64, size: i64) -> i64 {
        timestamp.wrapping_sub((timestamp.wrapping_sub(offset)).rem_euclid(size))
    }
}

impl Key for TimeWindow {
    #[inline]
    fn key_hash(&self) -> u64 {
        let mut hash = Composite::new(2);
        hash.add(integer(self.start.as_millis()));
        hash.add(integer(self.end.as_millis()));
        hash.finish()
    }

    #[inline]
    fn key_eq(&self, other: &Self) -> bool {
        self == other
    }
}

impl Window for TimeWindow {
    #[inline]
    fn max_timestamp(&self) -> EventTime {
        EventTime::from_millis(self.end.as_millis().saturating_sub(1))
    }

    #[inline]
    fn of(start: EventTime, end: EventTime) -> Self {
        TimeWindow { start, end }
    }

    #[inline]
    fn intersects(&self, other: &Self) -> bool {
        self.start <= other.end && other.start <= self.end
    }

    #[inline]
    fn cover(&self, other: &Self) -> Self {
        TimeWindow { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// The one window that holds everything. Flink's `GlobalWindow`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GlobalWindow;

impl TypeInformation for GlobalWindow {
    const HAS_HEAP: bool = false;
    const MIN_BYTES: usize = 0;

    fn logical_type() -> LogicalType {
        <()>::logical_type()
    }

    fn encode(&self, out: &mut Vec<u8>) {
        ().encode(out);
    }

    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        <()>::decode(input).map(|()| GlobalWindow)
    }

    fn to_array(values: &[Option<&Self>]) -> arrow_array::ArrayRef {
        let units: Vec<Option<&()>> = values.iter().map(|value| value.map(|_| &())).collect();
        <()>::to_array(&units)
    }

    fn from_array(array: &dyn arrow_array::Array) -> Result<Vec<Option<Self>>, DecodeError> {
        let units = <()>::from_array(array)?;
        Ok(units.into_iter().map(|unit| unit.map(|()| GlobalWindow)).collect())
    }
}

impl Key for GlobalWindow {
    #[inline]
    fn key_hash(&self) -> u64 {
        Composite::new(0).finish()
    }

    #[inline]
    fn key_eq(&self, _: &Self) -> bool {
        true
    }
}

impl Window for GlobalWindow {
    #[inline]
    fn max_timestamp(&self) -> EventTime {
        EventTime::MAX
    }

    fn of(_: EventTime, _: EventTime) -> Self {
        GlobalWindow
    }

    fn intersects(&self, _: &Self) -> bool {
        true
    }

    fn cover(&self, _: &Self) -> Self {
        GlobalWindow
    }
}
