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
