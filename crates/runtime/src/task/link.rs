//! One operator in its chain: what waits for it, where its output goes, and one guarded call into it.
use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll};
use std::time::Duration;

use hurtig_core::{Batch, Error, Instant, ProcessingTime, Result, Watermark, WatermarkStatus};
use hurtig_operator::metrics::{Counter, Gauge};
use hurtig_operator::{Input, Operator, OperatorContext, Output, Progress};

use crate::executor::Executor;

/// A call that takes longer than this makes the next ones smaller, so that the mailbox is looked at in time.
const LONG_CALL: Duration = Duration::from_millis(5);
/// A call that takes less than this lets the next ones grow.
const SHORT_CALL: Duration = Duration::from_millis(1);

/// Something for an operator to do.
pub(super) enum Work {
    Batch { port: u32, batch: Batch },
    Watermark(Watermark),
    Status(WatermarkStatus),
    EndOfPort(u32),
    Time(ProcessingTime),
    Finish,
}

/// Where an output goes.
#[derive(Clone, Copy)]
pub(super) enum Target {
    /// To the operator at this place of the chain.
    Operator(usize),
    /// Into this edge.
    Edge(usize),
}

pub(super) struct Link {
    pub(super) operator: Box<dyn Operator>,
    pub(super) context: OperatorContext,
    pub(super) output: Output,
    pub(super) main: Vec<Target>,
    pub(super) sides: Vec<(String, Vec<Target>)>,
    pub(super) metrics: LinkMetrics,
    queue: VecDeque<Work>,
    current: Option<Work>,
    /// The operator holds something of a record already taken: it must be asked again before anything else.
    half_way: bool,
    /// Asked once, so that operators that never have any cost nothing.
    awaits_results: bool,
    open_ports: u32,
    finished: bool,
    max_rows: usize,
    limit: usize,
    records: u64,
}

pub(super) struct LinkMetrics {
    pub(super) records_in: Counter,
    pub(super) records_out: Counter,
    input_watermark: Gauge,
    pub(super) output_watermark: Gauge,
}

/// What a call came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Called {
    /// Something was done.
    Progressed,
    /// The operator waits for something outside; it wakes the task.
    NotReady,
}

impl Link {
    pub(super) fn new(
        operator: Box<dyn Operator>,
        context: OperatorContext,
        output: Output,
        ports: u32,
        max_rows: usize,
    ) -> Self {
        let metrics = LinkMetrics {
            records_in: context.metrics.counter("numRecordsIn"),
            records_out: context.metrics.counter("numRecordsOut"),
            input_watermark: context.metrics.gauge("currentInputWatermark"),
            output_watermark: context.metrics.gauge("currentOutputWatermark"),
        };
        metrics.input_watermark.set(i64::MIN);
        metrics.output_watermark.set(i64::MIN);
        let awaits_results = operator.awaits_results();
        Link {
            operator,
            context,
            output,
            main: Vec::new(),
            sides: Vec::new(),
            metrics,
            queue: VecDeque::new(),
            current: None,
            half_way: false,
            awaits_results,
            open_ports: ports,
            finished: false,
            max_rows,
            limit: 1,
            records: 0,
        }
    }

    pub(super) fn push(&mut self, work: Work) {
        self.queue.push_back(work);
    }

    pub(super) fn has_work(&self) -> bool {
        self.current.is_some() || !self.queue.is_empty()
    }

    pub(super) fn is_finished(&self) -> bool {
        self.finished
    }

    /// A timer that is due goes before the rest of a batch, but not into the middle of a record.
    pub(super) fn push_due_timer(&mut self, now: ProcessingTime) {
        if !self.finished && self.context.take_due_wake(now) {
            if let Some(current) = self.current.take() {
                self.queue.push_front(current);
            }
            let place = usize::from(self.half_way);
            self.queue.insert(place, Work::Time(now));
        }
    }

    /// One call into the operator, if it has work and is ready.
    pub(super) fn run(&mut self, cx: &mut Context<'_>, executor: &dyn Executor) -> Result<Called> {
        let Some(work) = self.current.take().or_else(|| self.queue.pop_front()) else {
            return Ok(Called::Progressed);
        };
        match work {
            Work::Batch { port, batch } => self.run_batch(port, batch, cx, executor),
            // The only one of a batch is the last: it comes behind all records, also those that operators put out
            // at their end.
            Work::Watermark(_) if self.context.is_batch() && self.open_ports > 0 => Ok(Called::Progressed),
            Work::Watermark(watermark) => {
                self.context.advance_watermark(watermark);
                self.metrics.input_watermark.set(watermark.0.as_millis());
                let progress = self.guarded(|link| {
                    link.operator.watermark(watermark, &mut link.output, &mut link.context)
                })?;
                self.keep_if_more(progress, Work::Watermark(watermark))
            }
            Work::Status(status) => {
                self.operator.status(status, &mut self.output);
                Ok(Called::Progressed)
            }
            Work::Time(now) => {
                let progress = self.guarded(|link| {
                    link.operator.processing_time(now, &mut link.output, &mut link.context)
                })?;
                self.keep_if_more(progress, Work::Time(now))
            }
            Work::EndOfPort(port) => {
                if self.open_ports > 1 {
                    let progress = self.guarded(|link| {
                        link.operator.end_of_port(port, &mut link.output, &mut link.context)
                    })?;
                    if progress == Progress::More {
                        return self.keep_if_more(progress, Work::EndOfPort(port));
                    }
                }
                self.half_way = false;
                self.open_ports = self.open_ports.saturating_sub(1);
                if self.open_ports == 0 {
                    self.queue.push_front(Work::Finish);
                    if self.context.is_batch() {
                        // Timers of both clocks are due, those of event time first.
                        self.queue.push_front(Work::Time(executor.processing_time()));
                        self.queue.push_front(Work::Watermark(Watermark::MAX));
                    }
                }
                Ok(Called::Progressed)
            }
            Work::Finish => {
                if !self.half_way && !self.poll_finish(cx)? {
                    self.current = Some(Work::Finish);
                    return Ok(Called::NotReady);
                }
                let progress =
                    self.guarded(|link| link.operator.finish(&mut link.output, &mut link.context))?;
                if progress == Progress::Done {
                    self.output.end_of_input();
                    self.finished = true;
                }
                self.keep_if_more(progress, Work::Finish)
            }
        }
    }

