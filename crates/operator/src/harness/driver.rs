//! Drives one operator as a task does, and remembers what it puts out.
use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hurtig_core::ids::{CheckpointId, OperatorId, SubtaskIndex};
use hurtig_core::{
    Batch, Clock, Configuration, Error, EventTime, ProcessingTime, Result, StreamElement, TypeInformation,
    Watermark, WatermarkStatus,
};
use hurtig_graph::OutputName;
use hurtig_state::keyed::StateSize;
use hurtig_state::operator_state::OperatorStateInfo;

use super::host::TestHost;
use crate::accumulator::Accumulator;
use crate::context::{OperatorContext, OperatorPlace};
use crate::metrics::{MetricRegistry, MetricScope, MetricValue};
use crate::operator::{Input, Operator, Progress};
use crate::output::{Output, OutputLimits};
use crate::process::OutputTag;

/// Few, so that operators are left half-way.
const LIMITS: OutputLimits = OutputLimits { rows: 2, bytes: 1 << 20 };
/// Records that the operator may take in one call, unless the test says otherwise.
const INPUT_LIMIT: usize = 3;

/// What an operator has put out.
#[derive(Clone, Debug, PartialEq)]
pub enum Emitted<O> {
    /// A record, with its event time if it has one.
    Record(O, Option<EventTime>),
    /// A watermark.
    Watermark(Watermark),
    /// The stream became idle or active.
    Status(WatermarkStatus),
}

/// What all harnesses have in common: the operator that is tested, its clock, its output. Flink's
/// `AbstractStreamOperatorTestHarness`.
///
/// Errors of the operator and of its function are given back as a job would show them. Misuse of the harness
/// itself panics.
pub struct OperatorTestHarness<O> {
    operator: Box<dyn Operator>,
    context: OperatorContext,
    host: Arc<TestHost>,
    metrics: MetricRegistry,
    limits: OutputLimits,
    input_limit: usize,
    /// Made when the operator is opened.
    output: Output,
    emitted: Vec<Emitted<O>>,
    sides: BTreeMap<String, Vec<Batch>>,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Created,
    Open,
    Finished,
    Closed,
}

impl<O: TypeInformation> OperatorTestHarness<O> {
    pub(super) fn new(operator: Box<dyn Operator>) -> Self {
        let place = OperatorPlace {
            operator: OperatorId(1),
            name: "tested".to_owned(),
            subtask: SubtaskIndex(0),
            parallelism: 1,
            max_parallelism: 128,
            attempt: 0,
        };
        let (host, metrics) = (TestHost::new(), MetricRegistry::default());
        let group = metrics.group(MetricScope::default());
        let context = OperatorContext::new(place, Arc::default(), host.clone(), group);
        OperatorTestHarness {
            operator,
            context,
            host,
            metrics,
            limits: LIMITS,
            input_limit: INPUT_LIMIT,
            output: Output::new(LIMITS, []),
            emitted: Vec::new(),
            sides: BTreeMap::new(),
            stage: Stage::Created,
        }
    }
}

/// Before the operator is opened.
impl<O: TypeInformation> OperatorTestHarness<O> {
    /// The operator is this subtask of so many, with so many key groups. It is the first of one with 128 unless
    /// told.
    #[track_caller]
    pub fn set_parallelism(&mut self, max_parallelism: u32, parallelism: u32, subtask: u32) {
        self.expect(Stage::Created);
        assert!(subtask < parallelism && parallelism <= max_parallelism, "{subtask} of {parallelism}");
        self.context.max_parallelism = max_parallelism;
        self.context.parallelism = parallelism;
        self.context.subtask = SubtaskIndex(subtask);
    }

    /// What the operator finds in the configuration; nothing unless told.
    #[track_caller]
    pub fn set_configuration(&mut self, configuration: Configuration) {
        self.expect(Stage::Created);
        self.context.configuration = Arc::new(configuration);
    }

    /// How many records fit the output before the operator is left, and how many it may take in one call. They
    /// are few unless told.
    #[track_caller]
    pub fn set_limits(&mut self, output_records: usize, input_records: usize) {
        self.expect(Stage::Created);
        assert!(output_records > 0 && input_records > 0, "nothing would ever move");
        self.limits.rows = output_records;
        self.input_limit = input_records;
    }

