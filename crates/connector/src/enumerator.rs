//! The half of a source that runs once per job: finding splits and handing them out.
use std::sync::Arc;
use std::task::{Context, Poll};

use hurtig_core::Result;
use hurtig_core::ids::{CheckpointId, SubtaskIndex};

use crate::host::Host;
use crate::split::{Split, VersionedBytes};

/// Finds splits and assigns them to readers. Runs beside the jobmaster, on its thread: no call may block for
/// long; waiting goes through [`SplitEnumerator::poll_discover`].
pub trait SplitEnumerator: Send {
    /// What it hands out.
    type Split: Split;

    /// A reader has come up (also after a restart).
    fn add_reader(
        &mut self,
        reader: SubtaskIndex,
        context: &mut EnumeratorContext<Self::Split>,
    ) -> Result<()> {
        let _ = (reader, context);
        Ok(())
    }

    /// A reader has nothing left to read and asks for more.
    fn handle_split_request(
        &mut self,
        reader: SubtaskIndex,
        context: &mut EnumeratorContext<Self::Split>,
    ) -> Result<()>;

    /// A reader failed with these splits; they are to be assigned again.
    fn add_splits_back(
        &mut self,
        splits: Vec<Self::Split>,
        reader: SubtaskIndex,
        context: &mut EnumeratorContext<Self::Split>,
    ) -> Result<()>;

    /// A reader sent a word of the connector's own ([`Fetched::SourceEvent`](crate::Fetched::SourceEvent)).
    fn handle_source_event(
        &mut self,
        reader: SubtaskIndex,
        event: VersionedBytes,
        context: &mut EnumeratorContext<Self::Split>,
    ) -> Result<()> {
        let _ = (reader, event, context);
        Ok(())
    }

    /// Goes on with discovery: called when the job starts and whenever the waker in `cx` was woken. `Ready`
    /// means that nothing more will be discovered. The default has nothing to discover.
    fn poll_discover(
        &mut self,
        cx: &mut Context<'_>,
        context: &mut EnumeratorContext<Self::Split>,
    ) -> Poll<Result<()>> {
        let _ = (cx, context);
        Poll::Ready(Ok(()))
    }

    /// What a new enumerator needs to go on from here, splits not yet assigned included.
    fn snapshot_state(&self) -> Result<VersionedBytes>;

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

/// What an enumerator can do: the engine carries its wishes out after each call.
pub struct EnumeratorContext<S> {
    parallelism: u32,
    host: Arc<dyn Host>,
    actions: Vec<EnumeratorAction<S>>,
}

/// A wish of an enumerator.
#[derive(Debug)]
pub enum EnumeratorAction<S> {
    /// Give the split to the reader.
    Assign(SubtaskIndex, S),
    /// Tell the reader that no split will follow.
    NoMoreSplits(SubtaskIndex),
    /// Send the reader a word of the connector's own.
    Event(SubtaskIndex, VersionedBytes),
}

impl<S> EnumeratorContext<S> {
    /// A context for `parallelism` readers.
    pub fn new(parallelism: u32, host: Arc<dyn Host>) -> Self {
        EnumeratorContext { parallelism, host, actions: Vec::new() }
    }

    /// How many readers there are.
    pub fn parallelism(&self) -> u32 {
        self.parallelism
    }

    /// All readers.
    pub fn readers(&self) -> impl Iterator<Item = SubtaskIndex> + use<S> {
        (0..self.parallelism).map(SubtaskIndex)
    }

    /// Time, waiting and background I/O.
    pub fn host(&self) -> &Arc<dyn Host> {
        &self.host
    }

    /// Gives `split` to `reader`.
    pub fn assign_split(&mut self, split: S, reader: SubtaskIndex) {
        self.actions.push(EnumeratorAction::Assign(reader, split));
    }

    /// Tells `reader` that no split will follow: a bounded source ends once its readers have finished theirs.
    pub fn signal_no_more_splits(&mut self, reader: SubtaskIndex) {
        self.actions.push(EnumeratorAction::NoMoreSplits(reader));
    }

    /// Sends `reader` a word of the connector's own.
    pub fn send_event(&mut self, reader: SubtaskIndex, event: VersionedBytes) {
        self.actions.push(EnumeratorAction::Event(reader, event));
    }

    /// What has been asked for since the last call, in order.
    pub fn take_actions(&mut self) -> Vec<EnumeratorAction<S>> {
        std::mem::take(&mut self.actions)
    }
}
