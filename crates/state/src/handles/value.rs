use std::marker::PhantomData;

use hurtig_core::{Result, TypeInformation};

use crate::columns::StateColumn;
use crate::columns::value::ValueColumn;
use crate::rows::RowHolds;
use crate::store::{StateAccess, StateId, StateStore};
use crate::ttl::StateTime;

/// One value per key. Flink's `ValueState`.
pub struct ValueState<T> {
    pub(super) id: StateId,
    types: PhantomData<fn() -> T>,
}

impl<T> Clone for ValueState<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for ValueState<T> {}

impl<T> Default for ValueState<T> {
    fn default() -> Self {
        ValueState { id: StateId::NONE, types: PhantomData }
    }
}

impl<T: TypeInformation> ValueState<T> {
    pub(crate) fn new(id: StateId) -> Self {
        ValueState { id, types: PhantomData }
    }

    /// The values of all keys, with what a change of one needs: for operators that work on many keys at once.
    pub fn column<'a>(
        &self,
        store: &'a mut StateStore,
    ) -> Result<(&'a mut ValueColumn<T>, &'a StateTime, &'a mut RowHolds)> {
        store.column(self.id)
    }

    /// The key's value, a copy of it.
    #[inline]
    pub fn value(&self, at: &mut impl StateAccess) -> Result<Option<T>> {
        Ok(self.get(at)?.cloned())
    }

    /// The key's value where it lies.
    #[inline]
    pub fn get<'a>(&self, at: &'a mut impl StateAccess) -> Result<Option<&'a T>> {
        let row = at.row();
        let (column, time, holds) = at.states().column::<ValueColumn<T>>(self.id)?;
        Ok(column.get(row, time, holds))
    }

    /// Sets the key's value.
    #[inline]
    pub fn update(&self, at: &mut impl StateAccess, value: T) -> Result<()> {
        self.modify(at, |present| *present = Some(value))
    }

    /// Calls `change` with the key's value, which may make, change or remove it: one look-up for all.
    ///
    /// The fastest way: `let count = state.modify(ctx, |n| { let n = n.get_or_insert(0); *n += 1; *n })?`.
    #[inline]
    pub fn modify<R>(
        &self,
        at: &mut impl StateAccess,
        change: impl FnOnce(&mut Option<T>) -> R,
    ) -> Result<R> {
        let row = at.claim_row()?;
        let (column, time, holds) = at.states().column::<ValueColumn<T>>(self.id)?;
        Ok(column.modify(row, time, holds, change))
    }

    /// Forgets the key's value.
    pub fn clear(&self, at: &mut impl StateAccess) -> Result<()> {
        let row = at.row();
        let (column, _, holds) = at.states().column::<ValueColumn<T>>(self.id)?;
        column.clear_row(row, holds);
        Ok(())
    }
}
