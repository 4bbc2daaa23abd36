//! Keyed `reduce` and the aggregations built on it: one running value per key, put out at every change.
use std::marker::PhantomData;

use hashbrown::HashTable;
use hurtig_core::key::table_slot_hash;
use hurtig_core::{Key, Result, TypeInformation};

use crate::context::OperatorContext;
use crate::operator::{Input, Operator, Progress};
use crate::output::Output;
use crate::route::SelectKey;

/// Folds each record into the value held for its key and puts the new value out. Flink's `StreamGroupedReduce`.
///
/// The first record of a key is its first value.
pub struct KeyedReduce<T, S: SelectKey<T>, F> {
    selector: S,
    reduce: F,
    table: HashTable<(S::Key, T)>,
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
        KeyedReduce { selector, reduce, table: HashTable::new(), types: PhantomData }
    }
}

impl<T, S, F> Operator for KeyedReduce<T, S, F>
where
    T: TypeInformation,
    S: SelectKey<T>,
    F: FnMut(&T, T) -> Result<T> + Send,
{
    fn process(
        &mut self,
        input: &mut Input,
        output: &mut Output,
        _: &mut OperatorContext,
    ) -> Result<Progress> {
        let mut collector = output.collector::<T>()?;
        let mut cursor = input.batch.cursor::<T>(input.limit)?;
        while !collector.is_full() {
            let Some((value, timestamp)) = cursor.next() else { break };
            let slot = table_slot_hash(self.selector.with_key(&value, Key::key_hash));
            let held = self
                .selector
                .with_key(&value, |key| self.table.find_mut(slot, |(present, _)| present.key_eq(key)));
            match held {
                Some((_, held)) => {
                    *held = (self.reduce)(held, value)?;
                    collector.collect(held.clone(), timestamp);
                }
                None => {
                    let key = self.selector.with_key(&value, S::Key::clone);
                    let rehash = |entry: &(S::Key, T)| table_slot_hash(entry.0.key_hash());
                    self.table.insert_unique(slot, (key, value.clone()), rehash);
                    collector.collect(value, timestamp);
                }
            }
        }
        Ok(Progress::Done)
    }
}
