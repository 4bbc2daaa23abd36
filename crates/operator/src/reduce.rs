//! Keyed `reduce` and the aggregations built on it: one running value per key, put out at every change.
use std::marker::PhantomData;

use hurtig_core::{Result, TypeInformation};
use hurtig_state::keyed::KeyedStates;
use hurtig_state::{ValueState, ValueStateDescriptor};

use crate::context::OperatorContext;
use crate::keyed::CHUNK;
use crate::keyed::lookup::Lookup;
use crate::operator::{Input, Operator, Progress};
use crate::output::Output;
use crate::route::SelectKey;

/// Folds each record into the value held for its key and puts the new value out. Flink's `StreamGroupedReduce`.
///
/// The first record of a key is its first value.
pub struct KeyedReduce<T, S: SelectKey<T>, F> {
    selector: S,
    reduce: F,
    states: KeyedStates<S::Key>,
    lookup: Lookup,
    held: ValueState<T>,
    types: PhantomData<fn(T)>,
}

impl<T, S, F> KeyedReduce<T, S, F>
where
    T: TypeInformation,
    S: SelectKey<T>,
    F: FnMut(&T, T) -> Result<T> + Send,
{
    /// The operator that keeps one value per key of `selector`; `reduce` gets the held value and the record.
    pub fn new(selector: S, reduce: F) -> Self {
        KeyedReduce {
            selector,
            reduce,
            states: KeyedStates::default(),
            lookup: Lookup::default(),
            held: ValueState::default(),
            types: PhantomData,
        }
    }
}

impl<T, S, F> Operator for KeyedReduce<T, S, F>
where
    T: TypeInformation,
    S: SelectKey<T>,
    F: FnMut(&T, T) -> Result<T> + Send,
{
    fn open(&mut self, _: &mut OperatorContext) -> Result<()> {
        self.held = self.states.store.value(&ValueStateDescriptor::new("_op_state"))?;
        Ok(())
    }

    fn process(
        &mut self,
        input: &mut Input,
        output: &mut Output,
        _: &mut OperatorContext,
    ) -> Result<Progress> {
        let mut collector = output.collector::<T>()?;
        let mut left = input.limit;
        while left > 0 && !collector.is_full() && !input.batch.is_empty() {
            let count = left.min(CHUNK);
            let found = self.lookup.claim::<T, S>(&input.batch, count, &self.selector, &mut self.states)?;
            let (column, time, holds) = self.held.column(&mut self.states.store)?;
            let mut rows = input.batch.cursor::<T>(found)?;
            for &row in self.lookup.rows() {
                if collector.is_full() {
                    break;
                }
                let Some((value, timestamp)) = rows.next() else { break };
                left -= 1;
                let reduced: Result<T> = column.modify(row, time, holds, |held| match held {
                    Some(held) => {
                        *held = (self.reduce)(held, value)?;
                        Ok(held.clone())
                    }
                    None => Ok(held.insert(value).clone()),
                });
                collector.collect(reduced?, timestamp);
            }
            self.states.collect();
        }
        Ok(Progress::Done)
    }
}
