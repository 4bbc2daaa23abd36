//! The engine's assigner and evictor for what a windowing of the oracle says.
use std::time::Duration;

use hurtig::ProcessingTime;
use hurtig::operator::window::assigner::{
    DynamicEventTimeSessionWindows, DynamicProcessingTimeSessionWindows, Panes,
};
use hurtig::prelude::{
    CountEvictor, DeltaEvictor, EventTime, EventTimeSessionWindows, EventTimeTrigger, Evictor,
    EvictorContext, ProcessingTimeSessionWindows, Result, SlidingEventTimeWindows,
    SlidingProcessingTimeWindows, TimeEvictor, TimeWindow, TimestampedValue, TumblingEventTimeWindows,
    TumblingProcessingTimeWindows, WindowAssigner,
};

use super::super::assigner::{Assigner, Gap};
use super::super::evictor::{Eviction, Evictor as Said, When};
use super::super::timers::TimeDomain;
use super::item::{Item, SaysGap};

/// Any of the engine's assigners of windows of time.
pub enum TimeAssigner<T> {
    Tumbling(TumblingEventTimeWindows),
    TumblingProcessing(TumblingProcessingTimeWindows),
    Sliding(SlidingEventTimeWindows),
    SlidingProcessing(SlidingProcessingTimeWindows),
    Session(EventTimeSessionWindows),
    SessionProcessing(ProcessingTimeSessionWindows),
    Dynamic(DynamicEventTimeSessionWindows<T, fn(&T) -> Duration>),
    DynamicProcessing(DynamicProcessingTimeSessionWindows<T, fn(&T) -> Duration>),
}

/// Does the same with whatever assigner it is.
macro_rules! with_assigner {
    ($any:expr, |$assigner:ident| $call:expr) => {
        match $any {
            TimeAssigner::Tumbling($assigner) => $call,
            TimeAssigner::TumblingProcessing($assigner) => $call,
            TimeAssigner::Sliding($assigner) => $call,
            TimeAssigner::SlidingProcessing($assigner) => $call,
            TimeAssigner::Session($assigner) => $call,
            TimeAssigner::SessionProcessing($assigner) => $call,
            TimeAssigner::Dynamic($assigner) => $call,
            TimeAssigner::DynamicProcessing($assigner) => $call,
        }
    };
}

impl<T: SaysGap + 'static> TimeAssigner<T> {
    /// That of a windowing which is not global.
    pub fn of(assigner: Assigner) -> TimeAssigner<T> {
        use TimeDomain::{EventTime as Event, ProcessingTime as Processing};
        let millis = |millis: i64| Duration::from_millis(millis.unsigned_abs());
        // An offset to the left is one to the right that is less than a whole step.
        let right = |offset: i64, step: i64| millis(offset.rem_euclid(step));
        match assigner {
            Assigner::Tumbling { domain: Event, size, offset } => TimeAssigner::Tumbling(
                TumblingEventTimeWindows::with_offset(millis(size), right(offset, size)),
            ),
            Assigner::Tumbling { domain: Processing, size, offset } => TimeAssigner::TumblingProcessing(
                TumblingProcessingTimeWindows::with_offset(millis(size), right(offset, size)),
            ),
            Assigner::Sliding { domain: Event, size, slide, offset } => {
                let offset = right(offset, slide);
                TimeAssigner::Sliding(SlidingEventTimeWindows::with_offset(
                    millis(size),
                    millis(slide),
                    offset,
                ))
            }
            Assigner::Sliding { domain: Processing, size, slide, offset } => {
                let offset = right(offset, slide);
                TimeAssigner::SlidingProcessing(SlidingProcessingTimeWindows::with_offset(
                    millis(size),
                    millis(slide),
                    offset,
                ))
            }
            Assigner::Session { domain: Event, gap: Gap::Static(gap) } => {
                TimeAssigner::Session(EventTimeSessionWindows::with_gap(millis(gap)))
            }
            Assigner::Session { domain: Processing, gap: Gap::Static(gap) } => {
                TimeAssigner::SessionProcessing(ProcessingTimeSessionWindows::with_gap(millis(gap)))
            }
            Assigner::Session { domain: Event, gap: Gap::Dynamic { .. } } => {
                TimeAssigner::Dynamic(EventTimeSessionWindows::with_dynamic_gap(T::gap))
            }
            Assigner::Session { domain: Processing, gap: Gap::Dynamic { .. } } => {
                TimeAssigner::DynamicProcessing(ProcessingTimeSessionWindows::with_dynamic_gap(T::gap))
            }
            Assigner::Global => panic!("a global window is none of time"),
        }
    }
}

