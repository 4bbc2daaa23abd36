//! A stream of records of one type.
use std::marker::PhantomData;
use std::sync::Arc;

use hurtig_connector::erased::RowSinkEraser;
use hurtig_connector::{Sink, WatermarkStrategy};
use hurtig_connector_base::PrintSink;
use hurtig_core::batch::BatchType;
use hurtig_core::ids::NodeId;
use hurtig_core::{BoxError, Key, TypeInformation};
use hurtig_graph::{ChainingStrategy, OutputName, Partitioner, StreamNode};
use hurtig_operator::filter::Filter;
use hurtig_operator::flat_map::FlatMap;
use hurtig_operator::function::{Closure, FilterFunction, FlatMapFunction, MapFunction, TryClosure};
use hurtig_operator::map::Map;
use hurtig_operator::process::{OutputTag, Process, ProcessFunction};
use hurtig_operator::route::{BorrowedKey, CustomPartitioner, OwnedKey, Route, Selector};
use hurtig_operator::timestamps::AssignTimestamps;

use crate::broadcast::BroadcastConnectedStream;
use crate::builder::{NewNode, SharedBuilder, StreamInput};
use crate::connected::ConnectedStreams;
use crate::environment::StreamExecutionEnvironment;
use crate::keyed::KeyedStream;
use crate::sink::DataStreamSink;

/// A place in the program through which records of type `T` flow. Flink's `DataStream`.
///
/// Every call makes a new stream and leaves this one as it is, so a stream can be used several times.
///
/// A program whose types do not fit does not compile: here a sink of numbers for a stream of text.
/// ```compile_fail,E0271
/// # use hurtig_datastream::StreamExecutionEnvironment;
/// let env = StreamExecutionEnvironment::default();
/// let words = env.from_collection(["a".to_owned()]);
/// words.sink_to(hurtig_connector_base::BlackHoleSink::<u64>::new());
/// ```
/// Nor does one with a record type that says nothing about itself:
/// ```compile_fail,E0277
/// # use hurtig_datastream::StreamExecutionEnvironment;
/// struct Unknown;
/// let env = StreamExecutionEnvironment::default();
/// env.from_sequence(1, 3).map(|_| Unknown);
/// ```
pub struct DataStream<T> {
    builder: SharedBuilder,
    inputs: Vec<StreamInput>,
    types: PhantomData<fn() -> T>,
}

impl<T> Clone for DataStream<T> {
    fn clone(&self) -> Self {
        DataStream { builder: self.builder.clone(), inputs: self.inputs.clone(), types: PhantomData }
    }
}

impl<T: TypeInformation> DataStream<T> {
    pub(crate) fn at(builder: SharedBuilder, node: NodeId, batch_type: BatchType) -> Self {
        let program = builder.borrow().id();
        let input = StreamInput {
            program,
            node,
            output: OutputName::Main,
            batch_type,
            partitioner: None,
            route: Route::Plain,
        };
        DataStream { builder, inputs: vec![input], types: PhantomData }
    }

    pub(crate) fn builder(&self) -> &SharedBuilder {
        &self.builder
    }

    pub(crate) fn inputs(&self) -> &[StreamInput] {
        &self.inputs
    }

    pub(crate) fn node(&self) -> NodeId {
        self.inputs[0].node
    }

    pub(crate) fn add<O: TypeInformation>(&self, node: NewNode) -> DataStream<O> {
        let output = BatchType::rows::<O>();
        let id = self.builder.borrow_mut().add(node, &[&self.inputs]);
        DataStream::at(self.builder.clone(), id, output)
    }

    /// One record in, one record out.
    ///
    /// ```
    /// # use hurtig_datastream::StreamExecutionEnvironment;
    /// # let env = StreamExecutionEnvironment::default();
    /// let lengths = env.from_collection(["a".to_owned(), "bc".to_owned()]).map(|word| word.len() as u64);
    /// # let _ = lengths;
    /// ```
    pub fn map<O, F>(&self, function: F) -> DataStream<O>
    where
        O: TypeInformation,
        F: FnMut(T) -> O + Clone + Send + Sync + 'static,
    {
        self.map_with(Closure(function))
    }

    /// As [`map`](Self::map), with a function that can fail: the job then fails, or is restarted, with the
    /// operator and the record named.
    pub fn try_map<O, E, F>(&self, function: F) -> DataStream<O>
    where
        O: TypeInformation,
        E: Into<BoxError>,
        F: FnMut(T) -> Result<O, E> + Clone + Send + Sync + 'static,
    {
        self.map_with(TryClosure(function))
    }

    /// As [`map`](Self::map), with a rich function.
    pub fn map_with<O, F>(&self, function: F) -> DataStream<O>
    where
        O: TypeInformation,
        F: MapFunction<T, O>,
    {
        let create = move || Box::new(Map::<T, O, F>::new(function.clone())) as _;
        self.add(NewNode::operator("Map", BatchType::rows::<O>(), create))
    }

