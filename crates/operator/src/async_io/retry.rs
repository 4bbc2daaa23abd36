//! Whether, and when, a call is tried again.
use std::sync::Arc;
use std::time::Duration;

use hurtig_core::{Error, TypeInformation};

/// Says which calls are tried again, and after how long. Flink's `AsyncRetryStrategy`.
///
/// Tries are counted from 1, the first call. Once there may be no further one, the last result goes on and
/// the last error fails the job, whatever the predicates say of them. The time-out of the operator covers all
/// tries and the waiting between them.
pub trait AsyncRetryStrategy<O>: Send + Sync + 'static {
    /// Whether another try may follow after so many.
    fn can_retry(&self, attempts: u32) -> bool;

    /// How long to wait before the next try, after so many.
    fn backoff(&self, attempts: u32) -> Duration;

    /// Whether these results should be asked for again.
    fn retries_result(&self, results: &[O]) -> bool {
        let _ = results;
        false
    }

    /// Whether a call that failed so should be tried again.
    fn retries_exception(&self, error: &Error) -> bool {
        let _ = error;
        false
    }
}

/// For `if_result`: nothing was found. Flink's `EMPTY_RESULT_PREDICATE`.
pub fn empty_result<O>(results: &[O]) -> bool {
    results.is_empty()
}

/// For `if_exception`: any error. Flink's `HAS_EXCEPTION_PREDICATE`.
pub fn has_exception(_: &Error) -> bool {
    true
}

/// What is worth another try; nothing, until told.
struct Predicates<O> {
    result: Option<Arc<dyn Fn(&[O]) -> bool + Send + Sync>>,
    exception: Option<Arc<dyn Fn(&Error) -> bool + Send + Sync>>,
}

impl<O> Predicates<O> {
    const NONE: Predicates<O> = Predicates { result: None, exception: None };

    fn of_result(&self, results: &[O]) -> bool {
        self.result.as_ref().is_some_and(|predicate| predicate(results))
    }

    fn of_exception(&self, error: &Error) -> bool {
        self.exception.as_ref().is_some_and(|predicate| predicate(error))
    }
}

/// Tries again after a fixed time. Flink's `FixedDelayRetryStrategy`.
///
/// ```
/// use std::time::Duration;
/// use hurtig_operator::async_io::{AsyncRetryStrategy, FixedDelayRetryStrategy, has_exception};
///
/// let strategy = FixedDelayRetryStrategy::<i64>::new(3, Duration::from_millis(100)).if_exception(has_exception);
/// assert!(strategy.can_retry(3) && !strategy.can_retry(4));
/// ```
pub struct FixedDelayRetryStrategy<O> {
    max_attempts: u32,
    backoff: Duration,
    predicates: Predicates<O>,
}

impl<O> FixedDelayRetryStrategy<O> {
    /// After the first call, up to `max_attempts` more, each `backoff` after the one before. Which calls:
    /// none, until [`if_result`](Self::if_result) or [`if_exception`](Self::if_exception) says so.
    pub fn new(max_attempts: u32, backoff: Duration) -> Self {
        FixedDelayRetryStrategy { max_attempts, backoff, predicates: Predicates::NONE }
    }

    /// Tries again where the results satisfy `predicate`.
    pub fn if_result(mut self, predicate: impl Fn(&[O]) -> bool + Send + Sync + 'static) -> Self {
        self.predicates.result = Some(Arc::new(predicate));
        self
    }

    /// Tries again where the error satisfies `predicate`.
    pub fn if_exception(mut self, predicate: impl Fn(&Error) -> bool + Send + Sync + 'static) -> Self {
        self.predicates.exception = Some(Arc::new(predicate));
        self
    }
}

impl<O: TypeInformation> AsyncRetryStrategy<O> for FixedDelayRetryStrategy<O> {
    fn can_retry(&self, attempts: u32) -> bool {
        attempts <= self.max_attempts
    }

    fn backoff(&self, _: u32) -> Duration {
        self.backoff
    }

    fn retries_result(&self, results: &[O]) -> bool {
        self.predicates.of_result(results)
    }

    fn retries_exception(&self, error: &Error) -> bool {
        self.predicates.of_exception(error)
    }
}

