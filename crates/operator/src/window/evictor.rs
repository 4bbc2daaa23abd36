//! Evictors: which elements leave a window before or after its function has seen them.
use std::time::Duration;

use hurtig_core::{EventTime, ProcessingTime, Watermark};

/// An element with its event time, if it has one. Flink's `TimestampedValue`.
#[derive(Clone, Debug, PartialEq)]
pub struct TimestampedValue<T> {
    /// The element.
    pub value: T,
    /// Its event time; [`EventTime::MIN`] if it has none.
    pub timestamp: EventTime,
}

/// What an evictor knows.
#[derive(Clone, Copy, Debug)]
pub struct EvictorContext {
    /// The wall clock.
    pub current_processing_time: ProcessingTime,
    /// The watermark over all inputs.
    pub current_watermark: Watermark,
}

/// Takes elements out of a window that fires. Flink's `Evictor`. What it takes out stays out.
pub trait Evictor<T, W>: Clone + Send + Sync + 'static {
    /// Before the function sees the elements.
    fn evict_before(&self, elements: &mut Vec<TimestampedValue<T>>, window: &W, context: &EvictorContext) {
        let _ = (elements, window, context);
    }

    /// After the function has seen the elements.
    fn evict_after(&self, elements: &mut Vec<TimestampedValue<T>>, window: &W, context: &EvictorContext) {
        let _ = (elements, window, context);
    }
}

/// On which side of the function it works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    Before,
    After,
}

/// Keeps the last so many elements. Flink's `CountEvictor`.
#[derive(Clone, Copy, Debug)]
pub struct CountEvictor {
    max_count: usize,
    when: When,
}

impl CountEvictor {
    /// Keeps the last `max_count` elements, before the function.
    pub fn of(max_count: usize) -> Self {
        CountEvictor { max_count, when: When::Before }
    }

    /// Works after the function instead.
    pub fn after(mut self) -> Self {
        self.when = When::After;
        self
    }

    fn evict<T>(&self, elements: &mut Vec<T>) {
        let surplus = elements.len().saturating_sub(self.max_count);
        elements.drain(..surplus);
    }
}

/// Keeps the elements that are not too far from the last one. Flink's `DeltaEvictor`.
#[derive(Clone, Copy, Debug)]
pub struct DeltaEvictor<F> {
    threshold: f64,
    delta: F,
    when: When,
}

impl<F> DeltaEvictor<F> {
    /// Takes out, before the function, each element for which `delta(element, last)` is at or above
    /// `threshold`.
    pub fn of(threshold: f64, delta: F) -> Self {
        DeltaEvictor { threshold, delta, when: When::Before }
    }

    /// Works after the function instead.
    pub fn after(mut self) -> Self {
        self.when = When::After;
        self
    }

    fn evict<T>(&self, elements: &mut Vec<TimestampedValue<T>>)
    where
        F: Fn(&T, &T) -> f64,
    {
        let Some(last) = elements.pop() else { return };
        let far = |element: &T| (self.delta)(element, &last.value) >= self.threshold;
        elements.retain(|element| !far(&element.value));
        if !far(&last.value) {
            elements.push(last);
        }
    }
}

/// Keeps the elements of the last so much event time. Flink's `TimeEvictor`.
#[derive(Clone, Copy, Debug)]
pub struct TimeEvictor {
    window: i64,
    when: When,
}

impl TimeEvictor {
    /// Keeps, before the function, the elements that are less than `length` older than the newest. Nothing is
    /// done where elements have no timestamps.
    pub fn of(length: Duration) -> Self {
        TimeEvictor { window: i64::try_from(length.as_millis()).unwrap_or(i64::MAX), when: When::Before }
    }

    /// Works after the function instead.
    pub fn after(mut self) -> Self {
        self.when = When::After;
        self
    }

    fn evict<T>(&self, elements: &mut Vec<TimestampedValue<T>>) {
        if elements.first().is_none_or(|first| first.timestamp == EventTime::MIN) {
            return;
        }
        let newest = elements.iter().map(|element| element.timestamp.as_millis()).max().unwrap_or(i64::MIN);
        let cutoff = newest.saturating_sub(self.window);
        elements.retain(|element| element.timestamp.as_millis() > cutoff);
    }
}

macro_rules! evictor {
    ([$($generics:tt)*], $name:ty, [$($bounds:tt)*]) => {
        impl<T, W, $($generics)*> Evictor<T, W> for $name
        where
            $($bounds)*
        {
            fn evict_before(&self, elements: &mut Vec<TimestampedValue<T>>, _: &W, _: &EvictorContext) {
                if self.when == When::Before {
                    self.evict(elements);
                }
            }

            fn evict_after(&self, elements: &mut Vec<TimestampedValue<T>>, _: &W, _: &EvictorContext) {
                if self.when == When::After {
                    self.evict(elements);
                }
            }
        }
    };
}
evictor!([], CountEvictor, []);
evictor!([], TimeEvictor, []);
evictor!([F], DeltaEvictor<F>, [F: Fn(&T, &T) -> f64 + Clone + Send + Sync + 'static]);
