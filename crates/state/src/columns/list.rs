//! A run of elements a row, in chunks of at most 16 kB: a snapshot never makes a write copy a long list.
use std::collections::VecDeque;

use hurtig_core::TypeInformation;
use hurtig_core::types::codec::write_varint;

use crate::columns::{FrozenColumn, StateColumn};
use crate::index::RowId;
use crate::rows::RowHolds;
use crate::segments::{FrozenSegments, Segments, Stored};
use crate::slab::{FrozenSlab, Slab};
use crate::ttl::{StateTime, StateTtlConfig, UpdateType};

const CHUNK_BYTES: usize = 16 * 1024;
const NONE: u32 = u32::MAX;

/// Where a row's chunks begin and end.
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
struct Chunk<T> {
    items: VecDeque<T>,
    /// When each was written, with time to live alone.
    stamps: VecDeque<i64>,
    /// What the items own elsewhere, about.
    heap_bytes: usize,
    next: u32,
}

impl<T: TypeInformation> Stored for Chunk<T> {
    const DEEP: bool = true;
}

impl<T: TypeInformation> Chunk<T> {
    fn is_full(&self) -> bool {
        self.items.len() * size_of::<T>().max(1) + self.heap_bytes >= CHUNK_BYTES
    }
}

/// The lists of one state by row.
#[derive(Debug)]
pub struct ListColumn<T> {
    heads: Segments<Head>,
    chunks: Slab<Chunk<T>>,
    live: usize,
    ttl: Option<StateTtlConfig>,
    swept: usize,
}

impl<T: TypeInformation> ListColumn<T> {
    /// A column without elements.
    pub fn new(ttl: Option<StateTtlConfig>) -> Self {
        let ttl = ttl.filter(StateTtlConfig::is_enabled);
        ListColumn { heads: Segments::default(), chunks: Slab::default(), live: 0, ttl, swept: 0 }
    }

    #[inline]
    fn head(&self, row: RowId) -> Head {
        self.heads.get(row.place()).copied().unwrap_or(EMPTY)
    }

    fn set_head(&mut self, row: RowId, head: Head) {
        self.heads.grow(row.place() + 1, &EMPTY);
        if let Some(present) = self.heads.get_mut(row.place()) {
            *present = head;
        }
    }

    /// How many elements the row has, those that are over included.
    pub fn row_len(&self, row: RowId) -> usize {
        self.head(row).len as usize
    }

    /// Appends an element.
    pub fn push(&mut self, row: RowId, value: T, now: &StateTime, holds: &mut RowHolds) {
        let stamp = self.ttl.map(|ttl| ttl.stamp(now));
        self.push_stamped(row, value, stamp, holds);
    }

    fn push_stamped(&mut self, row: RowId, value: T, stamp: Option<i64>, holds: &mut RowHolds) {
        let mut head = self.head(row);
        let full = self.chunks.get(head.last).is_none_or(Chunk::is_full);
        if full {
            let chunk = Chunk { items: VecDeque::new(), stamps: VecDeque::new(), heap_bytes: 0, next: NONE };
            let Some(place) = self.chunks.insert(chunk) else { return };
            match self.chunks.get_mut(head.last) {
                Some(last) => last.next = place,
                None => {
                    head.first = place;
                    holds.hold(row);
                }
            }
            head.last = place;
        }
        if let Some(chunk) = self.chunks.get_mut(head.last) {
            if T::HAS_HEAP {
                chunk.heap_bytes += value.heap_bytes();
            }
            chunk.items.push_back(value);
            chunk.stamps.extend(stamp);
        }
        head.len += 1;
        self.live += 1;
        self.set_head(row, head);
    }

    /// The elements of a row in their order, those that are over left out.
    pub fn iter(&self, row: RowId, now: StateTime) -> impl Iterator<Item = &T> {
        self.chunks_of(row)
            .flat_map(move |chunk| {
                chunk.items.iter().enumerate().filter(move |(place, _)| self.shows(chunk, *place, &now))
            })
            .map(|(_, item)| item)
    }

    fn shows(&self, chunk: &Chunk<T>, place: usize, now: &StateTime) -> bool {
        match (&self.ttl, chunk.stamps.get(place)) {
            (Some(ttl), Some(&stamp)) => ttl.shows(stamp, now),
            _ => true,
        }
    }

