//! The loop of a task. It, and nothing else, knows mail, timers, waiting, finishing and shutdown.
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hurtig_connector::Sleep;
use hurtig_core::{Error, Instant, ProcessingTime, Result};
use hurtig_operator::OperatorEvent;
use hurtig_operator::accumulator::Accumulators;

use crate::exchange::Flow;
use crate::executor::Executor;
use crate::messages::{Failure, FromOperator, TaskEvent};
use crate::metrics::{TaskMetrics, Waiting};
use crate::task::chain::ChainStep;
use crate::task::link::{catch, is_long};
use crate::task::{Chain, Mail, Mailbox, TaskInput};

/// Where a task's reports go.
pub type Reporter = Arc<dyn Fn(TaskEvent) + Send + Sync>;

/// What a task is made of once it has been built on its own thread.
pub struct Parts {
    /// Its operators and outputs.
    pub chain: Chain,
    /// Its input, unless it is a source.
    pub input: Option<TaskInput>,
}

/// One subtask.
pub struct Task {
    /// For messages: `Map -> Sink (2/4)`.
    pub name: String,
    /// Control from outside.
    pub mailbox: Mailbox,
    /// What it runs on.
    pub executor: Arc<dyn Executor>,
    /// Where it says what happens to it.
    pub report: Reporter,
    /// How long a record may wait for company while the task is busy.
    pub buffer_timeout: Duration,
    /// What can be seen of it.
    pub metrics: TaskMetrics,
}

/// How a task ended.
#[derive(Debug)]
pub enum TaskOutcome {
    /// At its end.
    Finished(Accumulators),
    /// Because it was told to, or because its neighbour was gone.
    Canceled,
    /// By an error.
    Failed(Error),
}

impl Task {
    /// Builds, opens, drives and closes the task, and reports what became of it.
    pub async fn run(self, build: impl FnOnce() -> Result<Parts>) {
        let report = self.report.clone();
        let name = self.name.clone();
        let outcome = CatchPanic(Box::pin(self.run_to_outcome(build))).await;
        report(match outcome {
            Ok(TaskOutcome::Finished(accumulators)) => TaskEvent::Finished { accumulators },
            Ok(TaskOutcome::Canceled) => TaskEvent::Canceled,
            Ok(TaskOutcome::Failed(error)) => TaskEvent::Failed(Failure::from(&error)),
            Err(()) => {
                let error = Error::bug(format!("the task '{name}' panicked outside of its operators"));
                TaskEvent::Failed(Failure::from(&error))
            }
        });
    }

    async fn run_to_outcome(self, build: impl FnOnce() -> Result<Parts>) -> TaskOutcome {
        let parts = match catch(build) {
            Ok(parts) => parts,
            Err(error) => return TaskOutcome::Failed(error.context(format!("starting '{}'", self.name))),
        };
        let mut driver = Driver {
            mailbox: self.mailbox,
            executor: self.executor.clone(),
            report: self.report.clone(),
            buffer_timeout: self.buffer_timeout,
            metrics: self.metrics,
            chain: parts.chain,
            input: parts.input,
            sleep: None,
            pass_start: self.executor.instant(),
            buffered_since: None,
            counted: [0; 4],
            steps: 0,
        };
        let mut outcome = match driver.chain.open() {
            Ok(()) => {
                (self.report)(TaskEvent::Running);
                driver.drive().await
            }
            Err(error) => TaskOutcome::Failed(error),
        };
        if let Err(error) = driver.chain.close()
            && matches!(outcome, TaskOutcome::Finished(_))
        {
            outcome = TaskOutcome::Failed(error);
        }
        outcome
    }
}

/// How many calls into operators go by without a look at the clock.
const STEPS_PER_LOOK: u32 = 8;

struct Driver {
    mailbox: Mailbox,
    executor: Arc<dyn Executor>,
    report: Reporter,
    buffer_timeout: Duration,
    metrics: TaskMetrics,
    chain: Chain,
    input: Option<TaskInput>,
    sleep: Option<(ProcessingTime, Sleep)>,
    pass_start: Instant,
    buffered_since: Option<Instant>,
    /// Records in and out, batches and bytes out, as far as the metrics know.
    counted: [u64; 4],
    steps: u32,
}

