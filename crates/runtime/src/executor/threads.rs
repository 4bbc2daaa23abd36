//! Production: each task has a thread of its own, which blocks on the task's future.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "this is where the clock is read, threads are started and chance comes from"
)]
use std::cell::Cell;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::future::Future;
use std::hash::BuildHasher;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, SystemTime};

use hurtig_connector::{Host, Sleep};
use hurtig_core::{Clock, Error, Instant, ProcessingTime, Result};

use crate::executor::spin::Spin;
use crate::executor::{Executor, TaskFuture};

/// Runs each task on a thread of its own; background I/O on one tokio thread, started when first needed.
pub struct ThreadExecutor {
    start: std::time::Instant,
    max_spin: Duration,
    io: OnceLock<IoThread>,
    live: Arc<AtomicUsize>,
}

impl ThreadExecutor {
    /// An executor without tasks, with the default of [`hurtig_core::config::options::MAX_SPIN`].
    pub fn new() -> Arc<Self> {
        Self::with_max_spin(Duration::from_micros(200))
    }

    /// An executor whose tasks look for work for up to `max_spin` before they sleep.
    pub fn with_max_spin(max_spin: Duration) -> Arc<Self> {
        let start = std::time::Instant::now();
        Arc::new(ThreadExecutor { start, max_spin, io: OnceLock::new(), live: Arc::default() })
    }

    /// Task threads that have not ended.
    pub fn live_tasks(&self) -> usize {
        self.live.load(Ordering::Acquire)
    }

    fn io(&self) -> &tokio::runtime::Handle {
        let io = self.io.get_or_init(|| {
            let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
            let (sender, receiver) = std::sync::mpsc::channel();
            std::thread::Builder::new()
                .name("hurtig-io".to_owned())
                .spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                    let runtime = runtime.expect("the I/O runtime needs an epoll handle");
                    // The receiver waits for exactly this.
                    let _ = sender.send(runtime.handle().clone());
                    // The other end is dropped with the executor.
                    let _ = runtime.block_on(stopped);
                })
                .expect("the I/O thread cannot be started");
            let handle = receiver.recv().expect("the I/O thread sends its handle first");
            IoThread { handle, _stop: stop }
        });
        &io.handle
    }
}

/// The thread for background I/O; it ends when this is dropped.
struct IoThread {
    handle: tokio::runtime::Handle,
    _stop: tokio::sync::oneshot::Sender<()>,
}

impl fmt::Debug for ThreadExecutor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ThreadExecutor({} tasks)", self.live_tasks())
    }
}

impl Clock for ThreadExecutor {
    fn processing_time(&self) -> ProcessingTime {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        ProcessingTime::from_millis(since.map_or(0, |since| since.as_millis() as i64))
    }

    fn instant(&self) -> Instant {
        Instant::from_nanos(self.start.elapsed().as_nanos() as u64)
    }
}

impl Host for ThreadExecutor {
    fn sleep_until(&self, at: Instant) -> Sleep {
        let at = self.start + Duration::from_nanos(at.as_nanos());
        Box::pin(ThreadSleep { at, io: self.io.get().map(|io| io.handle.clone()), fallback: None })
    }

    fn spawn_io(&self, work: Pin<Box<dyn Future<Output = ()> + Send>>) {
        self.io().spawn(work);
    }
}

impl Executor for ThreadExecutor {
    fn spawn(&self, name: &str, task: TaskFuture) -> Result<()> {
        let live = self.live.clone();
        live.fetch_add(1, Ordering::AcqRel);
        // Linux shows fifteen bytes of a thread's name.
        let short: String = name.chars().filter(|c| *c != '\0').take(15).collect();
        // Declared first, dropped last: the thread counts until its task is gone.
        let guard = CountDown(live);
        let max_spin = self.max_spin;
        let spawned = std::thread::Builder::new().name(short).spawn(move || {
            let _guard = guard;
            let mut task = task;
            park_on(task.as_mut(), max_spin);
        });
        // A closure that was not started is dropped, and its guard with it.
        match spawned {
            Ok(_) => Ok(()),
            Err(error) => {
                Err(Error::restart(format!("a thread for '{name}' cannot be started")).caused_by(error))
            }
        }
    }

    fn block_on(&self, future: Pin<&mut dyn Future<Output = ()>>) {
        // The client's thread is in no hurry.
        park_on(future, Duration::ZERO);
    }

    fn batch_limit(&self, max: usize) -> usize {
        max
    }

    fn interleaves(&self) -> bool {
        false
    }