    fn chunks_of(&self, row: RowId) -> impl Iterator<Item = &Chunk<T>> {
        let mut next = self.head(row).first;
        std::iter::from_fn(move || {
            let chunk = self.chunks.get(next)?;
            next = chunk.next;
            Some(chunk)
        })
    }

    /// The last element of a row, to be changed.
    pub fn last_mut(&mut self, row: RowId) -> Option<&mut T> {
        let last = self.head(row).last;
        self.chunks.get_mut(last)?.items.back_mut()
    }

    /// Renews what is read, if reading does.
    pub fn read(&mut self, row: RowId, now: &StateTime) {
        let Some(ttl) = self.ttl.filter(|ttl| ttl.update == UpdateType::OnReadAndWrite) else { return };
        let mut next = self.head(row).first;
        while let Some(chunk) = self.chunks.get_mut(next) {
            for stamp in chunk.stamps.iter_mut().filter(|stamp| !ttl.is_over(**stamp, now)) {
                *stamp = ttl.renewed(*stamp, now);
            }
            next = chunk.next;
        }
    }

    /// Takes all elements of a row out.
    pub fn take(&mut self, row: RowId, now: &StateTime, holds: &mut RowHolds) -> Vec<T> {
        let mut taken = Vec::with_capacity(self.row_len(row));
        let mut next = self.head(row).first;
        while let Some(chunk) = self.chunks.remove(next) {
            next = chunk.next;
            self.live -= chunk.items.len();
            let ttl = self.ttl;
            let mut stamps = chunk.stamps.into_iter();
            taken.extend(chunk.items.into_iter().filter(|_| match (ttl, stamps.next()) {
                (Some(ttl), Some(stamp)) => ttl.shows(stamp, now),
                _ => true,
            }));
        }
        self.forget_head(row, holds);
        taken
    }

    /// Removes elements from the front for as long as `is_over` says so.
    pub fn pop_front_while(&mut self, row: RowId, holds: &mut RowHolds, mut is_over: impl FnMut(&T) -> bool) {
        let mut head = self.head(row);
        let before = head.len;
        'chunks: while let Some(chunk) = self.chunks.get(head.first) {
            let over = chunk.items.iter().take_while(|item| is_over(item)).count();
            let (all, next) = (over == chunk.items.len(), chunk.next);
            head.len -= over as u32;
            self.live -= over;
            if all {
                self.chunks.remove(head.first);
                head.first = next;
                continue;
            }
            if over > 0
                && let Some(chunk) = self.chunks.get_mut(head.first)
            {
                chunk.items.drain(..over);
                chunk.stamps.drain(..over.min(chunk.stamps.len()));
            }
            break 'chunks;
        }
        if head.len == before {
            return;
        }
        if head.len == 0 {
            self.forget_head(row, holds);
        } else {
            self.set_head(row, head);
        }
    }

    fn forget_head(&mut self, row: RowId, holds: &mut RowHolds) {
        if self.head(row).first == NONE {
            return;
        }
        self.set_head(row, EMPTY);
        holds.release(row);
    }
}

impl<T: TypeInformation> StateColumn for ListColumn<T> {
    fn touch(&self, rows: &[RowId]) -> usize {
        rows.iter().map(|&row| self.head(row).len as usize).sum()
    }

    fn holds_row(&self, row: RowId) -> bool {
        self.row_len(row) > 0
    }

    fn len(&self) -> usize {
        self.live
    }

    fn bytes(&self) -> usize {
        let chunks: usize =
            self.chunks.iter().map(|(_, chunk)| chunk.items.capacity() * size_of::<T>()).sum();
        self.heads.bytes() + self.chunks.bytes() + chunks
    }

    fn clear_row(&mut self, row: RowId, holds: &mut RowHolds) {
        let mut next = self.head(row).first;
        while let Some(chunk) = self.chunks.remove(next) {
            next = chunk.next;
            self.live -= chunk.items.len();
        }
        self.forget_head(row, holds);
    }

    fn twin(&self) -> Box<dyn StateColumn> {
        Box::new(ListColumn::<T>::new(self.ttl))
    }

    fn reset(&mut self) {
        *self = ListColumn::new(self.ttl);
    }

    fn ttl(&self) -> Option<&StateTtlConfig> {
        self.ttl.as_ref()
    }