    /// Somebody reads this side output. What goes into one that nobody reads is dropped, as in a job.
    #[track_caller]
    pub fn read_side_output<S>(&mut self, tag: &OutputTag<S>) {
        self.expect(Stage::Created);
        self.sides.insert(tag.name().to_owned(), Vec::new());
    }

    /// Opens the operator and its function.
    #[track_caller]
    pub fn open(&mut self) -> Result<()> {
        self.expect(Stage::Created);
        self.output = Output::new(self.limits, self.sides.keys().cloned());
        self.stage = Stage::Open;
        let opened = self.operator.open(&mut self.context);
        self.placed(opened)
    }
}

/// Time.
impl<O: TypeInformation> OperatorTestHarness<O> {
    /// What the clock shows. It begins at 0, the epoch.
    pub fn processing_time(&self) -> ProcessingTime {
        self.host.processing_time()
    }

    /// Sets the clock at once, and fires what is due by then. The clock does not go back.
    ///
    /// A timer fires when its millisecond is over, as in a job: at 10 those up to 9. (Flink's clock does the same,
    /// the one of its harness does not.)
    #[track_caller]
    pub fn set_processing_time(&mut self, now: ProcessingTime) -> Result<()> {
        self.expect(Stage::Open);
        self.host.set(now);
        self.settle()?;
        while self.context.take_due_wake(now) {
            self.until_done(|operator, output, context| operator.processing_time(now, output, context))?;
        }
        Ok(())
    }

    /// Lets time pass: the clock stops wherever something is due, as it does in a job.
    #[track_caller]
    pub fn advance_processing_time(&mut self, duration: Duration) -> Result<()> {
        let end = self.processing_time() + duration;
        loop {
            let wishes = self.context.wanted_wake().into_iter().chain(self.host.next_sleeper());
            let next = wishes.min().filter(|next| *next < end);
            self.set_processing_time(next.unwrap_or(end).max(self.processing_time()))?;
            if next.is_none() {
                return Ok(());
            }
        }
    }

    /// The watermark that the operator has seen.
    pub fn current_watermark(&self) -> Watermark {
        self.context.current_watermark()
    }
}

/// What came out.
impl<O: TypeInformation> OperatorTestHarness<O> {
    /// What has been put out and not been taken yet: records, watermarks and the like in their order.
    pub fn output(&self) -> &[Emitted<O>] {
        &self.emitted
    }

    /// Takes what has been put out.
    pub fn take_output(&mut self) -> Vec<Emitted<O>> {
        std::mem::take(&mut self.emitted)
    }

    /// Takes what has been put out; the records of it with their event times.
    pub fn take_records(&mut self) -> Vec<(O, Option<EventTime>)> {
        let record = |emitted| match emitted {
            Emitted::Record(value, time) => Some((value, time)),
            _ => None,
        };
        self.take_output().into_iter().filter_map(record).collect()
    }

    /// Takes what has been put out; the values of the records of it. Flink's `extractOutputValues`.
    pub fn take_values(&mut self) -> Vec<O> {
        self.take_records().into_iter().map(|(value, _)| value).collect()
    }

    /// Takes the records of a side output, with their event times. It must be one that is read
    /// ([`read_side_output`](Self::read_side_output)).
    #[track_caller]
    pub fn take_side_output<S: TypeInformation>(
        &mut self,
        tag: &OutputTag<S>,
    ) -> Result<Vec<(S, Option<EventTime>)>> {
        let Some(batches) = self.sides.get_mut(tag.name()) else {
            panic!("nobody reads the side output '{}': say so with `read_side_output`", tag.name());
        };
        let mut records = Vec::new();
        for batch in std::mem::take(batches) {
            records.append(&mut records_of(batch)?);
        }
        Ok(records)
    }
}

/// What is held inside.
impl<O: TypeInformation> OperatorTestHarness<O> {
    /// How much is held for keys; all zero for an operator without state of keys.
    pub fn state_size(&mut self) -> StateSize {
        self.operator.keyed_state_size().unwrap_or_default()
    }

