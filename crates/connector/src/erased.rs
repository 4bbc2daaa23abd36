//! How the runtime and the jobmaster hold sources and sinks: splits as bytes, records as batches.
use std::sync::Arc;
use std::task::{Context, Poll};

use hurtig_core::batch::ColumnBatch;
use hurtig_core::ids::{CheckpointId, SubtaskIndex};
use hurtig_core::{Batch, Result, TypeInformation, Watermark};

use crate::committer::{CommitStage, Committable, Committer};
use crate::enumerator::{EnumeratorAction, EnumeratorContext, SplitEnumerator};
use crate::host::Host;
use crate::reader::{Fetched, ReaderContext, SourceReader};
use crate::sink::{Sink, SinkWriter, WriteContext, WriterContext};
use crate::source::{Boundedness, Source};
use crate::split::{Split, SplitId, VersionedBytes};

/// A [`Source`] whose types are hidden.
pub trait ErasedSource: Send + Sync {
    /// Whether it ends by itself.
    fn boundedness(&self) -> Boundedness;
    /// The job's enumerator.
    fn create_enumerator(
        &self,
        restored: Option<&VersionedBytes>,
        parallelism: u32,
        host: Arc<dyn Host>,
    ) -> Result<Box<dyn ErasedEnumerator>>;
    /// A subtask's reader.
    fn create_reader(&self, context: &ReaderContext) -> Result<Box<dyn ErasedReader>>;
}

/// A [`SplitEnumerator`] whose splits are bytes. Every call gives what the enumerator wants done.
pub trait ErasedEnumerator: Send {
    /// See [`SplitEnumerator::add_reader`].
    fn add_reader(&mut self, reader: SubtaskIndex) -> Result<Vec<EnumeratorAction<VersionedBytes>>>;
    /// See [`SplitEnumerator::handle_split_request`].
    fn handle_split_request(&mut self, reader: SubtaskIndex)
    -> Result<Vec<EnumeratorAction<VersionedBytes>>>;
    /// See [`SplitEnumerator::add_splits_back`].
    fn add_splits_back(
        &mut self,
        splits: Vec<VersionedBytes>,
        reader: SubtaskIndex,
    ) -> Result<Vec<EnumeratorAction<VersionedBytes>>>;
    /// See [`SplitEnumerator::handle_source_event`].
    fn handle_source_event(
        &mut self,
        reader: SubtaskIndex,
        event: VersionedBytes,
    ) -> Result<Vec<EnumeratorAction<VersionedBytes>>>;
    /// See [`SplitEnumerator::poll_discover`]; also gives whether discovery has ended.
    fn poll_discover(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Result<(bool, Vec<EnumeratorAction<VersionedBytes>>)>;
    /// See [`SplitEnumerator::snapshot_state`].
    fn snapshot_state(&self) -> Result<VersionedBytes>;
    /// See [`SplitEnumerator::notify_checkpoint_complete`].
    fn notify_checkpoint_complete(&mut self, checkpoint: CheckpointId) -> Result<()>;
    /// See [`SplitEnumerator::notify_checkpoint_aborted`].
    fn notify_checkpoint_aborted(&mut self, checkpoint: CheckpointId) -> Result<()>;
}

/// A [`SourceReader`] whose splits are bytes.
pub trait ErasedReader: Send {
    /// See [`SourceReader::add_splits`]; gives their names.
    fn add_splits(&mut self, splits: &[VersionedBytes]) -> Result<Vec<SplitId>>;
    /// See [`SourceReader::no_more_splits`].
    fn no_more_splits(&mut self);
    /// See [`SourceReader::poll_next`].
    fn poll_next(&mut self, cx: &mut Context<'_>, max_rows: usize) -> Poll<Result<Fetched>>;
    /// See [`SourceReader::snapshot_state`].
    fn snapshot_state(&mut self) -> Result<Vec<VersionedBytes>>;
    /// See [`SourceReader::handle_source_event`].
    fn handle_source_event(&mut self, event: VersionedBytes) -> Result<()>;
    /// See [`SourceReader::pause_or_resume_splits`].
    fn pause_or_resume_splits(&mut self, pause: &[SplitId], resume: &[SplitId]) -> Result<()>;
    /// See [`SourceReader::notify_checkpoint_complete`].
    fn notify_checkpoint_complete(&mut self, checkpoint: CheckpointId) -> Result<()>;
    /// See [`SourceReader::notify_checkpoint_aborted`].
    fn notify_checkpoint_aborted(&mut self, checkpoint: CheckpointId) -> Result<()>;
}

/// Hides the types of a source.
pub struct SourceEraser<S>(pub S);

impl<S: Source> ErasedSource for SourceEraser<S> {
    fn boundedness(&self) -> Boundedness {
        self.0.boundedness()
    }

