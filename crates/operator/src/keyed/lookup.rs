//! The keys of many records, looked for at once.
use hurtig_core::{Batch, Key, Result, TypeInformation};
use hurtig_state::RowId;
use hurtig_state::keyed::KeyedStates;
use hurtig_state::rows::RowTable;

use crate::route::SelectKey;

/// The states of so few keys are near anyway.
const NEAR: usize = 1 << 14;

/// Hashes and rows of the records at the front of a batch; kept and used again.
#[derive(Debug, Default)]
pub struct Lookup {
    hashes: Vec<u64>,
    rows: Vec<RowId>,
}

impl Lookup {
    /// Finds the rows of up to `count` records and brings their states near. Gives how many it were.
    #[inline]
    pub fn look_up<T: TypeInformation, S: SelectKey<T>>(
        &mut self,
        batch: &Batch,
        count: usize,
        selector: &S,
        states: &KeyedStates<S::Key>,
    ) -> Result<usize> {
        let found = self.look_up_keys::<T, S>(batch, count, selector, &states.keys)?;
        if states.keys.len() > NEAR {
            states.store.touch(&self.rows);
        }
        Ok(found)
    }

    /// Finds the rows of up to `count` records. Gives how many it were.
    #[inline]
    pub fn look_up_keys<T: TypeInformation, S: SelectKey<T>>(
        &mut self,
        batch: &Batch,
        count: usize,
        selector: &S,
        keys: &RowTable<S::Key>,
    ) -> Result<usize> {
        let records = batch.rows::<T>()?;
        let records = records.get(..count.min(records.len())).unwrap_or_default();
        self.hashes.clear();
        self.hashes.extend(records.iter().map(|record| selector.with_key(record, Key::key_hash)));
        let is_it = |position: usize, present: &S::Key| match records.get(position) {
            Some(record) => selector.with_key(record, |key| key.key_eq(present)),
            None => false,
        };
        keys.find_all(&self.hashes, is_it, &mut self.rows);
        Ok(records.len())
    }

    /// As [`look_up`](Self::look_up), and keys that have no row get one.
    pub fn claim<T: TypeInformation, S: SelectKey<T>>(
        &mut self,
        batch: &Batch,
        count: usize,
        selector: &S,
        states: &mut KeyedStates<S::Key>,
    ) -> Result<usize> {
        let found = self.look_up::<T, S>(batch, count, selector, states)?;
        for ((row, &hash), record) in self.rows.iter_mut().zip(&self.hashes).zip(batch.rows::<T>()?) {
            if !row.is_some() {
                *row = selector.with_key(record, |key| states.claim(hash, key))?;
            }
        }
        Ok(found)
    }

    /// Hash and row of the record at `position`.
    #[inline]
    pub fn at(&self, position: usize) -> (u64, RowId) {
        match (self.hashes.get(position), self.rows.get(position)) {
            (Some(&hash), Some(&row)) => (hash, row),
            _ => (0, RowId::NONE),
        }
    }

    /// The rows that were found.
    pub fn rows(&self) -> &[RowId] {
        &self.rows
    }
}
