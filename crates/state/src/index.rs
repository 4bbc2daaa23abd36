//! From a key's hash to the row that may hold it. Derived from the rows, so no part of a snapshot.
//!
//! Open addressing with linear probing. A place holds 32 bits of the hash beside the row, so that a wrong row is
//! almost never looked at, growing looks at no row, and what is probed is one line of memory. The places are
//! spread over 64 shards that grow on their own: no pause rehashes everything.

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

const SHARD_BITS: u32 = 6;
const SHARDS: usize = 1 << SHARD_BITS;
const FIRST_BITS: u32 = 3;

/// Rows by the low 32 bits of their keys' hashes.
#[derive(Debug)]
pub struct Index {
    shards: Box<[Shard; SHARDS]>,
}

#[derive(Debug)]
struct Shard {
    /// The hash in the high half, the row in the low half. [`EMPTY`] is no entry.
    places: Vec<u64>,
    /// What a spread hash is shifted by to give a place.
    shift: u32,
    used: u32,
}

const EMPTY: u64 = u64::MAX;

impl Default for Index {
    fn default() -> Self {
        let shard = || Shard { places: Vec::new(), shift: 64 - FIRST_BITS, used: 0 };
        Index { shards: Box::new(std::array::from_fn(|_| shard())) }
    }
}

/// The low 32 bits spread over 64, of which the high ones are used.
#[inline(always)]
const fn spread(hash: u64) -> u64 {
    hurtig_core::key::table_slot_hash(hash)
}

impl Index {
    #[inline(always)]
    fn shard(spread: u64) -> usize {
        (spread >> (64 - SHARD_BITS)) as usize
    }

    /// The row with this hash that `is_it` accepts.
    #[inline]
    pub fn find(&self, hash: u64, mut is_it: impl FnMut(RowId) -> bool) -> RowId {
        let spread = spread(hash);
        let shard = &self.shards[Self::shard(spread)];
        let mask = shard.places.len().wrapping_sub(1);
        let mut place = shard.home(spread);
        let wanted = hash as u32;
        while let Some(&entry) = shard.places.get(place) {
            if entry == EMPTY {
                break;
            }
            if (entry >> 32) as u32 == wanted && is_it(RowId(entry as u32)) {
                return RowId(entry as u32);
            }
            place = (place + 1) & mask;
        }
        RowId::NONE
    }

    /// The first row with this hash; most likely the wanted one, which the caller must look at.
    #[inline]
    pub fn candidate(&self, hash: u64) -> RowId {
        self.find(hash, |_| true)
    }

    /// Adds a row, which must not be there.
    pub fn insert(&mut self, hash: u64, row: RowId) {
        let spread = spread(hash);
        self.shards[Self::shard(spread)].insert(spread, hash, row);
    }

    /// Removes a row that was added with this hash.
    pub fn remove(&mut self, hash: u64, row: RowId) {
        let at = spread(hash);
        self.shards[Self::shard(at)].remove(at, (hash << 32) | u64::from(row.0));
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.shards.iter().map(|shard| shard.places.capacity() * 8 + size_of::<Shard>()).sum()
    }
}

impl Shard {
    /// Where a hash belongs: the bits below those that chose the shard.
    #[inline(always)]
    fn home(&self, spread: u64) -> usize {
        ((spread << SHARD_BITS) >> self.shift) as usize
    }

    fn insert(&mut self, spread: u64, hash: u64, row: RowId) {
        // At most three quarters are used.
        if (self.used as usize + 1) * 4 > self.places.len() * 3 {
            self.resize(true);
        }
        self.put(spread, (hash << 32) | u64::from(row.0));
        self.used += 1;
    }

    #[inline]
    fn put(&mut self, spread: u64, entry: u64) {
        let mask = self.places.len().wrapping_sub(1);
        let mut place = self.home(spread);
        while let Some(present) = self.places.get_mut(place) {
            if *present == EMPTY {
                *present = entry;
                return;
            }
            place = (place + 1) & mask;
        }
    }

    fn resize(&mut self, grow: bool) {
        let bits = match (64 - self.shift, self.places.is_empty()) {
            (bits, true) => bits,
            (bits, false) if grow => bits + 1,
            (bits, false) => bits - 1,
        };
        self.shift = 64 - bits;
        let old = std::mem::replace(&mut self.places, vec![EMPTY; 1 << bits]);
        for entry in old.into_iter().filter(|&entry| entry != EMPTY) {
            self.put(spread(entry >> 32), entry);
        }
    }

    fn remove(&mut self, at: u64, entry: u64) {
        let mask = self.places.len().wrapping_sub(1);
        let mut hole = self.home(at);
        loop {
            match self.places.get(hole) {
                Some(&present) if present == entry => break,
                Some(&present) if present != EMPTY => hole = (hole + 1) & mask,
                _ => return,
            }
        }
        // Entries behind the hole move forward, unless that would put them before their home.
        let mut next = hole;
        loop {
            next = (next + 1) & mask;
            let moved = self.places[next];
            if moved == EMPTY {
                break;
            }
            let home = self.home(spread(moved >> 32));
            if (next.wrapping_sub(home) & mask) >= (next.wrapping_sub(hole) & mask) {
                self.places[hole] = moved;
                hole = next;
            }
        }
        self.places[hole] = EMPTY;
        self.used -= 1;
        if self.used == 0 {
            *self = Shard { places: Vec::new(), shift: 64 - FIRST_BITS, used: 0 };
        } else if self.places.len() > 64 && (self.used as usize) * 8 < self.places.len() {
            self.resize(false);
        }
    }
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
        assert!(index.bytes() < 4096);
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
                let live: u32 = index.shards.iter().map(|shard| shard.used).sum();
                prop_assert_eq!(live as usize, model.len());
            }
        }
    }
}