    fn keep_if_more(&mut self, progress: Progress, work: Work) -> Result<Called> {
        self.half_way = progress == Progress::More;
        if self.half_way {
            self.current = Some(work);
        }
        Ok(Called::Progressed)
    }

    fn run_batch(
        &mut self,
        port: u32,
        batch: Batch,
        cx: &mut Context<'_>,
        executor: &dyn Executor,
    ) -> Result<Called> {
        let ready = self.half_way || self.poll_ready(cx)?;
        if !ready {
            self.current = Some(Work::Batch { port, batch });
            return Ok(Called::NotReady);
        }
        let before = batch.len();
        let seeded = executor.interleaves();
        let limit = if seeded { executor.batch_limit(self.max_rows) } else { self.limit };
        // The clock is read only where it may change the limit.
        let start = (!seeded && (limit < self.max_rows)).then(|| executor.instant());
        let mut input = Input { port, batch, limit };
        let outcome = catch(|| self.operator.process(&mut input, &mut self.output, &mut self.context));
        let taken = (before - input.batch.len()) as u64;
        self.records += taken;
        self.metrics.records_in.add(taken);
        let progress = outcome.map_err(|error| self.at_record(error, limit.min(before) as u64, taken))?;
        if let Some(start) = start {
            self.adapt(executor.instant().since(start));
        }
        self.half_way = progress == Progress::More;
        if self.half_way || !input.batch.is_empty() {
            self.current = Some(Work::Batch { port, batch: input.batch });
        }
        Ok(Called::Progressed)
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Result<bool> {
        self.guarded(|link| match link.operator.poll_ready(cx) {
            Poll::Ready(result) => result.map(|()| true),
            Poll::Pending => Ok(false),
        })
    }

    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Result<bool> {
        self.guarded(|link| match link.operator.poll_finish(cx) {
            Poll::Ready(result) => result.map(|()| true),
            Poll::Pending => Ok(false),
        })
    }

    /// Whether results from outside were put out. If not, the next one wakes `cx`.
    #[inline]
    pub(super) fn poll_results(&mut self, cx: &mut Context<'_>) -> Result<bool> {
        if !self.awaits_results || self.half_way || self.finished {
            return Ok(false);
        }
        self.guarded(|link| match link.operator.poll_results(cx, &mut link.output, &mut link.context) {
            Poll::Ready(result) => result.map(|()| true),
            Poll::Pending => Ok(false),
        })
    }

    /// The whole chain took long: this operator's next calls are timed.
    pub(super) fn slow_down(&mut self) {
        self.limit = self.limit.min((self.max_rows / 2).max(1));
    }

    fn adapt(&mut self, elapsed: Duration) {
        if elapsed > LONG_CALL {
            self.limit = (self.limit / 4).max(1);
        } else if elapsed < SHORT_CALL {
            self.limit = (self.limit * 2).min(self.max_rows);
        }
    }

    /// Calls the operator; an error or a panic names it.
    pub(super) fn guarded<T>(&mut self, call: impl FnOnce(&mut Link) -> Result<T>) -> Result<T> {
        match catch(|| call(self)) {
            Ok(value) => Ok(value),
            Err(error) => Err(self.at(error)),
        }
    }

    fn at(&self, error: Error) -> Error {
        error.context(self.place())
    }

    /// Names the record as closely as the operator's way of working lets it be known.
    fn at_record(&self, error: Error, asked: u64, taken: u64) -> Error {
        let last = self.records.max(1);
        let record = if taken == asked && taken > 1 {
            format!("between records {} and {last}", last + 1 - taken)
        } else {
            format!("at record {last}")
        };
        error.context(format!("{}, {record}", self.place()))
    }

    pub(super) fn place(&self) -> String {
        self.context.place()
    }
}

/// Whether a whole pass over the chain took so long that its operators should be timed.
pub(super) fn is_long(start: Instant, end: Instant) -> bool {
    end.since(start) > LONG_CALL
}

/// A panic of the user's code as an error.
pub fn catch<T>(call: impl FnOnce() -> Result<T>) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(result) => result,
        Err(panic) => Err(Error::restart(format!("panic: {}", panic_message(panic.as_ref())))),
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    if let Some(text) = panic.downcast_ref::<&str>() {
        text
    } else if let Some(text) = panic.downcast_ref::<String>() {
        text
    } else {
        "(without a message)"
    }
}
