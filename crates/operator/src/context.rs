//! What an operator knows of its place, and what it can ask the engine for.
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hurtig_connector::{Committable, Host, VersionedBytes};
use hurtig_core::config::{RuntimeExecutionMode, options};
use hurtig_core::ids::{OperatorId, SubtaskIndex};
use hurtig_core::key::{KeyGroupRange, MaxParallelism};
use hurtig_core::{Configuration, Error, ProcessingTime, Result, Watermark};
use hurtig_state::StateStore;
use hurtig_state::operator_state::OperatorStates;

use crate::accumulator::Accumulators;
use crate::metrics::MetricGroup;

/// One per operator and subtask.
pub struct OperatorContext {
    /// The operator.
    pub operator: OperatorId,
    /// Its name.
    pub name: String,
    /// Which subtask.
    pub subtask: SubtaskIndex,
    /// Of how many.
    pub parallelism: u32,
    /// Key groups.
    pub max_parallelism: u32,
    /// Which try of the job.
    pub attempt: u32,
    /// What the user set.
    pub configuration: Arc<Configuration>,
    /// Time, waiting and background I/O.
    pub host: Arc<dyn Host>,
    /// The operator's metrics.
    pub metrics: MetricGroup,
    /// The accumulators that come back with the job's result.
    pub accumulators: Accumulators,
    /// The state of the subtask itself.
    pub operator_states: OperatorStates,
    /// The states of keys while functions register them.
    keyed: Option<StateStore>,
    batch: bool,
    watermark: Watermark,
    wake_at: Option<ProcessingTime>,
    events: Vec<OperatorEvent>,
}

/// A word from an operator to the jobmaster.
#[derive(Debug)]
pub enum OperatorEvent {
    /// The source reader wants a split.
    RequestSplit,
    /// A word of the source connector's own.
    SourceEvent(VersionedBytes),
    /// The source's watermark, for alignment.
    ReportWatermark(Watermark),
    /// Something to commit.
    Committables(Vec<Committable>),
}

/// What [`OperatorContext::new`] is made from.
#[derive(Clone)]
pub struct OperatorPlace {
    /// The operator.
    pub operator: OperatorId,
    /// Its name.
    pub name: String,
    /// Which subtask.
    pub subtask: SubtaskIndex,
    /// Of how many.
    pub parallelism: u32,
    /// Key groups.
    pub max_parallelism: u32,
    /// Which try of the job.
    pub attempt: u32,
}

impl OperatorContext {
    /// A context at the start of time.
    pub fn new(
        place: OperatorPlace,
        configuration: Arc<Configuration>,
        host: Arc<dyn Host>,
        metrics: MetricGroup,
    ) -> Self {
        let mode = configuration.get(&options::RUNTIME_MODE);
        OperatorContext {
            operator: place.operator,
            name: place.name,
            subtask: place.subtask,
            parallelism: place.parallelism,
            max_parallelism: place.max_parallelism,
            attempt: place.attempt,
            configuration,
            host,
            metrics,
            accumulators: Accumulators::default(),
            operator_states: OperatorStates::default(),
            keyed: None,
            batch: matches!(mode, Ok(RuntimeExecutionMode::Batch)),
            watermark: Watermark::MIN,
            wake_at: None,
            events: Vec::new(),
        }
    }

    /// How messages name it: `operator 'Map' (2/4)`.
    pub fn place(&self) -> String {
        format!("operator '{}' ({}/{})", self.name, self.subtask.0 + 1, self.parallelism)
    }

    /// The key groups that are this subtask's.
    pub fn key_group_range(&self) -> Result<KeyGroupRange> {
        let max = MaxParallelism::new(self.max_parallelism)?;
        Ok(KeyGroupRange::of_subtask(max, self.parallelism, self.subtask))
    }

    /// Calls `open`, in which functions may register states of keys, and gives these.
    pub fn open_keyed(&mut self, open: impl FnOnce(&mut Self) -> Result<()>) -> Result<StateStore> {
        self.keyed = Some(StateStore::default());
        let opened = open(self);
        let states = self.keyed.take().unwrap_or_default();
        opened.map(|()| states)
    }

    /// Where states of keys are registered. A mistake outside of `open` and in operators without keys.
    pub fn keyed_states(&mut self) -> Result<&mut StateStore> {
        self.keyed.as_mut().ok_or_else(|| {
            Error::user("keyed state can be registered only in `open` of a function on a keyed stream")
        })
    }

    /// The watermark over all inputs.
    pub fn current_watermark(&self) -> Watermark {
        self.watermark
    }

    /// Called by the task when the watermark has advanced, before the operator hears of it.
    pub fn advance_watermark(&mut self, watermark: Watermark) {
        self.watermark = self.watermark.max(watermark);
    }

    /// Asks for one call of [`Operator::processing_time`](crate::Operator::processing_time) at `at` or soon
    /// after. The earliest wish counts; after the call there is none.
    pub fn wake_at(&mut self, at: ProcessingTime) {
        self.wake_at = Some(self.wake_at.map_or(at, |present| present.min(at)));
    }

    /// When the operator wants to be woken.
    pub fn wanted_wake(&self) -> Option<ProcessingTime> {
        self.wake_at
    }

    /// Takes the wish away, if its time has come.
    pub fn take_due_wake(&mut self, now: ProcessingTime) -> bool {
        match self.wake_at {
            Some(at) if at <= now => {
                self.wake_at = None;
                true
            }
            _ => false,
        }
    }

    /// Whether the program runs as a batch: the only watermark is the last one, behind all records, and time
    /// stands still until then.
    #[inline]
    pub fn is_batch(&self) -> bool {
        self.batch
    }

    /// Whether it is the end of a batch, at which all timers fire: none that is set now does.
    #[inline]
    pub fn timers_are_over(&self) -> bool {
        self.batch && self.watermark == Watermark::MAX
    }

    /// As [`wake_at`](Self::wake_at), for a timer of processing time, which in a batch waits for the end.
    #[inline]
    pub fn wake_for_timer(&mut self, time: ProcessingTime) {
        if !self.batch {
            // It fires when its time is over, as a watermark says that it is.
            self.wake_at(time + Duration::from_millis(1));
        }
    }

    /// Timers of processing time up to this one, in milliseconds, are due when the clock shows `now`; in a batch
    /// none is before the end, and then all are.
    pub fn due_by(&self, now: ProcessingTime) -> i64 {
        match (self.batch, self.watermark) {
            (false, _) => now.as_millis().saturating_sub(1),
            (true, Watermark::MAX) => i64::MAX,
            (true, _) => i64::MIN,
        }
    }

    /// Sends a word to the jobmaster, once the current call is over.
    pub fn send(&mut self, event: OperatorEvent) {
        self.events.push(event);
    }

    /// Takes what was sent.
    pub fn take_events(&mut self) -> Vec<OperatorEvent> {
        std::mem::take(&mut self.events)
    }

    /// Whether something was sent.
    pub fn has_events(&self) -> bool {
        !self.events.is_empty()
    }
}

impl fmt::Debug for OperatorContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}/{})", self.name, self.subtask.0 + 1, self.parallelism)
    }
}
