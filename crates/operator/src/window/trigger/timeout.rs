//! Firing when nothing else has for a while.
use std::time::Duration;

use hurtig_core::{EventTime, ProcessingTime, Result};

use crate::window::trigger::{Trigger, TriggerContext, TriggerResult};

/// Fires when another trigger does, and also when that has not for some time. Flink's
/// `ProcessingTimeoutTrigger`.
#[derive(Clone, Copy, Debug)]
pub struct ProcessingTimeoutTrigger<G> {
    nested: G,
    timeout: Duration,
    reset_on_element: bool,
    clear_on_timeout: bool,
}

impl<G> ProcessingTimeoutTrigger<G> {
    /// Fires `timeout` after the first element since `nested` fired, and then forgets what `nested` remembers.
    pub fn of(nested: G, timeout: Duration) -> Self {
        ProcessingTimeoutTrigger { nested, timeout, reset_on_element: false, clear_on_timeout: true }
    }

    /// Counts the time from the last element, not from the first.
    pub fn reset_timer_on_new_record(mut self, reset: bool) -> Self {
        self.reset_on_element = reset;
        self
    }

    /// Whether what the other trigger remembers is forgotten at the time-out.
    pub fn should_clear_on_timeout(mut self, clear: bool) -> Self {
        self.clear_on_timeout = clear;
        self
    }
}

fn forced(nested: TriggerResult) -> TriggerResult {
    if nested.is_purge() { TriggerResult::FireAndPurge } else { TriggerResult::Fire }
}

impl<T, W, G: Trigger<T, W>> Trigger<T, W> for ProcessingTimeoutTrigger<G> {
    /// When the time is over, and what the other trigger remembers.
    type State = (Option<i64>, G::State);

    fn on_element(
        &self,
        element: &T,
        timestamp: Option<EventTime>,
        window: &W,
        state: &mut Self::State,
        context: &mut TriggerContext<'_>,
    ) -> Result<TriggerResult> {
        let result = self.nested.on_element(element, timestamp, window, &mut state.1, context)?;
        if result.is_fire() {
            self.clear(window, state, context)?;
            return Ok(result);
        }
        if self.reset_on_element
            && let Some(at) = state.0.take()
        {
            context.delete_processing_time_timer(ProcessingTime::from_millis(at));
        }
        if state.0.is_none() {
            let at = context.current_processing_time() + self.timeout;
            state.0 = Some(at.as_millis());
            context.register_processing_time_timer(at);
        }
        Ok(result)
    }

    fn on_event_time(
        &self,
        time: EventTime,
        window: &W,
        state: &mut Self::State,
        context: &mut TriggerContext<'_>,
    ) -> Result<TriggerResult> {
        let result = self.nested.on_event_time(time, window, &mut state.1, context)?;
        if self.clear_on_timeout {
            self.clear(window, state, context)?;
        }
        Ok(forced(result))
    }

    fn on_processing_time(
        &self,
        time: ProcessingTime,
        window: &W,
        state: &mut Self::State,
        context: &mut TriggerContext<'_>,
    ) -> Result<TriggerResult> {
        let result = self.nested.on_processing_time(time, window, &mut state.1, context)?;
        if self.clear_on_timeout {
            self.clear(window, state, context)?;
        }
        Ok(forced(result))
    }

    fn clear(&self, window: &W, state: &mut Self::State, context: &mut TriggerContext<'_>) -> Result<()> {
        if let Some(at) = state.0.take() {
            context.delete_processing_time_timer(ProcessingTime::from_millis(at));
        }
        self.nested.clear(window, &mut state.1, context)
    }
}
