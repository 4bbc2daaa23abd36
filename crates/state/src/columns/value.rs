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

#[cfg(test)]
mod tests {
    use hurtig_core::types::codec::Reader;
    use proptest::prelude::*;

    use super::*;
    use crate::columns::model::{Life, ROWS, Tick, expect_holds, ticks, ttls};

    #[derive(Clone, Debug)]
    enum Step {
        Write(u32, u16),
        Change(u32, u16),
        Read(u32),
        Clear(u32),
        Pass(Tick),
        Sweep,
        Freeze,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let row = || 0..ROWS;
        let step = prop_oneof![
            4 => (row(), any::<u16>()).prop_map(|(row, value)| Step::Write(row, value)),
            2 => (row(), any::<u16>()).prop_map(|(row, value)| Step::Change(row, value)),
            3 => row().prop_map(Step::Read),
            2 => row().prop_map(Step::Clear),
            4 => ticks().prop_map(Step::Pass),
            1 => Just(Step::Sweep),
            1 => Just(Step::Freeze),
        ];
        proptest::collection::vec(step, 0..120)
    }

    /// The value of each row with its stamp.
    type Model = Vec<Option<(String, i64)>>;

    fn text(number: u16) -> String {
        format!("the value {number}, which owns memory")
    }

    /// What the bytes of a row say: a stamp, if there is a time to live, and the value.
    fn decoded(frozen: &dyn FrozenColumn, row: u32, life: Life) -> Option<(String, i64)> {
        let mut bytes = Vec::new();
        frozen.encode_row(RowId(row), &mut bytes).then(|| {
            let mut reader = Reader::new(&bytes);
            let stamp = if life.is_limited() { i64::decode(&mut reader).unwrap() } else { 0 };
            let value = String::decode(&mut reader).unwrap();
            reader.finish().unwrap();
            (value, stamp)
        })
    }

    fn run(ttl: Option<StateTtlConfig>, steps: Vec<Step>) {
        let life = Life(ttl);
        let mut column = ValueColumn::<String>::new(ttl);
        let mut holds = RowHolds::default();
        let mut model: Model = vec![None; ROWS as usize];
        let mut snapshots: Vec<(Box<dyn FrozenColumn>, Model)> = Vec::new();
        let mut now = StateTime::default();
        // What any look at a row does to it.
        let look = |held: &mut Option<(String, i64)>, now: &StateTime| match held {
            Some((_, stamp)) if life.shows(*stamp, now) => *stamp = life.read(*stamp, now),
            _ => *held = None,
        };
        let write = |held: &mut Option<(String, i64)>, value: String, now: &StateTime| {
            let stamp = held.as_ref().map_or(life.fresh(now), |(_, stamp)| life.again(*stamp, now));
            *held = Some((value, stamp));
        };
        for step in steps {
            match step {
                Step::Write(row, number) => {
                    look(&mut model[row as usize], &now);
                    write(&mut model[row as usize], text(number), &now);
                    column.modify(RowId(row), &now, &mut holds, |value| *value = Some(text(number)));
                }
                // An even number keeps what is there, an odd one appends to it or removes it if it is long.
                Step::Change(row, number) => {
                    let change = |value: &mut Option<String>| match value {
                        Some(_) if number % 2 == 0 => {}
                        Some(value) if value.len() < 60 => value.push_str(&text(number)),
                        value => *value = None,
                    };
                    let held = &mut model[row as usize];
                    look(held, &now);
                    let mut changed = held.as_ref().map(|(value, _)| value.clone());
                    change(&mut changed);
                    match changed {
                        Some(value) => write(held, value, &now),
                        None => *held = None,
                    }
                    column.modify(RowId(row), &now, &mut holds, change);
                }
                Step::Read(row) => {
                    look(&mut model[row as usize], &now);
                    let expect = model[row as usize].as_ref().map(|(value, _)| value);
                    assert_eq!(column.get(RowId(row), &now, &mut holds), expect);
                }
                Step::Clear(row) => {
                    model[row as usize] = None;
                    column.clear_row(RowId(row), &mut holds);
                }
                Step::Pass(tick) => tick.pass(&mut now),
                Step::Sweep => {
                    while column.sweep(2, &now, &mut holds) == 2 {}
                    for held in &mut model {
                        held.take_if(|(_, stamp)| life.is_gone(*stamp, &now));
                    }
                }
                Step::Freeze => snapshots.push((column.freeze(), model.clone())),
            }
            assert_eq!(column.len(), model.iter().flatten().count());
            for row in 0..ROWS {
                assert_eq!(column.holds_row(RowId(row)), model[row as usize].is_some());
            }
        }
        expect_holds(&mut holds, |row| model[row as usize].is_some());
        for (frozen, model) in &snapshots {
            for row in 0..ROWS {
                assert_eq!(decoded(frozen.as_ref(), row, life), model[row as usize]);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]
        #[test]
        fn it_is_a_value_a_row(ttl in ttls(), steps in steps()) {
            run(ttl, steps);
        }
    }

    #[test]
    fn a_row_that_never_had_a_value_has_none() {
        let (mut column, mut holds) = (ValueColumn::<u64>::new(None), RowHolds::default());
        let now = StateTime::default();
        assert_eq!(column.get(RowId(7), &now, &mut holds), None);
        assert_eq!(column.get(RowId::NONE, &now, &mut holds), None);
        column.clear_row(RowId::NONE, &mut holds);
        column.modify(RowId(7), &now, &mut holds, |value| assert_eq!(*value, None));
        assert!(column.is_empty() && !holds.has_released());
        let frozen = column.freeze();
        assert!(!frozen.encode_row(RowId(7), &mut Vec::new()));
    }

    #[test]
    fn a_reset_gives_memory_back() {
        let (mut column, mut holds) = (ValueColumn::<u64>::new(None), RowHolds::default());
        let now = StateTime::default();
        for row in 0..10_000 {
            column.modify(RowId(row), &now, &mut holds, |value| *value = Some(1));
        }
        let frozen = column.freeze();
        assert!(column.bytes() > 80_000);
        (0..10_000).for_each(|row| column.clear_row(RowId(row), &mut holds));
        column.reset();
        assert_eq!((column.len(), column.bytes()), (0, 0));
        // Who has seen it before still does.
        assert!((0..10_000).all(|row| frozen.encode_row(RowId(row), &mut Vec::new())));
    }
}