impl<T> Clone for TimeAssigner<T> {
    fn clone(&self) -> Self {
        match self {
            TimeAssigner::Tumbling(assigner) => TimeAssigner::Tumbling(*assigner),
            TimeAssigner::TumblingProcessing(assigner) => TimeAssigner::TumblingProcessing(*assigner),
            TimeAssigner::Sliding(assigner) => TimeAssigner::Sliding(*assigner),
            TimeAssigner::SlidingProcessing(assigner) => TimeAssigner::SlidingProcessing(*assigner),
            TimeAssigner::Session(assigner) => TimeAssigner::Session(*assigner),
            TimeAssigner::SessionProcessing(assigner) => TimeAssigner::SessionProcessing(*assigner),
            TimeAssigner::Dynamic(assigner) => TimeAssigner::Dynamic(assigner.clone()),
            TimeAssigner::DynamicProcessing(assigner) => TimeAssigner::DynamicProcessing(assigner.clone()),
        }
    }
}

impl<T: 'static> WindowAssigner<T> for TimeAssigner<T> {
    type Window = TimeWindow;
    type DefaultTrigger = EventTimeTrigger;

    fn default_trigger(&self) -> EventTimeTrigger {
        EventTimeTrigger
    }

    fn is_event_time(&self) -> bool {
        with_assigner!(self, |assigner| WindowAssigner::<T>::is_event_time(assigner))
    }

    fn is_merging(&self) -> bool {
        with_assigner!(self, |assigner| WindowAssigner::<T>::is_merging(assigner))
    }

    fn assign_windows(
        &self,
        element: &T,
        timestamp: Option<EventTime>,
        now: ProcessingTime,
        windows: &mut Vec<TimeWindow>,
    ) -> Result<()> {
        with_assigner!(self, |assigner| assigner.assign_windows(element, timestamp, now, windows))
    }

    fn panes(&self) -> Option<Panes> {
        with_assigner!(self, |assigner| WindowAssigner::<T>::panes(assigner))
    }
}

/// Any of the engine's evictors.
#[derive(Clone)]
pub enum AnyEvictor {
    Count(CountEvictor),
    Delta(DeltaEvictor<fn(&Item, &Item) -> f64>),
    Time(TimeEvictor),
}

impl AnyEvictor {
    pub fn of(Said { eviction, when }: Said) -> AnyEvictor {
        let after = when == When::After;
        match eviction {
            Eviction::Count(count) => {
                let evictor = CountEvictor::of(count);
                AnyEvictor::Count(if after { evictor.after() } else { evictor })
            }
            Eviction::Delta(threshold) => {
                let distance: fn(&Item, &Item) -> f64 = Item::distance;
                let evictor = DeltaEvictor::of(threshold as f64, distance);
                AnyEvictor::Delta(if after { evictor.after() } else { evictor })
            }
            Eviction::Time(length) => {
                let evictor = TimeEvictor::of(Duration::from_millis(length.unsigned_abs()));
                AnyEvictor::Time(if after { evictor.after() } else { evictor })
            }
        }
    }
}

impl<W> Evictor<Item, W> for AnyEvictor {
    fn evict_before(&self, elements: &mut Vec<TimestampedValue<Item>>, window: &W, context: &EvictorContext) {
        match self {
            AnyEvictor::Count(evictor) => evictor.evict_before(elements, window, context),
            AnyEvictor::Delta(evictor) => evictor.evict_before(elements, window, context),
            AnyEvictor::Time(evictor) => evictor.evict_before(elements, window, context),
        }
    }

    fn evict_after(&self, elements: &mut Vec<TimestampedValue<Item>>, window: &W, context: &EvictorContext) {
        match self {
            AnyEvictor::Count(evictor) => evictor.evict_after(elements, window, context),
            AnyEvictor::Delta(evictor) => evictor.evict_after(elements, window, context),
            AnyEvictor::Time(evictor) => evictor.evict_after(elements, window, context),
        }
    }
}
