//! What a function on a keyed stream is called with.

use hurtig_core::{EventTime, Key, ProcessingTime, Result, TypeInformation, Watermark};
use hurtig_state::keyed::KeyedStates;
use hurtig_state::operator_state::{OperatorStateAccess, OperatorStates};
use hurtig_state::timers::{RowTimer, TimeDomain};
use hurtig_state::ttl::StateTime;
use hurtig_state::{RowId, StateAccess, StateStore};

use crate::context::OperatorContext;
use crate::output::{Collector, Output, SideOutputs};
use crate::process::OutputTag;

/// The record or timer at hand: its key, its time, the key's state and timers, and where results go.
pub struct KeyedContext<'a, K, O> {
    states: &'a mut KeyedStates<K>,
    collector: Collector<'a, O>,
    sides: SideOutputs<'a>,
    operator: &'a mut OperatorContext,
    row: RowId,
    hash: u64,
    /// The key at hand while it has no row.
    pending: Option<K>,
    timestamp: Option<EventTime>,
    domain: TimeDomain,
}

impl<'a, K: Key, O: TypeInformation> KeyedContext<'a, K, O> {
    /// A context before any record.
    pub(crate) fn new(
        states: &'a mut KeyedStates<K>,
        output: &'a mut Output,
        operator: &'a mut OperatorContext,
        now: ProcessingTime,
    ) -> Result<Self> {
        let (collector, sides) = output.split()?;
        let watermark = operator.current_watermark();
        states.store.time = StateTime { processing: now, event: watermark.0, watermark };
        Ok(KeyedContext {
            states,
            collector,
            sides,
            operator,
            row: RowId::NONE,
            hash: 0,
            pending: None,
            timestamp: None,
            domain: TimeDomain::EventTime,
        })
    }

    /// Turns to a record. `key` gives its key, and is asked only if it had no row when it was looked for.
    #[inline]
    pub(crate) fn turn_to(
        &mut self,
        (hash, row): (u64, RowId),
        timestamp: Option<EventTime>,
        key: impl FnOnce(&KeyedStates<K>) -> (RowId, Option<K>),
    ) {
        self.hash = hash;
        self.row = row;
        self.turn_to_time(timestamp);
        if !row.is_some() {
            (self.row, self.pending) = key(self.states);
        }
    }

    /// Turns to a record that has no key.
    pub(crate) fn turn_to_no_key(&mut self, timestamp: Option<EventTime>) {
        self.row = RowId::NONE;
        self.pending = None;
        self.turn_to_time(timestamp);
    }

    /// Turns to a key that has a row, at the time of the record at hand.
    pub(crate) fn turn_to_row(&mut self, row: RowId) {
        self.row = row;
    }

    #[inline]
    fn turn_to_time(&mut self, timestamp: Option<EventTime>) {
        self.timestamp = timestamp;
        self.states.store.time.event = match timestamp {
            Some(time) if time != EventTime::MIN => time,
            _ => self.states.store.time.watermark.0,
        };
    }

    /// Turns to a timer.
    #[inline]
    pub(crate) fn turn_to_timer(&mut self, timer: RowTimer, domain: TimeDomain) {
        self.row = timer.row;
        self.domain = domain;
        self.timestamp = match domain {
            TimeDomain::EventTime => Some(EventTime::from_millis(timer.time)),
            TimeDomain::ProcessingTime => None,
        };
        self.states.store.time.event = self.timestamp.unwrap_or(self.states.store.time.watermark.0);
    }

    /// A timer is over, and holds its key no more.
    #[inline]
    pub(crate) fn done_with(&mut self, timer: RowTimer) {
        self.states.store.holds.release(timer.row);
    }

    pub(crate) fn states_mut(&mut self) -> &mut KeyedStates<K> {
        self.states
    }

