use std::marker::PhantomData;

use hurtig_core::Result;

use crate::columns::StateColumn;
use crate::columns::value::ValueColumn;
use crate::functions::AggregateFunction;
use crate::store::{StateAccess, StateId};

/// One accumulator per key of all that was added. Flink's `AggregatingState`.
#[derive(Clone)]
pub struct AggregatingState<I, A> {
    pub(super) id: StateId,
    aggregate: Option<A>,
    types: PhantomData<fn() -> I>,
}

impl<I, A> Default for AggregatingState<I, A> {
    fn default() -> Self {
        AggregatingState { id: StateId::NONE, aggregate: None, types: PhantomData }
    }
}

impl<I, A: AggregateFunction<I>> AggregatingState<I, A> {
    pub(crate) fn new(id: StateId, aggregate: A) -> Self {
        AggregatingState { id, aggregate: Some(aggregate), types: PhantomData }
    }

    /// The result of what was added for the key; `None` if nothing was.
    pub fn get(&self, at: &mut impl StateAccess) -> Result<Option<A::Output>> {
        let row = at.row();
        let (column, time, holds) = at.states().column::<ValueColumn<A::Accumulator>>(self.id)?;
        match (column.get(row, time, holds), &self.aggregate) {
            (Some(accumulator), Some(aggregate)) => aggregate.get_result(accumulator).map(Some),
            _ => Ok(None),
        }
    }

    /// Adds a value.
    pub fn add(&self, at: &mut impl StateAccess, value: I) -> Result<()> {
        let row = at.claim_row()?;
        let (column, time, holds) = at.states().column::<ValueColumn<A::Accumulator>>(self.id)?;
        let Some(aggregate) = &self.aggregate else { return Ok(()) };
        column.modify(row, time, holds, |present| {
            let accumulator = present.get_or_insert_with(|| aggregate.create_accumulator());
            aggregate.add(value, accumulator)
        })
    }

    /// Forgets what was added for the key.
    pub fn clear(&self, at: &mut impl StateAccess) -> Result<()> {
        let row = at.row();
        let (column, _, holds) = at.states().column::<ValueColumn<A::Accumulator>>(self.id)?;
        column.clear_row(row, holds);
        Ok(())
    }
}
