//! From a key's hash to the row that may hold it. Derived from the rows, so no part of a snapshot.
//!
//! A place holds 32 bits of the hash beside the row, so that a wrong row is almost never looked at and growing
//! looks at no row. The rows are spread over 64 tables that grow on their own: no pause rehashes everything.
use hashbrown::HashTable;
use hurtig_core::key::table_slot_hash;

/// A row of a table, counted from 0. Rows of removed keys are used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowId(pub u32);

impl RowId {
    /// No row: the key has no state.
    pub const NONE: RowId = RowId(u32::MAX);

    /// Its place in a column.
    #[inline(always)]
    pub const fn place(self) -> usize {
        self.0 as usize
    }

    /// Whether it is one.
    #[inline(always)]
    pub const fn is_some(self) -> bool {
        self.0 != u32::MAX
    }
}

const SHARDS: usize = 64;

/// Rows by the low 32 bits of their keys' hashes.
#[derive(Debug, Default)]
pub struct Index {
    /// None until the first row comes.
    shards: Vec<HashTable<Entry>>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    hash: u32,
    row: RowId,
}

/// The shard that a spread hash belongs to, by bits that neither the places of a table nor its tags are made of.
#[inline(always)]
pub(crate) const fn shard_of(spread: u64) -> usize {
    (spread >> 40) as usize % SHARDS
}

impl Index {
    /// The row with this hash that `is_it` accepts.
    #[inline]
    pub fn find(&self, hash: u64, mut is_it: impl FnMut(RowId) -> bool) -> RowId {
        let (spread, wanted) = (table_slot_hash(hash), hash as u32);
        let found = match self.shards.get(shard_of(spread)) {
            Some(shard) => shard.find(spread, |entry| entry.hash == wanted && is_it(entry.row)),
            None => None,
        };
        found.map_or(RowId::NONE, |entry| entry.row)
    }

    /// The first row with this hash; most likely the wanted one, which the caller must look at.
    #[inline]
    pub fn candidate(&self, hash: u64) -> RowId {
        self.find(hash, |_| true)
    }

    /// Adds a row, which must not be there.
    pub fn insert(&mut self, hash: u64, row: RowId) {
        if self.shards.is_empty() {
            self.shards.resize_with(SHARDS, HashTable::new);
        }
        let spread = table_slot_hash(hash);
        if let Some(shard) = self.shards.get_mut(shard_of(spread)) {
            shard.insert_unique(spread, Entry { hash: hash as u32, row }, respread);
        }
    }

    /// Removes a row that was added with this hash.
    pub fn remove(&mut self, hash: u64, row: RowId) {
        let spread = table_slot_hash(hash);
        let Some(shard) = self.shards.get_mut(shard_of(spread)) else { return };
        if let Ok(entry) = shard.find_entry(spread, |entry| entry.row == row) {
            entry.remove();
        }
        if shard.capacity() > 64 && shard.len() * 8 < shard.capacity() {
            shard.shrink_to(shard.len() * 2, respread);
        }
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        let tables: usize = self.shards.iter().map(HashTable::allocation_size).sum();
        tables + self.shards.capacity() * size_of::<HashTable<Entry>>()
    }
}

fn respread(entry: &Entry) -> u64 {
    table_slot_hash(u64::from(entry.hash))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use hurtig_core::key::hash::mix;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_million_rows_are_found_and_removed_again() {
        let mut index = Index::default();
        (0..1_000_000).for_each(|row| index.insert(mix(row.into()), RowId(row)));
        for row in 0..1_000_000 {
            assert_eq!(index.find(mix(row.into()), |found| found.0 == row), RowId(row));
        }
        assert!(index.bytes() < 20_000_000, "{}", index.bytes());
        (0..1_000_000).for_each(|row| index.remove(mix(row.into()), RowId(row)));
        assert!(index.bytes() < 64 * 1024, "{}", index.bytes());
    }

    proptest! {
        #[test]
        fn it_is_a_map(steps in proptest::collection::vec((0_u64..50, 0_u32..4, any::<bool>()), 0..500)) {
            // Hashes collide often, as there are few.
            let mut index = Index::default();
            let mut model = BTreeMap::new();
            for (hash, row, add) in steps {
                let (hash, row) = (hash % 10 * 0x1_0000_0001 + hash, RowId(hash as u32 * 4 + row));
                if add && model.insert(row, hash).is_none() {
                    index.insert(hash, row);
                } else if !add && model.remove(&row).is_some() {
                    index.remove(hash, row);
                }
                for (&row, &hash) in &model {
                    prop_assert_eq!(index.find(hash, |found| found == row), row);
                }
                prop_assert_eq!(index.find(hash, |_| false), RowId::NONE);
                let live: usize = index.shards.iter().map(HashTable::len).sum();
                prop_assert_eq!(live, model.len());
            }
        }
    }
}