    /// Whether the operator should stop before its next record.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.collector.is_full()
    }

    /// The key at hand.
    pub fn current_key(&self) -> Option<&K> {
        self.states.keys.key(self.row).or(self.pending.as_ref())
    }

    /// The record's event time, or the time of the timer of event time; `None` if the record has none.
    #[inline]
    pub fn timestamp(&self) -> Option<EventTime> {
        self.timestamp
    }

    /// The watermark over all inputs.
    #[inline]
    pub fn current_watermark(&self) -> Watermark {
        self.states.store.time.watermark
    }

    /// Whether the record is behind the watermark: no window waits for it any more.
    pub fn is_late(&self) -> bool {
        self.timestamp.is_some_and(|time| time <= self.current_watermark().0)
    }

    /// The wall clock.
    pub fn current_processing_time(&self) -> ProcessingTime {
        self.operator.host.processing_time()
    }

    /// Which clock the timer at hand belongs to. Flink's `timeDomain`.
    pub fn time_domain(&self) -> TimeDomain {
        self.domain
    }

    /// Puts a record out, with the timestamp of the record or timer at hand.
    #[inline]
    pub fn collect(&mut self, value: O) {
        self.collector.collect(value, self.timestamp);
    }

    /// Puts a record into a side output. Dropped if nobody reads it.
    pub fn output<S: TypeInformation>(&mut self, tag: &OutputTag<S>, value: S) -> Result<()> {
        self.sides.collect(tag.name(), value, self.timestamp)?;
        Ok(())
    }

    /// Sets a timer: the function is called for this key when the watermark has reached `time`. A timer that is
    /// set already stays one. In a batch it fires at the end of the input; one that is set by then does not.
    #[inline]
    pub fn register_event_time_timer(&mut self, time: EventTime) -> Result<()> {
        if self.operator.timers_are_over() {
            return Ok(());
        }
        let row = self.claim_row()?;
        let timer = RowTimer::new(time.as_millis(), row, 0);
        self.states.event_timers.set(timer, &mut self.states.store.holds);
        Ok(())
    }

    /// Sets a timer: the function is called for this key when the wall clock is past `time`. In a batch it
    /// fires at the end of the input, after those of event time.
    pub fn register_processing_time_timer(&mut self, time: ProcessingTime) -> Result<()> {
        if self.operator.timers_are_over() {
            return Ok(());
        }
        let row = self.claim_row()?;
        let timer = RowTimer::new(time.as_millis(), row, 0);
        self.states.processing_timers.set(timer, &mut self.states.store.holds);
        self.operator.wake_for_timer(time);
        Ok(())
    }

    /// Deletes a timer of the key, if it is set.
    pub fn delete_event_time_timer(&mut self, time: EventTime) -> Result<()> {
        if self.row.is_some() {
            let timer = RowTimer::new(time.as_millis(), self.row, 0);
            self.states.event_timers.delete(timer, &mut self.states.store.holds);
        }
        Ok(())
    }

    /// Deletes a timer of the key, if it is set.
    pub fn delete_processing_time_timer(&mut self, time: ProcessingTime) -> Result<()> {
        if self.row.is_some() {
            let timer = RowTimer::new(time.as_millis(), self.row, 0);
            self.states.processing_timers.delete(timer, &mut self.states.store.holds);
        }
        Ok(())
    }
}

impl<K: Key, O: TypeInformation> StateAccess for KeyedContext<'_, K, O> {
    #[inline]
    fn row(&self) -> RowId {
        self.row
    }

    #[inline]
    fn claim_row(&mut self) -> Result<RowId> {
        if !self.row.is_some()
            && let Some(key) = &self.pending
        {
            self.row = self.states.claim(self.hash, key)?;
        }
        Ok(self.row)
    }

    #[inline]
    fn states(&mut self) -> &mut StateStore {
        &mut self.states.store
    }
}

impl<K: Key, O: TypeInformation> OperatorStateAccess for KeyedContext<'_, K, O> {
    fn operator_states(&mut self) -> &mut OperatorStates {
        &mut self.operator.operator_states
    }
}
