//! The operator at the end of a chain that has no output: it drives a writer.
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use hurtig_connector::WriterContext;
use hurtig_connector::erased::{ErasedSink, ErasedWriter};
use hurtig_core::ids::CheckpointId;
use hurtig_core::{Error, ProcessingTime, Result, Watermark};

use crate::context::{OperatorContext, OperatorEvent};
use crate::metrics::Counter;
use crate::operator::{Input, Operator, Progress};
use crate::output::Output;

/// How often a writer is told the time, and asked for committables while there are no checkpoints.
const TICK: Duration = Duration::from_secs(1);

/// Drives one writer. Flink's `SinkWriterOperator`.
pub struct SinkOperator {
    sink: Arc<dyn ErasedSink>,
    writer: Option<Box<dyn ErasedWriter>>,
    waker: Waker,
    sent: Option<Counter>,
}

impl SinkOperator {
    /// The operator of `sink`.
    pub fn new(sink: Arc<dyn ErasedSink>) -> Self {
        SinkOperator { sink, writer: None, waker: Waker::noop().clone(), sent: None }
    }

    fn writer(&mut self) -> Result<&mut Box<dyn ErasedWriter>> {
        self.writer.as_mut().ok_or_else(|| Error::bug("a sink writer is used before open"))
    }

    fn send_committables(&mut self, context: &mut OperatorContext) -> Result<()> {
        let committables = self.writer()?.prepare_commit()?;
        if !committables.is_empty() {
            context.send(OperatorEvent::Committables(committables));
        }
        Ok(())
    }
}

impl Operator for SinkOperator {
    fn open(&mut self, context: &mut OperatorContext) -> Result<()> {
        let place = WriterContext {
            subtask: context.subtask,
            parallelism: context.parallelism,
            attempt: context.attempt,
            host: context.host.clone(),
        };
        self.writer = Some(self.sink.create_writer(&place, Vec::new())?);
        self.sent = Some(context.metrics.counter("numRecordsSend"));
        context.wake_at(context.host.processing_time() + TICK);
        Ok(())
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        if !self.waker.will_wake(cx.waker()) {
            self.waker = cx.waker().clone();
        }
        match &mut self.writer {
            Some(writer) => writer.poll_ready(cx),
            None => Poll::Ready(Ok(())),
        }
    }

    fn process(
        &mut self,
        input: &mut Input,
        _: &mut Output,
        context: &mut OperatorContext,
    ) -> Result<Progress> {
        let waker = self.waker.clone();
        let before = input.batch.len();
        let watermark = context.current_watermark();
        let limit = input.limit;
        self.writer()?.write(&mut Context::from_waker(&waker), &mut input.batch, limit, watermark)?;
        if let Some(sent) = &self.sent {
            sent.add((before - input.batch.len()) as u64);
        }
        Ok(Progress::Done)
    }

    fn watermark(
        &mut self,
        watermark: Watermark,
        _: &mut Output,
        _: &mut OperatorContext,
    ) -> Result<Progress> {
        self.writer()?.watermark(watermark)?;
        Ok(Progress::Done)
    }

    fn processing_time(
        &mut self,
        now: ProcessingTime,
        _: &mut Output,
        context: &mut OperatorContext,
    ) -> Result<Progress> {
        self.writer()?.tick(now)?;
        self.send_committables(context)?;
        context.wake_at(now + TICK);
        Ok(Progress::Done)
    }

    fn finish(&mut self, _: &mut Output, context: &mut OperatorContext) -> Result<Progress> {
        self.writer()?.flush(true)?;
        self.send_committables(context)?;
        Ok(Progress::Done)
    }

    fn notify_checkpoint_complete(&mut self, checkpoint: CheckpointId) -> Result<()> {
        self.writer()?.notify_checkpoint_complete(checkpoint)
    }

    fn notify_checkpoint_aborted(&mut self, checkpoint: CheckpointId) -> Result<()> {
        self.writer()?.notify_checkpoint_aborted(checkpoint)
    }
}
