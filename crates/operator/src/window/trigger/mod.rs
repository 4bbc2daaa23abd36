//! Triggers: when a window's contents are put out, and when they are dropped.
mod continuous;
mod count;
mod delta;
mod never;
mod purging;
mod time;
mod timeout;

use hurtig_core::{EventTime, ProcessingTime, Result, TypeInformation, Watermark};
use hurtig_state::RowId;
use hurtig_state::rows::RowHolds;
use hurtig_state::timers::{RowTimer, TimerQueue};

use crate::context::OperatorContext;
use crate::keyed::TimeDomain;

pub use continuous::{ContinuousEventTimeTrigger, ContinuousProcessingTimeTrigger};
pub use count::CountTrigger;
pub use delta::DeltaTrigger;
pub use never::{EndOfStreamTrigger, NeverTrigger};
pub use purging::PurgingTrigger;
pub use time::{EventTimeTrigger, ProcessingTimeTrigger};
pub use timeout::ProcessingTimeoutTrigger;

/// What is to be done with a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TriggerResult {
    /// Nothing.
    #[default]
    Continue,
    /// Its result is put out; the contents stay.
    Fire,
    /// The contents are dropped.
    Purge,
    /// Its result is put out and the contents are dropped.
    FireAndPurge,
}

impl TriggerResult {
    /// Whether the result is put out.
    pub fn is_fire(self) -> bool {
        matches!(self, TriggerResult::Fire | TriggerResult::FireAndPurge)
    }

    /// Whether the contents are dropped.
    pub fn is_purge(self) -> bool {
        matches!(self, TriggerResult::Purge | TriggerResult::FireAndPurge)
    }
}

/// Decides when a window fires. Flink's `Trigger`, with its own state per key and window given to it.
///
/// One trigger serves all windows of a subtask; what it must remember of a window is its [`State`](Self::State),
/// which begins as its default and is forgotten with the window.
pub trait Trigger<T, W>: Clone + Send + Sync + 'static {
    /// What is remembered of each window; `()` for nothing.
    type State: TypeInformation + Default + PartialEq;

    /// An element has come. It is already, or is about to be, among the contents.
    fn on_element(
        &self,
        element: &T,
        timestamp: Option<EventTime>,
        window: &W,
        state: &mut Self::State,
        context: &mut TriggerContext<'_>,
    ) -> Result<TriggerResult>;

    /// A timer of event time fires, or the window ends.
    fn on_event_time(
        &self,
        time: EventTime,
        window: &W,
        state: &mut Self::State,
        context: &mut TriggerContext<'_>,
    ) -> Result<TriggerResult> {
        let _ = (time, window, state, context);
        Ok(TriggerResult::Continue)
    }

    /// A timer of processing time fires, or a window of processing time ends.
    fn on_processing_time(
        &self,
        time: ProcessingTime,
        window: &W,
        state: &mut Self::State,
        context: &mut TriggerContext<'_>,
    ) -> Result<TriggerResult> {
        let _ = (time, window, state, context);
        Ok(TriggerResult::Continue)
    }

    /// Whether it can serve windows that merge.
    fn can_merge(&self) -> bool {
        false
    }

    /// Windows have become one. `state` is that of the new window, still the default; `merged` are those of
    /// the windows that are no more, whose timers are gone too.
    fn on_merge(
        &self,
        window: &W,
        state: &mut Self::State,
        merged: Vec<Self::State>,
        context: &mut TriggerContext<'_>,
    ) -> Result<()> {
        let _ = (window, state, merged, context);
        Ok(())
    }

    /// The window is gone: timers that were set for it should be deleted.
    fn clear(&self, window: &W, state: &mut Self::State, context: &mut TriggerContext<'_>) -> Result<()> {
        let _ = (window, state, context);
        Ok(())
    }

    /// By which time windows end that it fires when they do, once per late element afterwards, and never
    /// otherwise; `None` if it does anything else. Windows that end by the other time it may fire whenever.
    #[doc(hidden)]
    fn fires_at_the_end_alone(&self) -> Option<TimeDomain> {
        None
    }
}

