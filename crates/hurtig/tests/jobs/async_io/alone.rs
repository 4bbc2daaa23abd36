//! The operator by itself, driven call by call.
use std::future::pending;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use hurtig::connector::Host;
use hurtig::core::ids::{OperatorId, SubtaskIndex};
use hurtig::core::{Batch, Clock, Configuration};
use hurtig::operator::async_io::{AsyncOptions, AsyncWaitOperator, OutputMode};
use hurtig::operator::context::OperatorPlace;
use hurtig::operator::metrics::MetricGroup;
use hurtig::operator::{Input, Operator, OperatorContext, Output, OutputLimits};
use hurtig::prelude::*;
use hurtig::runtime::SeededExecutor;

use super::{after, sleep, with_host};

/// An operator and all that it needs of a task.
struct Alone<F> {
    executor: Arc<SeededExecutor>,
    operator: AsyncWaitOperator<i64, i64, F>,
    output: Output,
    context: OperatorContext,
}

impl<F: AsyncFunction<i64, i64>> Alone<F> {
    /// Ordered, with a time-out of 40 ms and a capacity of 4, after `records` have been offered.
    fn with(function: F, records: std::ops::RangeInclusive<i64>) -> (Alone<F>, Input) {
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
        let mut output = Output::new(OutputLimits { rows: 100, bytes: 10_000 }, []);
        let timeout = Duration::from_millis(40);
        let options = AsyncOptions { mode: OutputMode::Ordered, timeout, capacity: 4, retry: None };
        let mut operator = AsyncWaitOperator::new(function, options);
        operator.open(&mut context).unwrap();
        let times = records.clone().map(EventTime::from_millis).collect();
        let batch = Batch::from_stamped_rows(Vec::from_iter(records), times).unwrap();
        let mut input = Input { port: 0, batch, limit: 100 };
        operator.process(&mut input, &mut output, &mut context).unwrap();
        (Alone { executor, operator, output, context }, input)
    }

    fn in_flight(&self) -> Vec<(i64, i64)> {
        let record = |(value, time): (&i64, Option<EventTime>)| (*value, time.unwrap().as_millis());
        self.operator.in_flight().into_iter().map(record).collect()
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
fn what_is_in_flight_can_be_told() {
    let odd = |value: i64| async move { if value % 2 == 1 { vec![value] } else { pending().await } };
    let (mut alone, input) = Alone::with(odd, 1..=6);
    assert_eq!(input.batch.len(), 2, "there is no capacity for these");
    assert_eq!(alone.in_flight(), [(1, 1), (2, 2), (3, 3), (4, 4)]);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(alone.operator.poll_ready(&mut cx).is_pending());

    after(alone.executor.as_ref(), Duration::from_millis(1));
    assert!(alone.poll_results());
    // The third has its results, but they have not left: the second is before them.
    assert_eq!(alone.in_flight(), [(2, 2), (3, 3), (4, 4)]);
    assert!(!alone.poll_results());
    assert!(alone.operator.poll_ready(&mut cx).is_ready());
    assert!(alone.operator.poll_finish(&mut cx).is_pending());
}

#[test]
fn a_task_that_was_busy_does_not_blame_its_calls() {
    for (answer, in_time) in [(10, true), (50, false)] {
        let slow = with_host(move |value, host| async move {
            sleep(&*host, answer).await;
            Ok(vec![value])
        });
        let (mut alone, _) = Alone::with(slow, 1..=3);
        // The task has not come by for 45 ms; the time-out was after 40.
        after(alone.executor.as_ref(), Duration::from_millis(45));
        let now = alone.executor.processing_time();
        let result = alone.operator.processing_time(now, &mut alone.output, &mut alone.context);
        assert_eq!(result.is_ok(), in_time, "answers after {answer} ms: {result:?}");
        assert!(!in_time || alone.in_flight().is_empty());
    }
}

#[test]
fn watermarks_and_idleness_keep_their_place_however_many_there_are() {
    use hurtig::core::WatermarkStatus::{Active, Idle};
    use hurtig::core::{StreamElement, Watermark};

    let slow = with_host(|value, host| async move {
        sleep(&*host, 10).await;
        Ok(vec![value])
    });
    let (mut alone, _) = Alone::with(slow, 1..=1);
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
