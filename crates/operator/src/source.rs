//! The operator at the head of a chain that has no input: it drives a reader.
use std::task::{Context, Poll};
use std::time::Duration;

use hurtig_connector::erased::ErasedReader;
use hurtig_connector::watermark::{ErasedStrategy, WatermarkAlignment};
use hurtig_connector::{Fetched, SplitId, VersionedBytes};
use hurtig_core::config::options;
use hurtig_core::ids::CheckpointId;
use hurtig_core::{Instant, ProcessingTime, Result, Watermark};

use crate::context::{OperatorContext, OperatorEvent};
use crate::metrics::{Counter, Gauge, TextGauge};
use crate::operator::Progress;
use crate::output::Output;
use crate::watermarks::{Now, SplitWatermarks};

/// Drives one reader: splits in, batches with timestamps and watermarks out. Flink's `SourceOperator`.
pub struct SourceOperator {
    reader: Box<dyn ErasedReader>,
    watermarks: SplitWatermarks,
    periodic: Option<Duration>,
    alignment: Option<Alignment>,
    paused: Vec<SplitId>,
    paused_at: Option<Instant>,
    /// The last step waited.
    waited: bool,
    ended: bool,
    splits_processed: Counter,
    held_by: TextGauge,
}

/// Where this source stands in its alignment group.
struct Alignment {
    group: WatermarkAlignment,
    next_report: Instant,
    allowed: Watermark,
    drift: Gauge,
}

/// What a step of a source came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceStep {
    /// Something may be in the output.
    Emitted,
    /// Nothing follows; everything is in the output.
    Ended,
}

impl SourceOperator {
    /// A source that reads with `reader`.
    pub fn new(
        reader: Box<dyn ErasedReader>,
        strategy: ErasedStrategy,
        context: &OperatorContext,
    ) -> Result<Self> {
        let interval = context.configuration.get(&options::AUTO_WATERMARK_INTERVAL)?;
        let now = context.host.instant();
        // Where time stands still, nobody is ahead of others.
        let group = strategy.alignment.clone().filter(|_| !context.is_batch());
        let alignment = group.map(|group| Alignment {
            group,
            next_report: now,
            allowed: Watermark::MAX,
            drift: context.metrics.gauge("watermarkAlignmentDrift"),
        });
        let mut watermarks = SplitWatermarks::new(strategy, interval, now);
        if context.is_batch() {
            watermarks.withhold();
        }
        Ok(SourceOperator {
            reader,
            watermarks,
            periodic: (!interval.is_zero()).then_some(interval),
            alignment,
            paused: Vec::new(),
            paused_at: None,
            waited: false,
            ended: false,
            splits_processed: context.metrics.counter("numSplitsProcessed"),
            held_by: context.metrics.text("watermarkHeldBySplit"),
        })
    }

    /// New splits from the enumerator.
    pub fn add_splits(&mut self, splits: &[VersionedBytes], context: &OperatorContext) -> Result<()> {
        let now = context.host.instant();
        for id in self.reader.add_splits(splits)? {
            self.watermarks.add_split(id, now);
        }
        Ok(())
    }

    /// No split will follow.
    pub fn no_more_splits(&mut self) {
        self.reader.no_more_splits();
    }

    /// A word of the connector's own.
    pub fn handle_source_event(&mut self, event: VersionedBytes) -> Result<()> {
        self.reader.handle_source_event(event)
    }

    /// A checkpoint is complete in all tasks.
    pub fn notify_checkpoint_complete(&mut self, checkpoint: CheckpointId) -> Result<()> {
        self.reader.notify_checkpoint_complete(checkpoint)
    }

    /// A checkpoint will never be complete.
    pub fn notify_checkpoint_aborted(&mut self, checkpoint: CheckpointId) -> Result<()> {
        self.reader.notify_checkpoint_aborted(checkpoint)
    }

    /// The task waited so long for its output: that is not the silence of a split.
    pub fn blocked(&mut self, waited: Duration) {
        self.watermarks.excuse(waited);
    }

    /// The alignment group's limit has moved: splits beyond it pause, others resume.
    pub fn align(&mut self, allowed: Watermark) -> Result<()> {
        if let Some(alignment) = &mut self.alignment {
            alignment.allowed = allowed;
        }
        self.apply_alignment()
    }

    fn apply_alignment(&mut self) -> Result<()> {
        let Some(alignment) = &self.alignment else { return Ok(()) };
        let beyond = |watermark: Watermark| watermark > alignment.allowed;
        let now: Vec<SplitId> =
            self.watermarks.splits().filter(|(_, mark)| beyond(*mark)).map(|(id, _)| id.clone()).collect();
        if now != self.paused {
            let pause: Vec<_> = now.iter().filter(|id| !self.paused.contains(id)).cloned().collect();
            let resume: Vec<_> = self.paused.iter().filter(|id| !now.contains(id)).cloned().collect();
            self.paused = now;
            self.reader.pause_or_resume_splits(&pause, &resume)?;
        }
        Ok(())
    }

