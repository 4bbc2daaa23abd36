//! How records find their subtask: keys and the user's own partitioners, a batch at a time.
use std::marker::PhantomData;
use std::sync::Arc;

use hurtig_core::key::hash::{hash_column, hash_columns};
use hurtig_core::{Batch, Key, Result, TypeInformation};

/// Gives each record its key. Flink's `KeySelector`. The key may be made or borrowed.
pub trait SelectKey<T>: Clone + Send + Sync + 'static {
    /// What records are told apart by.
    type Key: Key;

    /// Calls `use_key` with the key of `record`.
    fn with_key<R>(&self, record: &T, use_key: impl FnOnce(&Self::Key) -> R) -> R;
}

/// A key that a closure makes.
#[derive(Clone)]
pub struct OwnedKey<F>(pub F);

/// A key that lies in the record.
#[derive(Clone)]
pub struct BorrowedKey<F>(pub F);

/// An [`OwnedKey`] or [`BorrowedKey`] closure with its key type.
pub struct Selector<F, K> {
    select: F,
    types: PhantomData<fn() -> K>,
}

impl<F: Clone, K> Clone for Selector<F, K> {
    fn clone(&self) -> Self {
        Selector { select: self.select.clone(), types: PhantomData }
    }
}

impl<F, K> Selector<F, K> {
    /// Wraps a closure.
    pub fn new(select: F) -> Self {
        Selector { select, types: PhantomData }
    }
}

impl<T, K, F> SelectKey<T> for Selector<OwnedKey<F>, K>
where
    K: Key,
    F: Fn(&T) -> K + Clone + Send + Sync + 'static,
{
    type Key = K;

    #[inline]
    fn with_key<R>(&self, record: &T, use_key: impl FnOnce(&K) -> R) -> R {
        use_key(&(self.select.0)(record))
    }
}

impl<T, K, F> SelectKey<T> for Selector<BorrowedKey<F>, K>
where
    K: Key,
    F: Fn(&T) -> &K + Clone + Send + Sync + 'static,
{
    type Key = K;

    #[inline]
    fn with_key<R>(&self, record: &T, use_key: impl FnOnce(&K) -> R) -> R {
        use_key((self.select.0)(record))
    }
}

/// Hashes the keys of a batch.
pub trait HashKeys: Send + Sync {
    /// Replaces `hashes` by one hash per record.
    fn hash_keys(&self, batch: &Batch, hashes: &mut Vec<u64>) -> Result<()>;
}

/// The keys of rows of type `T`.
pub struct RowKeys<T, S> {
    selector: S,
    types: PhantomData<fn(T)>,
}

impl<T, S> RowKeys<T, S> {
    /// The keys that `selector` selects.
    pub fn new(selector: S) -> Self {
        RowKeys { selector, types: PhantomData }
    }
}

impl<T: TypeInformation, S: SelectKey<T>> HashKeys for RowKeys<T, S> {
    fn hash_keys(&self, batch: &Batch, hashes: &mut Vec<u64>) -> Result<()> {
        hashes.clear();
        let rows = batch.rows::<T>()?;
        hashes.extend(rows.iter().map(|row| self.selector.with_key(row, Key::key_hash)));
        Ok(())
    }
}

/// The keys that some columns make up. One column hashes as its value, several as the row of them.
pub struct ColumnKeys(pub Vec<usize>);

impl HashKeys for ColumnKeys {
    fn hash_keys(&self, batch: &Batch, hashes: &mut Vec<u64>) -> Result<()> {
        hashes.clear();
        let columns = batch.record_batch()?;
        match self.0.as_slice() {
            [column] => hash_column(columns.column(*column).as_ref(), hashes),
            several => {
                let arrays: Vec<_> = several.iter().map(|&column| columns.column(column).clone()).collect();
                hash_columns(&arrays, hashes)
            }
        }
    }
}

/// The user's partitioner: a target per record.
pub trait PartitionRows: Send + Sync {
    /// Replaces `targets` by one subtask below `parallelism` per record.
    fn partition(&self, batch: &Batch, parallelism: u32, targets: &mut Vec<u32>) -> Result<()>;
}

/// A closure over rows of type `T` as partitioner.
pub struct CustomPartitioner<T, F> {
    function: F,
    types: PhantomData<fn(T)>,
}

impl<T, F> CustomPartitioner<T, F> {
    /// `function` gets a record and the number of subtasks, and names one below it.
    pub fn new(function: F) -> Self {
        CustomPartitioner { function, types: PhantomData }
    }
}

impl<T, F> PartitionRows for CustomPartitioner<T, F>
where
    T: TypeInformation,
    F: Fn(&T, u32) -> u32 + Send + Sync,
{
    fn partition(&self, batch: &Batch, parallelism: u32, targets: &mut Vec<u32>) -> Result<()> {
        targets.clear();
        targets.extend(batch.rows::<T>()?.iter().map(|row| (self.function)(row, parallelism)));
        match targets.iter().find(|&&target| target >= parallelism) {
            Some(target) => Err(hurtig_core::Error::user(format!(
                "the custom partitioner named subtask {target} of {parallelism} (they count from 0)"
            ))),
            None => Ok(()),
        }
    }
}

/// What an edge needs beyond its kind to share records out.
#[derive(Clone)]
pub enum Route {
    /// Nothing.
    Plain,
    /// The keys' hashes.
    Keys(Arc<dyn HashKeys>),
    /// The user's partitioner.
    Custom(Arc<dyn PartitionRows>),
}
