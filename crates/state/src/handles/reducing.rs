use std::marker::PhantomData;

use hurtig_core::{Result, TypeInformation};

use crate::columns::StateColumn;
use crate::columns::value::ValueColumn;
use crate::functions::ReduceFunction;
use crate::store::{StateAccess, StateId};

/// One value per key of all that were added. Flink's `ReducingState`.
#[derive(Clone)]
pub struct ReducingState<T, F = fn(T, T) -> T> {
    pub(super) id: StateId,
    reduce: Option<F>,
    types: PhantomData<fn() -> T>,
}

impl<T, F> Default for ReducingState<T, F> {
    fn default() -> Self {
        ReducingState { id: StateId::NONE, reduce: None, types: PhantomData }
    }
}

impl<T: TypeInformation, F: ReduceFunction<T>> ReducingState<T, F> {
    pub(crate) fn new(id: StateId, reduce: F) -> Self {
        ReducingState { id, reduce: Some(reduce), types: PhantomData }
    }

    /// The key's value.
    pub fn get<'a>(&self, at: &'a mut impl StateAccess) -> Result<Option<&'a T>> {
        let row = at.row();
        let (column, time, holds) = at.states().column::<ValueColumn<T>>(self.id)?;
        Ok(column.get(row, time, holds))
    }

    /// Adds a value.
    pub fn add(&self, at: &mut impl StateAccess, value: T) -> Result<()> {
        let row = at.claim_row()?;
        let (column, time, holds) = at.states().column::<ValueColumn<T>>(self.id)?;
        column.modify(row, time, holds, |present| {
            *present = Some(match (present.take(), &self.reduce) {
                (Some(held), Some(reduce)) => reduce.reduce(held, value)?,
                _ => value,
            });
            Ok(())
        })
    }

    /// Forgets the key's value.
    pub fn clear(&self, at: &mut impl StateAccess) -> Result<()> {
        let row = at.row();
        let (column, _, holds) = at.states().column::<ValueColumn<T>>(self.id)?;
        column.clear_row(row, holds);
        Ok(())
    }
}