    fn create_enumerator(
        &self,
        restored: Option<&VersionedBytes>,
        parallelism: u32,
        host: Arc<dyn Host>,
    ) -> Result<Box<dyn ErasedEnumerator>> {
        let enumerator = self.0.create_enumerator(restored)?;
        Ok(Box::new(EnumeratorEraser { enumerator, context: EnumeratorContext::new(parallelism, host) }))
    }

    fn create_reader(&self, context: &ReaderContext) -> Result<Box<dyn ErasedReader>> {
        Ok(Box::new(ReaderEraser(self.0.create_reader(context)?)))
    }
}

struct EnumeratorEraser<E: SplitEnumerator> {
    enumerator: E,
    context: EnumeratorContext<E::Split>,
}

impl<E: SplitEnumerator> EnumeratorEraser<E> {
    fn actions(&mut self) -> Vec<EnumeratorAction<VersionedBytes>> {
        let erase = |action| match action {
            EnumeratorAction::Assign(reader, split) => {
                EnumeratorAction::Assign(reader, E::Split::to_bytes(&split))
            }
            EnumeratorAction::NoMoreSplits(reader) => EnumeratorAction::NoMoreSplits(reader),
            EnumeratorAction::Event(reader, event) => EnumeratorAction::Event(reader, event),
        };
        self.context.take_actions().into_iter().map(erase).collect()
    }
}

impl<E: SplitEnumerator> ErasedEnumerator for EnumeratorEraser<E> {
    fn add_reader(&mut self, reader: SubtaskIndex) -> Result<Vec<EnumeratorAction<VersionedBytes>>> {
        self.enumerator.add_reader(reader, &mut self.context)?;
        Ok(self.actions())
    }

    fn handle_split_request(
        &mut self,
        reader: SubtaskIndex,
    ) -> Result<Vec<EnumeratorAction<VersionedBytes>>> {
        self.enumerator.handle_split_request(reader, &mut self.context)?;
        Ok(self.actions())
    }

    fn add_splits_back(
        &mut self,
        splits: Vec<VersionedBytes>,
        reader: SubtaskIndex,
    ) -> Result<Vec<EnumeratorAction<VersionedBytes>>> {
        let splits = splits.iter().map(E::Split::from_bytes).collect::<Result<_>>()?;
        self.enumerator.add_splits_back(splits, reader, &mut self.context)?;
        Ok(self.actions())
    }

    fn handle_source_event(
        &mut self,
        reader: SubtaskIndex,
        event: VersionedBytes,
    ) -> Result<Vec<EnumeratorAction<VersionedBytes>>> {
        self.enumerator.handle_source_event(reader, event, &mut self.context)?;
        Ok(self.actions())
    }

    fn poll_discover(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Result<(bool, Vec<EnumeratorAction<VersionedBytes>>)> {
        let ended = match self.enumerator.poll_discover(cx, &mut self.context) {
            Poll::Ready(result) => {
                result?;
                true
            }
            Poll::Pending => false,
        };
        Ok((ended, self.actions()))
    }

    fn snapshot_state(&self) -> Result<VersionedBytes> {
        self.enumerator.snapshot_state()
    }

    fn notify_checkpoint_complete(&mut self, checkpoint: CheckpointId) -> Result<()> {
        self.enumerator.notify_checkpoint_complete(checkpoint)
    }

    fn notify_checkpoint_aborted(&mut self, checkpoint: CheckpointId) -> Result<()> {
        self.enumerator.notify_checkpoint_aborted(checkpoint)
    }
}

struct ReaderEraser<R>(R);

impl<R: SourceReader> ErasedReader for ReaderEraser<R> {
    fn add_splits(&mut self, splits: &[VersionedBytes]) -> Result<Vec<SplitId>> {
        let splits = splits.iter().map(R::Split::from_bytes).collect::<Result<Vec<_>>>()?;
        let ids = splits.iter().map(Split::split_id).collect();
        self.0.add_splits(splits)?;
        Ok(ids)
    }

