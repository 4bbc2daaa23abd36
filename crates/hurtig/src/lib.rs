//! Hurtig is a stateful stream processor: Apache Flink's model and vocabulary as a native library and binary.
//!
//! A program writes a graph of operators with the DataStream API and executes it:
//! ```
#![doc = include_str!("../examples/word_count.rs")]
//! ```
//! Run it with `-Dparallelism.default=2` and the like: options are Flink's.
//!
//! This crate is a thin facade. [`prelude`] is what most programs import; [`core`] holds time, types and
//! batches, [`connector`] the contracts for sources and sinks of one's own, [`connectors`] those that Hurtig
//! brings, [`operator`] functions with a life of their own, [`run`] how programs are executed.
pub mod run;

/// Time, types, batches, errors, configuration.
pub use hurtig_core as core;

/// The contracts of sources and sinks.
pub use hurtig_connector as connector;

/// Functions, operators, metrics.
pub use hurtig_operator as operator;

/// A place for one operator without a job around it, for tests of functions.
pub use hurtig_operator::harness as test;

/// State of keys and of subtasks, timers, time to live.
pub use hurtig_state as state;

/// The graphs of a job.
pub use hurtig_graph as graph;

/// The DataStream API.
pub use hurtig_datastream as datastream;

/// Executors and messages.
pub use hurtig_runtime as runtime;

/// Running one job: clients, restarts, submitting a program to an executor.
pub use hurtig_jobmaster as jobmaster;

/// Sources and sinks.
pub mod connectors {
    pub use hurtig_connector_base as base;
    #[cfg(feature = "files")]
    pub use hurtig_connector_files as files;
    #[cfg(feature = "nexmark")]
    pub use hurtig_connector_nexmark as nexmark;
}

/// Formats: bytes to records and back.
#[cfg(feature = "files")]
pub use hurtig_formats as formats;

pub use hurtig_core::{Configuration, Error, ErrorKind, EventTime, ProcessingTime, Result, Watermark};
pub use hurtig_datastream::{ConnectedStreams, DataStream, KeyedStream, StreamExecutionEnvironment};
pub use hurtig_derive::{Key, TypeInformation};
pub use hurtig_jobmaster::{JobClient, JobExecutionResult, JobStatus};

/// What most programs need.
pub mod prelude {
    pub use hurtig_connector::WatermarkStrategy;
    pub use hurtig_core::config::RuntimeExecutionMode;
    pub use hurtig_core::types::{Key, TypeInformation};
    pub use hurtig_core::{Configuration, Error, EventTime, ProcessingTime, Result, Watermark};
    pub use hurtig_datastream::{
        AsyncDataStream, ColumnStream, ConnectedStreams, DataStream, DataStreamSink, KeyedStream,
        StreamExecutionEnvironment,
    };
    pub use hurtig_derive::{Key, TypeInformation};
    pub use hurtig_jobmaster::{JobClient, JobExecutionResult, JobStatus};
    pub use hurtig_operator::RuntimeContext;
    pub use hurtig_operator::async_io::AsyncFunction;
    pub use hurtig_operator::broadcast::{BroadcastContext, BroadcastProcessFunction};
    pub use hurtig_operator::co::CoProcessFunction;
    pub use hurtig_operator::function::{
        FilterFunction, FlatMapFunction, FunctionInitializationContext, FunctionSnapshotContext, MapFunction,
        RichFunction,
    };
    pub use hurtig_operator::join::{
        JoinContext, ProcessJoinFunction, ProcessOuterJoinFunction, RelativeTime,
    };
    pub use hurtig_operator::keyed::{
        KeyedBroadcastContext, KeyedBroadcastProcessFunction, KeyedCoProcessFunction, KeyedContext,
        KeyedProcessFunction, TimeDomain,
    };
    pub use hurtig_operator::process::{OutputTag, ProcessContext, ProcessFunction};
    pub use hurtig_operator::window::assigner::{
        EventTimeSessionWindows, GlobalWindows, ProcessingTimeSessionWindows, SlidingEventTimeWindows,
        SlidingProcessingTimeWindows, TumblingEventTimeWindows, TumblingProcessingTimeWindows,
        WindowAssigner,
    };
    pub use hurtig_operator::window::evictor::{
        CountEvictor, DeltaEvictor, Evictor, EvictorContext, TimeEvictor, TimestampedValue,
    };
    pub use hurtig_operator::window::function::{
        Elements, ProcessAllWindowFunction, ProcessWindowFunction, WindowContext,
    };
    pub use hurtig_operator::window::join::{CoGroupFunction, TaggedUnion};
    pub use hurtig_operator::window::trigger::{
        ContinuousEventTimeTrigger, ContinuousProcessingTimeTrigger, CountTrigger, DeltaTrigger,
        EndOfStreamTrigger, EventTimeTrigger, NeverTrigger, ProcessingTimeTrigger, ProcessingTimeoutTrigger,
        PurgingTrigger, Trigger, TriggerContext, TriggerResult,
    };
    pub use hurtig_operator::window::window::{GlobalWindow, TimeWindow, Window};
    pub use hurtig_state::operator_state::{BroadcastState, OperatorListState};
    pub use hurtig_state::ttl::{StateVisibility, TtlTimeCharacteristic, UpdateType};
    pub use hurtig_state::{
        AggregateFunction, AggregatingState, AggregatingStateDescriptor, ListState, ListStateDescriptor,
        MapState, MapStateDescriptor, ReduceFunction, ReducingState, ReducingStateDescriptor, StateAccess,
        StateTtlConfig, ValueState, ValueStateDescriptor,
    };

    pub use crate::run::{Execute, ExecuteAndCollect};
}

/// The programs on the page are compiled and run as tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/async-io.md")]
mod async_io_page {}

#[cfg(doctest)]
#[doc = include_str!("../../../docs/execution-mode.md")]
mod execution_mode_page {}

#[cfg(doctest)]
#[doc = include_str!("../../../docs/joins.md")]
mod joins_page {}

#[cfg(doctest)]
#[doc = include_str!("../../../docs/state.md")]
mod state_page {}

#[cfg(doctest)]
#[doc = include_str!("../../../docs/testing.md")]
mod testing_page {}

#[cfg(doctest)]
#[doc = include_str!("../../../docs/windows.md")]
mod windows_page {}

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
