//! Entries a row, each found by its own hash: a map of a million entries costs a write no more than one of ten.
use hurtig_core::key::hash::mix;
use hurtig_core::types::codec::write_varint;
use hurtig_core::{Key, TypeInformation};

use crate::columns::{FrozenColumn, Stamp, StateColumn, set_stamp};
use crate::index::{Index, RowId};
use crate::rows::RowHolds;
use crate::segments::{FrozenSegments, Segments, Stored};
use crate::slab::{FrozenSlab, Slab};
use crate::ttl::{StateTime, StateTtlConfig, UpdateType};

const NONE: u32 = u32::MAX;

/// The entries of a row are a ring list; this is where it begins.
#[derive(Clone, Copy, Debug)]
struct Head {
    first: u32,
    last: u32,
    len: u32,
}

const EMPTY: Head = Head { first: NONE, last: NONE, len: 0 };

impl Stored for Head {
    const DEEP: bool = false;
}

#[derive(Clone, Debug)]
struct Entry<K, V> {
    row: u32,
    before: u32,
    next: u32,
    key: K,
    value: V,
}

impl<K: TypeInformation, V: TypeInformation> Stored for Entry<K, V> {
    const DEEP: bool = K::HAS_HEAP || V::HAS_HEAP;
}

/// The maps of one state by row.
#[derive(Debug)]
pub struct MapColumn<K, V> {
    heads: Segments<Head>,
    entries: Slab<Entry<K, V>>,
    index: Index,
    ttl: Option<StateTtlConfig>,
    stamps: Segments<Stamp>,
    swept: usize,
}

