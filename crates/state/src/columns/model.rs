//! What the tests of columns share: times that go on, times to live, and what these mean, said once more in the
//! plainest way.
use hurtig_core::{EventTime, ProcessingTime, Watermark};
use proptest::prelude::*;

use crate::index::RowId;
use crate::rows::RowHolds;
use crate::ttl::{StateTime, StateTtlConfig, StateVisibility, TtlTimeCharacteristic, UpdateType};

/// Rows in a model.
pub const ROWS: u32 = 5;

/// The time to live, in milliseconds.
const TTL: i64 = 10;

/// A step of time.
#[derive(Clone, Copy, Debug)]
pub enum Tick {
    /// So much later by the clock.
    Clock(i64),
    /// A record of this event time.
    Record(i64),
    /// So much later by the watermark.
    Watermark(i64),
}

pub fn ticks() -> impl Strategy<Value = Tick> {
    prop_oneof![
        (0..8_i64).prop_map(Tick::Clock),
        (-5..40_i64).prop_map(Tick::Record),
        (0..8_i64).prop_map(Tick::Watermark),
    ]
}

impl Tick {
    pub fn pass(self, now: &mut StateTime) {
        match self {
            Tick::Clock(millis) => {
                now.processing = ProcessingTime::from_millis(now.processing.as_millis() + millis);
            }
            Tick::Record(at) => now.event = EventTime::from_millis(at),
            Tick::Watermark(millis) => {
                let before = now.watermark.0.as_millis().max(-20);
                now.watermark = Watermark(EventTime::from_millis(before + millis));
            }
        }
    }
}

/// None, and every other.
pub fn ttls() -> impl Strategy<Value = Option<StateTtlConfig>> {
    let update = prop_oneof![
        Just(UpdateType::Disabled),
        Just(UpdateType::OnCreateAndWrite),
        Just(UpdateType::OnReadAndWrite)
    ];
    let visibility = prop_oneof![
        Just(StateVisibility::NeverReturnExpired),
        Just(StateVisibility::ReturnExpiredIfNotCleanedUp)
    ];
    let time =
        prop_oneof![Just(TtlTimeCharacteristic::ProcessingTime), Just(TtlTimeCharacteristic::EventTime)];
    let ttl = (update, visibility, time).prop_map(|(update, visibility, time)| {
        StateTtlConfig::new(std::time::Duration::from_millis(TTL as u64))
            .update_type(update)
            .state_visibility(visibility)
            .time_characteristic(time)
    });
    proptest::option::weighted(0.8, ttl)
}

/// What a time to live means.
#[derive(Clone, Copy, Debug)]
pub struct Life(pub Option<StateTtlConfig>);

impl Life {
    fn config(self) -> Option<StateTtlConfig> {
        self.0.filter(|ttl| ttl.update != UpdateType::Disabled)
    }

    /// Whether a value has a stamp in its bytes.
    pub fn is_limited(self) -> bool {
        self.config().is_some()
    }

    /// The stamp of what is written anew.
    pub fn fresh(self, now: &StateTime) -> i64 {
        match self.config().map(|ttl| ttl.time) {
            Some(TtlTimeCharacteristic::ProcessingTime) => now.processing.as_millis(),
            Some(TtlTimeCharacteristic::EventTime) => now.event.as_millis(),
            None => 0,
        }
    }

    /// The stamp of what is written over.
    pub fn again(self, stamp: i64, now: &StateTime) -> i64 {
        stamp.max(self.fresh(now))
    }

    /// The stamp of what is read.
    pub fn read(self, stamp: i64, now: &StateTime) -> i64 {
        match self.config() {
            Some(ttl) if ttl.update == UpdateType::OnReadAndWrite && !self.is_over(stamp, now) => {
                self.again(stamp, now)
            }
            _ => stamp,
        }
    }

    fn is_over(self, stamp: i64, now: &StateTime) -> bool {
        match self.config().map(|ttl| ttl.time) {
            Some(TtlTimeCharacteristic::EventTime) => {
                self.is_gone(stamp, now) || stamp + TTL <= now.event.as_millis()
            }
            _ => self.is_gone(stamp, now),
        }
    }

    /// Whether it is over for everybody.
    pub fn is_gone(self, stamp: i64, now: &StateTime) -> bool {
        match self.config().map(|ttl| ttl.time) {
            Some(TtlTimeCharacteristic::ProcessingTime) => stamp + TTL <= now.processing.as_millis(),
            Some(TtlTimeCharacteristic::EventTime) => stamp + TTL <= now.watermark.0.as_millis(),
            None => false,
        }
    }

    /// Whether it can be seen.
    pub fn shows(self, stamp: i64, now: &StateTime) -> bool {
        let shown = |ttl: StateTtlConfig| ttl.visibility == StateVisibility::ReturnExpiredIfNotCleanedUp;
        !self.is_over(stamp, now) || self.config().is_some_and(shown)
    }
}

/// Each row must be held by one thing if it is there, else by none; and rows that are not are given up.
pub fn expect_holds(holds: &mut RowHolds, is_there: impl Fn(u32) -> bool) {
    for row in 0..ROWS {
        assert_eq!(holds.count(RowId(row)), u32::from(is_there(row)), "row {row}");
    }
    holds.give_up(|row| assert!(!is_there(row.0), "{row:?} is given up"));
}
