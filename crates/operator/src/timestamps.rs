//! `assign_timestamps_and_watermarks` in the middle of a stream: what came before it is forgotten.
use std::time::Duration;

use hurtig_connector::SplitId;
use hurtig_connector::watermark::ErasedStrategy;
use hurtig_core::config::options;
use hurtig_core::{Error, ProcessingTime, Result, Watermark, WatermarkStatus};

use crate::context::OperatorContext;
use crate::operator::{Input, Operator, Progress};
use crate::output::Output;
use crate::watermarks::{Now, SplitWatermarks};

/// Gives records new timestamps and the stream new watermarks. Flink's `TimestampsAndWatermarksOperator`.
pub struct AssignTimestamps {
    strategy: ErasedStrategy,
    input: SplitId,
    watermarks: Option<SplitWatermarks>,
    woken: bool,
    ended: bool,
}

impl AssignTimestamps {
    /// The operator of `strategy`.
    pub fn new(strategy: ErasedStrategy) -> Self {
        AssignTimestamps {
            strategy,
            input: SplitId::new("input"),
            watermarks: None,
            woken: false,
            ended: false,
        }
    }

    fn watermarks(&mut self) -> Result<&mut SplitWatermarks> {
        self.watermarks.as_mut().ok_or_else(|| Error::bug("timestamps are assigned before open"))
    }

    fn plan_wake(&mut self, context: &mut OperatorContext) -> Result<()> {
        let now = context.host.instant();
        if !self.woken
            && !self.ended
            && let Some(at) = self.watermarks()?.next_question(now)
        {
            let wait = at.since(now);
            context.wake_at(context.host.processing_time() + wait.max(Duration::from_millis(1)));
            self.woken = true;
        }
        Ok(())
    }
}

impl Operator for AssignTimestamps {
    fn open(&mut self, context: &mut OperatorContext) -> Result<()> {
        let interval = context.configuration.get(&options::AUTO_WATERMARK_INTERVAL)?;
        let now = context.host.instant();
        let mut watermarks = SplitWatermarks::new(self.strategy.clone(), interval, now);
        watermarks.add_split(self.input.clone(), now);
        if context.is_batch() {
            watermarks.withhold();
        }
        self.watermarks = Some(watermarks);
        self.plan_wake(context)
    }

    fn process(
        &mut self,
        input: &mut Input,
        output: &mut Output,
        context: &mut OperatorContext,
    ) -> Result<Progress> {
        let split = self.input.clone();
        let watermarks = self.watermarks()?;
        if watermarks.drain(output) == Progress::More {
            return Ok(Progress::More);
        }
        if input.batch.is_empty() {
            return Ok(Progress::Done);
        }
        let now = Now::read(context.host.as_ref());
        watermarks.accept(&split, input.batch.split_to(input.limit), now)?;
        let progress = watermarks.drain(output);
        if progress == Progress::Done && watermarks.is_due(now.instant) {
            watermarks.periodic(now.instant, output);
        }
        Ok(progress)
    }

    fn watermark(
        &mut self,
        watermark: Watermark,
        output: &mut Output,
        _: &mut OperatorContext,
    ) -> Result<Progress> {
        // Only the end of a bounded input passes.
        if watermark == Watermark::MAX {
            self.ended = true;
            output.watermark(watermark);
        }
        Ok(Progress::Done)
    }

    fn blocked(&mut self, waited: Duration) {
        if let Some(watermarks) = &mut self.watermarks {
            watermarks.excuse(waited);
        }
    }

    /// What came before is forgotten: idleness is this strategy's own.
    fn status(&mut self, _: WatermarkStatus, _: &mut Output) {}

    fn processing_time(
        &mut self,
        _: ProcessingTime,
        output: &mut Output,
        context: &mut OperatorContext,
    ) -> Result<Progress> {
        if self.ended {
            return Ok(Progress::Done);
        }
        let now = context.host.instant();
        self.watermarks()?.periodic(now, output);
        self.woken = false;
        self.plan_wake(context)?;
        Ok(Progress::Done)
    }
}
