//! The keys of one subtask, each with a row: what its states lie at in their columns.
//!
//! A key is looked for once, a batch of them at a time, so that the machine waits for many lines of memory at
//! once; all states of the key are then found by its row, without a hash.
use hurtig_core::{Error, Key, Result};

use crate::index::{Index, RowId};
use crate::segments::{Segments, Stored};
use crate::slab::{FrozenSlab, Slab};
use crate::small_keys::SmallKeys;

/// A key in its row.
#[derive(Clone, Debug)]
pub struct KeyCell<K>(pub K);

impl<K: Key> Stored for KeyCell<K> {
    const DEEP: bool = K::HAS_HEAP;
}

/// Rows by key.
#[derive(Debug)]
pub struct RowTable<K> {
    keys: Slab<KeyCell<K>>,
    /// By hash, where keys are large or own memory.
    index: Index,
    /// By hash with a copy of the key, where keys are small: one line of memory less to wait for.
    small: SmallKeys<K>,
}

impl<K> Default for RowTable<K> {
    fn default() -> Self {
        RowTable { keys: Slab::default(), index: Index::default(), small: SmallKeys::default() }
    }
}

impl<K: Key> RowTable<K> {
    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The row of a key with this hash that `is_it` accepts.
    #[inline]
    pub fn find(&self, hash: u64, mut is_it: impl FnMut(&K) -> bool) -> RowId {
        if SmallKeys::<K>::ARE {
            return self.small.find(hash, is_it);
        }
        self.index.find(hash, |row| self.key(row).is_some_and(&mut is_it))
    }

    /// Replaces `rows` by the row of each of many keys, [`RowId::NONE`] where there is none. `is_it` gets a
    /// key's position and a key that may be the same.
    #[inline]
    pub fn find_all(&self, hashes: &[u64], mut is_it: impl FnMut(usize, &K) -> bool, rows: &mut Vec<RowId>) {
        rows.clear();
        if SmallKeys::<K>::ARE {
            let find = |(position, &hash): (usize, &u64)| self.small.find(hash, |key| is_it(position, key));
            rows.extend(hashes.iter().enumerate().map(find));
            return;
        }
        // Loops of loads that do not wait for each other: the misses of each overlap.
        rows.extend(hashes.iter().map(|&hash| self.index.candidate(hash)));
        for (position, (row, &hash)) in rows.iter_mut().zip(hashes).enumerate() {
            if let Some(key) = self.key(*row)
                && !is_it(position, key)
            {
                *row = self.find(hash, |key| is_it(position, key));
            }
        }
    }

    /// The key of a row.
    #[inline]
    pub fn key(&self, row: RowId) -> Option<&K> {
        self.keys.get(row.0).map(|cell| &cell.0)
    }

    /// Adds a key, which must not be there.
    pub fn insert(&mut self, hash: u64, key: K) -> Result<RowId> {
        let copy = SmallKeys::<K>::ARE.then(|| key.clone());
        let row = self.keys.insert(KeyCell(key)).map(RowId);
        let row =
            row.ok_or_else(|| Error::user("a subtask holds 4 294 967 295 keys: raise the parallelism"))?;
        match copy {
            Some(key) => self.small.insert(hash, key, row),
            None => self.index.insert(hash, row),
        }
        Ok(row)
    }

    /// Removes the key of a row.
    pub fn remove(&mut self, row: RowId) -> Option<K> {
        let KeyCell(key) = self.keys.remove(row.0)?;
        if SmallKeys::<K>::ARE {
            self.small.remove(key.key_hash(), row);
        } else {
            self.index.remove(key.key_hash(), row);
        }
        Some(key)
    }

    /// All keys with their rows.
    pub fn iter(&self) -> impl Iterator<Item = (RowId, &K)> {
        self.keys.iter().map(|(row, cell)| (RowId(row), &cell.0))
    }

    /// Bytes of keys and index, without what keys own elsewhere.
    pub fn bytes(&self) -> usize {
        self.keys.bytes() + self.index.bytes() + self.small.bytes()
    }

    /// The keys as they are now.
    pub fn freeze(&mut self) -> FrozenSlab<KeyCell<K>> {
        self.keys.freeze()
    }
}

/// How many things hold a row: its states' values and its timers. A row that nothing holds is given up.
#[derive(Debug, Default)]
pub struct RowHolds {
    counts: Segments<u32>,
    released: Vec<RowId>,
}

impl RowHolds {
    /// One more thing holds the row.
    #[inline]
    pub fn hold(&mut self, row: RowId) {
        if row.place() >= self.counts.len() {
            self.counts.grow(row.place() + 1, &0);
        }
        if let Some(count) = self.counts.get_mut(row.place()) {
            *count += 1;
        }
    }

    /// One thing less holds the row.
    #[inline]
    pub fn release(&mut self, row: RowId) {
        if let Some(count) = self.counts.get_mut(row.place()) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.released.push(row);
            }
        }
    }

    /// A row that may be held by nothing yet, to be looked at again.
    pub fn doubt(&mut self, row: RowId) {
        self.released.push(row);
    }

    /// Whether some rows may be held by nothing.
    #[inline]
    pub fn has_released(&self) -> bool {
        !self.released.is_empty()
    }

    /// Calls `give_up` with each row that nothing holds any more, once.
    pub fn give_up(&mut self, mut give_up: impl FnMut(RowId)) {
        self.released.sort_unstable();
        self.released.dedup();
        for row in std::mem::take(&mut self.released) {
            if self.counts.get(row.place()).is_none_or(|&count| count == 0) {
                give_up(row);
            }
        }
    }

    /// How many things hold the row.
    pub fn count(&self, row: RowId) -> u32 {
        self.counts.get(row.place()).copied().unwrap_or(0)
    }

    /// Forgets all counts: no row is in use.
    pub fn reset(&mut self) {
        *self = RowHolds::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_keys_are_found_at_once() {
        let mut table = RowTable::default();
        let keys: Vec<u64> = (0..10_000).collect();
        for &key in keys.iter().filter(|&key| key % 3 != 0) {
            table.insert(key.key_hash(), key).unwrap();
        }
        let hashes: Vec<u64> = keys.iter().map(Key::key_hash).collect();
        let mut rows = vec![RowId(1)];
        table.find_all(&hashes, |position, key| keys[position] == *key, &mut rows);
        for (&key, &row) in keys.iter().zip(&rows) {
            assert_eq!(table.key(row), (key % 3 != 0).then_some(&key), "{key}");
        }
        let frozen = table.freeze();
        for &row in rows.iter().filter(|row| row.is_some()) {
            let key = table.remove(row).unwrap();
            assert_eq!(frozen.get(row.0).unwrap().0, key);
        }
        assert!(table.is_empty());
        table.find_all(&hashes, |_, _| true, &mut rows);
        assert!(rows.iter().all(|row| !row.is_some()));
    }

    #[test]
    fn a_row_is_given_up_when_nothing_holds_it() {
        let mut holds = RowHolds::default();
        let row = RowId(5);
        holds.hold(row);
        holds.release(row);
        holds.hold(row);
        holds.give_up(|row| panic!("{row:?} is held"));
        holds.release(row);
        holds.doubt(row);
        let mut given_up = Vec::new();
        holds.give_up(|row| given_up.push(row));
        assert_eq!(given_up, [row]);
        assert!(!holds.has_released());
    }
}
