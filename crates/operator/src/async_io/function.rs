//! What the user writes: a function from a record to a future of results.
use std::future::Future;

use hurtig_core::{BoxError, Error, Result, TypeInformation};

use crate::function::RuntimeContext;

/// Calls something outside for each record. Flink's `AsyncFunction` and, with [`open`](Self::open) and
/// [`close`](Self::close), its `RichAsyncFunction`.
///
/// A closure or an `async fn` is one, if it gives a future of a `Vec` or of a `Result` of one:
/// ```
/// # use hurtig_operator::async_io::AsyncFunction;
/// fn of_numbers<O: hurtig_core::TypeInformation>(function: impl AsyncFunction<i64, O>) {}
///
/// of_numbers(|id: i64| async move { vec![id * 2] });
///
/// async fn lookup(id: i64) -> Result<Vec<String>, std::io::Error> {
///     Ok(vec![format!("user {id}")])
/// }
/// of_numbers(lookup);
/// ```
///
/// The function is cloned once per subtask and then belongs to that subtask's thread. Its futures run on the
/// I/O runtime (tokio, so that tokio's sockets and timers may be used) and must not block it. They are
/// dropped when they take too long, and when the job is cancelled or fails.
pub trait AsyncFunction<I: TypeInformation, O: TypeInformation>: Clone + Send + Sync + 'static {
    /// Called once per subtask before the first record.
    fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
        let _ = context;
        Ok(())
    }

    /// The results of `value`, any number of them. An error fails the job, unless a retry strategy wants
    /// another try; then this is called again with the same value.
    ///
    /// The future takes along what it needs: a clone of the client, not a reference to `self`.
    fn async_invoke(&mut self, value: I) -> impl Future<Output = Result<Vec<O>>> + Send + 'static;

    /// The time is up, over all tries, and the call has been given up: fails the job, unless overridden to
    /// give results instead. Flink's `timeout`.
    fn timeout(&mut self, value: I) -> Result<Vec<O>> {
        let _ = value;
        Err(Error::restart("the call of the async function has timed out"))
    }

    /// Called once per subtask after the last result, also after a failure.
    fn close(&mut self) -> Result<()> {
        Ok(())
    }
}

/// What the future of a closure may give: results, or results unless something failed.
pub trait AsyncResults<O> {
    /// The results.
    fn into_results(self) -> Result<Vec<O>>;
}

impl<O> AsyncResults<O> for Vec<O> {
    fn into_results(self) -> Result<Vec<O>> {
        Ok(self)
    }
}

impl<O, E: Into<BoxError>> AsyncResults<O> for Result<Vec<O>, E> {
    fn into_results(self) -> Result<Vec<O>> {
        self.map_err(Error::from_function)
    }
}

impl<I, O, R, F> AsyncFunction<I, O> for F
where
    I: TypeInformation,
    O: TypeInformation,
    R: Future + Send + 'static,
    R::Output: AsyncResults<O>,
    F: FnMut(I) -> R + Clone + Send + Sync + 'static,
{
    fn async_invoke(&mut self, value: I) -> impl Future<Output = Result<Vec<O>>> + Send + 'static {
        let results = self(value);
        async move { results.await.into_results() }
    }
}
