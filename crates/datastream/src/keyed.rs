//! A stream by key.
use std::ops::Deref;
use std::sync::Arc;

use hurtig_core::batch::BatchType;
use hurtig_core::{BoxError, Error, TypeInformation};
use hurtig_graph::Partitioner;
use hurtig_operator::Operator;
use hurtig_operator::aggregate::{self, Extreme, Sum};
use hurtig_operator::keyed::{KeyedProcess, KeyedProcessFunction};
use hurtig_operator::reduce::KeyedReduce;
use hurtig_operator::route::{Route, RowKeys, SelectKey};

use crate::builder::NewNode;
use crate::stream::DataStream;

/// A stream whose records of one key go to one subtask, in order. Flink's `KeyedStream`. It is also a
/// [`DataStream`], partitioned by key.
pub struct KeyedStream<T, S> {
    stream: DataStream<T>,
    selector: S,
}

impl<T, S> Deref for KeyedStream<T, S> {
    type Target = DataStream<T>;

    fn deref(&self) -> &DataStream<T> {
        &self.stream
    }
}

impl<T: TypeInformation, S: SelectKey<T>> KeyedStream<T, S> {
    pub(crate) fn new(stream: &DataStream<T>, selector: S) -> Self {
        let key_type = <S::Key as TypeInformation>::logical_type().to_string();
        let keys = RowKeys::<T, S>::new(selector.clone());
        let stream = stream.partitioned(Partitioner::Hash { key_type }, Route::Keys(Arc::new(keys)));
        KeyedStream { stream, selector }
    }

    fn running<F>(&self, kind: &'static str, create: impl Fn() -> F + Send + Sync + 'static) -> DataStream<T>
    where
        F: FnMut(&T, T) -> hurtig_core::Result<T> + Send + 'static,
    {
        let selector = self.selector.clone();
        let operator = move || Box::new(KeyedReduce::new(selector.clone(), create())) as _;
        self.stream.add(NewNode::operator(kind, BatchType::rows::<T>(), operator))
    }

    /// A function with state and timers per key. Flink's `KeyedStream.process`.
    pub fn process<O, F>(&self, function: F) -> DataStream<O>
    where
        O: TypeInformation,
        F: KeyedProcessFunction<S::Key, T, O>,
    {
        let selector = self.selector.clone();
        let create = move || {
            Box::new(KeyedProcess::<T, O, S, F>::new(selector.clone(), function.clone())) as Box<dyn Operator>
        };
        self.stream.add(NewNode::operator("KeyedProcess", BatchType::rows::<O>(), create))
    }

    /// Keeps one value per key: `reduce` gets it and the next record, and what it gives is kept and put out.
    ///
    /// ```
    /// # use hurtig_datastream::StreamExecutionEnvironment;
    /// # let env = StreamExecutionEnvironment::default();
    /// let words = env.from_collection([("a".to_owned(), 1u64), ("a".to_owned(), 1)]);
    /// let counts = words.key_by_ref(|(word, _)| word).reduce(|held, next| (next.0, held.1 + next.1));
    /// # let _ = counts;
    /// ```
    pub fn reduce<F>(&self, reduce: F) -> DataStream<T>
    where
        F: Fn(&T, T) -> T + Clone + Send + Sync + 'static,
    {
        self.running("Keyed Reduce", move || {
            let reduce = reduce.clone();
            move |held: &T, record| Ok(reduce(held, record))
        })
    }

    /// As [`reduce`](Self::reduce), with a function that can fail.
    pub fn try_reduce<E, F>(&self, reduce: F) -> DataStream<T>
    where
        E: Into<BoxError>,
        F: Fn(&T, T) -> Result<T, E> + Clone + Send + Sync + 'static,
    {
        self.running("Keyed Reduce", move || {
            let reduce = reduce.clone();
            move |held: &T, record| reduce(held, record).map_err(Error::from_function)
        })
    }

    /// The running sum of one field per key; the other fields are those of the key's first record.
    /// A sum that does not fit its type fails the job and shows both numbers.
    pub fn sum<V, F>(&self, field: F) -> DataStream<T>
    where
        V: Sum + Copy + 'static,
        F: Fn(&mut T) -> &mut V + Clone + Send + Sync + 'static,
    {
        self.running("Keyed Aggregation", move || aggregate::sum(field.clone()))
    }

    /// The least value of one field per key; the other fields are those of the key's first record.
    pub fn min<V, F>(&self, field: F) -> DataStream<T>
    where
        V: PartialOrd + Clone + 'static,
        F: Fn(&mut T) -> &mut V + Clone + Send + Sync + 'static,
    {
        self.running("Keyed Aggregation", move || aggregate::extreme(Extreme::Least, field.clone()))
    }

    /// The greatest value of one field per key; the other fields are those of the key's first record.
    pub fn max<V, F>(&self, field: F) -> DataStream<T>
    where
        V: PartialOrd + Clone + 'static,
        F: Fn(&mut T) -> &mut V + Clone + Send + Sync + 'static,
    {
        self.running("Keyed Aggregation", move || aggregate::extreme(Extreme::Greatest, field.clone()))
    }

    /// The record with the least value of one field per key; of equal ones the first.
    pub fn min_by<V, F>(&self, field: F) -> DataStream<T>
    where
        V: PartialOrd + 'static,
        F: Fn(&T) -> V + Clone + Send + Sync + 'static,
    {
        self.running("Keyed Aggregation", move || aggregate::extreme_by(Extreme::Least, field.clone()))
    }

    /// The record with the greatest value of one field per key; of equal ones the first.
    pub fn max_by<V, F>(&self, field: F) -> DataStream<T>
    where
        V: PartialOrd + 'static,
        F: Fn(&T) -> V + Clone + Send + Sync + 'static,
    {
        self.running("Keyed Aggregation", move || aggregate::extreme_by(Extreme::Greatest, field.clone()))
    }
}
