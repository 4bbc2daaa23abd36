//! Asynchronous I/O: the order of results, their bound, time-outs and further tries, and what ends them early.
//!
//! The calls are to nothing: they wait on the host's clock, so that under a seed they take no time at all.
mod alone;
mod ending;
mod order;
mod retry;
mod timeout;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hurtig::connector::Host;
use hurtig::prelude::*;
use hurtig::runtime::Executor;
use hurtig::runtime::executor::block_on;

use crate::harness::{Run, runs};

/// Long enough for everything that is to come, also on threads.
const LONG: Duration = Duration::from_secs(50);

/// A function of a number and of the host that it runs on.
#[derive(Clone)]
struct WithHost<F> {
    function: F,
    host: Option<Arc<dyn Host>>,
}

fn with_host<F, R>(function: F) -> WithHost<F>
where
    F: Fn(i64, Arc<dyn Host>) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Result<Vec<i64>>> + Send + 'static,
{
    WithHost { function, host: None }
}

impl<F, R> AsyncFunction<i64, i64> for WithHost<F>
where
    F: Fn(i64, Arc<dyn Host>) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Result<Vec<i64>>> + Send + 'static,
{
    fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
        self.host = Some(context.host());
        Ok(())
    }

    fn async_invoke(&mut self, value: i64) -> impl Future<Output = Result<Vec<i64>>> + Send + 'static {
        (self.function)(value, self.host.clone().unwrap())
    }
}

/// Waits for so many milliseconds.
async fn sleep(host: &dyn Host, millis: u64) {
    host.sleep_until(host.instant() + Duration::from_millis(millis)).await;
}

/// Some milliseconds, up and down.
fn uneven(value: i64) -> u64 {
    value.unsigned_abs() * 7919 % 13
}

/// Counts what is going on at the same time.
#[derive(Default)]
struct Load {
    now: AtomicUsize,
    most: AtomicUsize,
    total: AtomicUsize,
}

impl Load {
    /// One more, until the result is dropped.
    fn enter(self: &Arc<Self>) -> Entered {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        self.total.fetch_add(1, Ordering::SeqCst);
        Entered(self.clone())
    }

    fn now(&self) -> usize {
        self.now.load(Ordering::SeqCst)
    }

    fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }

    fn total(&self) -> usize {
        self.total.load(Ordering::SeqCst)
    }
}

struct Entered(Arc<Load>);

impl Drop for Entered {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, Ordering::SeqCst);
    }
}

/// On threads and under some seeds, where a run takes its time or is looked at by itself.
fn some_runs() -> impl Iterator<Item = Run> {
    runs().filter(|run| run.seed.is_none_or(|seed| seed < 50))
}

/// Under some seeds, where the clock is looked at.
fn some_seeds() -> impl Iterator<Item = Run> {
    some_runs().filter(|run| run.seed.is_some())
}

/// Lets the executor go on for so long.
fn after(executor: &dyn Executor, time: Duration) {
    block_on(executor, executor.sleep_until(executor.instant() + time));
}
