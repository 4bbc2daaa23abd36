//! Session windows: elements that are nearer to each other than a gap belong together.
use std::marker::PhantomData;
use std::time::Duration;

use hurtig_core::{EventTime, ProcessingTime, Result};

use crate::window::assigner::{WindowAssigner, positive_millis, required};
use crate::window::trigger::{EventTimeTrigger, ProcessingTimeTrigger};
use crate::window::window::TimeWindow;

/// Sessions by event time that end when nothing has come for `gap`.
#[derive(Clone, Copy, Debug)]
pub struct EventTimeSessionWindows {
    gap: Duration,
}

/// Sessions by the wall clock that end when nothing has come for `gap`.
#[derive(Clone, Copy, Debug)]
pub struct ProcessingTimeSessionWindows {
    gap: Duration,
}

/// Sessions by event time whose gap each element says. Flink's `SessionWindowTimeGapExtractor` is a closure here.
pub struct DynamicEventTimeSessionWindows<T, F> {
    gap: F,
    types: PhantomData<fn(T)>,
}

/// Sessions by the wall clock whose gap each element says.
pub struct DynamicProcessingTimeSessionWindows<T, F> {
    gap: F,
    types: PhantomData<fn(T)>,
}

impl EventTimeSessionWindows {
    /// Sessions with this gap, at least a millisecond.
    pub fn with_gap(gap: Duration) -> Self {
        EventTimeSessionWindows { gap }
    }

    /// Sessions whose gap each element says.
    pub fn with_dynamic_gap<T, F>(gap: F) -> DynamicEventTimeSessionWindows<T, F>
    where
        F: Fn(&T) -> Duration + Clone + Send + Sync + 'static,
    {
        DynamicEventTimeSessionWindows { gap, types: PhantomData }
    }
}

impl ProcessingTimeSessionWindows {
    /// Sessions with this gap, at least a millisecond.
    pub fn with_gap(gap: Duration) -> Self {
        ProcessingTimeSessionWindows { gap }
    }

    /// Sessions whose gap each element says.
    pub fn with_dynamic_gap<T, F>(gap: F) -> DynamicProcessingTimeSessionWindows<T, F>
    where
        F: Fn(&T) -> Duration + Clone + Send + Sync + 'static,
    {
        DynamicProcessingTimeSessionWindows { gap, types: PhantomData }
    }
}

impl<T, F: Clone> Clone for DynamicEventTimeSessionWindows<T, F> {
    fn clone(&self) -> Self {
        DynamicEventTimeSessionWindows { gap: self.gap.clone(), types: PhantomData }
    }
}

impl<T, F: Clone> Clone for DynamicProcessingTimeSessionWindows<T, F> {
    fn clone(&self) -> Self {
        DynamicProcessingTimeSessionWindows { gap: self.gap.clone(), types: PhantomData }
    }
}

fn session(start: i64, gap: Duration) -> Result<TimeWindow> {
    let end = start.saturating_add(positive_millis("the gap of a session", gap)?);
    Ok(TimeWindow::new(EventTime::from_millis(start), EventTime::from_millis(end)))
}

macro_rules! session {
    ([$($generics:tt)*], $name:ty, $trigger:ident, $event:literal, $time:expr, $gap:expr, [$($bounds:tt)*]) => {
        impl<T, $($generics)*> WindowAssigner<T> for $name
        where
            $($bounds)*
        {
            type Window = TimeWindow;
            type DefaultTrigger = $trigger;

            fn default_trigger(&self) -> $trigger {
                $trigger
            }

            fn is_event_time(&self) -> bool {
                $event
            }

            fn is_merging(&self) -> bool {
                true
            }

            #[inline]
            fn assign_windows(
                &self,
                element: &T,
                timestamp: Option<EventTime>,
                now: ProcessingTime,
                windows: &mut Vec<TimeWindow>,
            ) -> Result<()> {
                let time: fn(Option<EventTime>, ProcessingTime) -> Result<i64> = $time;
                let gap: fn(&Self, &T) -> Duration = $gap;
                windows.push(session(time(timestamp, now)?, gap(self, element))?);
                Ok(())
            }
        }
    };
}

session!(
    [],
    EventTimeSessionWindows,
    EventTimeTrigger,
    true,
    |timestamp, _| Ok(required(timestamp)?.as_millis()),
    |session, _| session.gap,
    []
);
session!(
    [],
    ProcessingTimeSessionWindows,
    ProcessingTimeTrigger,
    false,
    |_, now| Ok(now.as_millis()),
    |session, _| session.gap,
    []
);
session!([F], DynamicEventTimeSessionWindows<T, F>, EventTimeTrigger, true,
    |timestamp, _| Ok(required(timestamp)?.as_millis()), |session, element| (session.gap)(element),
    [T: 'static, F: Fn(&T) -> Duration + Clone + Send + Sync + 'static]);
session!([F], DynamicProcessingTimeSessionWindows<T, F>, ProcessingTimeTrigger, false,
    |_, now| Ok(now.as_millis()), |session, element| (session.gap)(element),
    [T: 'static, F: Fn(&T) -> Duration + Clone + Send + Sync + 'static]);