/// What a trigger knows and can do. Flink's `TriggerContext`.
pub struct TriggerContext<'a> {
    pub(crate) row: RowId,
    pub(crate) event: &'a mut TimerQueue,
    pub(crate) processing: &'a mut TimerQueue,
    pub(crate) holds: &'a mut RowHolds,
    /// The timer that was set last: set again and again, it costs a comparison.
    pub(crate) last: &'a mut i64,
    pub(crate) last_domain: &'a mut TimeDomain,
    /// The timer of event time that is firing, and so is set no more.
    pub(crate) fired: Option<i64>,
    /// The timer that ends the window, and is the trigger's own too if that sets one of the same time.
    pub(crate) end: Option<i64>,
    pub(crate) ends_by: TimeDomain,
    /// Whether the trigger is to be called when that timer fires: not if it has deleted its own, as in Flink. The
    /// window ends all the same, which in Flink it does not.
    pub(crate) ends: &'a mut bool,
    pub(crate) operator: &'a mut OperatorContext,
    pub(crate) now: ProcessingTime,
}

/// No timer was set.
pub(crate) const NO_TIMER: i64 = i64::MIN;

impl TriggerContext<'_> {
    /// The watermark over all inputs.
    #[inline]
    pub fn current_watermark(&self) -> Watermark {
        self.operator.current_watermark()
    }

    /// The wall clock, as it was when the batch at hand came.
    #[inline]
    pub fn current_processing_time(&self) -> ProcessingTime {
        self.now
    }

    /// Sets a timer for the window.
    #[inline]
    pub fn register_event_time_timer(&mut self, time: EventTime) {
        let time = time.as_millis();
        if self.is_new(TimeDomain::EventTime, time) && !self.operator.timers_are_over() {
            self.event.set(RowTimer::new(time, self.row, 0), self.holds);
        }
    }

    /// Sets a timer for the window.
    #[inline]
    pub fn register_processing_time_timer(&mut self, time: ProcessingTime) {
        if self.is_new(TimeDomain::ProcessingTime, time.as_millis()) && !self.operator.timers_are_over() {
            self.processing.set(RowTimer::new(time.as_millis(), self.row, 0), self.holds);
            self.operator.wake_for_timer(time);
        }
    }

    /// Takes a timer down as the last one. Whether it was not.
    #[inline]
    fn is_new(&mut self, domain: TimeDomain, time: i64) -> bool {
        let is_new = *self.last != time || *self.last_domain != domain || time == NO_TIMER;
        if is_new {
            (*self.last, *self.last_domain) = (time, domain);
            *self.ends |= self.is_end(domain, time);
        }
        is_new
    }

    /// Deletes a timer of the window, if it is set.
    pub fn delete_event_time_timer(&mut self, time: EventTime) {
        let time = time.as_millis();
        if !self.takes_back(TimeDomain::EventTime, time) && self.fired != Some(time) {
            self.event.delete(RowTimer::new(time, self.row, 0), self.holds);
        }
    }

    /// Deletes a timer of the window, if it is set.
    pub fn delete_processing_time_timer(&mut self, time: ProcessingTime) {
        let time = time.as_millis();
        if !self.takes_back(TimeDomain::ProcessingTime, time) {
            self.processing.delete(RowTimer::new(time, self.row, 0), self.holds);
        }
    }

    /// Forgets a timer. Whether it is the one that ends the window: then it stays, but is not the trigger's.
    fn takes_back(&mut self, domain: TimeDomain, time: i64) -> bool {
        if (*self.last, *self.last_domain) == (time, domain) {
            *self.last = NO_TIMER;
        }
        let is_end = self.is_end(domain, time);
        *self.ends &= !is_end;
        is_end
    }

    /// Whether this is the timer that ends the window.
    #[inline]
    fn is_end(&self, domain: TimeDomain, time: i64) -> bool {
        self.ends_by == domain && self.end == Some(time)
    }
}
