//! Firing again and again while a window is open.
use std::time::Duration;

use hurtig_core::{EventTime, ProcessingTime, Result};

use crate::window::trigger::{Trigger, TriggerContext, TriggerResult};
use crate::window::window::Window;

/// Fires whenever the watermark passes a multiple of an interval, and at the end of the window. Flink's
/// `ContinuousEventTimeTrigger`.
#[derive(Clone, Copy, Debug)]
pub struct ContinuousEventTimeTrigger {
    interval: i64,
}

/// Fires whenever the wall clock passes a multiple of an interval. Flink's `ContinuousProcessingTimeTrigger`.
#[derive(Clone, Copy, Debug)]
pub struct ContinuousProcessingTimeTrigger {
    interval: i64,
}

fn millis(interval: Duration) -> i64 {
    i64::try_from(interval.as_millis()).unwrap_or(i64::MAX).max(1)
}

/// The multiple of the interval before or at `time`, as Flink counts it: towards zero.
fn multiple(time: i64, interval: i64) -> i64 {
    time - time % interval
}

impl ContinuousEventTimeTrigger {
    /// Fires every `interval` of event time, at least a millisecond.
    pub fn of(interval: Duration) -> Self {
        ContinuousEventTimeTrigger { interval: millis(interval) }
    }

    fn next<W: Window>(
        &self,
        after: i64,
        window: &W,
        next: &mut Option<i64>,
        context: &mut TriggerContext<'_>,
    ) {
        let at = after.saturating_add(self.interval).min(window.max_timestamp().as_millis());
        *next = Some(next.map_or(at, |present| present.min(at)));
        context.register_event_time_timer(EventTime::from_millis(at));
    }
}

impl<T, W: Window> Trigger<T, W> for ContinuousEventTimeTrigger {
    /// When it fires next.
    type State = Option<i64>;

    fn on_element(
        &self,
        _: &T,
        timestamp: Option<EventTime>,
        window: &W,
        next: &mut Option<i64>,
        context: &mut TriggerContext<'_>,
    ) -> Result<TriggerResult> {
        let end = window.max_timestamp();
        if end <= context.current_watermark().0 {
            return Ok(TriggerResult::Fire);
        }
        context.register_event_time_timer(end);
        if next.is_none() {
            let time = timestamp.unwrap_or(EventTime::MIN).as_millis();
            self.next(multiple(time, self.interval), window, next, context);
        }
        Ok(TriggerResult::Continue)
    }

    fn on_event_time(
        &self,
        time: EventTime,
        window: &W,
        next: &mut Option<i64>,
        context: &mut TriggerContext<'_>,
    ) -> Result<TriggerResult> {
        if time == window.max_timestamp() {
            return Ok(TriggerResult::Fire);
        }
        if *next == Some(time.as_millis()) {
            *next = None;
            self.next(time.as_millis(), window, next, context);
            return Ok(TriggerResult::Fire);
        }
        Ok(TriggerResult::Continue)
    }

    fn can_merge(&self) -> bool {
        true
    }

    fn on_merge(
        &self,
        _: &W,
        next: &mut Option<i64>,
        merged: Vec<Option<i64>>,
        context: &mut TriggerContext<'_>,
    ) -> Result<()> {
        *next = merged.into_iter().flatten().min();
        if let Some(at) = *next {
            context.register_event_time_timer(EventTime::from_millis(at));
        }
        Ok(())
    }

    fn clear(&self, _: &W, next: &mut Option<i64>, context: &mut TriggerContext<'_>) -> Result<()> {
        // The timer of the window's last moment stays, as in Flink: it may be cleared and still be open.
        if let Some(at) = next.take() {
            context.delete_event_time_timer(EventTime::from_millis(at));
        }
        Ok(())
    }
}

impl ContinuousProcessingTimeTrigger {
    /// Fires every `interval` of the wall clock, at least a millisecond.
    pub fn of(interval: Duration) -> Self {
        ContinuousProcessingTimeTrigger { interval: millis(interval) }
    }

    fn next<W: Window>(
        &self,
        after: i64,
        window: &W,
        next: &mut Option<i64>,
        context: &mut TriggerContext<'_>,
    ) {
        let at = after.saturating_add(self.interval).min(window.max_timestamp().as_millis());
        *next = Some(next.map_or(at, |present| present.min(at)));
        context.register_processing_time_timer(ProcessingTime::from_millis(at));
    }
}

impl<T, W: Window> Trigger<T, W> for ContinuousProcessingTimeTrigger {
    /// When it fires next.
    type State = Option<i64>;

    fn on_element(
        &self,
        _: &T,
        _: Option<EventTime>,
        window: &W,
        next: &mut Option<i64>,
        context: &mut TriggerContext<'_>,
    ) -> Result<TriggerResult> {
        if next.is_none() {
            let now = context.current_processing_time().as_millis();
            self.next(multiple(now, self.interval), window, next, context);
        }
        Ok(TriggerResult::Continue)
    }

    fn on_processing_time(
        &self,
        time: ProcessingTime,
        window: &W,
        next: &mut Option<i64>,
        context: &mut TriggerContext<'_>,
    ) -> Result<TriggerResult> {
        if time.as_millis() == window.max_timestamp().as_millis() {
            return Ok(TriggerResult::Fire);
        }
        if *next != Some(time.as_millis()) {
            return Ok(TriggerResult::Continue);
        }
        *next = None;
        self.next(time.as_millis(), window, next, context);
        Ok(TriggerResult::Fire)
    }

    fn can_merge(&self) -> bool {
        true
    }

    fn on_merge(
        &self,
        _: &W,
        next: &mut Option<i64>,
        merged: Vec<Option<i64>>,
        context: &mut TriggerContext<'_>,
    ) -> Result<()> {
        *next = merged.into_iter().flatten().min();
        if let Some(at) = *next {
            context.register_processing_time_timer(ProcessingTime::from_millis(at));
        }
        Ok(())
    }

    fn clear(&self, _: &W, next: &mut Option<i64>, context: &mut TriggerContext<'_>) -> Result<()> {
        if let Some(at) = next.take() {
            context.delete_processing_time_timer(ProcessingTime::from_millis(at));
        }
        Ok(())
    }
}
