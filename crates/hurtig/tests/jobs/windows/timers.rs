//! The timers of one operator instance.
use std::collections::BTreeSet;

use super::assigner::Window;

/// What a timer waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimeDomain {
    /// The watermark.
    EventTime,
    /// The clock.
    ProcessingTime,
}

/// A timer of a key and window. Setting it twice is setting it once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timer {
    /// When it fires, in milliseconds.
    pub time: i64,
    /// Whose it is.
    pub key: u8,
    /// Of which window.
    pub window: Window,
}

/// All timers. Those of one time fire in the order of key and window; in Flink that order is nobody's promise,
/// and no result depends on it but by its place in the output.
#[derive(Debug, Default)]
pub struct Timers {
    event_time: BTreeSet<Timer>,
    processing_time: BTreeSet<Timer>,
    /// Those of which the trigger is not to hear.
    silent: BTreeSet<(TimeDomain, Timer)>,
}

impl Timers {
    /// Sets a timer, also one in the past.
    pub fn register(&mut self, domain: TimeDomain, timer: Timer) {
        self.silent.remove(&(domain, timer));
        self.of(domain).insert(timer);
    }

    /// The trigger is not to hear of a timer, if it is set.
    pub fn silence(&mut self, domain: TimeDomain, timer: Timer) {
        if self.of(domain).contains(&timer) {
            self.silent.insert((domain, timer));
        }
    }

    /// Whether the trigger is to hear of a timer that came due.
    pub fn is_heard(&mut self, domain: TimeDomain, timer: Timer) -> bool {
        !self.silent.remove(&(domain, timer))
    }

    /// Deletes a timer, if it is set.
    pub fn delete(&mut self, domain: TimeDomain, timer: Timer) {
        self.silent.remove(&(domain, timer));
        self.of(domain).remove(&timer);
    }

    /// Takes the first timer if its time is not after this one.
    pub fn pop_until(&mut self, domain: TimeDomain, time: i64) -> Option<Timer> {
        let timers = self.of(domain);
        if timers.first()?.time > time { None } else { timers.pop_first() }
    }

    fn of(&mut self, domain: TimeDomain) -> &mut BTreeSet<Timer> {
        match domain {
            TimeDomain::EventTime => &mut self.event_time,
            TimeDomain::ProcessingTime => &mut self.processing_time,
        }
    }
}
