//! The engine's trigger for what a windowing of the oracle says.
use std::time::Duration;

use hurtig::prelude::{
    ContinuousEventTimeTrigger, ContinuousProcessingTimeTrigger, CountTrigger, DeltaTrigger,
    EndOfStreamTrigger, EventTime, EventTimeTrigger, NeverTrigger, ProcessingTimeTrigger,
    ProcessingTimeoutTrigger, PurgingTrigger, Result, TimeDomain, Trigger, TriggerContext, TriggerResult,
    TypeInformation, Window,
};

use super::super::trigger::Trigger as Said;
use super::item::Item;

/// Any of the engine's triggers, so that one instance of the operator serves all.
#[derive(Clone)]
pub enum AnyTrigger {
    EventTime(EventTimeTrigger),
    ProcessingTime(ProcessingTimeTrigger),
    Count(CountTrigger),
    Delta(DeltaTrigger<Item, fn(&Item, &Item) -> f64>),
    ContinuousEventTime(ContinuousEventTimeTrigger),
    ContinuousProcessingTime(ContinuousProcessingTimeTrigger),
    Timeout(Box<ProcessingTimeoutTrigger<AnyTrigger>>),
    Purging(Box<PurgingTrigger<AnyTrigger>>),
    Never(NeverTrigger),
    EndOfStream(EndOfStreamTrigger),
}

/// What any trigger remembers: of each kind its own, so that it is the default when that is.
#[derive(Clone, Debug, Default, PartialEq, TypeInformation)]
pub struct AnyState {
    count: u64,
    next: Option<i64>,
    last: Option<Item>,
    timeout: Option<i64>,
}

impl AnyTrigger {
    pub fn of(trigger: &Said) -> AnyTrigger {
        let millis = |millis: i64| Duration::from_millis(millis.unsigned_abs());
        match trigger {
            Said::EventTime => AnyTrigger::EventTime(EventTimeTrigger),
            Said::ProcessingTime => AnyTrigger::ProcessingTime(ProcessingTimeTrigger),
            Said::Count(count) => AnyTrigger::Count(CountTrigger::of(count.unsigned_abs())),
            Said::Delta(threshold) => AnyTrigger::Delta(DeltaTrigger::of(*threshold as f64, Item::distance)),
            Said::ContinuousEventTime(interval) => {
                AnyTrigger::ContinuousEventTime(ContinuousEventTimeTrigger::of(millis(*interval)))
            }
            Said::ContinuousProcessingTime(interval) => {
                AnyTrigger::ContinuousProcessingTime(ContinuousProcessingTimeTrigger::of(millis(*interval)))
            }
            Said::ProcessingTimeout {
                nested,
                timeout,
                reset_timer_on_new_record,
                should_clear_on_timeout,
            } => {
                assert!(!has_timeout(nested), "the states of one in another would be one");
                let trigger = ProcessingTimeoutTrigger::of(AnyTrigger::of(nested), millis(*timeout))
                    .reset_timer_on_new_record(*reset_timer_on_new_record)
                    .should_clear_on_timeout(*should_clear_on_timeout);
                AnyTrigger::Timeout(Box::new(trigger))
            }
            Said::Purging(nested) => {
                AnyTrigger::Purging(Box::new(PurgingTrigger::of(AnyTrigger::of(nested))))
            }
            Said::Never => AnyTrigger::Never(NeverTrigger),
            Said::EndOfStream => AnyTrigger::EndOfStream(EndOfStreamTrigger),
        }
    }
}

/// Whether it has a time-out in a time-out. Flink finds the states of triggers by their names, so that there the
/// two overwrite each other's timer, as in the oracle; here each has its own.
pub fn nests_timeouts(trigger: &Said) -> bool {
    match trigger {
        Said::ProcessingTimeout { nested, .. } => has_timeout(nested),
        Said::Purging(nested) => nests_timeouts(nested),
        _ => false,
    }
}

fn has_timeout(trigger: &Said) -> bool {
    match trigger {
        Said::ProcessingTimeout { .. } => true,
        Said::Purging(nested) => has_timeout(nested),
        _ => false,
    }
}

