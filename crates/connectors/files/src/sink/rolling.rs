//! When a part file is closed.
use std::time::Duration;

/// Closes a part file by its size, its age, or the time since its last record, whichever comes first. Flink's
/// `DefaultRollingPolicy`; sizes are looked at after each record, times about once a second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollingPolicy {
    max_part_bytes: u64,
    rollover_interval: Duration,
    inactivity_interval: Duration,
    on_checkpoint: OnCheckpoint,
    max_open_parts: usize,
}

/// What a checkpoint does to an open part file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnCheckpoint {
    /// It stays open if its format allows that.
    KeepOpen,
    /// It is closed.
    Close,
}

impl Default for RollingPolicy {
    fn default() -> Self {
        RollingPolicy {
            max_part_bytes: 128 << 20,
            rollover_interval: Duration::from_secs(60),
            inactivity_interval: Duration::from_secs(60),
            on_checkpoint: OnCheckpoint::KeepOpen,
            max_open_parts: 256,
        }
    }
}

impl RollingPolicy {
    /// The default policy: 128 MiB, a minute old, a minute without a record.
    pub fn new() -> Self {
        Self::default()
    }

    /// Closed once it has `bytes` bytes.
    pub fn with_max_part_bytes(mut self, bytes: u64) -> Self {
        self.max_part_bytes = bytes;
        self
    }

    /// Closed once it has been open for `interval`.
    pub fn with_rollover_interval(mut self, interval: Duration) -> Self {
        self.rollover_interval = interval;
        self
    }

    /// Closed once nothing has been written to it for `interval`.
    pub fn with_inactivity_interval(mut self, interval: Duration) -> Self {
        self.inactivity_interval = interval;
        self
    }

    /// Closed at every checkpoint. Flink's `OnCheckpointRollingPolicy`.
    pub fn with_roll_on_checkpoint(mut self) -> Self {
        self.on_checkpoint = OnCheckpoint::Close;
        self
    }

    /// A subtask has at most so many part files open, at least one: before it opens one more, it closes the
    /// oldest. The default is 256.
    pub fn with_max_open_parts(mut self, parts: usize) -> Self {
        self.max_open_parts = parts.max(1);
        self
    }

    pub(super) fn is_full(&self, bytes: u64) -> bool {
        bytes >= self.max_part_bytes
    }

    pub(super) fn is_over(&self, age: Duration, inactive: Duration) -> bool {
        age >= self.rollover_interval || inactive >= self.inactivity_interval
    }

    pub(super) fn on_checkpoint(&self) -> OnCheckpoint {
        self.on_checkpoint
    }

    pub(super) fn max_open_parts(&self) -> usize {
        self.max_open_parts
    }
}