    /// One row counts as what it holds.
    fn sweep(&mut self, budget: usize, now: &StateTime, holds: &mut RowHolds) -> usize {
        let Some(ttl) = self.ttl else { return 0 };
        let mut looked_at = 0;
        while looked_at < budget {
            if self.swept >= self.heads.len() {
                self.swept = 0;
                return looked_at;
            }
            let row = RowId(self.swept as u32);
            self.swept += 1;
            looked_at += 1 + self.row_len(row);
            let gone = |stamp: &i64| ttl.is_gone(*stamp, now);
            if self.chunks_of(row).any(|chunk| chunk.stamps.iter().any(gone)) {
                let mut kept = Vec::new();
                let mut next = self.head(row).first;
                while let Some(chunk) = self.chunks.remove(next) {
                    next = chunk.next;
                    self.live -= chunk.items.len();
                    let pairs = chunk.items.into_iter().zip(chunk.stamps);
                    kept.extend(pairs.filter(|(_, stamp)| !gone(stamp)));
                }
                self.forget_head(row, holds);
                for (item, stamp) in kept {
                    self.push_stamped(row, item, Some(stamp), holds);
                }
            }
        }
        looked_at
    }

    fn freeze(&mut self) -> Box<dyn FrozenColumn> {
        Box::new(FrozenLists { heads: self.heads.freeze(), chunks: self.chunks.freeze() })
    }
}

struct FrozenLists<T> {
    heads: FrozenSegments<Head>,
    chunks: FrozenSlab<Chunk<T>>,
}

