//! Time to live: values that are forgotten when nobody has touched them for long.
use std::time::Duration;

use hurtig_core::{EventTime, ProcessingTime, Watermark};

/// How long a value lives, and what keeps it alive. Flink's `StateTtlConfig`.
///
/// ```
/// use std::time::Duration;
/// use hurtig_state::ttl::{StateTtlConfig, TtlTimeCharacteristic, UpdateType};
///
/// let forget = StateTtlConfig::new(Duration::from_secs(24 * 3600))
///     .update_type(UpdateType::OnReadAndWrite)
///     .time_characteristic(TtlTimeCharacteristic::EventTime);
/// # let _ = forget;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateTtlConfig {
    pub(crate) ttl: i64,
    pub(crate) update: UpdateType,
    pub(crate) visibility: StateVisibility,
    pub(crate) time: TtlTimeCharacteristic,
    pub(crate) incremental: Option<usize>,
    pub(crate) in_snapshots: bool,
}

/// What renews a value's time to live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpdateType {
    /// Nothing is ever forgotten.
    Disabled,
    /// Being written.
    OnCreateAndWrite,
    /// Being written or read.
    OnReadAndWrite,
}

/// Whether a value whose time is over can still be seen before it is cleaned up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateVisibility {
    /// Never.
    NeverReturnExpired,
    /// As long as it is there.
    ReturnExpiredIfNotCleanedUp,
}

/// Which time is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TtlTimeCharacteristic {
    /// The wall clock.
    ProcessingTime,
    /// Event time. A value is as old as the record that wrote it (or the timer, or else the watermark); it is
    /// over for a record that is later by the time to live, and for all once the watermark is. So what a
    /// record that is on time sees depends on the records alone, and is the same when they are replayed.
    EventTime,
}

impl StateTtlConfig {
    /// Values that live for `ttl` after they were last written, by the wall clock, and are never seen later;
    /// cleaned up as records come and time passes, and left out of snapshots.
    pub fn new(ttl: Duration) -> Self {
        StateTtlConfig {
            ttl: i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX),
            update: UpdateType::OnCreateAndWrite,
            visibility: StateVisibility::NeverReturnExpired,
            time: TtlTimeCharacteristic::ProcessingTime,
            incremental: Some(5),
            in_snapshots: true,
        }
    }

    /// What renews a value.
    pub fn update_type(mut self, update: UpdateType) -> Self {
        self.update = update;
        self
    }

    /// Whether values whose time is over can be seen.
    pub fn state_visibility(mut self, visibility: StateVisibility) -> Self {
        self.visibility = visibility;
        self
    }

    /// By which time values grow old.
    pub fn time_characteristic(mut self, time: TtlTimeCharacteristic) -> Self {
        self.time = time;
        self
    }

    /// How many values are looked at for each record, to be cleaned up. 5 unless told.
    pub fn cleanup_incrementally(mut self, values: usize) -> Self {
        self.incremental = Some(values.max(1));
        self
    }

    /// Leaves values whose time is over out of snapshots; so it is unless told.
    pub fn cleanup_full_snapshot(mut self) -> Self {
        self.in_snapshots = true;
        self
    }

    /// Cleans up nothing but what is looked at.
    pub fn disable_cleanup_in_background(mut self) -> Self {
        self.incremental = None;
        self.in_snapshots = false;
        self
    }

    /// Whether it does anything.
    pub fn is_enabled(&self) -> bool {
        self.update != UpdateType::Disabled
    }

    /// The moment that a value touched now is as old as.
    #[inline]
    pub fn stamp(&self, now: &StateTime) -> i64 {
        match self.time {
            TtlTimeCharacteristic::ProcessingTime => now.processing.as_millis(),
            TtlTimeCharacteristic::EventTime => now.event.as_millis(),
        }
    }

    /// Whether a value that was last touched at `stamp` is over.
    #[inline]
    pub fn is_over(&self, stamp: i64, now: &StateTime) -> bool {
        let end = stamp.saturating_add(self.ttl);
        match self.time {
            TtlTimeCharacteristic::ProcessingTime => end <= now.processing.as_millis(),
            TtlTimeCharacteristic::EventTime => {
                end <= now.event.as_millis() || end <= now.watermark.0.as_millis()
            }
        }
    }

    /// Whether a value that was last touched at `stamp` is over for everybody, and can be removed.
    #[inline]
    pub fn is_gone(&self, stamp: i64, now: &StateTime) -> bool {
        let end = stamp.saturating_add(self.ttl);
        match self.time {
            TtlTimeCharacteristic::ProcessingTime => end <= now.processing.as_millis(),
            TtlTimeCharacteristic::EventTime => end <= now.watermark.0.as_millis(),
        }
    }

    /// Whether a value is shown, although it may be over.
    #[inline]
    pub(crate) fn shows(&self, stamp: i64, now: &StateTime) -> bool {
        self.visibility == StateVisibility::ReturnExpiredIfNotCleanedUp || !self.is_over(stamp, now)
    }

    /// How many values are looked at for each record.
    pub fn per_record(&self) -> usize {
        self.incremental.unwrap_or(0)
    }

    /// How many milliseconds may pass until values are looked at although nothing happens.
    pub fn pause_millis(&self) -> u64 {
        (self.ttl / 4).clamp(100, 60_000).unsigned_abs()
    }

    /// The later of two stamps: a late record does not make a value older.
    #[inline]
    pub fn renewed(&self, old: i64, now: &StateTime) -> i64 {
        old.max(self.stamp(now))
    }
}

/// The times that state is looked at.
#[derive(Clone, Copy, Debug)]
pub struct StateTime {
    /// The wall clock, read once per batch.
    pub processing: ProcessingTime,
    /// The event time of the record or timer at hand, the watermark if it has none.
    pub event: EventTime,
    /// The watermark.
    pub watermark: Watermark,
}

impl Default for StateTime {
    fn default() -> Self {
        StateTime {
            processing: ProcessingTime::from_millis(0),
            event: EventTime::MIN,
            watermark: Watermark::MIN,
        }
    }
}
