use std::marker::PhantomData;

use hurtig_core::{Result, TypeInformation};

use crate::columns::StateColumn;
use crate::columns::list::ListColumn;
use crate::store::{StateAccess, StateId};

/// A list per key. Flink's `ListState`.
pub struct ListState<T> {
    pub(super) id: StateId,
    types: PhantomData<fn() -> T>,
}

impl<T> Clone for ListState<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for ListState<T> {}

impl<T> Default for ListState<T> {
    fn default() -> Self {
        ListState { id: StateId::NONE, types: PhantomData }
    }
}

impl<T: TypeInformation> ListState<T> {
    pub(crate) fn new(id: StateId) -> Self {
        ListState { id, types: PhantomData }
    }

    /// The key's elements in their order.
    pub fn get<'a, A: StateAccess>(
        &self,
        at: &'a mut A,
    ) -> Result<impl Iterator<Item = &'a T> + use<'a, A, T>> {
        let row = at.row();
        let (column, time, _) = at.states().column::<ListColumn<T>>(self.id)?;
        column.read(row, time);
        Ok((*column).iter(row, *time))
    }

    /// How many elements the key has; with time to live those that are over but still there count too.
    pub fn len(&self, at: &mut impl StateAccess) -> Result<usize> {
        let row = at.row();
        Ok(at.states().column::<ListColumn<T>>(self.id)?.0.row_len(row))
    }

    /// Whether the key has no elements.
    pub fn is_empty(&self, at: &mut impl StateAccess) -> Result<bool> {
        Ok(self.get(at)?.next().is_none())
    }

    /// Appends an element.
    pub fn add(&self, at: &mut impl StateAccess, value: T) -> Result<()> {
        let row = at.claim_row()?;
        let (column, time, holds) = at.states().column::<ListColumn<T>>(self.id)?;
        column.push(row, value, time, holds);
        Ok(())
    }

    /// Appends elements.
    pub fn add_all(&self, at: &mut impl StateAccess, values: impl IntoIterator<Item = T>) -> Result<()> {
        values.into_iter().try_for_each(|value| self.add(at, value))
    }

    /// Replaces the key's elements.
    pub fn update(&self, at: &mut impl StateAccess, values: impl IntoIterator<Item = T>) -> Result<()> {
        self.clear(at)?;
        self.add_all(at, values)
    }

    /// Takes the key's elements out; none are left.
    pub fn take(&self, at: &mut impl StateAccess) -> Result<Vec<T>> {
        let row = at.row();
        let (column, time, holds) = at.states().column::<ListColumn<T>>(self.id)?;
        Ok(column.take(row, time, holds))
    }

    /// Forgets the key's elements.
    pub fn clear(&self, at: &mut impl StateAccess) -> Result<()> {
        let row = at.row();
        let (column, _, holds) = at.states().column::<ListColumn<T>>(self.id)?;
        column.clear_row(row, holds);
        Ok(())
    }
}
