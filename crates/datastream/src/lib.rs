//! The typed DataStream API. It builds a [`Program`](hurtig_operator::Program), never runs one: `execute`
//! comes with the facade crate, which knows where programs run.
//!
//! A [`StreamExecutionEnvironment`] holds the graph that is being written; a [`DataStream`] is a place in it.
//! [`keyed`] is a stream by key, [`connected`] two streams of different types together, [`broadcast`] a stream
//! with rules that every subtask gets, [`columns`] a stream of Arrow batches, [`async_stream`] one through calls
//! to something outside, [`windowed`] one cut into windows; [`builder`] is where nodes and edges are put down.
pub mod async_stream;
pub mod broadcast;
pub mod builder;
pub mod columns;
pub mod connected;
pub mod count_window;
pub mod environment;
pub mod interval_join;
pub mod keyed;
pub mod sink;
pub mod stream;
pub mod window_join;
pub mod windowed;

pub use async_stream::AsyncDataStream;
pub use broadcast::{BroadcastConnectedStream, KeyedBroadcastConnectedStream};
pub use columns::ColumnStream;
pub use connected::{ConnectedKeyedStreams, ConnectedStreams};
pub use environment::StreamExecutionEnvironment;
pub use interval_join::{IntervalJoin, IntervalJoined, OuterIntervalJoined};
pub use keyed::KeyedStream;
pub use sink::DataStreamSink;
pub use stream::DataStream;
pub use window_join::JoinedStreams;
pub use windowed::{AllWindowedStream, EvictingWindowedStream, WindowedStream};
