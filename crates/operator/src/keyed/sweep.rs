//! Values whose time to live is over are removed while records come, as event time moves, and from time to time
//! when nothing happens.
use std::time::Duration;

use hurtig_core::{Key, ProcessingTime, Watermark};
use hurtig_state::StateStore;
use hurtig_state::keyed::KeyedStates;
use hurtig_state::ttl::TtlTimeCharacteristic;

use crate::context::OperatorContext;

/// Values looked at in one go, of each state: some tens of microseconds.
const BUDGET: usize = 4096;

/// Between two goes of one round.
const BREATH: Duration = Duration::from_millis(1);

/// Looks at all values in rounds: a round begins when some time has passed on the clock, or of event time where
/// that decides, and goes on step by step, so that records wait for no more than a step.
#[derive(Debug)]
pub struct Sweeper {
    /// When to look next by the clock.
    due: Option<ProcessingTime>,
    /// When it was looked last.
    last: Option<ProcessingTime>,
    /// Whether a round has begun and is not over.
    in_round: bool,
    /// Whether another round is wanted as soon as it can be: event time has come far.
    again: bool,
    /// How far it was when it was last found to have come far.
    watermark: Watermark,
}

impl Default for Sweeper {
    fn default() -> Self {
        Sweeper { due: None, last: None, in_round: false, again: false, watermark: Watermark::MIN }
    }
}

impl Sweeper {
    /// Some records were processed.
    #[inline]
    pub fn after_records<K: Key>(
        &mut self,
        records: usize,
        states: &mut KeyedStates<K>,
        context: &mut OperatorContext,
    ) {
        if states.store.has_ttl() {
            states.store.sweep_for_records(records);
            self.plan(states.store.time.processing, &states.store, context);
        }
    }

    /// The watermark or the clock has moved on.
    pub fn after_time<K: Key>(
        &mut self,
        now: ProcessingTime,
        states: &mut KeyedStates<K>,
        context: &mut OperatorContext,
    ) {
        if !states.store.has_ttl() {
            return;
        }
        let watermark = context.current_watermark();
        states.store.time.processing = now;
        states.store.time.watermark = watermark;
        states.store.time.event = watermark.0;
        if self.has_come_far(watermark, &states.store) {
            self.watermark = watermark;
            self.again = true;
        }
        // Not twice at one moment: a watermark may follow every record.
        let wanted = self.again || self.due.is_some_and(|due| due <= now);
        if wanted && self.last != Some(now) {
            self.last = Some(now);
            self.again &= self.in_round;
            self.in_round = states.store.sweep(BUDGET);
            self.due = None;
        }
        if self.again || self.in_round {
            self.due = Some(now + BREATH);
        }
        self.plan(now, &states.store, context);
    }

    /// Whether event time alone is reason to look.
    fn has_come_far(&self, watermark: Watermark, store: &StateStore) -> bool {
        let Some(shortest) = store.shortest_ttl(Some(TtlTimeCharacteristic::EventTime)) else { return false };
        watermark.0.as_millis().saturating_sub(self.watermark.0.as_millis()) >= shortest / 4
    }

    /// Asks to be woken again while there is something to look at.
    fn plan(&mut self, now: ProcessingTime, store: &StateStore, context: &mut OperatorContext) {
        if store.is_all_empty() {
            self.due = None;
            return;
        }
        let Some(shortest) = store.shortest_ttl(None) else { return };
        let pause = Duration::from_millis((shortest / 4).clamp(100, 60_000).unsigned_abs());
        context.wake_at(*self.due.get_or_insert(now + pause));
    }
}