#[inline]
fn entry_hash(row: RowId, key_hash: u64) -> u64 {
    mix(key_hash ^ u64::from(row.0).wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

impl<K: Key, V: TypeInformation> MapColumn<K, V> {
    /// A column without entries.
    pub fn new(ttl: Option<StateTtlConfig>) -> Self {
        MapColumn {
            heads: Segments::default(),
            entries: Slab::default(),
            index: Index::default(),
            ttl: ttl.filter(StateTtlConfig::is_enabled),
            stamps: Segments::default(),
            swept: 0,
        }
    }

    fn head(&self, row: RowId) -> Head {
        self.heads.get(row.place()).copied().unwrap_or(EMPTY)
    }

    fn set_head(&mut self, row: RowId, head: Head) {
        self.heads.grow(row.place() + 1, &EMPTY);
        if let Some(present) = self.heads.get_mut(row.place()) {
            *present = head;
        }
    }

    #[inline]
    fn find(&self, row: RowId, key: &K) -> u32 {
        let is_it = |place: RowId| {
            self.entries.get(place.0).is_some_and(|entry| entry.row == row.0 && entry.key.key_eq(key))
        };
        self.index.find(entry_hash(row, key.key_hash()), is_it).0
    }

    /// How many entries the row has, those that are over included.
    pub fn row_len(&self, row: RowId) -> usize {
        self.head(row).len as usize
    }

    fn shows(&self, place: u32, now: &StateTime) -> bool {
        match (&self.ttl, self.stamps.get(place as usize)) {
            (Some(ttl), Some(stamp)) => ttl.shows(stamp.0, now),
            _ => true,
        }
    }

    /// The value of a key of the row.
    #[inline]
    pub fn get(&mut self, row: RowId, key: &K, now: &StateTime, holds: &mut RowHolds) -> Option<&V> {
        let place = self.find(row, key);
        if self.ttl.is_some() && place != NONE && !self.read(place, now, holds) {
            return None;
        }
        self.entries.get(place).map(|entry| &entry.value)
    }

    /// Looks at an entry: `false` if it is over, and then it is removed.
    fn read(&mut self, place: u32, now: &StateTime, holds: &mut RowHolds) -> bool {
        let Some(ttl) = self.ttl else { return true };
        if !self.shows(place, now) {
            self.remove_at(place, holds);
            return false;
        }
        if ttl.update == UpdateType::OnReadAndWrite
            && let Some(stamp) = self.stamps.get_mut(place as usize)
            && !ttl.is_over(stamp.0, now)
        {
            stamp.0 = ttl.renewed(stamp.0, now);
        }
        true
    }

    /// The value of a key of the row, made by `make` if there is none, to be changed.
    pub fn get_or_insert_with(
        &mut self,
        row: RowId,
        key: K,
        now: &StateTime,
        holds: &mut RowHolds,
        make: impl FnOnce() -> V,
    ) -> Option<&mut V> {
        let mut place = self.find(row, &key);
        if place != NONE && self.read(place, now, holds) {
            self.renew(place, true, now);
        } else {
            place = self.add(row, key, make(), now, holds)?;
        }
        self.entries.get_mut(place).map(|entry| &mut entry.value)
    }

    /// Sets the value of a key of the row.
    pub fn put(&mut self, row: RowId, key: K, value: V, now: &StateTime, holds: &mut RowHolds) {
        let place = self.find(row, &key);
        match self.entries.get_mut(place) {
            Some(entry) => {
                entry.value = value;
                // What is overwritten is new, however old the value before it was.
                self.renew(place, self.shows(place, now), now);
            }
            None => {
                self.add(row, key, value, now, holds);
            }
        }
    }

    fn renew(&mut self, place: u32, was: bool, now: &StateTime) {
        let Some(ttl) = self.ttl else { return };
        let old = self.stamps.get(place as usize).filter(|_| was);
        let stamp = old.map_or_else(|| ttl.stamp(now), |old| ttl.renewed(old.0, now));
        set_stamp(&mut self.stamps, place as usize, stamp);
    }

    fn add(&mut self, row: RowId, key: K, value: V, now: &StateTime, holds: &mut RowHolds) -> Option<u32> {
        let hash = entry_hash(row, key.key_hash());
        let mut head = self.head(row);
        let place = self.entries.insert(Entry { row: row.0, before: head.last, next: NONE, key, value })?;
        self.index.insert(hash, RowId(place));
        match self.entries.get_mut(head.last) {
            Some(last) => last.next = place,
            None => {
                head.first = place;
                holds.hold(row);
            }
        }
        head.last = place;
        head.len += 1;
        self.set_head(row, head);
        self.renew(place, false, now);
        Some(place)
    }

    /// Removes the entry of a key of the row.
    pub fn remove(&mut self, row: RowId, key: &K, now: &StateTime, holds: &mut RowHolds) -> Option<V> {
        let place = self.find(row, key);
        let shown = self.shows(place, now);
        self.remove_at(place, holds).filter(|_| shown)
    }

    fn remove_at(&mut self, place: u32, holds: &mut RowHolds) -> Option<V> {
        let entry = self.entries.remove(place)?;
        let row = RowId(entry.row);
        self.index.remove(entry_hash(row, entry.key.key_hash()), RowId(place));
        let mut head = self.head(row);
        match self.entries.get_mut(entry.before) {
            Some(before) => before.next = entry.next,
            None => head.first = entry.next,
        }
        match self.entries.get_mut(entry.next) {
            Some(next) => next.before = entry.before,
            None => head.last = entry.before,
        }
        head.len -= 1;
        self.set_head(row, head);
        if head.len == 0 {
            holds.release(row);
        }
        if self.entries.is_empty() {
            self.stamps.clear();
        }
        Some(entry.value)
    }

    /// The entries of a row in the order in which they were added, those that are over left out.
    pub fn iter(&self, row: RowId, now: StateTime) -> impl Iterator<Item = (&K, &V)> {
        self.places(row).filter(move |(place, _)| self.shows(*place, &now)).map(|(_, e)| (&e.key, &e.value))
    }

    fn places(&self, row: RowId) -> impl Iterator<Item = (u32, &Entry<K, V>)> {
        let mut next = self.head(row).first;
        std::iter::from_fn(move || {
            let place = next;
            let entry = self.entries.get(place)?;
            next = entry.next;
            Some((place, entry))
        })
    }

    /// Removes the entries of a row that `keep` does not want.
    pub fn retain(
        &mut self,
        row: RowId,
        now: &StateTime,
        holds: &mut RowHolds,
        mut keep: impl FnMut(&K, &V) -> bool,
    ) {
        let mut next = self.head(row).first;
        while let Some(entry) = self.entries.get(next) {
            let place = next;
            next = entry.next;
            if !self.shows(place, now) || !keep(&entry.key, &entry.value) {
                self.remove_at(place, holds);
            }
        }
    }

    /// Renews what is read, if reading does.
    pub fn read_all(&mut self, row: RowId, now: &StateTime, holds: &mut RowHolds) {
        if self.ttl.is_none_or(|ttl| ttl.update != UpdateType::OnReadAndWrite) {
            return;
        }
        let places: Vec<u32> = self.places(row).map(|(place, _)| place).collect();
        for place in places {
            self.read(place, now, holds);
        }
    }
}

impl<K: Key, V: TypeInformation> StateColumn for MapColumn<K, V> {
    fn touch(&self, rows: &[RowId]) -> usize {
        rows.iter().map(|&row| self.head(row).len as usize).sum()
    }

    fn holds_row(&self, row: RowId) -> bool {
        self.row_len(row) > 0
    }

    fn len(&self) -> usize {
        self.entries.len()
    }

    fn bytes(&self) -> usize {
        self.heads.bytes() + self.entries.bytes() + self.index.bytes() + self.stamps.bytes()
    }

    fn clear_row(&mut self, row: RowId, holds: &mut RowHolds) {
        self.retain(row, &StateTime::default(), holds, |_, _| false);
    }

    fn twin(&self) -> Box<dyn StateColumn> {
        Box::new(MapColumn::<K, V>::new(self.ttl))
    }

    fn reset(&mut self) {
        *self = MapColumn::new(self.ttl);
    }

    fn ttl(&self) -> Option<&StateTtlConfig> {
        self.ttl.as_ref()
    }

    fn sweep(&mut self, budget: usize, now: &StateTime, holds: &mut RowHolds) -> usize {
        let Some(ttl) = self.ttl else { return 0 };
        for looked_at in 0..budget {
            if self.swept >= self.entries.places() {
                self.swept = 0;
                return looked_at;
            }
            if self.stamps.get(self.swept).is_some_and(|stamp| ttl.is_gone(stamp.0, now)) {
                self.remove_at(self.swept as u32, holds);
            }
            self.swept += 1;
        }
        budget
    }

    fn freeze(&mut self) -> Box<dyn FrozenColumn> {
        let stamps = self.ttl.is_some().then(|| self.stamps.freeze());
        Box::new(FrozenMaps { heads: self.heads.freeze(), entries: self.entries.freeze(), stamps })
    }
}

struct FrozenMaps<K, V> {
    heads: FrozenSegments<Head>,
    entries: FrozenSlab<Entry<K, V>>,
    stamps: Option<FrozenSegments<Stamp>>,
}

impl<K: Key, V: TypeInformation> FrozenColumn for FrozenMaps<K, V> {
    fn encode_row(&self, row: RowId, out: &mut Vec<u8>) -> bool {
        let Some(head) = self.heads.get(row.place()).filter(|head| head.len > 0) else { return false };
        write_varint(out, u64::from(head.len));
        let mut next = head.first;
        while let Some(entry) = self.entries.get(next) {
            if let Some(Stamp(stamp)) = self.stamps.as_ref().and_then(|stamps| stamps.get(next as usize)) {
                stamp.encode(out);
            }
            entry.key.encode(out);
            entry.value.encode(out);
            next = entry.next;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use hurtig_core::types::codec::Reader;
    use proptest::prelude::*;

    use super::*;
    use crate::columns::model::{Life, ROWS, Tick, expect_holds, ticks, ttls};

    #[derive(Clone, Debug)]
    enum Step {
        Put(u32, u8, u16),
        /// Makes an entry if there is none, and adds to it.
        Add(u32, u8, u16),
        Get(u32, u8),
        Remove(u32, u8),
        ReadAll(u32),
        Retain(u32, u8),
        Clear(u32),
        Pass(Tick),
        Sweep,
        Freeze,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let (row, key, number) = (|| 0..ROWS, || 0..12_u8, any::<u16>);
        let step = prop_oneof![
            5 => (row(), key(), number()).prop_map(|(row, key, number)| Step::Put(row, key, number)),
            3 => (row(), key(), number()).prop_map(|(row, key, number)| Step::Add(row, key, number)),
            3 => (row(), key()).prop_map(|(row, key)| Step::Get(row, key)),
            3 => (row(), key()).prop_map(|(row, key)| Step::Remove(row, key)),
            2 => row().prop_map(Step::ReadAll),
            1 => (row(), 1..5_u8).prop_map(|(row, divisor)| Step::Retain(row, divisor)),
            1 => row().prop_map(Step::Clear),
            4 => ticks().prop_map(Step::Pass),
            1 => Just(Step::Sweep),
            1 => Just(Step::Freeze),
        ];
        proptest::collection::vec(step, 0..150)
    }

    #[derive(Clone, Debug, PartialEq)]
    struct Held {
        key: String,
        value: u64,
        stamp: i64,
    }

    /// The entries of each row in the order in which they were added.
    type Model = Vec<Vec<Held>>;

    fn text(key: u8) -> String {
        format!("the key {key}, which owns memory")
    }

    fn decoded(frozen: &dyn FrozenColumn, row: u32, life: Life) -> Vec<Held> {
        let mut bytes = Vec::new();
        if !frozen.encode_row(RowId(row), &mut bytes) {
            assert!(bytes.is_empty());
            return Vec::new();
        }
        let mut reader = Reader::new(&bytes);
        let count = reader.varint().unwrap();
        let entries = (0..count).map(|_| {
            let stamp = if life.is_limited() { i64::decode(&mut reader).unwrap() } else { 0 };
            let key = String::decode(&mut reader).unwrap();
            Held { key, value: u64::decode(&mut reader).unwrap(), stamp }
        });
        let entries = entries.collect();
        reader.finish().unwrap();
        entries
    }

    /// The place of an entry after a look at it: one that is over goes.
    fn look(entries: &mut Vec<Held>, key: &str, life: Life, now: &StateTime) -> Option<usize> {
        let place = entries.iter().position(|held| held.key == key)?;
        if !life.shows(entries[place].stamp, now) {
            entries.remove(place);
            return None;
        }
        entries[place].stamp = life.read(entries[place].stamp, now);
        Some(place)
    }

    fn run(ttl: Option<StateTtlConfig>, steps: Vec<Step>) {
        let life = Life(ttl);
        let mut column = MapColumn::<String, u64>::new(ttl);
        let mut holds = RowHolds::default();
        let mut model: Model = vec![Vec::new(); ROWS as usize];
        let mut snapshots: Vec<(Box<dyn FrozenColumn>, Model)> = Vec::new();
        let mut now = StateTime::default();
        for step in steps {
            match step {
                Step::Put(row, key, number) => {
                    let entries = &mut model[row as usize];
                    match entries.iter_mut().find(|held| held.key == text(key)) {
                        Some(held) => {
                            let shown = life.shows(held.stamp, &now);
                            held.stamp = if shown { life.again(held.stamp, &now) } else { life.fresh(&now) };
                            held.value = number.into();
                        }
                        None => {
                            let stamp = life.fresh(&now);
                            entries.push(Held { key: text(key), value: number.into(), stamp });
                        }
                    }
                    column.put(RowId(row), text(key), number.into(), &now, &mut holds);
                }
                Step::Add(row, key, number) => {
                    let entries = &mut model[row as usize];
                    let place = look(entries, &text(key), life, &now).unwrap_or_else(|| {
                        let stamp = life.fresh(&now);
                        entries.push(Held { key: text(key), value: 1_000_000, stamp });
                        entries.len() - 1
                    });
                    let held = &mut entries[place];
                    held.stamp = life.again(held.stamp, &now);
                    held.value += u64::from(number);
                    let make = || 1_000_000;
                    let value = column.get_or_insert_with(RowId(row), text(key), &now, &mut holds, make);
                    *value.unwrap() += u64::from(number);
                }
                Step::Get(row, key) => {
                    let entries = &mut model[row as usize];
                    let place = look(entries, &text(key), life, &now);
                    let expect = place.map(|place| &entries[place].value);
                    assert_eq!(column.get(RowId(row), &text(key), &now, &mut holds), expect);
                }
                Step::Remove(row, key) => {
                    let entries = &mut model[row as usize];
                    let place = entries.iter().position(|held| held.key == text(key));
                    let held = place.map(|place| entries.remove(place));
                    let expect = held.filter(|held| life.shows(held.stamp, &now)).map(|held| held.value);
                    assert_eq!(column.remove(RowId(row), &text(key), &now, &mut holds), expect);
                }
                Step::ReadAll(row) => {
                    let entries = &mut model[row as usize];
                    if ttl.is_some_and(|ttl| ttl.update == UpdateType::OnReadAndWrite) {
                        entries.retain_mut(|held| {
                            let shown = life.shows(held.stamp, &now);
                            held.stamp = life.read(held.stamp, &now);
                            shown
                        });
                    }
                    column.read_all(RowId(row), &now, &mut holds);
                    let shown = entries.iter().filter(|held| life.shows(held.stamp, &now));
                    let expect: Vec<_> = shown.map(|held| (&held.key, &held.value)).collect();
                    assert_eq!(column.iter(RowId(row), now).collect::<Vec<_>>(), expect);
                }
                Step::Retain(row, divisor) => {
                    let divisor = u64::from(divisor);
                    let keep =
                        |held: &Held| life.shows(held.stamp, &now) && held.value.is_multiple_of(divisor);
                    model[row as usize].retain(keep);
                    column.retain(RowId(row), &now, &mut holds, |_, value| value % divisor == 0);
                }
                Step::Clear(row) => {
                    model[row as usize].clear();
                    column.clear_row(RowId(row), &mut holds);
                }
                Step::Pass(tick) => tick.pass(&mut now),
                Step::Sweep => {
                    while column.sweep(3, &now, &mut holds) == 3 {}
                    for entries in &mut model {
                        entries.retain(|held| !life.is_gone(held.stamp, &now));
                    }
                }
                Step::Freeze => snapshots.push((column.freeze(), model.clone())),
            }
            assert_eq!(column.len(), model.iter().map(Vec::len).sum::<usize>());
            for row in 0..ROWS {
                assert_eq!(column.row_len(RowId(row)), model[row as usize].len());
                assert_eq!(column.holds_row(RowId(row)), !model[row as usize].is_empty());
            }
        }
        expect_holds(&mut holds, |row| !model[row as usize].is_empty());
        for (frozen, model) in &snapshots {
            for row in 0..ROWS {
                assert_eq!(decoded(frozen.as_ref(), row, life), model[row as usize]);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]
        #[test]
        fn it_is_a_map_a_row(ttl in ttls(), steps in steps()) {
            run(ttl, steps);
        }
    }

    #[test]
    fn maps_of_many_rows_do_not_mix() {
        let (mut column, mut holds) = (MapColumn::<u64, u64>::new(None), RowHolds::default());
        let now = StateTime::default();
        for row in 0..300 {
            for key in 0..30 {
                column.put(RowId(row), key, u64::from(row) * 1000 + key, &now, &mut holds);
            }
        }
        (0..300).step_by(2).for_each(|row| column.clear_row(RowId(row), &mut holds));
        for row in 0..300_u32 {
            for key in 0..31 {
                let expect = (row % 2 == 1 && key < 30).then_some(u64::from(row) * 1000 + key);
                assert_eq!(column.get(RowId(row), &key, &now, &mut holds).copied(), expect, "{row}, {key}");
            }
        }
        assert_eq!(column.len(), 150 * 30);
    }
}
