//! Dropping what was put out.
use hurtig_core::{EventTime, ProcessingTime, Result};

use crate::window::trigger::{Trigger, TriggerContext, TriggerResult};

/// Fires when another trigger does, and then drops the contents. Flink's `PurgingTrigger`.
#[derive(Clone, Copy, Debug)]
pub struct PurgingTrigger<G> {
    nested: G,
}

impl<G> PurgingTrigger<G> {
    /// Drops the contents whenever `nested` fires.
    pub fn of(nested: G) -> Self {
        PurgingTrigger { nested }
    }
}

fn purging(result: TriggerResult) -> TriggerResult {
    if result.is_fire() { TriggerResult::FireAndPurge } else { result }
}

impl<T, W, G: Trigger<T, W>> Trigger<T, W> for PurgingTrigger<G> {
    type State = G::State;

    #[inline]
    fn on_element(
        &self,
        element: &T,
        timestamp: Option<EventTime>,
        window: &W,
        state: &mut G::State,
        context: &mut TriggerContext<'_>,
    ) -> Result<TriggerResult> {
        self.nested.on_element(element, timestamp, window, state, context).map(purging)
    }

    fn on_event_time(
        &self,
        time: EventTime,
        window: &W,
        state: &mut G::State,
        context: &mut TriggerContext<'_>,
    ) -> Result<TriggerResult> {
        self.nested.on_event_time(time, window, state, context).map(purging)
    }

    fn on_processing_time(
        &self,
        time: ProcessingTime,
        window: &W,
        state: &mut G::State,
        context: &mut TriggerContext<'_>,
    ) -> Result<TriggerResult> {
        self.nested.on_processing_time(time, window, state, context).map(purging)
    }

    fn can_merge(&self) -> bool {
        self.nested.can_merge()
    }

    fn on_merge(
        &self,
        window: &W,
        state: &mut G::State,
        merged: Vec<G::State>,
        context: &mut TriggerContext<'_>,
    ) -> Result<()> {
        self.nested.on_merge(window, state, merged, context)
    }

    fn clear(&self, window: &W, state: &mut G::State, context: &mut TriggerContext<'_>) -> Result<()> {
        self.nested.clear(window, state, context)
    }
}
