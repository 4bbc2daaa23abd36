//! What tasks run on. Time, waiting, randomness and spawning go through here and nowhere else, so that the
//! same tasks run on threads and, for tests, on one thread in an order that a seed decides.
mod seeded;
mod spin;
mod threads;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use hurtig_connector::Host;
use hurtig_core::Result;

pub use seeded::SeededExecutor;
pub use threads::ThreadExecutor;

/// What a task is to an executor.
pub type TaskFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Runs tasks.
pub trait Executor: Host {
    /// Starts a task of its own under `name`. Fails where the machine has no thread left.
    fn spawn(&self, name: &str, task: TaskFuture) -> Result<()>;

    /// Runs `future` on the calling thread until it is done; it is the caller's, not a task.
    fn block_on(&self, future: Pin<&mut dyn Future<Output = ()>>);

    /// How many records an operator may take in its next call, at most `max`.
    fn batch_limit(&self, max: usize) -> usize;

    /// Whether a task should give way after each step, so that another order is possible.
    fn interleaves(&self) -> bool;

    /// A number that nobody can foresee; under a seed, one that the seed decides.
    fn random(&self) -> u64;

    /// This executor as what connectors see of it.
    fn host(self: Arc<Self>) -> Arc<dyn Host>;
}

/// Runs `future` on `executor` and gives its result.
pub fn block_on<T>(executor: &dyn Executor, future: impl Future<Output = T>) -> T {
    let mut result = None;
    {
        let mut future = std::pin::pin!(async { result = Some(future.await) });
        executor.block_on(future.as_mut());
    }
    match result {
        Some(result) => result,
        None => unreachable!("block_on returns when its future is done"),
    }
}
