//! Two streams joined by key and window: `join` and `co_group`.
use std::time::Duration;

use hurtig_core::{Key, TypeInformation};
use hurtig_operator::route::{OwnedKey, SelectKey, Selector};
use hurtig_operator::window::assigner::WindowAssigner;
use hurtig_operator::window::evictor::Evictor;
use hurtig_operator::window::join::{CoGroup, CoGroupFunction, EachPair, EitherKey, TaggedUnion};
use hurtig_operator::window::trigger::Trigger;

use crate::keyed::KeyedStream;
use crate::stream::DataStream;
use crate::windowed::{EvictingWindowedStream, WindowedStream};

/// Two streams that are to be joined by key and window. Flink's `JoinedStreams` and `CoGroupedStreams`, which
/// differ here in the last call alone: `apply` for pairs, `co_group` for both runs of elements.
///
/// ```
/// # use std::time::Duration;
/// # use hurtig_connector::WatermarkStrategy;
/// # use hurtig_core::EventTime;
/// # use hurtig_datastream::StreamExecutionEnvironment;
/// # use hurtig_operator::window::assigner::TumblingEventTimeWindows;
/// # let env = StreamExecutionEnvironment::default();
/// # let strategy = || WatermarkStrategy::for_monotonous_timestamps()
/// #     .with_timestamp_assigner(|(_, second): &(i64, i64), _| EventTime::from_millis(second * 1000));
/// let orders = env.from_collection([(1, 10), (2, 11)]).assign_timestamps_and_watermarks(strategy());
/// let payments = env.from_collection([(1, 12), (3, 13)]).assign_timestamps_and_watermarks(strategy());
/// let paid = orders
///     .join(&payments)
///     .where_key(|(order, _)| *order)
///     .equal_to(|(order, _)| *order)
///     .window(TumblingEventTimeWindows::of(Duration::from_secs(60)))
///     .apply(|order, payment| [(order.0, payment.1 - order.1)]);
/// paid.print();
/// ```
pub struct JoinedStreams<A, B> {
    first: DataStream<A>,
    second: DataStream<B>,
}

/// [`JoinedStreams`] with the key of the first.
pub struct Where<A, B, S> {
    streams: JoinedStreams<A, B>,
    key: S,
}

/// [`JoinedStreams`] with both keys. Flink's `Where.EqualTo`.
pub struct EqualTo<A, B, S, R> {
    streams: JoinedStreams<A, B>,
    keys: EitherKey<S, R>,
}

/// [`JoinedStreams`] with keys and windows. Flink's `WithWindow`.
pub struct WithWindow<A, B, S, R, W, G>
where
    A: TypeInformation,
    B: TypeInformation,
{
    windowed: WindowedStream<TaggedUnion<A, B>, EitherKey<S, R>, W, G>,
}

/// [`WithWindow`] with an evictor.
pub struct WithEvictor<A, B, S, R, W, G, E>
where
    A: TypeInformation,
    B: TypeInformation,
{
    windowed: EvictingWindowedStream<TaggedUnion<A, B>, EitherKey<S, R>, W, G, E>,
}

impl<A: TypeInformation> DataStream<A> {
    /// This stream and another, to be joined by key and window.
    pub fn join<B: TypeInformation>(&self, other: &DataStream<B>) -> JoinedStreams<A, B> {
        JoinedStreams { first: self.clone(), second: other.clone() }
    }

    /// This stream and another, whose elements of a key and window are to be seen together.
    pub fn co_group<B: TypeInformation>(&self, other: &DataStream<B>) -> JoinedStreams<A, B> {
        self.join(other)
    }
}

impl<A: TypeInformation, B: TypeInformation> JoinedStreams<A, B> {
    /// The key of elements of the first stream. Flink's `where`, which is a word of Rust's own.
    pub fn where_key<K, F>(self, key: F) -> Where<A, B, Selector<OwnedKey<F>, K>>
    where
        K: Key,
        F: Fn(&A) -> K + Clone + Send + Sync + 'static,
    {
        Where { streams: self, key: Selector::new(OwnedKey(key)) }
    }
}