impl<T: TypeInformation> FrozenColumn for FrozenLists<T> {
    fn encode_row(&self, row: RowId, out: &mut Vec<u8>) -> bool {
        let Some(head) = self.heads.get(row.place()).filter(|head| head.len > 0) else { return false };
        write_varint(out, u64::from(head.len));
        let mut next = head.first;
        while let Some(chunk) = self.chunks.get(next) {
            for (place, item) in chunk.items.iter().enumerate() {
                if let Some(stamp) = chunk.stamps.get(place) {
                    stamp.encode(out);
                }
                item.encode(out);
            }
            next = chunk.next;
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
        Push(u32, u16),
        /// So many at once, so that a list has several chunks.
        Many(u32, u16),
        Read(u32),
        Last(u32, u16),
        Pop(u32, u16),
        Take(u32),
        Clear(u32),
        Pass(Tick),
        Sweep,
        Freeze,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let (row, number) = (|| 0..ROWS, any::<u16>);
        let step = prop_oneof![
            6 => (row(), number()).prop_map(|(row, number)| Step::Push(row, number)),
            2 => (row(), 1..12_u16).prop_map(|(row, count)| Step::Many(row, count)),
            3 => row().prop_map(Step::Read),
            1 => (row(), number()).prop_map(|(row, number)| Step::Last(row, number)),
            2 => (row(), number()).prop_map(|(row, number)| Step::Pop(row, number)),
            1 => row().prop_map(Step::Take),
            1 => row().prop_map(Step::Clear),
            4 => ticks().prop_map(Step::Pass),
            1 => Just(Step::Sweep),
            1 => Just(Step::Freeze),
        ];
        proptest::collection::vec(step, 0..100)
    }

    /// The elements of each row with their stamps.
    type Model = Vec<Vec<(String, i64)>>;

    /// Three fill a chunk.
    fn text(number: u16) -> String {
        format!("{number:06000}")
    }

    fn decoded(frozen: &dyn FrozenColumn, row: u32, life: Life) -> Vec<(String, i64)> {
        let mut bytes = Vec::new();
        if !frozen.encode_row(RowId(row), &mut bytes) {
            assert!(bytes.is_empty());
            return Vec::new();
        }
        let mut reader = Reader::new(&bytes);
        let count = reader.varint().unwrap();
        let elements = (0..count).map(|_| {
            let stamp = if life.is_limited() { i64::decode(&mut reader).unwrap() } else { 0 };
            (String::decode(&mut reader).unwrap(), stamp)
        });
        let elements = elements.collect();
        reader.finish().unwrap();
        elements
    }

    fn run(ttl: Option<StateTtlConfig>, steps: Vec<Step>) {
        let life = Life(ttl);
        let mut column = ListColumn::<String>::new(ttl);
        let mut holds = RowHolds::default();
        let mut model: Model = vec![Vec::new(); ROWS as usize];
        let mut snapshots: Vec<(Box<dyn FrozenColumn>, Model)> = Vec::new();
        let mut now = StateTime::default();
        let shown = |elements: &[(String, i64)], now: &StateTime| -> Vec<String> {
            let shown = elements.iter().filter(|(_, stamp)| life.shows(*stamp, now));
            shown.map(|(value, _)| value.clone()).collect()
        };
        for step in steps {
            match step {
                Step::Push(row, number) => {
                    model[row as usize].push((text(number), life.fresh(&now)));
                    column.push(RowId(row), text(number), &now, &mut holds);
                }
                Step::Many(row, count) => (0..count).for_each(|number| {
                    model[row as usize].push((text(number), life.fresh(&now)));
                    column.push(RowId(row), text(number), &now, &mut holds);
                }),
                Step::Read(row) => {
                    let elements = &mut model[row as usize];
                    elements.iter_mut().for_each(|(_, stamp)| *stamp = life.read(*stamp, &now));
                    column.read(RowId(row), &now);
                    let found: Vec<String> = column.iter(RowId(row), now).cloned().collect();
                    assert_eq!(found, shown(elements, &now));
                }
                Step::Last(row, number) => {
                    let expect = model[row as usize].last_mut();
                    let found = column.last_mut(RowId(row));
                    assert_eq!(found.as_deref(), expect.as_ref().map(|(value, _)| value));
                    if let (Some(found), Some((expect, _))) = (found, expect) {
                        *found = text(number);
                        *expect = text(number);
                    }
                }
                Step::Pop(row, number) => {
                    let is_over = |value: &String| *value < text(number);
                    let elements = &mut model[row as usize];
                    let over = elements.iter().take_while(|(value, _)| is_over(value)).count();
                    elements.drain(..over);
                    column.pop_front_while(RowId(row), &mut holds, is_over);
                }
                Step::Take(row) => {
                    let elements = std::mem::take(&mut model[row as usize]);
                    assert_eq!(column.take(RowId(row), &now, &mut holds), shown(&elements, &now));
                }
                Step::Clear(row) => {
                    model[row as usize].clear();
                    column.clear_row(RowId(row), &mut holds);
                }
                Step::Pass(tick) => tick.pass(&mut now),
                Step::Sweep => {
                    while column.sweep(3, &now, &mut holds) >= 3 {}
                    for elements in &mut model {
                        elements.retain(|(_, stamp)| !life.is_gone(*stamp, &now));
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
                assert!(decoded(frozen.as_ref(), row, life) == model[row as usize], "row {row}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn it_is_a_list_a_row(ttl in ttls(), steps in steps()) {
            run(ttl, steps);
        }
    }

    #[test]
    fn elements_that_are_popped_leave_no_memory_behind() {
        let (mut column, mut holds) = (ListColumn::<u64>::new(None), RowHolds::default());
        let now = StateTime::default();
        let mut most = 0;
        for number in 0..200_000 {
            column.push(RowId(0), number, &now, &mut holds);
            column.pop_front_while(RowId(0), &mut holds, |value| value + 1000 < number);
            most = most.max(column.bytes());
        }
        assert_eq!(column.row_len(RowId(0)), 1001);
        assert!(most < 400_000, "{most} bytes");
        assert!(column.iter(RowId(0), now).copied().eq(198_999..200_000));
    }

    #[test]
    fn a_snapshot_of_a_long_list_costs_a_push_no_more_than_a_chunk() {
        let (mut column, mut holds) = (ListColumn::<u64>::new(None), RowHolds::default());
        let now = StateTime::default();
        (0..100_000).for_each(|number| column.push(RowId(0), number, &now, &mut holds));
        let frozen = column.freeze();
        let before = column.bytes();
        column.push(RowId(0), 100_000, &now, &mut holds);
        // Elements: 800 kB; a chunk is 16 kB.
        assert!(column.bytes() < before + 100_000, "{} after {before} bytes", column.bytes());
        let mut bytes = Vec::new();
        assert!(frozen.encode_row(RowId(0), &mut bytes));
        assert_eq!(Reader::new(&bytes).varint().unwrap(), 100_000);
    }
}
