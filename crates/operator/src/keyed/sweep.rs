//! Values whose time to live is over are removed while records come, when the watermark moves, and from time to
//! time when nothing happens.
use std::time::Duration;

use hurtig_core::{Key, ProcessingTime};
use hurtig_state::keyed::KeyedStates;

use crate::context::OperatorContext;

/// Values looked at in one go, of each state: some tens of microseconds.
const BUDGET: usize = 4096;

/// When the next look is due.
#[derive(Debug, Default)]
pub struct Sweeper {
    due: Option<ProcessingTime>,
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
            self.plan(states, context, false);
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
        let more = states.store.sweep(BUDGET);
        if self.due.is_some_and(|due| due <= now) {
            self.due = None;
        }
        self.plan(states, context, more);
    }

    /// Asks to be woken again while there is something to look at.
    fn plan<K: Key>(&mut self, states: &KeyedStates<K>, context: &mut OperatorContext, soon: bool) {
        let Some(shortest) = states.store.shortest_ttl().filter(|_| !states.store.is_all_empty()) else {
            return;
        };
        let pause = if soon { 1 } else { (shortest / 4).clamp(100, 60_000) };
        let at = context.host.processing_time() + Duration::from_millis(pause.unsigned_abs());
        if self.due.is_none_or(|due| soon && at < due) {
            self.due = Some(at);
        }
        if let Some(due) = self.due {
            context.wake_at(due);
        }
    }
}
