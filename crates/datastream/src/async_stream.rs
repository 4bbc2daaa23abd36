//! Streams through asynchronous calls to something outside.
use std::sync::Arc;
use std::time::Duration;

use hurtig_core::TypeInformation;
use hurtig_core::batch::BatchType;
use hurtig_operator::async_io::{
    AsyncFunction, AsyncOptions, AsyncRetryStrategy, AsyncWaitOperator, OutputMode,
};

use crate::builder::NewNode;
use crate::stream::DataStream;

/// The most records that one subtask may have in flight.
const MAX_CAPACITY: usize = 1 << 20;

/// Applies an [`AsyncFunction`] to a stream: a lookup in a database, a request to a service, many of them at
/// the same time. Flink's `AsyncDataStream`.
///
/// - `timeout` is how long a record may take, over all its tries, before
///   [`AsyncFunction::timeout`] is asked, which fails the job unless it is overridden.
///   [`Duration::ZERO`]: as long as it likes; with retries that is a mistake.
/// - `capacity` is how many records each subtask may have in flight: taken, with results that have not left.
///   While there are so many, no more input is taken. From 1 to 1,048,576;
///   [`DEFAULT_CAPACITY`](Self::DEFAULT_CAPACITY) is Flink's.
///
/// Results have the event time of their record.
pub struct AsyncDataStream;

impl AsyncDataStream {
    /// Flink's capacity, where none is given.
    pub const DEFAULT_CAPACITY: usize = 100;

    /// Results leave as they come. Watermarks stay in their place: no result passes one, and none passes a
    /// result; so results overtake each other between two watermarks only.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use hurtig_datastream::{AsyncDataStream, StreamExecutionEnvironment};
    /// async fn user(id: i64) -> Result<Vec<String>, std::io::Error> {
    ///     // ... ask a database
    ///     Ok(vec![format!("user {id}")])
    /// }
    ///
    /// let env = StreamExecutionEnvironment::default();
    /// let ids = env.from_sequence(1, 1000);
    /// let users = AsyncDataStream::unordered_wait(&ids, user, Duration::from_secs(5), 100);
    /// # let _ = users;
    /// ```
    pub fn unordered_wait<I, O, F>(
        stream: &DataStream<I>,
        function: F,
        timeout: Duration,
        capacity: usize,
    ) -> DataStream<O>
    where
        I: TypeInformation,
        O: TypeInformation,
        F: AsyncFunction<I, O>,
    {
        let options = AsyncOptions { mode: OutputMode::Unordered, timeout, capacity, retry: None };
        add(stream, function, options)
    }

    /// Results leave in the order of their records; one that comes early waits, and takes up capacity.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use hurtig_datastream::{AsyncDataStream, StreamExecutionEnvironment};
    /// # let env = StreamExecutionEnvironment::default();
    /// # let ids = env.from_sequence(1, 1000);
    /// let halves = |id: i64| async move { if id % 2 == 0 { vec![id / 2] } else { vec![] } };
    /// let halves = AsyncDataStream::ordered_wait(&ids, halves, Duration::from_secs(5), 100);
    /// # let _ = halves;
    /// ```
    pub fn ordered_wait<I, O, F>(
        stream: &DataStream<I>,
        function: F,
        timeout: Duration,
        capacity: usize,
    ) -> DataStream<O>
    where
        I: TypeInformation,
        O: TypeInformation,
        F: AsyncFunction<I, O>,
    {
        let options = AsyncOptions { mode: OutputMode::Ordered, timeout, capacity, retry: None };
        add(stream, function, options)
    }

    /// As [`unordered_wait`](Self::unordered_wait), with further tries for the calls that `strategy` says.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use hurtig_datastream::{AsyncDataStream, StreamExecutionEnvironment};
    /// # use hurtig_operator::async_io::{ExponentialBackoffDelayRetryStrategy, has_exception};
    /// # async fn user(id: i64) -> Result<Vec<String>, std::io::Error> { Ok(vec![format!("user {id}")]) }
    /// # let env = StreamExecutionEnvironment::default();
    /// # let ids = env.from_sequence(1, 1000);
    /// let (first, longest) = (Duration::from_millis(100), Duration::from_secs(5));
    /// let retry = ExponentialBackoffDelayRetryStrategy::new(4, first, longest, 2.0).if_exception(has_exception);
    /// let timeout = Duration::from_secs(30);
    /// let users = AsyncDataStream::unordered_wait_with_retry(&ids, user, timeout, 100, retry);
    /// # let _ = users;
    /// ```
    pub fn unordered_wait_with_retry<I, O, F>(
        stream: &DataStream<I>,
        function: F,
        timeout: Duration,
        capacity: usize,
        strategy: impl AsyncRetryStrategy<O>,
    ) -> DataStream<O>
    where
        I: TypeInformation,
        O: TypeInformation,
        F: AsyncFunction<I, O>,
    {
        let retry = Some(Arc::new(strategy) as _);
        add(stream, function, AsyncOptions { mode: OutputMode::Unordered, timeout, capacity, retry })
    }

    /// As [`ordered_wait`](Self::ordered_wait), with further tries for the calls that `strategy` says.
    pub fn ordered_wait_with_retry<I, O, F>(
        stream: &DataStream<I>,
        function: F,
        timeout: Duration,
        capacity: usize,
        strategy: impl AsyncRetryStrategy<O>,
    ) -> DataStream<O>
    where
        I: TypeInformation,
        O: TypeInformation,
        F: AsyncFunction<I, O>,
    {
        let retry = Some(Arc::new(strategy) as _);
        add(stream, function, AsyncOptions { mode: OutputMode::Ordered, timeout, capacity, retry })
    }
}

fn add<I, O, F>(stream: &DataStream<I>, function: F, options: AsyncOptions<O>) -> DataStream<O>
where
    I: TypeInformation,
    O: TypeInformation,
    F: AsyncFunction<I, O>,
{
    if !(1..=MAX_CAPACITY).contains(&options.capacity) {
        let capacity = options.capacity;
        stream
            .mistake(&format!("an async wait operator of capacity {capacity}, expected 1 to {MAX_CAPACITY}"));
    }
    if options.retry.is_some() && options.timeout.is_zero() {
        stream.mistake("an async wait operator with retries has no timeout");
    }
    let create = move || Box::new(AsyncWaitOperator::new(function.clone(), options.clone())) as _;
    stream.add(NewNode::operator("async wait operator", BatchType::rows::<O>(), create))
}
