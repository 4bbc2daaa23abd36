//! What stands in for the engine: a clock that moves when the test says so, and background work that is done on
//! the test's own thread.
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::task::{Context, Poll, Wake, Waker};

use hurtig_connector::{Host, Sleep};
use hurtig_core::{Clock, Instant, ProcessingTime};

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A mock clock that begins at the epoch, and a place for background work. Nothing happens by itself.
pub struct TestHost {
    state: Mutex<State>,
    woken: Arc<Woken>,
    this: Weak<TestHost>,
}

#[derive(Default)]
struct State {
    nanos: u64,
    /// Who sleeps until when; the second number tells those of one moment apart.
    sleepers: BTreeMap<(u64, u64), Waker>,
    next_sleeper: u64,
    work: Vec<Work>,
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

impl TestHost {
    pub(super) fn new() -> Arc<TestHost> {
        Arc::new_cyclic(|this| TestHost {
            state: Mutex::default(),
            woken: Arc::default(),
            this: this.clone(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// The waker to poll with: what wakes it makes [`run`](Self::run) look again.
    pub(super) fn waker(&self) -> Waker {
        Waker::from(self.woken.clone())
    }

    /// Does background work until all of it waits. `true` if anything was done.
    pub(super) fn run(&self) -> bool {
        let waker = self.waker();
        let mut worked = false;
        loop {
            self.woken.0.store(false, Ordering::Release);
            // Work may spawn work, so it is not polled under the lock.
            let work = std::mem::take(&mut self.state().work);
            let before = work.len();
            let waiting = |work: &mut Work| work.as_mut().poll(&mut Context::from_waker(&waker)).is_pending();
            let mut left: Vec<Work> =
                work.into_iter().filter_map(|mut w| waiting(&mut w).then_some(w)).collect();
            let finished = left.len() < before;
            let mut state = self.state();
            let spawned = !state.work.is_empty();
            left.append(&mut state.work);
            state.work = left;
            drop(state);
            worked |= finished;
            if !finished && !spawned && !self.woken.0.load(Ordering::Acquire) {
                return worked;
            }
        }
    }

    /// Moves the clock; it must not go back.
    pub(super) fn set(&self, now: ProcessingTime) {
        let mut state = self.state();
        let nanos = u64::try_from(now.as_millis()).unwrap_or(0).saturating_mul(1_000_000);
        assert!(nanos >= state.nanos, "the clock does not go back, from {} ns to {nanos} ns", state.nanos);
        state.nanos = nanos;
        let later = state.sleepers.split_off(&(nanos + 1, 0));
        let due = std::mem::replace(&mut state.sleepers, later);
        drop(state);
        due.into_values().for_each(Waker::wake);
    }

    /// When the next sleeper is due.
    pub(super) fn next_sleeper(&self) -> Option<ProcessingTime> {
        let state = self.state();
        let (&(nanos, _), _) = state.sleepers.first_key_value()?;
        Some(ProcessingTime::from_millis(nanos.div_ceil(1_000_000) as i64))
    }
}

impl fmt::Debug for TestHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TestHost({:?})", self.processing_time())
    }
}

impl Clock for TestHost {
    fn processing_time(&self) -> ProcessingTime {
        ProcessingTime::from_millis((self.state().nanos / 1_000_000) as i64)
    }

    fn instant(&self) -> Instant {
        Instant::from_nanos(self.state().nanos)
    }
}

impl Host for TestHost {
    fn sleep_until(&self, at: Instant) -> Sleep {
        Box::pin(TestSleep { host: self.this.clone(), at: at.as_nanos(), key: None })
    }

    fn spawn_io(&self, work: Work) {
        self.state().work.push(work);
    }
}

struct TestSleep {
    host: Weak<TestHost>,
    at: u64,
    key: Option<(u64, u64)>,
}

impl Future for TestSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(host) = self.host.upgrade() else { return Poll::Pending };
        let mut state = host.state();
        if let Some(key) = self.key.take() {
            state.sleepers.remove(&key);
        }
        if state.nanos >= self.at {
            return Poll::Ready(());
        }
        state.next_sleeper += 1;
        let key = (self.at, state.next_sleeper);
        state.sleepers.insert(key, cx.waker().clone());
        self.key = Some(key);
        Poll::Pending
    }
}

impl Drop for TestSleep {
    fn drop(&mut self) {
        if let (Some(host), Some(key)) = (self.host.upgrade(), self.key) {
            host.state().sleepers.remove(&key);
        }
    }
}
