//! The one window that holds everything.
use hurtig_core::{EventTime, ProcessingTime, Result};

use crate::window::assigner::WindowAssigner;
use crate::window::trigger::{EndOfStreamTrigger, NeverTrigger, Trigger};
use crate::window::window::GlobalWindow;

/// Puts everything into one window, which fires only when a trigger says so. Flink's `GlobalWindows`.
#[derive(Clone, Copy, Debug)]
pub struct GlobalWindows<G = NeverTrigger> {
    trigger: G,
}

impl GlobalWindows {
    /// A window that never fires: give it a trigger.
    pub fn create() -> GlobalWindows<NeverTrigger> {
        GlobalWindows { trigger: NeverTrigger }
    }

    /// A window that fires when a bounded stream has ended.
    pub fn create_with_end_of_stream_trigger() -> GlobalWindows<EndOfStreamTrigger> {
        GlobalWindows { trigger: EndOfStreamTrigger }
    }
}

impl<T, G: Trigger<T, GlobalWindow>> WindowAssigner<T> for GlobalWindows<G> {
    type Window = GlobalWindow;
    type DefaultTrigger = G;

    fn default_trigger(&self) -> G {
        self.trigger.clone()
    }

    fn is_event_time(&self) -> bool {
        false
    }

    #[inline]
    fn assign_windows(
        &self,
        _: &T,
        _: Option<EventTime>,
        _: ProcessingTime,
        windows: &mut Vec<GlobalWindow>,
    ) -> Result<()> {
        windows.push(GlobalWindow);
        Ok(())
    }

    #[inline]
    fn assign_one(
        &self,
        _: &T,
        _: Option<EventTime>,
        _: ProcessingTime,
        _: &GlobalWindow,
    ) -> Result<Option<GlobalWindow>> {
        Ok(Some(GlobalWindow))
    }
}
