//! The start of every program.
use std::sync::Arc;
use std::time::Duration;

use hurtig_connector::erased::SourceEraser;
use hurtig_connector::watermark::ErasedStrategy;
use hurtig_connector::{ColumnSource, Source, WatermarkStrategy};
use hurtig_connector_base::{CollectionSource, SequenceSource};
use hurtig_core::batch::BatchType;
use hurtig_core::config::{ConfigValue, RuntimeExecutionMode, options};
use hurtig_core::{Configuration, EventTime, Result, TypeInformation};
use hurtig_operator::Program;

use crate::builder::{Builder, NewNode, SharedBuilder};
use crate::columns::ColumnStream;
use crate::stream::DataStream;

/// Where a program is written, from sources on. Flink's `StreamExecutionEnvironment`.
///
/// What it builds depends on arguments and configuration alone: a process that runs the same program again
/// gets the same graph.
#[derive(Clone)]
pub struct StreamExecutionEnvironment {
    builder: SharedBuilder,
}

impl Default for StreamExecutionEnvironment {
    fn default() -> Self {
        Self::new(Configuration::new())
    }
}

impl StreamExecutionEnvironment {
    /// An environment with this configuration.
    pub fn new(configuration: Configuration) -> Self {
        StreamExecutionEnvironment { builder: Builder::new(configuration) }
    }

    /// An environment from the program's arguments: `-Dkey=value` sets an option. The rest of the arguments,
    /// the program's name left out, is given back.
    pub fn from_args() -> Result<(Self, Vec<String>)> {
        let (configuration, rest) = Configuration::from_args(std::env::args().skip(1))?;
        Ok((Self::new(configuration), rest))
    }

    /// What is set.
    pub fn configuration(&self) -> Configuration {
        self.builder.borrow().configuration.clone()
    }

    /// Sets an option for this environment.
    pub fn set(&self, key: &str, value: impl Into<String>) -> &Self {
        self.builder.borrow_mut().configuration.set(key, value);
        self
    }

    /// The parallelism of operators that set none of their own.
    pub fn set_parallelism(&self, parallelism: u32) -> &Self {
        self.set(options::PARALLELISM.key(), parallelism.to_string())
    }

    /// Key groups of all keyed operators that set none of their own.
    pub fn set_max_parallelism(&self, max_parallelism: u32) -> &Self {
        self.set(options::MAX_PARALLELISM.key(), max_parallelism.to_string())
    }

    /// Whether the program runs as a stream or as a batch. Best left to the configuration
    /// (`-Dexecution.runtime-mode=BATCH`), so that the same program can do both.
    ///
    /// ```
    /// # use hurtig_core::config::RuntimeExecutionMode;
    /// # use hurtig_datastream::StreamExecutionEnvironment;
    /// let env = StreamExecutionEnvironment::default();
    /// env.set_runtime_mode(RuntimeExecutionMode::Batch);
    /// // One sum, and not one after each number.
    /// let sum = env.from_sequence(1, 100).key_by(|_| true).reduce(|sum, number| sum + number);
    /// # let _ = sum;
    /// ```
    pub fn set_runtime_mode(&self, mode: RuntimeExecutionMode) -> &Self {
        self.set(options::RUNTIME_MODE.key(), mode.to_text())
    }

    /// How long a record may wait for company while its task is busy.
    pub fn set_buffer_timeout(&self, timeout: Duration) -> &Self {
        self.set(options::BUFFER_TIMEOUT.key(), format!("{} ns", timeout.as_nanos()))
    }

    /// Gives every operator a task of its own.
    pub fn disable_operator_chaining(&self) -> &Self {
        self.set(options::CHAINING.key(), "false")
    }

    /// A stream of what `source` yields.
    pub fn from_source<S>(
        &self,
        source: S,
        strategy: WatermarkStrategy<S::Record>,
        name: &str,
    ) -> DataStream<S::Record>
    where
        S: Source,
        S::Record: TypeInformation,
    {
        let output = BatchType::rows::<S::Record>();
        let node = NewNode::source(Arc::new(SourceEraser(source)), strategy.erase(), output.clone());
        self.source(node, name, output)
    }

