//! What the engine lends to a connector: time, waiting, and a place for background I/O. A connector that
//! uses nothing else runs unchanged under the seeded executor, where the clock is a mock.
use std::future::Future;
use std::pin::Pin;

use hurtig_core::{Clock, Instant};

/// A wait that the engine wakes.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The engine's handles.
pub trait Host: Clock {
    /// Resolves once the clock has reached `at`.
    fn sleep_until(&self, at: Instant) -> Sleep;

    /// Runs `work` in the background on the I/O runtime (tokio in production, where tokio's sockets and
    /// timers may be used). Results come back through whatever channel `work` holds.
    fn spawn_io(&self, work: Pin<Box<dyn Future<Output = ()> + Send>>);
}