    /// Keeps the records for which `predicate` holds.
    pub fn filter<F>(&self, predicate: F) -> DataStream<T>
    where
        F: FnMut(&T) -> bool + Clone + Send + Sync + 'static,
    {
        self.filter_with(Closure(predicate))
    }

    /// As [`filter`](Self::filter), with a rich function.
    pub fn filter_with<F: FilterFunction<T>>(&self, function: F) -> DataStream<T> {
        let create = move || Box::new(Filter::<T, F>::new(function.clone())) as _;
        self.add(NewNode::operator("Filter", BatchType::rows::<T>(), create))
    }

    /// One record in, any number out: `function` gives an iterator, which is left while the output is full
    /// and taken up again.
    pub fn flat_map<O, R, F>(&self, function: F) -> DataStream<O>
    where
        O: TypeInformation,
        R: IntoIterator<Item = O> + 'static,
        R::IntoIter: Send,
        F: FnMut(T) -> R + Clone + Send + Sync + 'static,
    {
        self.flat_map_with(Closure(function))
    }

    /// As [`flat_map`](Self::flat_map), with a rich function.
    pub fn flat_map_with<O, F>(&self, function: F) -> DataStream<O>
    where
        O: TypeInformation,
        F: FlatMapFunction<T, O>,
        F::Output: 'static,
    {
        let create = move || Box::new(FlatMap::<T, O, F>::new(function.clone())) as _;
        self.add(NewNode::operator("Flat Map", BatchType::rows::<O>(), create))
    }

    /// A function that sees each record with its time and the watermark, and may use side outputs.
    pub fn process<O, F>(&self, function: F) -> DataStream<O>
    where
        O: TypeInformation,
        F: ProcessFunction<T, O>,
    {
        let create = move || Box::new(Process::<T, O, F>::new(function.clone())) as _;
        self.add(NewNode::operator("Process", BatchType::rows::<O>(), create))
    }

    /// What the operator before put into the side output `tag`.
    pub fn side_output<S: TypeInformation>(&self, tag: &OutputTag<S>) -> DataStream<S> {
        if self.inputs.len() != 1 {
            self.mistake("a side output of a union: take it from the streams before they are united");
        }
        let mut side = DataStream::<S>::at(self.builder.clone(), self.node(), BatchType::rows::<S>());
        side.inputs[0].output = OutputName::Side(tag.name().to_owned());
        side
    }

