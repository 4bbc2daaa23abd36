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

use crate::broadcast::KeyedBroadcastConnectedStream;
use crate::builder::NewNode;
use crate::connected::ConnectToKeyed;
use crate::stream::DataStream;

/// A stream whose records of one key go to one subtask, in order. Flink's `KeyedStream`. It is also a
/// [`DataStream`], partitioned by key.
pub struct KeyedStream<T, S> {
    stream: DataStream<T>,
    selector: S,
}

impl<T, S: Clone> Clone for KeyedStream<T, S> {
    fn clone(&self) -> Self {
        KeyedStream { stream: self.stream.clone(), selector: self.selector.clone() }
    }
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

    pub(crate) fn selector(&self) -> &S {
        &self.selector
    }

    /// This stream and another. If that is keyed too, by keys of the same type, records of one key of both reach
    /// one subtask, and a function of both has state and timers per key.
    ///
    /// ```
    /// # use hurtig_core::Result;
    /// # use hurtig_datastream::StreamExecutionEnvironment;
    /// # use hurtig_operator::RuntimeContext;
    /// # use hurtig_operator::function::RichFunction;
    /// # use hurtig_operator::keyed::{KeyedContext, KeyedCoProcessFunction};
    /// # use hurtig_state::{ValueState, ValueStateDescriptor};
    /// /// Lets numbers pass from when their key was switched on.
    /// #[derive(Clone, Default)]
    /// struct Switched {
    ///     on: ValueState<bool>,
    /// }
    ///
    /// impl RichFunction for Switched {
    ///     fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
    ///         self.on = context.state(&ValueStateDescriptor::new("on"))?;
    ///         Ok(())
    ///     }
    /// }
    ///
    /// impl KeyedCoProcessFunction<i64, i64, (i64, bool), i64> for Switched {
    ///     fn process_element1(&mut self, number: i64, ctx: &mut KeyedContext<'_, i64, i64>) -> Result<()> {
    ///         if self.on.value(ctx)?.unwrap_or(false) {
    ///             ctx.collect(number);
    ///         }
    ///         Ok(())
    ///     }
    ///
    ///     fn process_element2(
    ///         &mut self,
    ///         (_, on): (i64, bool),
    ///         ctx: &mut KeyedContext<'_, i64, i64>,
    ///     ) -> Result<()> {
    ///         self.on.update(ctx, on)
    ///     }
    /// }
    ///
    /// let env = StreamExecutionEnvironment::default();
    /// let numbers = env.from_sequence(1, 100).key_by(|number| number % 10);
    /// let switches = env.from_collection([(3, true), (4, true), (3, false)]).key_by(|(key, _)| *key);
    /// numbers.connect(&switches).process(Switched::default()).print();
    /// ```
    ///
    /// Keys of different types do not compile:
    /// ```compile_fail,E0271
    /// # use hurtig_datastream::StreamExecutionEnvironment;
    /// # let env = StreamExecutionEnvironment::default();
    /// let numbers = env.from_sequence(1, 3).key_by(|number| number % 10);
    /// let words = env.from_collection(["a".to_owned()]).key_by(|word| word.clone());
    /// numbers.connect(&words);
    /// ```
    pub fn connect<C: ConnectToKeyed<T, S>>(&self, other: &C) -> C::Connected {
        other.connect_to(self)
    }

    /// This stream and one whose records every subtask gets, such as rules: for a function with state per key
    /// and with state that every subtask has alike.
    pub fn connect_broadcast<B: TypeInformation>(
        &self,
        rules: &DataStream<B>,
    ) -> KeyedBroadcastConnectedStream<T, S, B> {
        KeyedBroadcastConnectedStream::new(self.stream.clone(), self.selector.clone(), rules.clone())
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