    /// Keys that have state or timers.
    pub fn num_keys(&mut self) -> usize {
        self.state_size().keys
    }

    /// Values, elements of lists and entries of maps of all keys.
    pub fn num_keyed_state_entries(&mut self) -> usize {
        self.state_size().entries
    }

    /// Timers of event time that are set.
    pub fn num_event_time_timers(&mut self) -> usize {
        self.state_size().event_time_timers
    }

    /// Timers of processing time that are set.
    pub fn num_processing_time_timers(&mut self) -> usize {
        self.state_size().processing_time_timers
    }

    /// The states of the subtask itself: lists and broadcast state.
    pub fn operator_states(&self) -> Vec<OperatorStateInfo> {
        self.context.operator_states.infos()
    }

    /// A metric that the function has registered.
    pub fn metric(&self, name: &str) -> Option<MetricValue> {
        self.metrics.snapshot().into_iter().find(|sample| sample.name == name).map(|sample| sample.value)
    }

    /// An accumulator that the function has added to.
    pub fn accumulator(&self, name: &str) -> Option<Accumulator> {
        self.context.accumulators.snapshot().get(name).cloned()
    }
}

/// The life of the operator.
impl<O: TypeInformation> OperatorTestHarness<O> {
    /// A snapshot is about to be taken: functions put what they hold into their states.
    #[track_caller]
    pub fn snapshot_state(&mut self, checkpoint: CheckpointId) -> Result<()> {
        assert!(matches!(self.stage, Stage::Open | Stage::Finished), "{:?}", self.stage);
        let saved = self.operator.snapshot_state(checkpoint, &mut self.context);
        self.placed(saved)
    }

    /// A checkpoint is complete in all tasks.
    pub fn notify_of_completed_checkpoint(&mut self, checkpoint: CheckpointId) -> Result<()> {
        let told = self.operator.notify_checkpoint_complete(checkpoint);
        self.placed(told)
    }

    /// A checkpoint will never be complete.
    pub fn notify_of_aborted_checkpoint(&mut self, checkpoint: CheckpointId) -> Result<()> {
        let told = self.operator.notify_checkpoint_aborted(checkpoint);
        self.placed(told)
    }

    /// Closes the operator, also after a failure.
    #[track_caller]
    pub fn close(&mut self) -> Result<()> {
        assert!(self.stage != Stage::Closed, "it is closed already");
        self.stage = Stage::Closed;
        let closed = self.operator.close();
        self.placed(closed)
    }
}

/// What the harnesses of one and two inputs do with it.
impl<O: TypeInformation> OperatorTestHarness<O> {
    #[track_caller]
    fn expect(&self, stage: Stage) {
        assert!(self.stage == stage, "this belongs to another time: the operator is {:?}", self.stage);
    }

    fn placed<T>(&self, result: Result<T>) -> Result<T> {
        result.map_err(|error| error.context(self.context.place()))
    }

    /// Hands records to an input; those without an event time are mixed with others as in a job.
    #[track_caller]
    pub(super) fn process<T: TypeInformation>(
        &mut self,
        port: u32,
        records: impl IntoIterator<Item = (T, Option<EventTime>)>,
    ) -> Result<()> {
        self.expect(Stage::Open);
        let (values, times): (Vec<T>, Vec<_>) = records.into_iter().unzip();
        let batch = if times.iter().all(Option::is_none) {
            Batch::from_rows(values)
        } else {
            let times = times.into_iter().map(|time| time.unwrap_or(EventTime::MIN)).collect();
            Batch::from_stamped_rows(values, times)?
        };
        let mut input = Input { port, batch, limit: self.input_limit };
        while !input.batch.is_empty() {
            self.wait_ready()?;
            self.until_done(|operator, output, context| operator.process(&mut input, output, context))?;
            self.settle()?;
        }
        Ok(())
    }

    /// The watermark over all inputs is this; nothing happens unless it advances.
    #[track_caller]
    pub(super) fn watermark(&mut self, watermark: Watermark) -> Result<()> {
        self.expect(Stage::Open);
        if watermark <= self.context.current_watermark() {
            return Ok(());
        }
        self.context.advance_watermark(watermark);
        self.until_done(|operator, output, context| operator.watermark(watermark, output, context))?;
        self.settle()
    }