    /// This stream and others of the same type and program as one, in no particular order.
    pub fn union<'a>(&self, others: impl IntoIterator<Item = &'a DataStream<T>>) -> DataStream<T> {
        let mut union = self.clone();
        for other in others {
            union.inputs.extend(other.inputs.iter().cloned());
        }
        union
    }

    /// This stream and one of another type, for a function of two inputs.
    pub fn connect<B: TypeInformation>(&self, other: &DataStream<B>) -> ConnectedStreams<T, B> {
        ConnectedStreams::new(self.clone(), other.clone())
    }

    /// This stream and one whose records every subtask gets, such as rules: for a function with state that every
    /// subtask has alike.
    pub fn connect_broadcast<B: TypeInformation>(
        &self,
        rules: &DataStream<B>,
    ) -> BroadcastConnectedStream<T, B> {
        BroadcastConnectedStream::new(self.clone(), rules.clone())
    }

    /// The stream by key: records of one key go to one subtask, in order.
    pub fn key_by<K, F>(&self, key: F) -> KeyedStream<T, Selector<OwnedKey<F>, K>>
    where
        K: Key,
        F: Fn(&T) -> K + Clone + Send + Sync + 'static,
    {
        KeyedStream::new(self, Selector::new(OwnedKey(key)))
    }

    /// As [`key_by`](Self::key_by), with a key that lies in the record: nothing is copied to look at it.
    pub fn key_by_ref<K, F>(&self, key: F) -> KeyedStream<T, Selector<BorrowedKey<F>, K>>
    where
        K: Key,
        F: Fn(&T) -> &K + Clone + Send + Sync + 'static,
    {
        KeyedStream::new(self, Selector::new(BorrowedKey(key)))
    }

    pub(crate) fn partitioned(&self, partitioner: Partitioner, route: Route) -> DataStream<T> {
        let mut stream = self.clone();
        for input in &mut stream.inputs {
            input.partitioner = Some(partitioner.clone());
            input.route = route.clone();
        }
        stream
    }

    /// Subtask i to subtask i of the next operator, which must have the same parallelism.
    pub fn forward(&self) -> DataStream<T> {
        self.partitioned(Partitioner::Forward, Route::Plain)
    }

    /// In turn to all subtasks of the next operator.
    pub fn rebalance(&self) -> DataStream<T> {
        self.partitioned(Partitioner::Rebalance, Route::Plain)
    }

    /// In turn to a part of the subtasks of the next operator, so that few pairs are connected.
    pub fn rescale(&self) -> DataStream<T> {
        self.partitioned(Partitioner::Rescale, Route::Plain)
    }

    /// Each record to all subtasks of the next operator.
    pub fn broadcast(&self) -> DataStream<T> {
        self.partitioned(Partitioner::Broadcast, Route::Plain)
    }

    /// All records to the first subtask of the next operator.
    pub fn global(&self) -> DataStream<T> {
        self.partitioned(Partitioner::Global, Route::Plain)
    }

    /// At random, evenly.
    pub fn shuffle(&self) -> DataStream<T> {
        self.partitioned(Partitioner::Shuffle, Route::Plain)
    }

    /// To the subtask that `partitioner` names; it gets the record and the number of subtasks.
    pub fn partition_custom<F>(&self, partitioner: F) -> DataStream<T>
    where
        F: Fn(&T, u32) -> u32 + Send + Sync + 'static,
    {
        let custom = CustomPartitioner::<T, F>::new(partitioner);
        self.partitioned(Partitioner::Custom, Route::Custom(Arc::new(custom)))
    }

    /// New timestamps and watermarks; what came before is forgotten.
    pub fn assign_timestamps_and_watermarks(&self, strategy: WatermarkStrategy<T>) -> DataStream<T> {
        let strategy = strategy.erase();
        let create = move || Box::new(AssignTimestamps::new(strategy.clone())) as _;
        self.add(NewNode::operator("Timestamps/Watermarks", BatchType::rows::<T>(), create))
    }

    /// Ends the stream in a sink.
    pub fn sink_to<S: Sink<Record = T>>(&self, sink: S) -> DataStreamSink {
        let node = NewNode::sink(Arc::new(RowSinkEraser(sink)));
        let id = self.builder.borrow_mut().add(node, &[&self.inputs]);
        self.builder.borrow_mut().node(id).name = "Writer".to_owned();
        DataStreamSink::at(self.builder.clone(), id)
    }

    /// Prints the records to standard output.
    pub fn print(&self) -> DataStreamSink {
        self.sink_to(PrintSink::<T>::stdout()).name("Print to Std. Out")
    }

    /// Prints the records to standard error.
    pub fn print_to_err(&self) -> DataStreamSink {
        self.sink_to(PrintSink::<T>::stderr()).name("Print to Std. Err")
    }

    /// The environment that the stream was made in.
    pub fn environment(&self) -> StreamExecutionEnvironment {
        StreamExecutionEnvironment::of(&self.builder)
    }

    pub(crate) fn mistake(&self, mistake: &str) {
        let mut builder = self.builder.borrow_mut();
        let mut name = String::new();
        builder.change(self.inputs[0].program, self.node(), |node| name.clone_from(&node.name));
        builder.mistake(format!("after operator '{name}': {mistake}"));
    }

    fn change(self, what: &str, change: impl FnOnce(&mut StreamNode)) -> Self {
        if self.inputs.len() != 1 || self.inputs[0].partitioner.is_some() {
            self.mistake(&format!("{what} on a stream that is no operator's own output"));
        } else {
            self.builder.borrow_mut().change(self.inputs[0].program, self.node(), change);
        }
        self
    }

    /// Names the operator, for people.
    pub fn name(self, name: &str) -> Self {
        self.change("name()", |node| name.clone_into(&mut node.name))
    }

    /// Names the operator for its state: it finds its state by this, whatever else changes.
    pub fn uid(self, uid: &str) -> Self {
        self.change("uid()", |node| node.uid = Some(uid.to_owned()))
    }

    /// How many subtasks the operator has.
    pub fn set_parallelism(self, parallelism: u32) -> Self {
        self.change("set_parallelism()", |node| node.parallelism = parallelism)
    }

    /// How many key groups the operator has.
    pub fn set_max_parallelism(self, max_parallelism: u32) -> Self {
        self.change("set_max_parallelism()", |node| node.max_parallelism = Some(max_parallelism))
    }

    /// Operators of different slot sharing groups never share a slot.
    pub fn slot_sharing_group(self, group: &str) -> Self {
        self.change("slot_sharing_group()", |node| node.slot_sharing_group = Some(group.to_owned()))
    }

    /// The operator does not share a task with the one before it.
    pub fn start_new_chain(self) -> Self {
        self.change("start_new_chain()", |node| node.chaining = ChainingStrategy::Head)
    }

    /// The operator does not share a task with any other.
    pub fn disable_chaining(self) -> Self {
        self.change("disable_chaining()", |node| node.chaining = ChainingStrategy::Never)
    }
}
