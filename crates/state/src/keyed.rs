//! Keys, states and timers of one keyed operator's subtask.
use hurtig_core::key::{KeyGroup, MaxParallelism};
use hurtig_core::{Key, Result};

use crate::columns::FrozenColumn;
use crate::handles::KeyedState;
use crate::index::RowId;
use crate::rows::{KeyCell, RowTable};
use crate::slab::FrozenSlab;
use crate::store::{StateInfo, StateStore};
use crate::timers::{FrozenTimers, RowTimer, TimeDomain, TimerQueue};

/// How much a subtask holds for its keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StateSize {
    /// Keys that have state or timers.
    pub keys: usize,
    /// Values, elements of lists, and entries of maps.
    pub entries: usize,
    /// Timers of event time that are set.
    pub event_time_timers: usize,
    /// Timers of processing time that are set.
    pub processing_time_timers: usize,
    /// Bytes of memory, without what keys and values own elsewhere.
    pub bytes: usize,
}

/// The keyed state of a subtask.
pub struct KeyedStates<K> {
    /// The keys that have state or timers.
    pub keys: RowTable<K>,
    /// The states.
    pub store: StateStore,
    /// Timers of event time.
    pub event_timers: TimerQueue,
    /// Timers of processing time.
    pub processing_timers: TimerQueue,
}

impl<K> Default for KeyedStates<K> {
    fn default() -> Self {
        KeyedStates {
            keys: RowTable::default(),
            store: StateStore::default(),
            event_timers: TimerQueue::default(),
            processing_timers: TimerQueue::default(),
        }
    }
}

impl<K: Key> KeyedStates<K> {
    /// Replaces `rows` by the row of each of many keys, [`RowId::NONE`] for those without state, and brings
    /// their states near. `is_it` gets a position and a key that may be that of the record there.
    #[inline]
    pub fn find_all(&self, hashes: &[u64], is_it: impl FnMut(usize, &K) -> bool, rows: &mut Vec<RowId>) {
        self.keys.find_all(hashes, is_it, rows);
        self.store.touch(rows);
    }

    /// The row of a key, which gets one if it has none. A row that then is given nothing to hold is given up
    /// by [`collect`](Self::collect).
    pub fn claim(&mut self, hash: u64, key: &K) -> Result<RowId> {
        let row = self.keys.find(hash, |present| present.key_eq(key));
        if row.is_some() {
            return Ok(row);
        }
        let row = self.keys.insert(hash, key.clone())?;
        self.store.holds.doubt(row);
        Ok(row)
    }

    /// The rows of the keys that have something in a state.
    pub fn rows_with(&self, state: &impl KeyedState) -> Result<Vec<RowId>> {
        let column = self.store.any_column(state.id())?;
        Ok(self.keys.iter().map(|(row, _)| row).filter(|&row| column.holds_row(row)).collect())
    }

    /// The next timer of this clock, if its time has come. It still holds its row.
    #[inline]
    pub fn pop_due(&mut self, domain: TimeDomain, until: i64) -> Option<RowTimer> {
        let timers = match domain {
            TimeDomain::EventTime => &mut self.event_timers,
            TimeDomain::ProcessingTime => &mut self.processing_timers,
        };
        timers.pop_due(until, &mut self.store.holds)
    }

    /// Gives up the rows of keys that have neither state nor timers any more. Rows found before are not valid
    /// afterwards.
    #[inline]
    pub fn collect(&mut self) {
        if self.store.holds.has_released() {
            self.collect_released();
        }
    }

    #[cold]
    fn collect_released(&mut self) {
        let KeyedStates { keys, store, .. } = self;
        store.holds.give_up(|row| {
            keys.remove(row);
        });
        if keys.is_empty() {
            store.reset();
        }
    }

    /// Bytes held, without what keys and values own elsewhere.
    pub fn bytes(&self) -> usize {
        self.keys.bytes() + self.store.bytes() + self.event_timers.bytes() + self.processing_timers.bytes()
    }

    /// How much there is. Looks at every timer.
    pub fn size(&mut self) -> StateSize {
        StateSize {
            keys: self.keys.len(),
            entries: self.store.len(),
            event_time_timers: self.event_timers().len(),
            processing_time_timers: self.processing_timers().len(),
            bytes: self.bytes(),
        }
    }

    /// Timers of event time that are set.
    pub fn event_timers(&mut self) -> Vec<RowTimer> {
        self.event_timers.timers(&mut self.store.holds)
    }

    /// Timers of processing time that are set.
    pub fn processing_timers(&mut self) -> Vec<RowTimer> {
        self.processing_timers.timers(&mut self.store.holds)
    }

    /// All of it as it is now, in O(segments).
    pub fn freeze(&mut self) -> FrozenKeyedStates<K> {
        FrozenKeyedStates {
            event_timers: self.event_timers.freeze(&mut self.store.holds),
            processing_timers: self.processing_timers.freeze(&mut self.store.holds),
            keys: self.keys.freeze(),
            states: self.store.freeze(),
        }
    }
}

/// Keyed state as it was when it was frozen, to be written on any thread.
pub struct FrozenKeyedStates<K> {
    /// The keys by row.
    pub keys: FrozenSlab<KeyCell<K>>,
    /// The states.
    pub states: Vec<(StateInfo, Box<dyn FrozenColumn>)>,
    /// Timers of event time.
    pub event_timers: FrozenTimers,
    /// Timers of processing time.
    pub processing_timers: FrozenTimers,
}

impl<K: Key> FrozenKeyedStates<K> {
    /// The rows of all keys, with the key groups that these belong to, by group.
    pub fn rows_by_key_group(&self, max: MaxParallelism) -> Vec<(KeyGroup, RowId)> {
        let group = |cell: &KeyCell<K>| KeyGroup::of(cell.0.key_hash(), max);
        let mut rows: Vec<_> = self.keys.iter().map(|(row, cell)| (group(cell), RowId(row))).collect();
        rows.sort_unstable();
        rows
    }
}
