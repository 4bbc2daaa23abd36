//! Asynchronous I/O: a call to something outside for each record, many of them under way at once. Flink's
//! `AsyncDataStream`.
//!
//! A record's way through these files: the [`AsyncWaitOperator`] keeps it (`in_flight`) and asks the user's
//! [`AsyncFunction`] for a future. The futures of a subtask go, a batch at a time, to one `driver`, which runs
//! them on the host's background I/O (`calls` is what both sides share, `woken` how a future says that it
//! can go on). Results come back in batches too and wake the task; a [`AsyncRetryStrategy`] may ask for
//! another try; and a queue (`queue`, `ordered`, `unordered`) says which results may leave, and when the
//! watermarks between them may.
//!
//! Nothing here is meant for functions that compute: all futures of a job share the I/O runtime, and one that
//! keeps its thread busy holds all others up. Those belong into a `map`.
mod calls;
mod driver;
mod function;
mod in_flight;
mod operator;
mod ordered;
mod queue;
mod retry;
mod unordered;
mod woken;

pub use function::{AsyncFunction, AsyncResults};
pub use operator::{AsyncOptions, AsyncWaitOperator, OutputMode};
pub use retry::{
    AsyncRetryStrategy, ExponentialBackoffDelayRetryStrategy, FixedDelayRetryStrategy, empty_result,
    has_exception,
};
