//! One value a row.
use hurtig_core::TypeInformation;

use crate::columns::{FrozenColumn, Stamp, StateColumn, set_stamp};
use crate::index::RowId;
use crate::rows::RowHolds;
use crate::segments::{FrozenSegments, Segments, Stored};
use crate::ttl::{StateTime, StateTtlConfig, UpdateType};

/// A value, or none.
#[derive(Clone, Debug)]
pub struct ValueCell<T>(pub Option<T>);

impl<T: TypeInformation> Stored for ValueCell<T> {
    const DEEP: bool = T::HAS_HEAP;
}

/// The values of one state by row.
#[derive(Debug)]
pub struct ValueColumn<T> {
    cells: Segments<ValueCell<T>>,
    live: usize,
    ttl: Option<StateTtlConfig>,
    stamps: Segments<Stamp>,
    swept: usize,
}

impl<T: TypeInformation> ValueColumn<T> {
    /// A column without values.
    pub fn new(ttl: Option<StateTtlConfig>) -> Self {
        let ttl = ttl.filter(StateTtlConfig::is_enabled);
        ValueColumn { cells: Segments::default(), live: 0, ttl, stamps: Segments::default(), swept: 0 }
    }

    /// One more than the last row that has ever had a value since the column was empty.
    pub fn places(&self) -> usize {
        self.cells.len()
    }

    /// The value of a row.
    #[inline]
    pub fn get(&mut self, row: RowId, now: &StateTime, holds: &mut RowHolds) -> Option<&T> {
        if self.ttl.is_some() {
            self.expire(row, now, holds);
        }
        self.cells.get(row.place())?.0.as_ref()
    }

    /// Calls `change` with the value of a row, which may make, change, or remove it.
    #[inline]
    pub fn modify<R>(
        &mut self,
        row: RowId,
        now: &StateTime,
        holds: &mut RowHolds,
        change: impl FnOnce(&mut Option<T>) -> R,
    ) -> R {
        if self.ttl.is_some() {
            self.expire(row, now, holds);
        }
        if row.place() >= self.cells.len() {
            self.cells.grow(row.place() + 1, &ValueCell(None));
        }
        let Some(cell) = self.cells.get_mut(row.place()) else { return change(&mut None) };
        let before = cell.0.is_some();
        let result = change(&mut cell.0);
        let after = cell.0.is_some();
        if before != after {
            self.count(row, after, holds);
        }
        if after && let Some(ttl) = self.ttl {
            self.renew(row, before, now, &ttl);
        }
        result
    }

    /// As [`modify`](Self::modify) for many rows, one after the other; `change` gets the position.
    #[inline]
    pub fn modify_rows(
        &mut self,
        rows: &[RowId],
        now: &StateTime,
        holds: &mut RowHolds,
        mut change: impl FnMut(usize, &mut Option<T>),
    ) {
        for (position, &row) in rows.iter().enumerate() {
            self.modify(row, now, holds, |value| change(position, value));
        }
    }

    #[cold]
    fn count(&mut self, row: RowId, is: bool, holds: &mut RowHolds) {
        if is {
            self.live += 1;
            holds.hold(row);
        } else {
            self.live -= 1;
            holds.release(row);
        }
    }

    /// A new value's stamp is its own, an old one's never goes back.
    fn renew(&mut self, row: RowId, was: bool, now: &StateTime, ttl: &StateTtlConfig) {
        let old = self.stamps.get(row.place()).filter(|_| was);
        let stamp = old.map_or_else(|| ttl.stamp(now), |old| ttl.renewed(old.0, now));
        set_stamp(&mut self.stamps, row.place(), stamp);
    }

    /// Removes a value that is over, renews one that is read.
    fn expire(&mut self, row: RowId, now: &StateTime, holds: &mut RowHolds) {
        let (Some(ttl), Some(&Stamp(stamp))) = (self.ttl, self.stamps.get(row.place())) else { return };
        if self.cells.get(row.place()).is_none_or(|cell| cell.0.is_none()) {
            return;
        }
        if !ttl.shows(stamp, now) {
            self.clear_row(row, holds);
        } else if ttl.update == UpdateType::OnReadAndWrite && !ttl.is_over(stamp, now) {
            set_stamp(&mut self.stamps, row.place(), ttl.renewed(stamp, now));
        }
    }
}

impl<T: TypeInformation> StateColumn for ValueColumn<T> {
    fn touch(&self, rows: &[RowId]) -> usize {
        rows.iter().filter(|&&row| self.holds_row(row)).count()
    }

    fn holds_row(&self, row: RowId) -> bool {
        self.cells.get(row.place()).is_some_and(|cell| cell.0.is_some())
    }

    fn len(&self) -> usize {
        self.live
    }

    fn bytes(&self) -> usize {
        self.cells.bytes() + self.stamps.bytes()
    }

    fn clear_row(&mut self, row: RowId, holds: &mut RowHolds) {
        if self.holds_row(row) {
            if let Some(cell) = self.cells.get_mut(row.place()) {
                cell.0 = None;
            }
            self.count(row, false, holds);
        }
    }

    fn twin(&self) -> Box<dyn StateColumn> {
        Box::new(ValueColumn::<T>::new(self.ttl))
    }

    fn reset(&mut self) {
        *self = ValueColumn::new(self.ttl);
    }

    fn ttl(&self) -> Option<&StateTtlConfig> {
        self.ttl.as_ref()
    }

    fn sweep(&mut self, budget: usize, now: &StateTime, holds: &mut RowHolds) -> usize {
        let Some(ttl) = self.ttl else { return 0 };
        for looked_at in 0..budget {
            if self.swept >= self.cells.len() {
                self.swept = 0;
                return looked_at;
            }
            let gone = self.cells.get(self.swept).is_some_and(|cell| cell.0.is_some())
                && self.stamps.get(self.swept).is_some_and(|stamp| ttl.is_gone(stamp.0, now));
            if gone {
                self.clear_row(RowId(self.swept as u32), holds);
            }
            self.swept += 1;
        }
        budget
    }

    fn freeze(&mut self) -> Box<dyn FrozenColumn> {
        let stamps = self.ttl.is_some().then(|| self.stamps.freeze());
        Box::new(FrozenValues { cells: self.cells.freeze(), stamps })
    }
}

struct FrozenValues<T> {
    cells: FrozenSegments<ValueCell<T>>,
    stamps: Option<FrozenSegments<Stamp>>,
}

impl<T: TypeInformation> FrozenColumn for FrozenValues<T> {
    fn encode_row(&self, row: RowId, out: &mut Vec<u8>) -> bool {
        let Some(ValueCell(Some(value))) = self.cells.get(row.place()) else { return false };
        if let Some(Stamp(stamp)) = self.stamps.as_ref().and_then(|stamps| stamps.get(row.place())) {
            stamp.encode(out);
        }
        value.encode(out);
        true
    }
}
