//! Firing after so many elements.
use hurtig_core::{EventTime, Result};

use crate::window::trigger::{Trigger, TriggerContext, TriggerResult};

/// Fires at every n-th element. Flink's `CountTrigger`.
#[derive(Clone, Copy, Debug)]
pub struct CountTrigger {
    max_count: u64,
}

impl CountTrigger {
    /// Fires at every `max_count`-th element.
    pub fn of(max_count: u64) -> Self {
        CountTrigger { max_count }
    }
}

impl<T, W> Trigger<T, W> for CountTrigger {
    type State = u64;

    #[inline]
    fn on_element(
        &self,
        _: &T,
        _: Option<EventTime>,
        _: &W,
        count: &mut u64,
        _: &mut TriggerContext<'_>,
    ) -> Result<TriggerResult> {
        *count += 1;
        if *count >= self.max_count {
            *count = 0;
            return Ok(TriggerResult::Fire);
        }
        Ok(TriggerResult::Continue)
    }

    fn can_merge(&self) -> bool {
        true
    }

    fn on_merge(&self, _: &W, count: &mut u64, merged: Vec<u64>, _: &mut TriggerContext<'_>) -> Result<()> {
        *count = merged.into_iter().sum();
        Ok(())
    }

    fn clear(&self, _: &W, count: &mut u64, _: &mut TriggerContext<'_>) -> Result<()> {
        *count = 0;
        Ok(())
    }
}