/// Tries again after a time that grows with each try. Flink's `ExponentialBackoffDelayRetryStrategy`.
///
/// ```
/// use std::time::Duration;
/// use hurtig_operator::async_io::{AsyncRetryStrategy, ExponentialBackoffDelayRetryStrategy, empty_result};
///
/// let (initial, max) = (Duration::from_millis(100), Duration::from_millis(250));
/// let strategy = ExponentialBackoffDelayRetryStrategy::<i64>::new(5, initial, max, 2.0).if_result(empty_result);
/// assert_eq!([1, 2, 3].map(|attempts| strategy.backoff(attempts).as_millis()), [100, 200, 250]);
/// ```
pub struct ExponentialBackoffDelayRetryStrategy<O> {
    max_attempts: u32,
    initial_delay: Duration,
    max_delay: Duration,
    multiplier: f64,
    predicates: Predicates<O>,
}

impl<O> ExponentialBackoffDelayRetryStrategy<O> {
    /// After the first call, up to `max_attempts` more: the first `initial_delay` after the call before it,
    /// each further one after `multiplier` times as long as the last, but never more than `max_delay`.
    /// Which calls: none, until [`if_result`](Self::if_result) or [`if_exception`](Self::if_exception) says so.
    pub fn new(max_attempts: u32, initial_delay: Duration, max_delay: Duration, multiplier: f64) -> Self {
        let predicates = Predicates::NONE;
        ExponentialBackoffDelayRetryStrategy {
            max_attempts,
            initial_delay,
            max_delay,
            multiplier,
            predicates,
        }
    }

    /// Tries again where the results satisfy `predicate`.
    pub fn if_result(mut self, predicate: impl Fn(&[O]) -> bool + Send + Sync + 'static) -> Self {
        self.predicates.result = Some(Arc::new(predicate));
        self
    }

    /// Tries again where the error satisfies `predicate`.
    pub fn if_exception(mut self, predicate: impl Fn(&Error) -> bool + Send + Sync + 'static) -> Self {
        self.predicates.exception = Some(Arc::new(predicate));
        self
    }
}

impl<O: TypeInformation> AsyncRetryStrategy<O> for ExponentialBackoffDelayRetryStrategy<O> {
    fn can_retry(&self, attempts: u32) -> bool {
        attempts <= self.max_attempts
    }

    fn backoff(&self, attempts: u32) -> Duration {
        let growth = self.multiplier.powf(f64::from(attempts.saturating_sub(1)));
        // Too large for a duration, or no number at all: the greatest there is.
        Duration::try_from_secs_f64(self.initial_delay.as_secs_f64() * growth)
            .map_or(self.max_delay, |delay| delay.min(self.max_delay))
    }

    fn retries_result(&self, results: &[O]) -> bool {
        self.predicates.of_result(results)
    }

    fn retries_exception(&self, error: &Error) -> bool {
        self.predicates.of_exception(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exponential(multiplier: f64) -> ExponentialBackoffDelayRetryStrategy<i64> {
        let (initial, max) = (Duration::from_millis(10), Duration::from_secs(1));
        ExponentialBackoffDelayRetryStrategy::new(4, initial, max, multiplier)
    }

    #[test]
    fn the_first_call_is_not_among_the_tries_that_are_counted() {
        let fixed = FixedDelayRetryStrategy::<i64>::new(2, Duration::from_millis(7));
        assert_eq!([1, 2, 3].map(|attempts| fixed.can_retry(attempts)), [true, true, false]);
        assert_eq!([1, 2].map(|attempts| fixed.backoff(attempts)), [Duration::from_millis(7); 2]);
        assert!(exponential(2.0).can_retry(4) && !exponential(2.0).can_retry(5));
    }

    #[test]
    fn exponential_delays_grow_up_to_a_limit() {
        let delays =
            |multiplier| [1, 2, 3, 8, u32::MAX].map(|n| exponential(multiplier).backoff(n).as_millis());
        assert_eq!(delays(2.0), [10, 20, 40, 1000, 1000]);
        assert_eq!(delays(1.0), [10; 5]);
        assert_eq!(delays(f64::NAN)[1..], [1000; 4]);
    }

    #[test]
    fn nothing_is_tried_again_unless_a_predicate_says_so() {
        let fixed = || FixedDelayRetryStrategy::<i64>::new(2, Duration::ZERO);
        assert!(!fixed().retries_result(&[]) && !fixed().retries_exception(&Error::user("no")));
        assert!(fixed().if_result(empty_result).retries_result(&[]));
        assert!(!fixed().if_result(empty_result).retries_result(&[1]));
        assert!(fixed().if_exception(has_exception).retries_exception(&Error::user("no")));
        let retry = |error: &Error| error.kind() == hurtig_core::ErrorKind::Retry;
        assert!(!fixed().if_exception(retry).retries_exception(&Error::user("no")));
    }
}
