//! The operator by itself, driven call by call.
use std::future::pending;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use hurtig::connector::Host;
use hurtig::core::ids::{CheckpointId, OperatorId, SubtaskIndex};
use hurtig::core::{Batch, Clock, Configuration, StreamElement};
use hurtig::operator::async_io::{AsyncOptions, AsyncWaitOperator, OutputMode};
use hurtig::operator::context::OperatorPlace;
use hurtig::operator::metrics::MetricGroup;
use hurtig::operator::{Input, Operator, OperatorContext, Output, OutputLimits};
use hurtig::prelude::*;
use hurtig::runtime::SeededExecutor;
use hurtig::state::ListStateDescriptor;
use hurtig::state::operator_state::OperatorStates;

use super::timeout::OrNegative;
use super::{Load, after, sleep, with_host};

/// An operator and all that it needs of a task.
struct Alone<F> {
    executor: Arc<SeededExecutor>,
    operator: AsyncWaitOperator<i64, i64, F>,
    output: Output,
    context: OperatorContext,
}

impl<F: AsyncFunction<i64, i64>> Alone<F> {
    /// Opened: ordered, with a time-out of 40 ms, starting from these states.
    fn open(function: F, capacity: usize, states: OperatorStates) -> Alone<F> {
        let executor = SeededExecutor::new(0);
        let place = OperatorPlace {
            operator: OperatorId(0),
            name: "calls".to_owned(),
            subtask: SubtaskIndex(0),
            parallelism: 1,
            max_parallelism: 128,
            attempt: 0,
        };
        let configuration = Arc::new(Configuration::default());
        let host: Arc<dyn Host> = executor.clone();
        let mut context = OperatorContext::new(place, configuration, host, MetricGroup::unregistered());
        context.operator_states = states;
        let output = Output::new(OutputLimits { rows: 100, bytes: 10_000 }, []);
        let timeout = Duration::from_millis(40);
        let options = AsyncOptions { mode: OutputMode::Ordered, timeout, capacity, retry: None };
        let mut operator = AsyncWaitOperator::new(function, options);
        operator.open(&mut context).unwrap();
        Alone { executor, operator, output, context }
    }

    /// Opened, and offered some records: what it left of them.
    fn with(function: F, capacity: usize, records: RangeInclusive<i64>) -> (Alone<F>, usize) {
        let mut alone = Alone::open(function, capacity, OperatorStates::default());
        let times = records.clone().map(EventTime::from_millis).collect();
        let batch = Batch::from_stamped_rows(Vec::from_iter(records), times).unwrap();
        let mut input = Input { port: 0, batch, limit: 100 };
        alone.operator.process(&mut input, &mut alone.output, &mut alone.context).unwrap();
        (alone, input.batch.len())
    }

    /// What is in flight, as a snapshot has it.
    fn in_flight(&mut self) -> Vec<(i64, i64)> {
        self.operator.snapshot_state(CheckpointId(1), &mut self.context).unwrap();
        let descriptor = ListStateDescriptor::<(i64, Option<EventTime>)>::new("_async_wait_operator_state_");
        let state = self.context.operator_states.list_state(&descriptor).unwrap();
        let records = state.get(&mut self.context.operator_states).unwrap().iter();
        records.map(|(value, time)| (*value, time.unwrap().as_millis())).collect()
    }

    /// What has been put out.
    fn results(&mut self) -> Vec<i64> {
        let mut results = Vec::new();
        while let Some(element) = self.output.pop_main() {
            if let StreamElement::Batch(batch) = element {
                results.extend(batch.into_rows::<i64>().unwrap().0);
            }
        }
        results
    }

    /// Whether results were put out.
    fn poll_results(&mut self) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        match self.operator.poll_results(&mut cx, &mut self.output, &mut self.context) {
            std::task::Poll::Ready(result) => result.map(|()| true).unwrap(),
            std::task::Poll::Pending => false,
        }
    }
}

#[test]
fn a_snapshot_has_what_is_in_flight() {
    let odd = |value: i64| async move { if value % 2 == 1 { vec![value] } else { pending().await } };
    let (mut alone, left) = Alone::with(odd, 4, 1..=6);
    assert_eq!(left, 2, "there is no capacity for these");
    assert_eq!(alone.in_flight(), [(1, 1), (2, 2), (3, 3), (4, 4)]);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(alone.operator.poll_ready(&mut cx).is_pending());

    after(alone.executor.as_ref(), Duration::from_millis(1));
    assert!(alone.poll_results());
    assert_eq!(alone.results(), [1]);
    // The third has its results, but they have not left: the second is before them.
    assert_eq!(alone.in_flight(), [(2, 2), (3, 3), (4, 4)]);
    assert!(!alone.poll_results());
    assert!(alone.operator.poll_ready(&mut cx).is_ready());
    assert!(alone.operator.poll_finish(&mut cx).is_pending());
}

