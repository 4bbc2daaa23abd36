//! Firing when the window ends.
use hurtig_core::{EventTime, ProcessingTime, Result};

use crate::keyed::TimeDomain;
use crate::window::trigger::{Trigger, TriggerContext, TriggerResult};
use crate::window::window::Window;

/// Fires when the watermark passes the end of the window, and once more for each late element that is still
/// allowed. Flink's `EventTimeTrigger`.
#[derive(Clone, Copy, Debug, Default)]
pub struct EventTimeTrigger;

impl<T, W: Window> Trigger<T, W> for EventTimeTrigger {
    type State = ();

    #[inline]
    fn on_element(
        &self,
        _: &T,
        _: Option<EventTime>,
        window: &W,
        _: &mut (),
        context: &mut TriggerContext<'_>,
    ) -> Result<TriggerResult> {
        let end = window.max_timestamp();
        if end <= context.current_watermark().0 {
            return Ok(TriggerResult::Fire);
        }
        context.register_event_time_timer(end);
        Ok(TriggerResult::Continue)
    }

    fn on_event_time(
        &self,
        time: EventTime,
        window: &W,
        _: &mut (),
        _: &mut TriggerContext<'_>,
    ) -> Result<TriggerResult> {
        let is_end = time == window.max_timestamp();
        Ok(if is_end { TriggerResult::Fire } else { TriggerResult::Continue })
    }

    fn can_merge(&self) -> bool {
        true
    }

    #[inline]
    fn on_merge(&self, window: &W, _: &mut (), _: Vec<()>, context: &mut TriggerContext<'_>) -> Result<()> {
        let end = window.max_timestamp();
        if end > context.current_watermark().0 {
            context.register_event_time_timer(end);
        }
        Ok(())
    }

    fn clear(&self, window: &W, _: &mut (), context: &mut TriggerContext<'_>) -> Result<()> {
        context.delete_event_time_timer(window.max_timestamp());
        Ok(())
    }

    fn fires_at_the_end_alone(&self) -> Option<TimeDomain> {
        Some(TimeDomain::EventTime)
    }
}

/// Fires when the wall clock passes the end of the window. Flink's `ProcessingTimeTrigger`.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProcessingTimeTrigger;

fn end_of<W: Window>(window: &W) -> ProcessingTime {
    ProcessingTime::from_millis(window.max_timestamp().as_millis())
}

impl<T, W: Window> Trigger<T, W> for ProcessingTimeTrigger {
    type State = ();

    #[inline]
    fn on_element(
        &self,
        _: &T,
        _: Option<EventTime>,
        window: &W,
        _: &mut (),
        context: &mut TriggerContext<'_>,
    ) -> Result<TriggerResult> {
        context.register_processing_time_timer(end_of(window));
        Ok(TriggerResult::Continue)
    }

    fn on_processing_time(
        &self,
        _: ProcessingTime,
        _: &W,
        _: &mut (),
        _: &mut TriggerContext<'_>,
    ) -> Result<TriggerResult> {
        Ok(TriggerResult::Fire)
    }

    fn can_merge(&self) -> bool {
        true
    }

    fn on_merge(&self, window: &W, _: &mut (), _: Vec<()>, context: &mut TriggerContext<'_>) -> Result<()> {
        if end_of(window) > context.current_processing_time() {
            context.register_processing_time_timer(end_of(window));
        }
        Ok(())
    }

    fn clear(&self, window: &W, _: &mut (), context: &mut TriggerContext<'_>) -> Result<()> {
        context.delete_processing_time_timer(end_of(window));
        Ok(())
    }

    fn fires_at_the_end_alone(&self) -> Option<TimeDomain> {
        Some(TimeDomain::ProcessingTime)
    }
}
