//! How values are put together: the functions of reducing and aggregating state and of windows.
use hurtig_core::{Result, TypeInformation};

/// Puts two values together. Flink's `ReduceFunction`. Any closure `Fn(T, T) -> T` is one.
///
/// Must be associative: values are not always put together in the order in which they came.
pub trait ReduceFunction<T>: Clone + Send + Sync + 'static {
    /// Both in one.
    fn reduce(&self, first: T, second: T) -> Result<T>;
}

impl<T, F> ReduceFunction<T> for F
where
    F: Fn(T, T) -> T + Clone + Send + Sync + 'static,
{
    #[inline]
    fn reduce(&self, first: T, second: T) -> Result<T> {
        Ok(self(first, second))
    }
}

/// Takes values one by one into an accumulator, from which a result is made. Flink's `AggregateFunction`.
///
/// ```
/// use hurtig_core::Result;
/// use hurtig_state::functions::AggregateFunction;
///
/// /// The average of numbers.
/// #[derive(Clone)]
/// struct Average;
///
/// impl AggregateFunction<i64> for Average {
///     type Accumulator = (i64, u64);
///     type Output = f64;
///
///     fn create_accumulator(&self) -> (i64, u64) {
///         (0, 0)
///     }
///     fn add(&self, value: i64, (sum, count): &mut (i64, u64)) -> Result<()> {
///         *sum += value;
///         *count += 1;
///         Ok(())
///     }
///     fn get_result(&self, (sum, count): &(i64, u64)) -> Result<f64> {
///         Ok(*sum as f64 / *count as f64)
///     }
///     fn merge(&self, into: &mut (i64, u64), other: (i64, u64)) -> Result<()> {
///         into.0 += other.0;
///         into.1 += other.1;
///         Ok(())
///     }
/// }
/// ```
pub trait AggregateFunction<I>: Clone + Send + Sync + 'static {
    /// What is held while values come.
    type Accumulator: TypeInformation;
    /// What is made of it.
    type Output;

    /// The accumulator of no values.
    fn create_accumulator(&self) -> Self::Accumulator;

    /// Takes a value in.
    fn add(&self, value: I, accumulator: &mut Self::Accumulator) -> Result<()>;

    /// The result so far.
    fn get_result(&self, accumulator: &Self::Accumulator) -> Result<Self::Output>;

    /// Takes another accumulator in: of a session that grew together with this one, or of the next pane of a
    /// sliding window.
    fn merge(&self, into: &mut Self::Accumulator, other: Self::Accumulator) -> Result<()>;

    /// Whether [`merge`](Self::merge) works. Where it does not, sessions are refused and sliding windows hold
    /// each element as often as there are windows that it belongs to.
    fn can_merge(&self) -> bool {
        true
    }
}