    /// The input became idle or active.
    #[track_caller]
    pub(super) fn status(&mut self, status: WatermarkStatus) -> Result<()> {
        self.expect(Stage::Open);
        self.operator.status(status, &mut self.output);
        self.take_over()
    }

    /// One of several inputs has ended.
    #[track_caller]
    pub(super) fn end_of_port(&mut self, port: u32) -> Result<()> {
        self.expect(Stage::Open);
        self.until_done(|operator, output, context| operator.end_of_port(port, output, context))
    }

    /// All inputs have ended.
    #[track_caller]
    pub(super) fn finish(&mut self) -> Result<()> {
        self.expect(Stage::Open);
        self.settle()?;
        let waker = self.host.waker();
        match self.operator.poll_finish(&mut Context::from_waker(&waker)) {
            Poll::Ready(result) => self.placed(result)?,
            Poll::Pending => return self.placed(Err(waits("cannot end"))),
        }
        self.until_done(|operator, output, context| operator.finish(output, context))?;
        self.stage = Stage::Finished;
        Ok(())
    }

    /// Calls the operator until it is through, and takes over what it has put out after each call.
    fn until_done(
        &mut self,
        mut call: impl FnMut(&mut dyn Operator, &mut Output, &mut OperatorContext) -> Result<Progress>,
    ) -> Result<()> {
        loop {
            let called = call(self.operator.as_mut(), &mut self.output, &mut self.context);
            let progress = self.placed(called)?;
            self.context.take_events();
            self.take_over()?;
            if progress == Progress::Done {
                return Ok(());
            }
        }
    }

    /// Does background work, and takes over the results that reach the operator by it.
    fn settle(&mut self) -> Result<()> {
        loop {
            let worked = self.host.run();
            let mut results = false;
            while self.operator.awaits_results() {
                let waker = self.host.waker();
                let cx = &mut Context::from_waker(&waker);
                match self.operator.poll_results(cx, &mut self.output, &mut self.context) {
                    Poll::Ready(result) => self.placed(result)?,
                    Poll::Pending => break,
                }
                results = true;
                self.take_over()?;
            }
            if !worked && !results {
                return Ok(());
            }
        }
    }

    fn wait_ready(&mut self) -> Result<()> {
        let waker = self.host.waker();
        if let Poll::Ready(result) = self.operator.poll_ready(&mut Context::from_waker(&waker)) {
            return self.placed(result);
        }
        self.settle()?;
        match self.operator.poll_ready(&mut Context::from_waker(&waker)) {
            Poll::Ready(result) => self.placed(result),
            Poll::Pending => self.placed(Err(waits("takes no record"))),
        }
    }

    fn take_over(&mut self) -> Result<()> {
        while let Some((output, element)) = self.output.pop() {
            match (output, element) {
                (OutputName::Main, StreamElement::Batch(batch)) => {
                    let records = records_of(batch)?;
                    self.emitted
                        .extend(records.into_iter().map(|(value, time)| Emitted::Record(value, time)));
                }
                (OutputName::Main, StreamElement::Watermark(watermark)) => {
                    self.emitted.push(Emitted::Watermark(watermark));
                }
                (OutputName::Main, StreamElement::Status(status)) => {
                    self.emitted.push(Emitted::Status(status));
                }
                (OutputName::Side(name), StreamElement::Batch(batch)) => {
                    self.sides.entry(name).or_default().push(batch);
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn records_of<T: TypeInformation>(batch: Batch) -> Result<Vec<(T, Option<EventTime>)>> {
    let (values, times) = batch.into_rows::<T>()?;
    let time = |place: usize| {
        let time = times.as_ref().and_then(|times| times.get(place).copied());
        time.filter(|time| *time != EventTime::MIN)
    };
    Ok(values.into_iter().enumerate().map(|(place, value)| (value, time(place))).collect())
}

fn waits(what: &str) -> Error {
    Error::user(format!(
        "the operator {what}: it waits for something outside that only time brings, if at all"
    ))
}
