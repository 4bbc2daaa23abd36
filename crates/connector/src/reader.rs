//! The half of a source that runs in every subtask: turning splits into batches.
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use hurtig_core::ids::{CheckpointId, SubtaskIndex};
use hurtig_core::{Batch, Error, Result};

use crate::host::Host;
use crate::split::{Split, SplitId, VersionedBytes};

/// Reads the splits of one subtask, on the task's thread. It may block for as long as reading a batch from a
/// local disk takes; anything slower waits in [`SourceReader::poll_next`] and wakes the task.
pub trait SourceReader: Send {
    /// What it reads.
    type Split: Split;

    /// More to read.
    fn add_splits(&mut self, splits: Vec<Self::Split>) -> Result<()>;

    /// No split will follow.
    fn no_more_splits(&mut self);

    /// The next step. `max_rows` is the greatest length of a batch that the engine wants. `Pending` must have
    /// arranged for the waker in `cx` to be woken, unless only a new split can help.
    fn poll_next(&mut self, cx: &mut Context<'_>, max_rows: usize) -> Poll<Result<Fetched>>;

    /// The splits as they stand: what of them has not yet been handed out.
    fn snapshot_state(&mut self) -> Result<Vec<Self::Split>>;

    /// A word of the connector's own from the enumerator.
    fn handle_source_event(&mut self, event: VersionedBytes) -> Result<()> {
        let _ = event;
        Err(Error::bug("an event for a source reader that knows none"))
    }

    /// Watermark alignment: stop reading some splits, go on with others. A reader with one split at a time
    /// need not do anything, the engine then stops asking it.
    fn pause_or_resume_splits(&mut self, pause: &[SplitId], resume: &[SplitId]) -> Result<()> {
        let _ = (pause, resume);
        Ok(())
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

/// One step of a reader.
#[derive(Debug)]
pub enum Fetched {
    /// Records of one split, with timestamps if the source has its own.
    Batch(SplitId, Batch),
    /// Nothing follows from this split.
    SplitFinished(SplitId),
    /// The reader could read more: the enumerator is asked for a split.
    RequestSplit,
    /// A word of the connector's own for the enumerator.
    SourceEvent(VersionedBytes),
    /// Nothing follows at all.
    EndOfInput,
}

/// What a reader knows of its place.
#[derive(Clone)]
pub struct ReaderContext {
    /// Which subtask it is.
    pub subtask: SubtaskIndex,
    /// Of how many.
    pub parallelism: u32,
    /// Time, waiting and background I/O.
    pub host: Arc<dyn Host>,
}

impl fmt::Debug for ReaderContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReaderContext({}/{})", self.subtask.0 + 1, self.parallelism)
    }
}
