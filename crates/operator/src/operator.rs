//! The contract between an operator and the task that drives it.
use std::task::{Context, Poll};
use std::time::Duration;

use hurtig_core::ids::CheckpointId;
use hurtig_core::{Batch, ProcessingTime, Result, Watermark, WatermarkStatus};
use hurtig_state::keyed::StateSize;

use crate::context::OperatorContext;
use crate::output::Output;

/// What an operator gets to consume.
#[derive(Debug)]
pub struct Input {
    /// Which input of the operator, from 0.
    pub port: u32,
    /// The records. What the operator does not take stays here for the next call.
    pub batch: Batch,
    /// How many records it may take in this call. The task keeps it low for slow operators, so that it can
    /// look at its mailbox between two calls.
    pub limit: usize,
}

/// Whether an operator has finished what it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nothing of it is left inside.
    Done,
    /// It stopped because the output is full, and wants to be called again in the same way.
    More,
}

/// An operator: plain, synchronous, single-threaded. Everything it is asked for may stop half-way when the
/// output is full ([`Progress::More`]) and is then asked for again, before anything else.
pub trait Operator: Send {
    /// Called once, before anything else.
    fn open(&mut self, context: &mut OperatorContext) -> Result<()> {
        let _ = context;
        Ok(())
    }

    /// Whether the operator can take input now. One that waits for something outside wakes `cx`.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let _ = cx;
        Poll::Ready(Ok(()))
    }

    /// Whether results reach the operator from outside, as the answers to calls that it has made. The task
    /// then asks for them with [`Operator::poll_results`]; other operators are never asked.
    fn awaits_results(&self) -> bool {
        false
    }

    /// Puts out results that have come from outside. Asked before anything else, also while there is no input
    /// or none can be taken, but never half-way of something ([`Progress::More`]). `Ready` if anything was put
    /// out, and then it is asked again; `Pending` if nothing can be, and then the next result wakes `cx`.
    fn poll_results(
        &mut self,
        cx: &mut Context<'_>,
        output: &mut Output,
        context: &mut OperatorContext,
    ) -> Poll<Result<()>> {
        let _ = (cx, output, context);
        Poll::Pending
    }

    /// Takes up to `input.limit` records off the front of `input.batch`, fewer if the output is full.
    /// `More` if something of a record already taken is still to be put out.
    fn process(
        &mut self,
        input: &mut Input,
        output: &mut Output,
        context: &mut OperatorContext,
    ) -> Result<Progress>;

    /// The watermark over all inputs has advanced. The default passes it on.
    fn watermark(
        &mut self,
        watermark: Watermark,
        output: &mut Output,
        context: &mut OperatorContext,
    ) -> Result<Progress> {
        let _ = context;
        output.watermark(watermark);
        Ok(Progress::Done)
    }

    /// The input became idle or active. The default passes it on.
    fn status(&mut self, status: WatermarkStatus, output: &mut Output) {
        output.status(status);
    }

    /// The task waited so long for its output: what an operator measures of silence does not count that.
    fn blocked(&mut self, waited: Duration) {
        let _ = waited;
    }

    /// The time that the operator asked to be woken at ([`OperatorContext::wake_at`]) has come.
    fn processing_time(
        &mut self,
        now: ProcessingTime,
        output: &mut Output,
        context: &mut OperatorContext,
    ) -> Result<Progress> {
        let _ = (now, output, context);
        Ok(Progress::Done)
    }

    /// One of several inputs has ended.
    fn end_of_port(
        &mut self,
        port: u32,
        output: &mut Output,
        context: &mut OperatorContext,
    ) -> Result<Progress> {
        let _ = (port, output, context);
        Ok(Progress::Done)
    }

    /// Whether the operator can end, now that all inputs have. One that still waits for something outside
    /// wakes `cx`.
    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let _ = cx;
        Poll::Ready(Ok(()))
    }

    /// All inputs have ended: the last chance to put something out. Flink's `finish`.
    fn finish(&mut self, output: &mut Output, context: &mut OperatorContext) -> Result<Progress> {
        let _ = (output, context);
        Ok(Progress::Done)
    }

    /// How much the operator holds for its keys; `None` if it has no state of keys. For tests and metrics: it
    /// looks at every timer.
    fn keyed_state_size(&mut self) -> Option<StateSize> {
        None
    }

    /// A snapshot is about to be taken: what functions hold themselves goes into their states.
    fn snapshot_state(&mut self, checkpoint: CheckpointId, context: &mut OperatorContext) -> Result<()> {
        let _ = (checkpoint, context);
        Ok(())
    }

    /// A checkpoint is complete in all tasks.
    fn notify_checkpoint_complete(&mut self, checkpoint: CheckpointId) -> Result<()> {
        let _ = checkpoint;
        Ok(())
    }

    /// A checkpoint will never be complete.
    fn notify_checkpoint_aborted(&mut self, checkpoint: CheckpointId) -> Result<()> {
        let _ = checkpoint;
        Ok(())
    }

    /// Called once at the end, also after a failure.
    fn close(&mut self) -> Result<()> {
        Ok(())
    }
}