enum Turn {
    /// Look again at once, after others had their turn.
    Again,
    Finished,
    Canceled,
}

impl Driver {
    async fn drive(&mut self) -> TaskOutcome {
        loop {
            match poll_fn(|cx| self.turn(cx)).await {
                Ok(Turn::Again) => GiveWay(false).await,
                Ok(Turn::Canceled) => return TaskOutcome::Canceled,
                Ok(Turn::Finished) => {
                    let mut all = Accumulators::default();
                    for context in self.chain.contexts() {
                        if let Err(error) = all.merge(&context.accumulators.snapshot()) {
                            return TaskOutcome::Failed(error);
                        }
                    }
                    return TaskOutcome::Finished(all);
                }
                Err(error) => return TaskOutcome::Failed(error),
            }
        }
    }

    /// Steps until there is nothing to do or something to wait for.
    fn turn(&mut self, cx: &mut Context<'_>) -> Poll<Result<Turn>> {
        if self.metrics.is_waiting() {
            let now = self.executor.instant();
            if let Some(blocked) = self.metrics.resume(now) {
                self.chain.blocked(blocked);
            }
            self.pass_start = now;
        }
        loop {
            match self.step(cx) {
                Ok(Poll::Ready(Some(turn))) => return Poll::Ready(Ok(turn)),
                Ok(Poll::Ready(None)) if self.executor.interleaves() => return Poll::Ready(Ok(Turn::Again)),
                Ok(Poll::Ready(None)) => {}
                Ok(Poll::Pending) => return Poll::Pending,
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    fn step(&mut self, cx: &mut Context<'_>) -> Result<Poll<Option<Turn>>> {
        if self.mailbox.has_mail() && self.take_mail()? {
            return Ok(Poll::Ready(Some(Turn::Canceled)));
        }
        let step = self.chain.step(cx, self.executor.as_ref())?;
        self.send_events();
        match step {
            ChainStep::Progressed => {
                // One input may keep the chain busy for long: time does not stand still meanwhile.
                self.steps += 1;
                if self.steps == STEPS_PER_LOOK {
                    self.look_at_time(self.executor.instant())?;
                }
                Ok(Poll::Ready(None))
            }
            ChainStep::SourceRead => {
                self.end_pass()?;
                Ok(Poll::Ready(None))
            }
            ChainStep::Empty => {
                let Some(input) = &mut self.input else {
                    return Err(Error::bug("a task without input wants some"));
                };
                match input.poll_next(cx) {
                    Poll::Ready((port, element)) => {
                        self.end_pass()?;
                        self.chain.push_input(port, element);
                        Ok(Poll::Ready(None))
                    }
                    Poll::Pending => self.wait(cx, Waiting::Input),
                }
            }
            ChainStep::SourceWaits => self.wait(cx, Waiting::Input),
            ChainStep::Blocked | ChainStep::NotReady => self.wait(cx, Waiting::Output),
            ChainStep::Finished => {
                self.count_sent();
                Ok(Poll::Ready(Some(Turn::Finished)))
            }
            ChainStep::Closed => Ok(Poll::Ready(Some(Turn::Canceled))),
        }
    }

    /// Between two inputs: the clock is read once, for the buffer time-out, timers and slow operators.
    fn end_pass(&mut self) -> Result<()> {
        let now = self.executor.instant();
        if is_long(self.pass_start, now) {
            self.chain.slow_down();
        }
        self.pass_start = now;
        self.count_sent();
        self.look_at_time(now)
    }

    /// The buffer time-out and timers.
    fn look_at_time(&mut self, now: Instant) -> Result<()> {
        self.steps = 0;
        if self.chain.is_buffered() {
            let since = *self.buffered_since.get_or_insert(now);
            // Under a seed a batch may go before its time, so that records arrive in many orders.
            let early = self.executor.interleaves() && self.executor.random().is_multiple_of(2);
            if early || now.since(since) >= self.buffer_timeout {
                self.chain.flush()?;
                self.buffered_since = None;
            }
        } else {
            self.buffered_since = None;
        }
        if let Some(at) = self.chain.next_wake() {
            let now = self.executor.processing_time();
            if at <= now {
                self.chain.fire_timers(now);
            }
        }
        Ok(())
    }

    /// Before the task waits: what it holds goes out, and whatever may end the wait is told to wake it.
    fn wait(&mut self, cx: &mut Context<'_>, reason: Waiting) -> Result<Poll<Option<Turn>>> {
        if reason == Waiting::Input || self.chain.is_buffered() {
            self.chain.flush()?;
            self.buffered_since = None;
        }
        let reason = match self.chain.poll_send(cx) {
            Flow::Open => reason,
            Flow::Blocked => Waiting::Output,
            Flow::Closed => return Ok(Poll::Ready(Some(Turn::Canceled))),
        };
        self.count_sent();
        if self.mailbox.register(cx) {
            return Ok(Poll::Ready(None));
        }
        if let Some(at) = self.chain.next_wake() {
            let now = self.executor.processing_time();
            if at <= now {
                self.chain.fire_timers(now);
                return Ok(Poll::Ready(None));
            }
            if self.poll_sleep(at, now, cx).is_ready() {
                return Ok(Poll::Ready(None));
            }
        }
        self.metrics.wait(reason, self.executor.instant());
        Ok(Poll::Pending)
    }

    fn poll_sleep(&mut self, at: ProcessingTime, now: ProcessingTime, cx: &mut Context<'_>) -> Poll<()> {
        let sleep = match &mut self.sleep {
            Some((until, sleep)) if *until == at => sleep,
            _ => {
                let wake = self.executor.instant() + at.saturating_since(now);
                &mut self.sleep.insert((at, self.executor.sleep_until(wake))).1
            }
        };
        let polled = sleep.as_mut().poll(cx);
        if polled.is_ready() {
            self.sleep = None;
        }
        polled
    }

    fn take_mail(&mut self) -> Result<bool> {
        while let Some(mail) = self.mailbox.take() {
            if matches!(mail, Mail::Cancel) {
                return Ok(true);
            }
            let Some((source, context)) = self.chain.source() else {
                return Err(Error::bug("mail for a source in a task that has none"));
            };
            let taken = catch(|| match mail {
                Mail::Cancel => Ok(()),
                Mail::AddSplits(splits) => source.add_splits(&splits, context),
                Mail::NoMoreSplits => {
                    source.no_more_splits();
                    Ok(())
                }
                Mail::SourceEvent(event) => source.handle_source_event(event),
                Mail::Align(allowed) => source.align(allowed),
            });
            taken.map_err(|error| error.context(context.place()))?;
        }
        Ok(false)
    }

    fn send_events(&mut self) {
        for context in self.chain.contexts() {
            if !context.has_events() {
                continue;
            }
            for event in context.take_events() {
                let word = match event {
                    OperatorEvent::RequestSplit => FromOperator::RequestSplit,
                    OperatorEvent::SourceEvent(event) => FromOperator::SourceEvent(event),
                    OperatorEvent::ReportWatermark(watermark) => FromOperator::ReportWatermark(watermark),
                    OperatorEvent::Committables(committables) => FromOperator::Committables(committables),
                };
                (self.report)(TaskEvent::Operator { operator: context.operator, word });
            }
        }
    }

    fn count_sent(&mut self) {
        let (batches, bytes) = self.chain.sent();
        let (taken, sent) = self.chain.records();
        let now = [taken, sent, batches, bytes];
        let metrics = &self.metrics;
        let counters = [&metrics.records_in, &metrics.records_out, &metrics.buffers_out, &metrics.bytes_out];
        for ((counter, now), before) in counters.into_iter().zip(now).zip(self.counted) {
            counter.add(now - before);
        }
        self.counted = now;
    }
}

/// Lets others have their turn once.
struct GiveWay(bool);

impl Future for GiveWay {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// A panic of the engine itself must not take the process, nor leave the jobmaster waiting.
struct CatchPanic<F>(Pin<Box<F>>);

impl<F: Future> Future for CatchPanic<F> {
    type Output = Result<F::Output, ()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(cx))) {
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Ok(Poll::Pending) => Poll::Pending,
            Err(_) => Poll::Ready(Err(())),
        }
    }
}
