//! An index of small keys that holds the keys themselves.
//!
//! Like [`Index`](crate::index::Index) it is derived from the rows and spread over 64 shards that grow on their
//! own. A probe compares sixteen places at once and waits for one line of memory.
use hashbrown::HashTable;
use hurtig_core::Key;
use hurtig_core::key::table_slot_hash;

use crate::index::{RowId, shard_of};

const SHARDS: usize = 64;

/// Rows by key, for keys of at most 16 bytes that own no memory.
#[derive(Debug)]
pub struct SmallKeys<K> {
    /// None until the first key comes.
    shards: Vec<HashTable<(K, RowId)>>,
}

impl<K> Default for SmallKeys<K> {
    fn default() -> Self {
        SmallKeys { shards: Vec::new() }
    }
}

impl<K: Key> SmallKeys<K> {
    /// Whether keys of this type are small.
    pub const ARE: bool = !K::HAS_HEAP && size_of::<K>() <= 16;

    /// The row of a key with this hash that `is_it` accepts.
    #[inline]
    pub fn find(&self, hash: u64, mut is_it: impl FnMut(&K) -> bool) -> RowId {
        let spread = table_slot_hash(hash);
        let found = match self.shards.get(shard_of(spread)) {
            Some(shard) => shard.find(spread, |(key, _)| is_it(key)),
            None => None,
        };
        found.map_or(RowId::NONE, |&(_, row)| row)
    }

    /// Adds a key, which must not be there.
    pub fn insert(&mut self, hash: u64, key: K, row: RowId) {
        if self.shards.is_empty() {
            self.shards.resize_with(SHARDS, HashTable::new);
        }
        let spread = table_slot_hash(hash);
        if let Some(shard) = self.shards.get_mut(shard_of(spread)) {
            shard.insert_unique(spread, (key, row), |(key, _)| table_slot_hash(key.key_hash()));
        }
    }

    /// Removes the key of a row.
    pub fn remove(&mut self, hash: u64, row: RowId) {
        let spread = table_slot_hash(hash);
        let Some(shard) = self.shards.get_mut(shard_of(spread)) else { return };
        if let Ok(entry) = shard.find_entry(spread, |&(_, present)| present == row) {
            entry.remove();
        }
        if shard.capacity() > 64 && shard.len() * 8 < shard.capacity() {
            shard.shrink_to(shard.len() * 2, |(key, _)| table_slot_hash(key.key_hash()));
        }
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        let tables: usize = self.shards.iter().map(HashTable::allocation_size).sum();
        tables + self.shards.capacity() * size_of::<HashTable<(K, RowId)>>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_and_removed_again() {
        let mut keys = SmallKeys::default();
        for key in 0..100_000_u64 {
            keys.insert(key.key_hash(), key, RowId(key as u32));
        }
        for key in 0..100_000_u64 {
            assert_eq!(keys.find(key.key_hash(), |present| *present == key), RowId(key as u32), "{key}");
        }
        assert_eq!(keys.find(200_000_u64.key_hash(), |present| *present == 200_000), RowId::NONE);
        for key in 0..100_000_u64 {
            keys.remove(key.key_hash(), RowId(key as u32));
        }
        assert!(keys.bytes() < 64 * 1024, "{}", keys.bytes());
    }
}
