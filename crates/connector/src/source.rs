//! What a source is.
use arrow_schema::SchemaRef;
use hurtig_core::batch::ColumnBatch;
use hurtig_core::{LogicalType, Result};
use serde::{Deserialize, Serialize};

use crate::enumerator::SplitEnumerator;
use crate::reader::{ReaderContext, SourceReader};
use crate::split::{Split, VersionedBytes};

/// Whether a source ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Boundedness {
    /// It ends.
    Bounded,
    /// It goes on until the job is cancelled or stopped.
    Unbounded,
}

/// A source of records. Flink's `Source` (FLIP-27): an enumerator that finds splits, readers that read them.
///
/// A complete one, which counts:
/// ```
#[doc = include_str!("../examples/counting_source.rs")]
/// ```
pub trait Source: Send + Sync + 'static {
    /// What it yields: a Rust type, or [`ColumnBatch`] (see [`ColumnSource`]).
    type Record: 'static;
    /// A piece of it.
    type Split: Split;
    /// Finds and assigns the pieces.
    type Enumerator: SplitEnumerator<Split = Self::Split>;
    /// Reads them.
    type Reader: SourceReader<Split = Self::Split>;

    /// Whether it ends by itself.
    fn boundedness(&self) -> Boundedness;

    /// The job's one enumerator, new or from the state that [`SplitEnumerator::snapshot_state`] gave.
    fn create_enumerator(&self, restored: Option<&VersionedBytes>) -> Result<Self::Enumerator>;

    /// The reader of one subtask.
    fn create_reader(&self, context: &ReaderContext) -> Result<Self::Reader>;
}

/// A source whose reader yields Arrow columns.
pub trait ColumnSource: Source<Record = ColumnBatch> {
    /// The ROW type that the columns make up.
    fn row_type(&self) -> LogicalType;
    /// The Arrow schema of every batch.
    fn schema(&self) -> SchemaRef;
}
