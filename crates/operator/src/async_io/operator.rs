//! The half of the operator that runs on the task's thread.
use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use hurtig_core::ids::CheckpointId;
use hurtig_core::{Error, EventTime, ProcessingTime, Result, TypeInformation, Watermark, WatermarkStatus};
use hurtig_state::ListStateDescriptor;
use hurtig_state::operator_state::OperatorListState;

use super::calls::{Calls, Finished, Outcome};
use super::in_flight::{Due, InFlight};
use super::queue::{Item, ResultQueue};
use super::{AsyncFunction, AsyncRetryStrategy};
use crate::context::OperatorContext;
use crate::function::RuntimeContext;
use crate::operator::{Input, Operator, Progress};
use crate::output::Output;

/// The operator state that holds what is in flight. Flink's name for it.
const STATE_NAME: &str = "_async_wait_operator_state_";

/// In which order results leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputMode {
    /// In the order of their records.
    Ordered,
    /// As they come; but no result passes a watermark, and no watermark a result.
    Unordered,
}

/// How an [`AsyncWaitOperator`] goes about its calls.
pub struct AsyncOptions<O> {
    /// In which order results leave.
    pub mode: OutputMode,
    /// How long a record may take, over all its tries; zero for as long as it likes.
    pub timeout: Duration,
    /// How many records may be in flight: taken, with results that have not left.
    pub capacity: usize,
    /// Which calls are tried again.
    pub retry: Option<Arc<dyn AsyncRetryStrategy<O>>>,
}

impl<O> Clone for AsyncOptions<O> {
    fn clone(&self) -> Self {
        AsyncOptions { retry: self.retry.clone(), ..*self }
    }
}

/// Calls an [`AsyncFunction`] for each record and puts out what the calls give. Flink's `AsyncWaitOperator`.
///
/// A snapshot has the records whose results have not left, for which the calls are made again: what is called
/// may so be called more than once for a record, but its results leave once.
pub struct AsyncWaitOperator<I, O, F> {
    function: F,
    options: AsyncOptions<O>,
    in_flight: InFlight<I, O>,
    queue: ResultQueue,
    /// From open to close.
    calls: Option<Calls<O>>,
    /// Kept for its memory.
    finished: Vec<Finished<O>>,
    /// How many records have come.
    taken: u64,
    /// Records of the last snapshot for which no call has been made again yet.
    recovered: VecDeque<usize>,
    state: OperatorListState<(I, Option<EventTime>)>,
}