#[test]
fn what_was_in_flight_is_called_again_before_all_that_follows() {
    let mute = |_: i64| pending::<Vec<i64>>();
    let (mut before, _) = Alone::with(mute, 6, 1..=5);
    assert_eq!(before.in_flight().len(), 5);
    let states = std::mem::take(&mut before.context.operator_states);
    drop(before);

    // Two at the same time: less than there were.
    let load = Arc::new(Load::default());
    let entering = load.clone();
    let slow = with_host(move |value, host| {
        let entered = entering.enter();
        async move {
            let _entered = entered;
            sleep(&*host, 25).await;
            Ok(vec![value * 10])
        }
    });
    let mut alone = Alone::open(slow, 2, states);
    assert_eq!(alone.in_flight(), Vec::from_iter((1..=5).map(|n| (n, n))));
    assert_eq!(load.total(), 2);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(alone.operator.poll_ready(&mut cx).is_pending(), "those that are back go first");
    alone.operator.watermark(Watermark::MAX, &mut alone.output, &mut alone.context).unwrap();
    assert!(alone.output.is_empty());
    // The last begin 50 ms after the start; the time-out of 40 counts from then.
    for called in [4, 5, 5] {
        after(alone.executor.as_ref(), Duration::from_millis(30));
        let now = alone.executor.processing_time();
        alone.operator.processing_time(now, &mut alone.output, &mut alone.context).unwrap();
        alone.poll_results();
        assert_eq!(load.total(), called);
    }
    assert_eq!(load.most(), 2);
    assert_eq!(alone.results(), [10, 20, 30, 40, 50]);
    assert!(alone.in_flight().is_empty());
    assert!(alone.operator.poll_finish(&mut cx).is_ready());
}

#[test]
fn a_task_that_was_busy_does_not_blame_its_calls() {
    for (answer, in_time) in [(10, true), (50, false)] {
        let slow = with_host(move |value, host| async move {
            sleep(&*host, answer).await;
            Ok(vec![value])
        });
        let (mut alone, _) = Alone::with(slow, 4, 1..=3);
        // The task has not come by for 45 ms; the time-out was after 40.
        after(alone.executor.as_ref(), Duration::from_millis(45));
        let now = alone.executor.processing_time();
        let result = alone.operator.processing_time(now, &mut alone.output, &mut alone.context);
        assert_eq!(result.is_ok(), in_time, "answers after {answer} ms: {result:?}");
        assert!(!in_time || alone.results() == [1, 2, 3]);
    }
}

#[test]
fn a_call_that_took_too_long_is_dropped() {
    let load = Arc::new(Load::default());
    let (mut alone, _) = Alone::with(OrNegative(load.clone()), 4, 3..=3);
    after(alone.executor.as_ref(), Duration::from_millis(45));
    let now = alone.executor.processing_time();
    alone.operator.processing_time(now, &mut alone.output, &mut alone.context).unwrap();
    assert_eq!(alone.results(), [-3, -3]);
    after(alone.executor.as_ref(), Duration::from_millis(1));
    assert_eq!((load.total(), load.now()), (1, 0));
}

#[test]
fn watermarks_and_idleness_keep_their_place_however_many_there_are() {
    use hurtig::core::WatermarkStatus::{Active, Idle};

    let slow = with_host(|value, host| async move {
        sleep(&*host, 10).await;
        Ok(vec![value])
    });
    let (mut alone, _) = Alone::with(slow, 4, 1..=1);
    for millis in 1..=1000 {
        let watermark = Watermark(EventTime::from_millis(millis));
        alone.operator.watermark(watermark, &mut alone.output, &mut alone.context).unwrap();
        alone.operator.status(Idle, &mut alone.output);
        alone.operator.status(Active, &mut alone.output);
    }
    alone.operator.status(Idle, &mut alone.output);
    assert!(alone.output.is_empty(), "the record is before them");
    after(alone.executor.as_ref(), Duration::from_millis(15));
    assert!(alone.poll_results());
    let elements: Vec<_> = std::iter::from_fn(|| alone.output.pop_main()).collect();
    let found: Vec<String> = elements
        .iter()
        .map(|element| match element {
            StreamElement::Batch(batch) => format!("{:?}", batch.rows::<i64>().unwrap()),
            StreamElement::Watermark(Watermark(time)) => time.to_string(),
            StreamElement::Status(status) => format!("{status:?}"),
            StreamElement::EndOfInput => "end".to_owned(),
        })
        .collect();
    assert_eq!(found, ["[1]", "Active", "1000ms", "Idle"]);
    // With nothing in flight nothing waits.
    alone.operator.status(Active, &mut alone.output);
    assert!(!alone.output.is_empty());
}