    /// A stream of Arrow columns. With `out_of_orderness`, watermarks follow the timestamps that the source
    /// puts beside its batches.
    pub fn from_column_source<S: ColumnSource>(
        &self,
        source: S,
        out_of_orderness: Option<Duration>,
        name: &str,
    ) -> ColumnStream {
        let output = BatchType::columns(source.row_type(), source.schema());
        let strategy = ErasedStrategy::for_columns(out_of_orderness);
        let node = NewNode::source(Arc::new(SourceEraser(source)), strategy, output.clone());
        let id = self.builder.borrow_mut().add(node, &[]);
        name.clone_into(&mut self.builder.borrow_mut().node(id).name);
        ColumnStream::at(self.builder.clone(), id, output)
    }

    /// A stream of the elements of a collection, in order, by one subtask.
    pub fn from_collection<T: TypeInformation>(
        &self,
        elements: impl IntoIterator<Item = T>,
    ) -> DataStream<T> {
        self.collection(CollectionSource::new(elements.into_iter().collect()))
    }

    /// A stream of elements with their event times, in order, by one subtask, with a watermark behind each
    /// element that raises it: what stands later in the collection with an earlier time is late.
    pub fn from_timestamped<T: TypeInformation>(
        &self,
        elements: impl IntoIterator<Item = (T, EventTime)>,
    ) -> DataStream<T> {
        let source = CollectionSource::with_timestamps(elements.into_iter().collect());
        self.collection_with(source, WatermarkStrategy::for_punctuated_out_of_orderness(Duration::ZERO))
    }

    fn collection<T: TypeInformation>(&self, source: CollectionSource<T>) -> DataStream<T> {
        self.collection_with(source, WatermarkStrategy::no_watermarks())
    }

    fn collection_with<T: TypeInformation>(
        &self,
        source: CollectionSource<T>,
        strategy: WatermarkStrategy<T>,
    ) -> DataStream<T> {
        let digest = source.digest();
        let output = BatchType::rows::<T>();
        let node = NewNode {
            digest: digest as u64 ^ (digest >> 64) as u64,
            parallelism: Some(1),
            ..NewNode::source(Arc::new(SourceEraser(source)), strategy.erase(), output.clone())
        };
        self.source(node, "Collection Source", output)
    }

    /// A stream of the numbers from `from` to `to`, both included, shared out over the subtasks.
    pub fn from_sequence(&self, from: i64, to: i64) -> DataStream<i64> {
        let source = SequenceSource::new(from, to);
        let stream = self.from_source(source, WatermarkStrategy::no_watermarks(), "Sequence Source");
        let digest = hurtig_core::key::hash::mix(from as u64) ^ (to as u64).rotate_left(32);
        self.builder.borrow_mut().node(stream.node()).digest = digest;
        stream
    }

    fn source<T: TypeInformation>(&self, node: NewNode, name: &str, output: BatchType) -> DataStream<T> {
        let id = self.builder.borrow_mut().add(node, &[]);
        name.clone_into(&mut self.builder.borrow_mut().node(id).name);
        DataStream::at(self.builder.clone(), id, output)
    }

    pub(crate) fn of(builder: &SharedBuilder) -> Self {
        StreamExecutionEnvironment { builder: builder.clone() }
    }

    /// The program as it stands; it stays here and can be written on.
    pub fn program(&self, name: Option<&str>) -> Result<Program> {
        self.builder.borrow().program(name)
    }

    /// How often this environment has been executed: the program at hand is job number so many, from 0.
    pub fn executions(&self) -> usize {
        self.builder.borrow().executions()
    }

    /// The program as it has been written; nothing of it stays here. `execute` calls this.
    pub fn take_program(&self, name: Option<&str>) -> Result<Program> {
        self.builder.borrow_mut().take(name)
    }
}
