//! Two streams of different types, for a function of two inputs.
use std::ops::Deref;

use hurtig_core::TypeInformation;
use hurtig_core::batch::BatchType;
use hurtig_operator::Operator;
use hurtig_operator::co::{CoFlatMap, CoMap, CoProcess, CoProcessFunction};
use hurtig_operator::keyed::{KeyedCoProcess, KeyedCoProcessFunction};
use hurtig_operator::route::SelectKey;

use crate::builder::NewNode;
use crate::keyed::KeyedStream;
use crate::stream::DataStream;

/// Two connected streams. Flink's `ConnectedStreams`. Records of both reach the function one at a time, on
/// one thread; which comes first is not defined.
pub struct ConnectedStreams<A, B> {
    first: DataStream<A>,
    second: DataStream<B>,
}

/// Puts an operator of two inputs down.
pub(crate) fn add_connected<A, B, O>(
    first: &DataStream<A>,
    second: &DataStream<B>,
    kind: &'static str,
    output: BatchType,
    create: impl Fn() -> Box<dyn Operator> + Send + Sync + 'static,
) -> DataStream<O>
where
    A: TypeInformation,
    B: TypeInformation,
    O: TypeInformation,
{
    let node = NewNode::operator(kind, output.clone(), create);
    let builder = first.builder();
    let id = builder.borrow_mut().add(node, &[first.inputs(), second.inputs()]);
    DataStream::at(builder.clone(), id, output)
}

impl<A: TypeInformation, B: TypeInformation> ConnectedStreams<A, B> {
    pub(crate) fn new(first: DataStream<A>, second: DataStream<B>) -> Self {
        ConnectedStreams { first, second }
    }

    fn add<O, F>(&self, kind: &'static str, function: F) -> DataStream<O>
    where
        O: TypeInformation,
        F: CoProcessFunction<A, B, O>,
    {
        add_connected(&self.first, &self.second, kind, BatchType::rows::<O>(), move || {
            Box::new(CoProcess::<A, B, O, F>::new(function.clone())) as Box<dyn Operator>
        })
    }

    /// One record in, one out, by a function for each input.
    pub fn map<O, F, G>(&self, first: F, second: G) -> DataStream<O>
    where
        O: TypeInformation,
        F: FnMut(A) -> O + Clone + Send + Sync + 'static,
        G: FnMut(B) -> O + Clone + Send + Sync + 'static,
    {
        self.add("Co-Map", CoMap(first, second))
    }

    /// One record in, any number out, by a function for each input.
    pub fn flat_map<O, R, S, F, G>(&self, first: F, second: G) -> DataStream<O>
    where
        O: TypeInformation,
        R: IntoIterator<Item = O>,
        S: IntoIterator<Item = O>,
        F: FnMut(A) -> R + Clone + Send + Sync + 'static,
        G: FnMut(B) -> S + Clone + Send + Sync + 'static,
    {
        self.add("Co-Flat Map", CoFlatMap(first, second))
    }

    /// A function that sees the records of both inputs with their times.
    pub fn process<O, F>(&self, function: F) -> DataStream<O>
    where
        O: TypeInformation,
        F: CoProcessFunction<A, B, O>,
    {
        self.add("Co-Process", function)
    }
}

/// Two keyed streams whose keys are of one type, connected: records of one key of both reach one subtask.
/// Flink's `ConnectedStreams` of two `KeyedStream`s. It is also a [`ConnectedStreams`], for functions without
/// state.
pub struct ConnectedKeyedStreams<A, SA, B, SB> {
    streams: ConnectedStreams<A, B>,
    first_key: SA,
    second_key: SB,
}

impl<A, SA, B, SB> Deref for ConnectedKeyedStreams<A, SA, B, SB> {
    type Target = ConnectedStreams<A, B>;

    fn deref(&self) -> &ConnectedStreams<A, B> {
        &self.streams
    }
}

impl<A, SA, B, SB> ConnectedKeyedStreams<A, SA, B, SB>
where
    A: TypeInformation,
    B: TypeInformation,
    SA: SelectKey<A>,
    SB: SelectKey<B, Key = SA::Key>,
{
    /// A function with state and timers per key, which both inputs share.
    pub fn process<O, F>(&self, function: F) -> DataStream<O>
    where
        O: TypeInformation,
        F: KeyedCoProcessFunction<SA::Key, A, B, O>,
    {
        let (first, second) = (self.first_key.clone(), self.second_key.clone());
        let ConnectedStreams { first: a, second: b } = &self.streams;
        add_connected(a, b, "Co-Keyed Process", BatchType::rows::<O>(), move || {
            let (first, second) = (first.clone(), second.clone());
            let operator = KeyedCoProcess::<A, B, O, SA, SB, F>::new(first, second, function.clone());
            Box::new(operator) as Box<dyn Operator>
        })
    }
}

/// What a keyed stream can be connected with, and what comes of it: see
/// [`KeyedStream::connect`](crate::KeyedStream::connect).
pub trait ConnectToKeyed<A, SA> {
    /// The two together.
    type Connected;

    /// Connects `first` with this.
    fn connect_to(&self, first: &KeyedStream<A, SA>) -> Self::Connected;
}

impl<A, SA, B> ConnectToKeyed<A, SA> for DataStream<B>
where
    A: TypeInformation,
    B: TypeInformation,
{
    type Connected = ConnectedStreams<A, B>;

    fn connect_to(&self, first: &KeyedStream<A, SA>) -> ConnectedStreams<A, B> {
        ConnectedStreams::new((**first).clone(), self.clone())
    }
}

impl<A, SA, B, SB> ConnectToKeyed<A, SA> for KeyedStream<B, SB>
where
    A: TypeInformation,
    B: TypeInformation,
    SA: SelectKey<A>,
    SB: SelectKey<B, Key = SA::Key>,
{
    type Connected = ConnectedKeyedStreams<A, SA, B, SB>;

    fn connect_to(&self, first: &KeyedStream<A, SA>) -> Self::Connected {
        ConnectedKeyedStreams {
            streams: ConnectedStreams::new((**first).clone(), (**self).clone()),
            first_key: first.selector().clone(),
            second_key: self.selector().clone(),
        }
    }
}
