//! Not firing, or only at the end of everything.
use hurtig_core::{EventTime, Result};

use crate::window::trigger::{Trigger, TriggerContext, TriggerResult};
use crate::window::window::Window;

/// Never fires. Flink's `NeverTrigger`.
#[derive(Clone, Copy, Debug, Default)]
pub struct NeverTrigger;

impl<T, W> Trigger<T, W> for NeverTrigger {
    type State = ();

    #[inline]
    fn on_element(
        &self,
        _: &T,
        _: Option<EventTime>,
        _: &W,
        _: &mut (),
        _: &mut TriggerContext<'_>,
    ) -> Result<TriggerResult> {
        Ok(TriggerResult::Continue)
    }

    fn can_merge(&self) -> bool {
        true
    }
}

/// Fires when a bounded stream has ended. Flink's `EndOfStreamTrigger`.
#[derive(Clone, Copy, Debug, Default)]
pub struct EndOfStreamTrigger;

impl<T, W: Window> Trigger<T, W> for EndOfStreamTrigger {
    type State = ();

    #[inline]
    fn on_element(
        &self,
        _: &T,
        _: Option<EventTime>,
        _: &W,
        _: &mut (),
        context: &mut TriggerContext<'_>,
    ) -> Result<TriggerResult> {
        context.register_event_time_timer(EventTime::MAX);
        Ok(TriggerResult::Continue)
    }

    fn on_event_time(
        &self,
        time: EventTime,
        _: &W,
        _: &mut (),
        _: &mut TriggerContext<'_>,
    ) -> Result<TriggerResult> {
        Ok(if time == EventTime::MAX { TriggerResult::FireAndPurge } else { TriggerResult::Continue })
    }

    fn can_merge(&self) -> bool {
        true
    }

    fn on_merge(&self, _: &W, _: &mut (), _: Vec<()>, context: &mut TriggerContext<'_>) -> Result<()> {
        context.register_event_time_timer(EventTime::MAX);
        Ok(())
    }

    fn clear(&self, window: &W, _: &mut (), context: &mut TriggerContext<'_>) -> Result<()> {
        // A window without end may be cleared and still be open, as in Flink.
        if window.max_timestamp() != EventTime::MAX {
            context.delete_event_time_timer(EventTime::MAX);
        }
        Ok(())
    }
}
