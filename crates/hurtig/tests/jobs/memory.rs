//! However much a record becomes, and however slow a sink is: what waits between them is bounded, and the job
//! can be cancelled.
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use hurtig::connector::{Host, Sink, SinkWriter, VersionedBytes, WriteContext, WriterContext};
use hurtig::jobmaster::submit;
use hurtig::operator::metrics::MetricSample;
use hurtig::prelude::*;
use hurtig::runtime::{Executor, SeededExecutor, ThreadExecutor};

use crate::harness::{Run, Watchdog, wait_until};

const ROWS: u64 = 1_000_000;

/// A sink that takes nothing until it is opened.
#[derive(Clone, Default)]
struct Closed(Arc<Door>);

#[derive(Default)]
struct Door {
    open: AtomicBool,
    waiting: Mutex<Vec<Waker>>,
    asked: AtomicU64,
    written: AtomicU64,
}

impl Closed {
    fn open(&self) {
        self.0.open.store(true, Ordering::SeqCst);
        self.0.waiting.lock().unwrap().drain(..).for_each(Waker::wake);
    }

    fn written(&self) -> u64 {
        self.0.written.load(Ordering::SeqCst)
    }
}

impl Sink for Closed {
    type Record = u64;
    type Writer = Closed;

    fn create_writer(&self, _: &WriterContext, _: Vec<VersionedBytes>) -> Result<Closed> {
        Ok(self.clone())
    }
}

impl SinkWriter for Closed {
    type Record = u64;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let mut waiting = self.0.waiting.lock().unwrap();
        if self.0.open.load(Ordering::SeqCst) {
            return Poll::Ready(Ok(()));
        }
        self.0.asked.fetch_add(1, Ordering::SeqCst);
        waiting.push(cx.waker().clone());
        Poll::Pending
    }

    fn write(&mut self, _: u64, _: &WriteContext) -> Result<()> {
        self.0.written.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    fn flush(&mut self, _: bool) -> Result<()> {
        Ok(())
    }
}

/// Makes a million rows of one record, and counts those that have been made.
fn fan_out(env: &StreamExecutionEnvironment, made: &Arc<AtomicU64>) -> DataStream<u64> {
    let made = made.clone();
    env.from_collection([0u64]).flat_map(move |_| {
        let made = made.clone();
        (0..ROWS).inspect(move |_| {
            made.fetch_add(1, Ordering::SeqCst);
        })
    })
}

/// A way from the operator that makes the rows to the sink, and the most rows that may wait on it.
type Way = (&'static str, fn(DataStream<u64>) -> DataStream<u64>, u64);

/// Rows of 8 bytes; a batch has at most 1024 of them. An exchange with one producer holds 2 + 8 segments of
/// 32 KiB; the batches on its sides and one that overdraws the credit come on top.
const WAYS: [Way; 4] = [
    ("one chain", |rows| rows, 4 * 1024),
    ("a long chain", |rows| rows.map(|n| n).filter(|_| true).flat_map(|n| [n]).map(|n| n), 8 * 1024),
    ("an exchange", |rows| rows.rebalance(), 10 * 4096 + 6 * 1024),
    ("two exchanges", |rows| rows.key_by(|n| *n).map(|n| n).rebalance(), 2 * (10 * 4096 + 6 * 1024)),
];

/// Whether a task of the job is held back by the one behind it, or by its sink.
fn is_back_pressured(metrics: &[MetricSample]) -> bool {
    metrics.iter().any(|metric| metric.name == "isBackPressured" && metric.value.as_i64() == Some(1))
}

#[test]
fn rows_that_wait_are_bounded_and_the_job_can_be_cancelled() {
    let _watchdog = Watchdog::start();
    for (name, way, most) in WAYS {
        let (made, sink, executor) = (Arc::default(), Closed::default(), ThreadExecutor::new());
        let env = Run::threads(1).environment();
        way(fan_out(&env, &made)).sink_to(sink.clone());
        let client = submit(env.take_program(Some(name)).unwrap(), executor.clone()).unwrap();
        // Once every task in front of the closed door waits, nothing moves any more.
        let mut last = 0;
        let mut quiet = 0;
        wait_until(|| {
            let now = made.load(Ordering::SeqCst);
            let waits = now > 0 && now == last && is_back_pressured(&client.metrics());
            quiet = if waits { quiet + 1 } else { 0 };
            last = now;
            (quiet > 200).then_some(())
        });
        assert!(last <= most, "{name}: {last} rows wait, at most {most} may");
        assert!(last >= 1024, "{name}: only {last} rows were made");
        assert_eq!(sink.written(), 0, "{name}");
        client.cancel();
        assert!(client.result().is_err(), "{name}");
        assert_eq!(client.status(), JobStatus::Canceled, "{name}");
        wait_until(|| (executor.live_tasks() == 0).then_some(()));
        assert!(made.load(Ordering::SeqCst) <= most, "{name}");
    }
}

#[test]
fn once_the_sink_takes_rows_they_all_come() {
    let _watchdog = Watchdog::start();
    for (name, way, _) in WAYS {
        let (made, sink, executor) = (Arc::default(), Closed::default(), ThreadExecutor::new());
        let env = Run::threads(1).environment();
        way(fan_out(&env, &made)).sink_to(sink.clone());
        let client = submit(env.take_program(Some(name)).unwrap(), executor).unwrap();
        wait_until(|| (sink.0.asked.load(Ordering::SeqCst) > 0).then_some(()));
        sink.open();
        client.result().unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((made.load(Ordering::SeqCst), sink.written()), (ROWS, ROWS), "{name}");
    }
}

#[test]
fn one_slow_subtask_bounds_them_all() {
    // Every row goes to two sinks, of which one never takes any.
    let _watchdog = Watchdog::start();
    for seed in 0..100 {
        let run = Run::seeded(seed, 1);
        let (made, closed, open) = (Arc::<AtomicU64>::default(), Closed::default(), Closed::default());
        open.open();
        let executor = SeededExecutor::new(seed);
        let env = run.environment();
        let rows = fan_out(&env, &made);
        rows.rebalance().map(|n| n).sink_to(closed.clone());
        rows.sink_to(open.clone());
        let client = submit(env.take_program(Some("two")).unwrap(), executor.clone()).unwrap();
        cancel_after(&client, &executor, Duration::from_secs(5));
        assert!(client.result().is_err());
        assert_eq!(client.status(), JobStatus::Canceled, "{run}");
        let (made, written) = (made.load(Ordering::SeqCst), open.written());
        // The largest credit that seeds use; without chains there is an exchange behind the map too.
        assert!(made <= 2 * 10 * 4096 + 8 * 1024, "{run}: {made} rows were made");
        assert!(written <= made, "{run}");
        assert_eq!(closed.written(), 0, "{run}");
    }
}

fn cancel_after(client: &JobClient, executor: &Arc<SeededExecutor>, after: Duration) {
    let client = client.clone();
    let sleep = executor.sleep_until(hurtig::core::Instant::from_nanos(0) + after);
    let cancel = async move {
        sleep.await;
        client.cancel();
    };
    executor.spawn("canceller", Box::pin(cancel)).unwrap();
}