    fn no_more_splits(&mut self) {
        self.0.no_more_splits();
    }

    fn poll_next(&mut self, cx: &mut Context<'_>, max_rows: usize) -> Poll<Result<Fetched>> {
        self.0.poll_next(cx, max_rows)
    }

    fn snapshot_state(&mut self) -> Result<Vec<VersionedBytes>> {
        Ok(self.0.snapshot_state()?.iter().map(Split::to_bytes).collect())
    }

    fn handle_source_event(&mut self, event: VersionedBytes) -> Result<()> {
        self.0.handle_source_event(event)
    }

    fn pause_or_resume_splits(&mut self, pause: &[SplitId], resume: &[SplitId]) -> Result<()> {
        self.0.pause_or_resume_splits(pause, resume)
    }

    fn notify_checkpoint_complete(&mut self, checkpoint: CheckpointId) -> Result<()> {
        self.0.notify_checkpoint_complete(checkpoint)
    }

    fn notify_checkpoint_aborted(&mut self, checkpoint: CheckpointId) -> Result<()> {
        self.0.notify_checkpoint_aborted(checkpoint)
    }
}

/// A [`Sink`] whose types are hidden.
pub trait ErasedSink: Send + Sync {
    /// A subtask's writer.
    fn create_writer(
        &self,
        context: &WriterContext,
        restored: Vec<VersionedBytes>,
    ) -> Result<Box<dyn ErasedWriter>>;
    /// See [`Sink::create_committer`].
    fn create_committer(&self) -> Result<Option<Box<dyn Committer>>>;
    /// See [`Sink::create_pre_commit_stage`].
    fn create_pre_commit_stage(&self) -> Result<Option<Box<dyn CommitStage>>>;
    /// See [`Sink::create_post_commit_stage`].
    fn create_post_commit_stage(&self) -> Result<Option<Box<dyn CommitStage>>>;
}

/// A [`SinkWriter`] that takes batches.
pub trait ErasedWriter: Send {
    /// See [`SinkWriter::poll_ready`].
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>>;
    /// Writes up to `limit` records off the front of `batch`, fewer if the writer is no longer ready.
    fn write(
        &mut self,
        cx: &mut Context<'_>,
        batch: &mut Batch,
        limit: usize,
        watermark: Watermark,
    ) -> Result<()>;
    /// See [`SinkWriter::watermark`].
    fn watermark(&mut self, watermark: Watermark) -> Result<()>;
    /// See [`SinkWriter::tick`].
    fn tick(&mut self, now: hurtig_core::ProcessingTime) -> Result<()>;
    /// See [`SinkWriter::flush`].
    fn flush(&mut self, end_of_input: bool) -> Result<()>;
    /// See [`SinkWriter::prepare_commit`].
    fn prepare_commit(&mut self) -> Result<Vec<Committable>>;
    /// See [`SinkWriter::snapshot_state`].
    fn snapshot_state(&mut self) -> Result<Vec<VersionedBytes>>;
    /// See [`SinkWriter::notify_checkpoint_complete`].
    fn notify_checkpoint_complete(&mut self, checkpoint: CheckpointId) -> Result<()>;
    /// See [`SinkWriter::notify_checkpoint_aborted`].
    fn notify_checkpoint_aborted(&mut self, checkpoint: CheckpointId) -> Result<()>;
}

/// Hides the types of a sink of rows.
pub struct RowSinkEraser<S>(pub S);

/// Hides the types of a sink of Arrow columns.
pub struct ColumnSinkEraser<S>(pub S);

macro_rules! sink_eraser {
    ($eraser:ident, $writer:ident, [$($bound:tt)*]) => {
        impl<S: Sink> ErasedSink for $eraser<S>
        where
            S::Record: $($bound)*
        {
            fn create_writer(
                &self,
                context: &WriterContext,
                restored: Vec<VersionedBytes>,
            ) -> Result<Box<dyn ErasedWriter>> {
                Ok(Box::new($writer(self.0.create_writer(context, restored)?)))
            }

            fn create_committer(&self) -> Result<Option<Box<dyn Committer>>> {
                self.0.create_committer()
            }

            fn create_pre_commit_stage(&self) -> Result<Option<Box<dyn CommitStage>>> {
                self.0.create_pre_commit_stage()
            }

            fn create_post_commit_stage(&self) -> Result<Option<Box<dyn CommitStage>>> {
                self.0.create_post_commit_stage()
            }
        }
    };
}
sink_eraser!(RowSinkEraser, RowWriter, [TypeInformation]);
sink_eraser!(ColumnSinkEraser, ColumnWriter, [IsColumns]);

/// Marks [`ColumnBatch`] as the one record type of column sinks.
pub trait IsColumns: Sized {
    #[doc(hidden)]
    fn from_columns(columns: ColumnBatch) -> Self;
}

impl IsColumns for ColumnBatch {
    fn from_columns(columns: ColumnBatch) -> Self {
        columns
    }
}

#[inline]
fn is_ready(poll: Poll<Result<()>>) -> Result<bool> {
    match poll {
        Poll::Ready(result) => result.map(|()| true),
        Poll::Pending => Ok(false),
    }
}

struct RowWriter<W>(W);
struct ColumnWriter<W>(W);

macro_rules! forward_writer {
    () => {
        fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
            self.0.poll_ready(cx)
        }
        fn watermark(&mut self, watermark: Watermark) -> Result<()> {
            self.0.watermark(watermark)
        }
        fn tick(&mut self, now: hurtig_core::ProcessingTime) -> Result<()> {
            self.0.tick(now)
        }
        fn flush(&mut self, end_of_input: bool) -> Result<()> {
            self.0.flush(end_of_input)
        }
        fn prepare_commit(&mut self) -> Result<Vec<Committable>> {
            self.0.prepare_commit()
        }
        fn snapshot_state(&mut self) -> Result<Vec<VersionedBytes>> {
            self.0.snapshot_state()
        }
        fn notify_checkpoint_complete(&mut self, checkpoint: CheckpointId) -> Result<()> {
            self.0.notify_checkpoint_complete(checkpoint)
        }

        fn notify_checkpoint_aborted(&mut self, checkpoint: CheckpointId) -> Result<()> {
            self.0.notify_checkpoint_aborted(checkpoint)
        }
    };
}

impl<W: SinkWriter> ErasedWriter for RowWriter<W>
where
    W::Record: TypeInformation,
{
    fn write(
        &mut self,
        cx: &mut Context<'_>,
        batch: &mut Batch,
        limit: usize,
        watermark: Watermark,
    ) -> Result<()> {
        batch.cursor::<W::Record>(limit)?.take_while_ready(
            &mut self.0,
            |writer| is_ready(writer.poll_ready(cx)),
            |writer, record, timestamp| writer.write(record, &WriteContext { timestamp, watermark }),
        )?;
        self.0.end_of_batch()?;
        Ok(())
    }
    forward_writer!();
}

impl<W: SinkWriter> ErasedWriter for ColumnWriter<W>
where
    W::Record: IsColumns,
{
    fn write(
        &mut self,
        _: &mut Context<'_>,
        batch: &mut Batch,
        limit: usize,
        watermark: Watermark,
    ) -> Result<()> {
        let (columns, _) = batch.take_columns(limit)?;
        self.0.write(W::Record::from_columns(columns), &WriteContext { timestamp: None, watermark })?;
        self.0.end_of_batch()
    }
    forward_writer!();
}
