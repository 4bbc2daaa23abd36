//! Firing when an element differs enough from the one that fired last.
use std::marker::PhantomData;

use hurtig_core::{EventTime, Result, TypeInformation};

use crate::window::trigger::{Trigger, TriggerContext, TriggerResult};

/// Fires at an element whose distance from the element that fired last (at first, from the first one) is above
/// a threshold. Flink's `DeltaTrigger`.
pub struct DeltaTrigger<T, F> {
    threshold: f64,
    delta: F,
    types: PhantomData<fn(T)>,
}

impl<T, F> DeltaTrigger<T, F>
where
    F: Fn(&T, &T) -> f64 + Clone + Send + Sync + 'static,
{
    /// Fires where `delta(old, new)` is above `threshold`.
    pub fn of(threshold: f64, delta: F) -> Self {
        DeltaTrigger { threshold, delta, types: PhantomData }
    }
}

impl<T, F: Clone> Clone for DeltaTrigger<T, F> {
    fn clone(&self) -> Self {
        DeltaTrigger { threshold: self.threshold, delta: self.delta.clone(), types: PhantomData }
    }
}

impl<T, W, F> Trigger<T, W> for DeltaTrigger<T, F>
where
    T: TypeInformation + PartialEq,
    F: Fn(&T, &T) -> f64 + Clone + Send + Sync + 'static,
{
    /// The element that fired last.
    type State = Option<T>;

    fn on_element(
        &self,
        element: &T,
        _: Option<EventTime>,
        _: &W,
        last: &mut Option<T>,
        _: &mut TriggerContext<'_>,
    ) -> Result<TriggerResult> {
        match last {
            Some(old) if (self.delta)(old, element) > self.threshold => {
                *last = Some(element.clone());
                Ok(TriggerResult::Fire)
            }
            Some(_) => Ok(TriggerResult::Continue),
            None => {
                *last = Some(element.clone());
                Ok(TriggerResult::Continue)
            }
        }
    }

    fn clear(&self, _: &W, last: &mut Option<T>, _: &mut TriggerContext<'_>) -> Result<()> {
        *last = None;
        Ok(())
    }
}
