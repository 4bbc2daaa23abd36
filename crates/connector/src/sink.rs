//! What a sink is. Flink's Sink V2.
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use hurtig_core::ids::{CheckpointId, SubtaskIndex};
use hurtig_core::{EventTime, ProcessingTime, Result, Watermark};

use crate::committer::{CommitStage, Committable, Committer};
use crate::host::Host;
use crate::split::VersionedBytes;

/// A sink: a factory of writers, and of a committer if what they write becomes visible in a second step.
///
/// A complete one, which writes lines and makes each file visible by renaming it:
/// ```
#[doc = include_str!("../examples/renaming_sink.rs")]
/// ```
pub trait Sink: Send + Sync + 'static {
    /// What it takes: a Rust type, or [`ColumnBatch`](hurtig_core::batch::ColumnBatch).
    type Record: 'static;
    /// Writes in one subtask.
    type Writer: SinkWriter<Record = Self::Record>;

    /// The writer of one subtask, from the states that writers left in the checkpoint (none at first).
    fn create_writer(&self, context: &WriterContext, restored: Vec<VersionedBytes>) -> Result<Self::Writer>;

    /// What commits, once per job; `None` if a record is visible when written.
    fn create_committer(&self) -> Result<Option<Box<dyn Committer>>> {
        Ok(None)
    }

    /// A stage between writers and committer, such as one that bundles small files.
    fn create_pre_commit_stage(&self) -> Result<Option<Box<dyn CommitStage>>> {
        Ok(None)
    }

    /// A stage after the commit, such as one that announces a finished partition.
    fn create_post_commit_stage(&self) -> Result<Option<Box<dyn CommitStage>>> {
        Ok(None)
    }
}

/// Writes records in one subtask, on the task's thread.
pub trait SinkWriter: Send {
    /// What it takes.
    type Record;

    /// Whether the writer can take more now. A writer whose outside is slow returns `Pending` and wakes `cx`:
    /// the task then waits, back-pressured, and can still be cancelled or take part in a checkpoint.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let _ = cx;
        Poll::Ready(Ok(()))
    }

    /// Takes one record (or one batch of columns).
    fn write(&mut self, record: Self::Record, context: &WriteContext) -> Result<()>;

    /// The records at hand have been written, more may come at any time or never: the place to show what a
    /// person waits for.
    fn end_of_batch(&mut self) -> Result<()> {
        Ok(())
    }

    /// Event time has moved.
    fn watermark(&mut self, watermark: Watermark) -> Result<()> {
        let _ = watermark;
        Ok(())
    }

    /// Called about once a second of processing time, for what depends on the clock.
    fn tick(&mut self, now: ProcessingTime) -> Result<()> {
        let _ = now;
        Ok(())
    }

    /// Everything taken so far goes out: at a checkpoint, and at the end of input.
    fn flush(&mut self, end_of_input: bool) -> Result<()>;

    /// What is ready to be committed since the last call. Without checkpoints it is asked for about once a
    /// second and at the end of input; with them, at each checkpoint after a flush.
    fn prepare_commit(&mut self) -> Result<Vec<Committable>> {
        Ok(Vec::new())
    }

    /// What a writer after a restart needs to go on.
    fn snapshot_state(&mut self) -> Result<Vec<VersionedBytes>> {
        Ok(Vec::new())
    }

    /// A checkpoint is complete in all tasks. Flink's `CheckpointListener`.
    fn notify_checkpoint_complete(&mut self, checkpoint: CheckpointId) -> Result<()> {
        let _ = checkpoint;
        Ok(())
    }

    /// A checkpoint will never be complete.
    fn notify_checkpoint_aborted(&mut self, checkpoint: CheckpointId) -> Result<()> {
        let _ = checkpoint;
        Ok(())
    }
}

/// What a writer knows of its place.
#[derive(Clone)]
pub struct WriterContext {
    /// Which subtask it is.
    pub subtask: SubtaskIndex,
    /// Of how many.
    pub parallelism: u32,
    /// Which try of the job this is: names of unfinished things should hold it.
    pub attempt: u32,
    /// Time, waiting and background I/O.
    pub host: Arc<dyn Host>,
}

impl fmt::Debug for WriterContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WriterContext({}/{})", self.subtask.0 + 1, self.parallelism)
    }
}

/// What is known of the record being written.
#[derive(Clone, Copy, Debug)]
pub struct WriteContext {
    /// Its event time, if it has one.
    pub timestamp: Option<EventTime>,
    /// The watermark before it.
    pub watermark: Watermark,
}
