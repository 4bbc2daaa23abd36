//! The contracts of sources and sinks: what a connector implements, and all that it knows of the engine.
//!
//! A source has two halves. Its [`SplitEnumerator`] runs once per job beside the jobmaster, finds
//! [`Split`]s (a file, a partition, a range) and hands them out; a [`SourceReader`] runs in every subtask and
//! turns the splits it was given into [`Batch`](hurtig_core::Batch)es. The engine adds timestamps and
//! watermarks per split by a [`WatermarkStrategy`]. A sink's [`SinkWriter`] takes records; what must become
//! visible all at once it hands out as [`Committable`]s, which a [`Committer`] beside the jobmaster commits.
//! Splits, enumerator state and committables are [`VersionedBytes`], so that they can cross a wire and lie
//! in a checkpoint.
//!
//! Files in the order of a record's way: [`source`], [`enumerator`], [`reader`], [`watermark`], [`sink`],
//! [`committer`]; [`erased`] is how the runtime holds them without knowing their types; [`host`] is what the
//! engine lends to a connector: time, sleeping, background I/O.
pub mod committer;
pub mod enumerator;
pub mod erased;
pub mod host;
pub mod reader;
pub mod sink;
pub mod source;
pub mod split;
pub mod watermark;

pub use committer::{CommitOutcome, CommitStage, Committable, Committer};
pub use enumerator::{EnumeratorContext, SplitEnumerator};
pub use host::{Host, Sleep};
pub use reader::{Fetched, ReaderContext, SourceReader};
pub use sink::{Sink, SinkWriter, WriteContext, WriterContext};
pub use source::{Boundedness, ColumnSource, Source};
pub use split::{Split, SplitId, VersionedBytes};
pub use watermark::{WatermarkGenerator, WatermarkOutput, WatermarkStrategy};