impl<I, O, F> AsyncWaitOperator<I, O, F>
where
    I: TypeInformation,
    O: TypeInformation,
    F: AsyncFunction<I, O>,
{
    /// The operator of `function`.
    pub fn new(function: F, options: AsyncOptions<O>) -> Self {
        let queue = ResultQueue::new(options.mode);
        AsyncWaitOperator {
            function,
            options,
            in_flight: InFlight::new(),
            queue,
            calls: None,
            finished: Vec::new(),
            taken: 0,
            recovered: VecDeque::new(),
            state: OperatorListState::default(),
        }
    }

    fn calls(&mut self) -> Result<&mut Calls<O>> {
        self.calls.as_mut().ok_or_else(|| Error::bug("an async function is called before open"))
    }

    fn has_capacity(&self) -> bool {
        self.in_flight.len() < self.options.capacity
    }

    /// When a record that comes now has to be done.
    fn deadline(&self, context: &OperatorContext) -> Option<ProcessingTime> {
        let timeout = self.options.timeout;
        (!timeout.is_zero()).then(|| context.host.processing_time() + timeout)
    }

    fn take_in(&mut self, value: I, timestamp: Option<EventTime>, deadline: Option<ProcessingTime>) -> usize {
        self.taken += 1;
        let slot = self.in_flight.insert(value, timestamp, self.taken, deadline);
        self.queue.add_record(slot);
        slot
    }

    /// Takes in what was in flight at the snapshot that the operator starts from: all of it, so that it comes
    /// before all that follows. The calls are made as there is capacity, as there may be more than that if
    /// the operator has been rescaled.
    fn recover(&mut self, context: &mut OperatorContext) -> Result<()> {
        self.state = context.operator_states.list_state(&ListStateDescriptor::new(STATE_NAME))?;
        for (value, timestamp) in self.state.get(&mut context.operator_states)?.to_vec() {
            let slot = self.take_in(value, timestamp, None);
            self.recovered.push_back(slot);
        }
        self.state.clear(&mut context.operator_states)?;
        self.call_recovered(context)
    }

    fn call_recovered(&mut self, context: &mut OperatorContext) -> Result<()> {
        if self.recovered.is_empty() {
            return Ok(());
        }
        // From now on, and not from the start.
        let deadline = self.deadline(context);
        while self.in_flight.len() - self.recovered.len() < self.options.capacity {
            let Some(slot) = self.recovered.pop_front() else { break };
            self.in_flight.set_deadline(slot, deadline);
            self.invoke(slot)?;
        }
        self.start_calls(context)
    }

    /// Hands the new calls over. One alarm is set for all records: the next when it has rung.
    fn start_calls(&mut self, context: &mut OperatorContext) -> Result<()> {
        self.calls()?.send();
        if let Some(at) = self.in_flight.next_alarm() {
            context.wake_at(at);
        }
        Ok(())
    }

    fn invoke(&mut self, slot: usize) -> Result<()> {
        let value = self.in_flight.value(slot).clone();
        let call = Box::pin(self.function.async_invoke(value));
        let ticket = self.in_flight.calling(slot);
        self.calls()?.call(slot, ticket, call);
        Ok(())
    }

    /// Takes in what has come back from calls. If that is nothing, `waiting` is woken at the next.
    fn absorb(&mut self, waiting: Option<&Waker>, context: &mut OperatorContext) -> Result<()> {
        loop {
            let mut finished = std::mem::take(&mut self.finished);
            self.calls()?.take_finished(&mut finished, waiting);
            let none = finished.is_empty();
            let settled = finished.drain(..).try_for_each(|call| self.settle(call, context));
            self.finished = finished;
            settled?;
            if none || waiting.is_none() {
                return Ok(());
            }
        }
    }

    fn settle(&mut self, call: Finished<O>, context: &mut OperatorContext) -> Result<()> {
        let Finished { slot, ticket, outcome } = call;
        if !self.in_flight.is_calling(slot, ticket) {
            // It came too late: the record has timed out.
            return Ok(());
        }
        if let Some(retry) = &self.options.retry {
            let again = match &outcome {
                Outcome::Results(results) => retry.retries_result(results),
                Outcome::Failed(error) => retry.retries_exception(error),
                Outcome::Panicked(_) => false,
            };
            let attempts = self.in_flight.attempts(slot);
            if again && retry.can_retry(attempts) {
                let until = context.host.processing_time() + retry.backoff(attempts);
                self.in_flight.waiting(slot, until);
                context.wake_at(until);
                return Ok(());
            }
        }
        match outcome {
            Outcome::Results(results) => {
                self.complete(slot, results);
                Ok(())
            }
            Outcome::Failed(error) | Outcome::Panicked(error) => Err(self.at_record(slot, error)),
        }
    }

    fn complete(&mut self, slot: usize, results: Vec<O>) {
        self.in_flight.done(slot, results);
        self.queue.complete(slot);
    }

    fn at_record(&mut self, slot: usize, error: Error) -> Error {
        let (number, attempts) = (self.in_flight.number(slot), self.in_flight.attempts(slot));
        let tries = if attempts > 1 { format!(", after {attempts} tries") } else { String::new() };
        error.context(format!("record {number}{tries}"))
    }

    /// Puts out what may leave, while there is room. All results of one record leave together: they are in
    /// memory anyway, and a record is in flight or it is not.
    fn emit(&mut self, output: &mut Output) -> Result<bool> {
        let mut any = false;
        while !output.is_full() {
            match self.queue.pop() {
                Some(Item::Record(slot)) => {
                    let (results, timestamp) = self.in_flight.take(slot);
                    let mut collector = output.collector::<O>()?;
                    results.into_iter().for_each(|result| collector.collect(result, timestamp));
                }
                Some(Item::Control(control)) => control.put(output),
                None => break,
            }
            any = true;
        }
        Ok(any)
    }

    fn time_out(&mut self, slot: usize) -> Result<()> {
        self.calls()?.stop(slot);
        let value = self.in_flight.value(slot).clone();
        match self.function.timeout(value) {
            Ok(results) => {
                self.complete(slot, results);
                Ok(())
            }
            Err(error) => {
                let error = error.context(format!("no results within {:?}", self.options.timeout));
                Err(self.at_record(slot, error))
            }
        }
    }
}