    /// One step: at most one batch of the reader, of `max_rows` at most, into the output. `Pending` waits for
    /// the reader, a new split, or the time that the context is asked to wake at.
    pub fn poll_step(
        &mut self,
        cx: &mut Context<'_>,
        max_rows: usize,
        output: &mut Output,
        context: &mut OperatorContext,
    ) -> Poll<Result<SourceStep>> {
        match self.step(cx, max_rows, output, context) {
            Ok(Some(step)) => Poll::Ready(Ok(step)),
            Ok(None) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    fn step(
        &mut self,
        cx: &mut Context<'_>,
        max_rows: usize,
        output: &mut Output,
        context: &mut OperatorContext,
    ) -> Result<Option<SourceStep>> {
        if self.watermarks.drain(output) == Progress::More {
            return Ok(Some(SourceStep::Emitted));
        }
        if self.ended {
            return Ok(Some(SourceStep::Ended));
        }
        let now = context.host.instant();
        if let Some(since) = self.paused_at.take() {
            self.watermarks.excuse(now.since(since));
        }
        if self.on_time(now, output, context)? {
            return Ok(Some(SourceStep::Emitted));
        }
        let all_paused = !self.paused.is_empty() && self.paused.len() == self.watermarks.splits().count();
        self.paused_at = all_paused.then_some(now);
        let fetched = if all_paused { Poll::Pending } else { self.reader.poll_next(cx, max_rows) };
        match fetched {
            Poll::Pending => {
                self.ask_to_be_woken(now, context);
                self.waited = true;
                Ok(None)
            }
            Poll::Ready(fetched) => self.take(fetched?, now, output, context).map(Some),
        }
    }

    fn take(
        &mut self,
        fetched: Fetched,
        now: Instant,
        output: &mut Output,
        context: &mut OperatorContext,
    ) -> Result<SourceStep> {
        match fetched {
            Fetched::Batch(split, batch) => {
                let wall = if self.watermarks.wants_wall_clock() {
                    context.host.processing_time()
                } else {
                    ProcessingTime::from_millis(0)
                };
                self.watermarks.accept(&split, batch, Now { instant: now, wall })?;
                if self.watermarks.drain(output) == Progress::Done && self.periodic.is_none() {
                    self.watermarks.periodic(now, output);
                }
            }
            Fetched::SplitFinished(split) => {
                self.splits_processed.add(1);
                self.watermarks.remove_split(&split, output);
                self.paused.retain(|paused| *paused != split);
            }
            Fetched::RequestSplit => context.send(OperatorEvent::RequestSplit),
            Fetched::SourceEvent(event) => context.send(OperatorEvent::SourceEvent(event)),
            Fetched::EndOfInput => {
                self.ended = true;
                output.watermark(Watermark::MAX);
                if self.alignment.is_some() {
                    context.send(OperatorEvent::ReportWatermark(Watermark::MAX));
                }
                return Ok(SourceStep::Ended);
            }
        }
        Ok(SourceStep::Emitted)
    }

    /// Whatever the clock asks for; whether anything was put out.
    fn on_time(&mut self, now: Instant, output: &mut Output, context: &mut OperatorContext) -> Result<bool> {
        // Without an interval the question is asked after each batch, and when a silence may have become long.
        let due = self.watermarks.is_due(now) && (self.periodic.is_some() || self.waited);
        self.waited = false;
        if due {
            self.watermarks.periodic(now, output);
            self.held_by.set(self.watermarks.slowest().map_or("", |(split, _)| split.as_str()));
            self.apply_alignment()?;
        }
        if let Some(alignment) = &mut self.alignment
            && now >= alignment.next_report
        {
            alignment.next_report = now + alignment.group.update_interval;
            let combined = self.watermarks.combined();
            if alignment.allowed < Watermark::MAX && combined > Watermark::MIN {
                let ahead = combined.0.as_millis().saturating_sub(alignment.allowed.0.as_millis());
                alignment.drift.set(ahead.saturating_add(alignment.group.max_drift.as_millis() as i64));
            }
            // Whoever has nothing to say holds nobody back, as in Flink.
            let report = if self.watermarks.is_idle() { Watermark::MAX } else { combined };
            context.send(OperatorEvent::ReportWatermark(report));
        }
        Ok(due && !output.is_empty())
    }

    fn ask_to_be_woken(&mut self, now: Instant, context: &mut OperatorContext) {
        let mut at = self.watermarks.next_question(now);
        if let Some(alignment) = &self.alignment {
            at = Some(at.map_or(alignment.next_report, |at: Instant| at.min(alignment.next_report)));
        }
        if let Some(at) = at {
            // A millisecond at least: the wall clock is no finer.
            let wait = at.since(now).max(Duration::from_millis(1));
            context.wake_at(context.host.processing_time() + wait);
        }
    }
}