    fn random(&self) -> u64 {
        RandomState::new().hash_one(0u8)
    }

    fn host(self: Arc<Self>) -> Arc<dyn Host> {
        self
    }
}

struct CountDown(Arc<AtomicUsize>);

impl Drop for CountDown {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

thread_local! {
    /// Set while a thread blocks on a future: when it must look at it again even if nobody wakes it.
    static DEADLINE: Cell<Option<Option<std::time::Instant>>> = const { Cell::new(None) };
}

struct ThreadWaker {
    thread: Thread,
    notified: AtomicBool,
    sleeping: AtomicBool,
}

impl Wake for ThreadWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Whoever sets the flag first wakes; the fence pairs with the sleeper's.
        if !self.notified.swap(true, Ordering::SeqCst) && self.sleeping.load(Ordering::SeqCst) {
            self.thread.unpark();
        }
    }
}

/// Blocks the thread on a future, waiting a little before sleeping.
fn park_on(mut future: Pin<&mut dyn Future<Output = ()>>, max_spin: Duration) {
    let signal = Arc::new(ThreadWaker {
        thread: std::thread::current(),
        notified: AtomicBool::new(false),
        sleeping: AtomicBool::new(false),
    });
    let waker = Waker::from(signal.clone());
    let mut cx = Context::from_waker(&waker);
    let outer = DEADLINE.get();
    let mut spin = Spin::new(max_spin);
    loop {
        DEADLINE.set(Some(None));
        let polled = future.as_mut().poll(&mut cx);
        let deadline = DEADLINE.get().flatten();
        DEADLINE.set(outer);
        if polled.is_ready() {
            return;
        }
        wait(&signal, deadline, &mut spin);
    }
}

fn wait(signal: &ThreadWaker, deadline: Option<std::time::Instant>, spin: &mut Spin) {
    let start = std::time::Instant::now();
    if spin.until_notified(start, &signal.notified) {
        return;
    }
    signal.sleeping.store(true, Ordering::SeqCst);
    while !signal.notified.swap(false, Ordering::SeqCst) {
        match deadline {
            None => std::thread::park(),
            Some(deadline) => {
                let now = std::time::Instant::now();
                if now >= deadline {
                    break;
                }
                std::thread::park_timeout(deadline - now);
            }
        }
    }
    signal.sleeping.store(false, Ordering::SeqCst);
    spin.slept(start.elapsed());
}

/// On a task's thread the thread itself wakes in time; elsewhere the I/O runtime's timer does.
struct ThreadSleep {
    at: std::time::Instant,
    io: Option<tokio::runtime::Handle>,
    fallback: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl Future for ThreadSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if std::time::Instant::now() >= self.at {
            return Poll::Ready(());
        }
        if let Some(present) = DEADLINE.get() {
            let at = present.map_or(self.at, |present| present.min(self.at));
            DEADLINE.set(Some(Some(at)));
            return Poll::Pending;
        }
        let at = self.at;
        if self.fallback.is_none() {
            let io = self.io.clone().or_else(|| tokio::runtime::Handle::try_current().ok());
            let io = io.expect("outside of tasks, sleeping needs the I/O runtime");
            let _entered = io.enter();
            self.fallback = Some(Box::pin(tokio::time::sleep_until(at.into())));
        }
        match &mut self.fallback {
            Some(sleep) => sleep.as_mut().poll(cx),
            None => Poll::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::executor::block_on;

    #[test]
    fn sleeping_tasks_wake_in_time_and_threads_end() {
        let executor = ThreadExecutor::new();
        let (sender, receiver) = std::sync::mpsc::channel();
        let (clock, at) = (executor.clone(), executor.instant() + Duration::from_millis(5));
        let sleep = executor.sleep_until(at);
        executor
            .spawn(
                "sleeper",
                Box::pin(async move {
                    sleep.await;
                    sender.send(clock.instant()).unwrap();
                }),
            )
            .unwrap();
        assert!(receiver.recv().unwrap() >= at);
        while executor.live_tasks() > 0 {
            std::thread::yield_now();
        }
    }

    #[test]
    fn io_runs_beside_and_may_sleep() {
        let executor = ThreadExecutor::new();
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let sleep = executor.sleep_until(executor.instant() + Duration::from_millis(2));
        executor.spawn_io(Box::pin(async move {
            sleep.await;
            let _ = sender.send(7);
        }));
        assert_eq!(block_on(executor.as_ref(), receiver).unwrap(), 7);
    }
}
