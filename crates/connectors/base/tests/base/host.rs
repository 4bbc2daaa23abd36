//! An engine whose clock moves when a test says so.
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use hurtig_connector::{Host, ReaderContext, Sleep, WriterContext};
use hurtig_core::ids::SubtaskIndex;
use hurtig_core::{Clock, Instant, ProcessingTime};

/// The wall clock when a test begins: 2023-11-14T22:13:20Z.
pub const START_MILLIS: i64 = 1_700_000_000_000;

#[derive(Debug, Default)]
pub struct ManualHost {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    nanos: u64,
    sleepers: Vec<Waker>,
}

impl ManualHost {
    pub fn new() -> Arc<ManualHost> {
        Arc::default()
    }

    pub fn advance(&self, duration: Duration) {
        let mut state = self.state.lock().unwrap();
        state.nanos += duration.as_nanos() as u64;
        let sleepers = std::mem::take(&mut state.sleepers);
        drop(state);
        sleepers.into_iter().for_each(Waker::wake);
    }

    pub fn reader(self: &Arc<Self>, subtask: u32, parallelism: u32) -> ReaderContext {
        ReaderContext { subtask: SubtaskIndex(subtask), parallelism, host: self.clone() }
    }

    pub fn writer(self: &Arc<Self>, subtask: u32, parallelism: u32, attempt: u32) -> WriterContext {
        WriterContext { subtask: SubtaskIndex(subtask), parallelism, attempt, host: self.clone() }
    }
}

impl Clock for ManualHost {
    fn processing_time(&self) -> ProcessingTime {
        ProcessingTime::from_millis(START_MILLIS) + Duration::from_nanos(self.state.lock().unwrap().nanos)
    }

    fn instant(&self) -> Instant {
        Instant::from_nanos(self.state.lock().unwrap().nanos)
    }
}

impl Host for ManualHost {
    fn sleep_until(&self, at: Instant) -> Sleep {
        Box::pin(Sleeping { state: self.state.clone(), at })
    }

    /// Tests that do I/O run in a tokio runtime.
    #[expect(clippy::disallowed_methods, reason = "this is the host")]
    fn spawn_io(&self, work: Pin<Box<dyn Future<Output = ()> + Send>>) {
        tokio::spawn(work);
    }
}

struct Sleeping {
    state: Arc<Mutex<State>>,
    at: Instant,
}

impl Future for Sleeping {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.state.lock().unwrap();
        if Instant::from_nanos(state.nanos) >= self.at {
            return Poll::Ready(());
        }
        state.sleepers.push(cx.waker().clone());
        Poll::Pending
    }
}

/// Counts how often it was woken.
#[derive(Default)]
pub struct CountingWaker(std::sync::atomic::AtomicUsize);

impl CountingWaker {
    pub fn count(&self) -> usize {
        self.0.load(std::sync::atomic::Ordering::SeqCst)
    }
}

impl std::task::Wake for CountingWaker {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    }
}