impl<A: TypeInformation, B: TypeInformation, S: SelectKey<A>> Where<A, B, S> {
    /// The key of elements of the second stream, of the same type.
    pub fn equal_to<F>(self, key: F) -> EqualTo<A, B, S, Selector<OwnedKey<F>, S::Key>>
    where
        F: Fn(&B) -> S::Key + Clone + Send + Sync + 'static,
    {
        let two = Selector::new(OwnedKey(key));
        EqualTo { streams: self.streams, keys: EitherKey { one: self.key, two } }
    }
}

impl<A, B, S, R> EqualTo<A, B, S, R>
where
    A: TypeInformation,
    B: TypeInformation,
    S: SelectKey<A>,
    R: SelectKey<B, Key = S::Key>,
{
    /// The windows in which elements meet.
    pub fn window<W>(self, assigner: W) -> WithWindow<A, B, S, R, W, W::DefaultTrigger>
    where
        W: WindowAssigner<TaggedUnion<A, B>>,
    {
        let JoinedStreams { first, second } = self.streams;
        let both = first.map(TaggedUnion::One).union([&second.map(TaggedUnion::Two)]);
        WithWindow { windowed: KeyedStream::new(&both, self.keys).window(assigner) }
    }
}

impl<A, B, S, R, W, G> WithWindow<A, B, S, R, W, G>
where
    A: TypeInformation,
    B: TypeInformation,
    S: SelectKey<A>,
    R: SelectKey<B, Key = S::Key>,
    W: WindowAssigner<TaggedUnion<A, B>>,
    G: Trigger<TaggedUnion<A, B>, W::Window>,
{
    /// Another trigger than the assigner's own.
    pub fn trigger<H>(self, trigger: H) -> WithWindow<A, B, S, R, W, H>
    where
        H: Trigger<TaggedUnion<A, B>, W::Window>,
    {
        WithWindow { windowed: self.windowed.trigger(trigger) }
    }

    /// Takes elements out of windows that fire.
    pub fn evictor<E>(self, evictor: E) -> WithEvictor<A, B, S, R, W, G, E>
    where
        E: Evictor<TaggedUnion<A, B>, W::Window>,
    {
        WithEvictor { windowed: self.windowed.evictor(evictor) }
    }

    /// For how long after its end a window still takes late elements.
    pub fn allowed_lateness(self, lateness: Duration) -> Self {
        WithWindow { windowed: self.windowed.allowed_lateness(lateness) }
    }

    /// Calls `function` for each pair of an element of either stream that share a key and a window: an inner
    /// join. It gives any number of results; all of a window are held until the last is made.
    pub fn apply<O, I, F>(self, function: F) -> DataStream<O>
    where
        O: TypeInformation,
        I: IntoIterator<Item = O>,
        F: FnMut(&A, &B) -> I + Clone + Send + Sync + 'static,
    {
        self.windowed.process(CoGroup(EachPair(function)))
    }

    /// Calls `function` with all elements of both streams that share a key and a window; those of one may be
    /// none. Flink's `CoGroupedStreams.apply`.
    pub fn co_group<O, F>(self, function: F) -> DataStream<O>
    where
        O: TypeInformation,
        F: CoGroupFunction<A, B, O>,
    {
        self.windowed.process(CoGroup(function))
    }
}

impl<A, B, S, R, W, G, E> WithEvictor<A, B, S, R, W, G, E>
where
    A: TypeInformation,
    B: TypeInformation,
    S: SelectKey<A>,
    R: SelectKey<B, Key = S::Key>,
    W: WindowAssigner<TaggedUnion<A, B>>,
    G: Trigger<TaggedUnion<A, B>, W::Window>,
    E: Evictor<TaggedUnion<A, B>, W::Window>,
{
    /// As [`WithWindow::apply`].
    pub fn apply<O, I, F>(self, function: F) -> DataStream<O>
    where
        O: TypeInformation,
        I: IntoIterator<Item = O>,
        F: FnMut(&A, &B) -> I + Clone + Send + Sync + 'static,
    {
        self.windowed.process(CoGroup(EachPair(function)))
    }

    /// As [`WithWindow::co_group`].
    pub fn co_group<O, F>(self, function: F) -> DataStream<O>
    where
        O: TypeInformation,
        F: CoGroupFunction<A, B, O>,
    {
        self.windowed.process(CoGroup(function))
    }
}