impl<I, O, F> Operator for AsyncWaitOperator<I, O, F>
where
    I: TypeInformation,
    O: TypeInformation,
    F: AsyncFunction<I, O>,
{
    fn open(&mut self, context: &mut OperatorContext) -> Result<()> {
        self.function.open(&mut RuntimeContext::new(context))?;
        self.calls = Some(Calls::start(context.host.as_ref()));
        self.recover(context)
    }

    fn awaits_results(&self) -> bool {
        true
    }

    fn poll_results(
        &mut self,
        cx: &mut Context<'_>,
        output: &mut Output,
        context: &mut OperatorContext,
    ) -> Poll<Result<()>> {
        self.absorb(Some(cx.waker()), context)?;
        let emitted = self.emit(output)?;
        self.call_recovered(context)?;
        if emitted { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    /// A place is free only once results have left, and [`Operator::poll_results`] wakes the task for those.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<()>> {
        if self.has_capacity() { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    fn process(
        &mut self,
        input: &mut Input,
        _: &mut Output,
        context: &mut OperatorContext,
    ) -> Result<Progress> {
        let deadline = self.deadline(context);
        let mut rows = input.batch.cursor::<I>(input.limit)?;
        while self.has_capacity() {
            let Some((value, timestamp)) = rows.next() else { break };
            let slot = self.take_in(value, timestamp, deadline);
            self.invoke(slot)?;
        }
        self.start_calls(context)?;
        Ok(Progress::Done)
    }

    fn watermark(
        &mut self,
        watermark: Watermark,
        output: &mut Output,
        _: &mut OperatorContext,
    ) -> Result<Progress> {
        self.queue.control().watermark(watermark);
        self.emit(output)?;
        Ok(Progress::Done)
    }

    fn status(&mut self, status: WatermarkStatus, output: &mut Output) {
        if self.queue.is_empty() {
            output.status(status);
        } else {
            self.queue.control().status(status);
        }
    }

    fn processing_time(
        &mut self,
        now: ProcessingTime,
        output: &mut Output,
        context: &mut OperatorContext,
    ) -> Result<Progress> {
        // What came in time counts, though the task may have been busy since.
        self.absorb(None, context)?;
        while let Some(due) = self.in_flight.next_due(now) {
            match due {
                Due::TimedOut(slot) => self.time_out(slot)?,
                Due::NextTry(slot) => self.invoke(slot)?,
            }
        }
        self.start_calls(context)?;
        self.emit(output)?;
        Ok(Progress::Done)
    }

    /// [`Operator::poll_results`] wakes the task for what is missing.
    fn poll_finish(&mut self, _: &mut Context<'_>) -> Poll<Result<()>> {
        if self.queue.is_empty() { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    fn snapshot_state(&mut self, _: CheckpointId, context: &mut OperatorContext) -> Result<()> {
        let records = self.in_flight.records().into_iter().map(|(value, time)| (value.clone(), time));
        self.state.update(&mut context.operator_states, records)
    }

    fn close(&mut self) -> Result<()> {
        // First: the calls are given up, and what they use can go.
        self.calls = None;
        self.function.close()
    }
}
