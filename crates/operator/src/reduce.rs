//! Keyed `reduce` and the aggregations built on it: one running value per key, put out at every change; in a
//! batch, once at the end.
use std::marker::PhantomData;

use hurtig_core::{EventTime, Result, TypeInformation, Watermark};
use hurtig_state::keyed::{KeyedStates, StateSize};
use hurtig_state::{RowId, ValueState, ValueStateDescriptor};

use crate::context::OperatorContext;
use crate::keyed::CHUNK;
use crate::keyed::lookup::Lookup;
use crate::operator::{Input, Operator, Progress};
use crate::output::Output;
use crate::route::SelectKey;

/// Folds each record into the value held for its key and puts the new value out. Flink's `StreamGroupedReduce`.
///
/// The first record of a key is its first value. In a batch only the last value of each key comes out, at the
/// end, with the last event time there is: Flink's `BatchGroupedReduceOperator`.
pub struct KeyedReduce<T, S: SelectKey<T>, F> {
    selector: S,
    reduce: F,
    states: KeyedStates<S::Key>,
    lookup: Lookup,
    held: ValueState<T>,
    /// In a batch, how many rows have given their value out.
    given_out: usize,
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
            given_out: 0,
            types: PhantomData,
        }
    }

    /// Takes records in and puts nothing out.
    fn fold(&mut self, input: &mut Input) -> Result<Progress> {
        let mut left = input.limit;
        while left > 0 && !input.batch.is_empty() {
            let count = left.min(CHUNK);
            let found = self.lookup.claim::<T, S>(&input.batch, count, &self.selector, &mut self.states)?;
            left -= found;
            let (column, time, holds) = self.held.column(&mut self.states.store)?;
            for (&row, (value, _)) in self.lookup.rows().iter().zip(input.batch.cursor::<T>(found)?) {
                let reduced: Result<()> = column.modify(row, time, holds, |held| {
                    *held = Some(match held {
                        Some(held) => (self.reduce)(held, value)?,
                        None => value,
                    });
                    Ok(())
                });
                reduced?;
            }
            self.states.collect();
        }
        Ok(Progress::Done)
    }

    /// Puts the values of all keys out.
    fn give_out(&mut self, output: &mut Output) -> Result<Progress> {
        let (column, time, holds) = self.held.column(&mut self.states.store)?;
        let mut collector = output.collector::<T>()?;
        while self.given_out < column.places() {
            if collector.is_full() {
                return Ok(Progress::More);
            }
            let row = RowId(self.given_out as u32);
            self.given_out += 1;
            if let Some(value) = column.modify(row, time, holds, Option::take) {
                collector.collect(value, Some(EventTime::MAX));
            }
        }
        // All at once: to take key after key out of the table is work for nothing.
        self.states = KeyedStates::default();
        Ok(Progress::Done)
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
        operator: &mut OperatorContext,
    ) -> Result<Progress> {
        if operator.is_batch() {
            return self.fold(input);
        }
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

    fn watermark(
        &mut self,
        watermark: Watermark,
        output: &mut Output,
        operator: &mut OperatorContext,
    ) -> Result<Progress> {
        if operator.timers_are_over() && self.give_out(output)? == Progress::More {
            return Ok(Progress::More);
        }
        output.watermark(watermark);
        Ok(Progress::Done)
    }

    fn keyed_state_size(&mut self) -> Option<StateSize> {
        Some(self.states.size())
    }
}