/// Does the same with whatever trigger it is and its part of the state.
macro_rules! with_trigger {
    ($any:ident, $state:ident, |$trigger:ident, $own:ident| $call:expr) => {
        match $any {
            AnyTrigger::EventTime($trigger) => with_trigger!($own, &mut (), $call),
            AnyTrigger::ProcessingTime($trigger) => with_trigger!($own, &mut (), $call),
            AnyTrigger::Count($trigger) => with_trigger!($own, &mut $state.count, $call),
            AnyTrigger::Delta($trigger) => with_trigger!($own, &mut $state.last, $call),
            AnyTrigger::ContinuousEventTime($trigger) => with_trigger!($own, &mut $state.next, $call),
            AnyTrigger::ContinuousProcessingTime($trigger) => with_trigger!($own, &mut $state.next, $call),
            AnyTrigger::Timeout($trigger) => {
                let $trigger = $trigger.as_ref();
                let mut all = ($state.timeout.take(), std::mem::take($state));
                let result = with_trigger!($own, &mut all, $call);
                *$state = AnyState { timeout: all.0, ..all.1 };
                result
            }
            AnyTrigger::Purging($trigger) => {
                let $trigger = $trigger.as_ref();
                with_trigger!($own, $state, $call)
            }
            AnyTrigger::Never($trigger) => with_trigger!($own, &mut (), $call),
            AnyTrigger::EndOfStream($trigger) => with_trigger!($own, &mut (), $call),
        }
    };
    ($own:ident, $state:expr, $call:expr) => {{
        let $own = $state;
        $call
    }};
}

impl<W: Window> Trigger<Item, W> for AnyTrigger {
    type State = AnyState;

    fn on_element(
        &self,
        element: &Item,
        timestamp: Option<EventTime>,
        window: &W,
        state: &mut AnyState,
        context: &mut TriggerContext<'_>,
    ) -> Result<TriggerResult> {
        with_trigger!(self, state, |trigger, own| trigger
            .on_element(element, timestamp, window, own, context))
    }

    fn on_event_time(
        &self,
        time: EventTime,
        window: &W,
        state: &mut AnyState,
        context: &mut TriggerContext<'_>,
    ) -> Result<TriggerResult> {
        with_trigger!(self, state, |trigger, own| Trigger::<Item, W>::on_event_time(
            trigger, time, window, own, context
        ))
    }

    fn on_processing_time(
        &self,
        time: hurtig::ProcessingTime,
        window: &W,
        state: &mut AnyState,
        context: &mut TriggerContext<'_>,
    ) -> Result<TriggerResult> {
        with_trigger!(self, state, |trigger, own| Trigger::<Item, W>::on_processing_time(
            trigger, time, window, own, context
        ))
    }

    fn can_merge(&self) -> bool {
        let state = &mut AnyState::default();
        with_trigger!(self, state, |trigger, _own| Trigger::<Item, W>::can_merge(trigger))
    }

    fn on_merge(
        &self,
        window: &W,
        state: &mut AnyState,
        merged: Vec<AnyState>,
        context: &mut TriggerContext<'_>,
    ) -> Result<()> {
        match self {
            AnyTrigger::EventTime(trigger) => {
                let merged = vec![(); merged.len()];
                Trigger::<Item, W>::on_merge(trigger, window, &mut (), merged, context)
            }
            AnyTrigger::ProcessingTime(trigger) => {
                let merged = vec![(); merged.len()];
                Trigger::<Item, W>::on_merge(trigger, window, &mut (), merged, context)
            }
            AnyTrigger::Count(trigger) => {
                let merged = merged.iter().map(|merged| merged.count).collect();
                Trigger::<Item, W>::on_merge(trigger, window, &mut state.count, merged, context)
            }
            AnyTrigger::ContinuousEventTime(trigger) => {
                let merged = merged.iter().map(|merged| merged.next).collect();
                Trigger::<Item, W>::on_merge(trigger, window, &mut state.next, merged, context)
            }
            AnyTrigger::ContinuousProcessingTime(trigger) => {
                let merged = merged.iter().map(|merged| merged.next).collect();
                Trigger::<Item, W>::on_merge(trigger, window, &mut state.next, merged, context)
            }
            AnyTrigger::Purging(trigger) => {
                Trigger::<Item, W>::on_merge(trigger.as_ref(), window, state, merged, context)
            }
            AnyTrigger::Delta(_)
            | AnyTrigger::Timeout(_)
            | AnyTrigger::Never(_)
            | AnyTrigger::EndOfStream(_) => panic!("it is not made for windows that merge"),
        }
    }

    fn clear(&self, window: &W, state: &mut AnyState, context: &mut TriggerContext<'_>) -> Result<()> {
        with_trigger!(self, state, |trigger, own| Trigger::<Item, W>::clear(trigger, window, own, context))
    }

    fn fires_at_the_end_alone(&self) -> Option<TimeDomain> {
        let state = &mut AnyState::default();
        with_trigger!(self, state, |trigger, _own| Trigger::<Item, W>::fires_at_the_end_alone(trigger))
    }
}
