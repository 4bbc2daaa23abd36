//! Functions with a life of their own: opened with a [`RuntimeContext`], closed at the end. Flink's rich
//! functions. A plain closure is enough for most; these are for what needs metrics, accumulators, a
//! connection, or an error.
//!
//! A function is cloned once per subtask and then belongs to that subtask's thread.
use hurtig_core::{ProcessingTime, Result, TypeInformation, Watermark};

use crate::accumulator::{Accumulator, AccumulatorHandle, LongCounter};
use crate::context::OperatorContext;
use crate::metrics::MetricGroup;

/// What a function knows of its place. Flink's `RuntimeContext`.
pub struct RuntimeContext<'a>(&'a mut OperatorContext);

impl<'a> RuntimeContext<'a> {
    /// The function's view of an operator's context.
    pub fn new(context: &'a mut OperatorContext) -> Self {
        RuntimeContext(context)
    }

    /// The name of the operator.
    pub fn operator_name(&self) -> &str {
        &self.0.name
    }

    /// Which subtask this is, from 0.
    pub fn index_of_this_subtask(&self) -> u32 {
        self.0.subtask.0
    }

    /// How many subtasks the operator has.
    pub fn number_of_parallel_subtasks(&self) -> u32 {
        self.0.parallelism
    }

    /// How many key groups there are.
    pub fn max_number_of_parallel_subtasks(&self) -> u32 {
        self.0.max_parallelism
    }

    /// Which try of the job this is, from 0.
    pub fn attempt_number(&self) -> u32 {
        self.0.attempt
    }

    /// The wall clock, which a test can hold.
    pub fn current_processing_time(&self) -> ProcessingTime {
        self.0.host.processing_time()
    }

    /// The watermark over all inputs.
    pub fn current_watermark(&self) -> Watermark {
        self.0.current_watermark()
    }

    /// Where the function registers metrics of its own.
    pub fn metric_group(&self) -> &MetricGroup {
        &self.0.metrics
    }

    /// A counter that comes back, summed over all subtasks, with the job's result.
    pub fn long_counter(&mut self, name: &str) -> LongCounter {
        self.0.accumulators.long_counter(name)
    }

    /// An accumulator of any other kind, which starts as `zero`.
    pub fn accumulator(&mut self, name: &str, zero: Accumulator) -> AccumulatorHandle {
        self.0.accumulators.handle(name, zero)
    }
}

/// What every function with a life of its own has.
pub trait RichFunction: Clone + Send + Sync + 'static {
    /// Called once per subtask before the first record.
    fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
        let _ = context;
        Ok(())
    }

    /// Called once per subtask after the last record, also after a failure.
    fn close(&mut self) -> Result<()> {
        Ok(())
    }
}

/// One record in, one record out.
pub trait MapFunction<I: TypeInformation, O: TypeInformation>: RichFunction {
    /// The record that `value` becomes.
    fn map(&mut self, value: I) -> Result<O>;

    /// A whole run of records. Override it only to be faster.
    fn map_batch(&mut self, values: Vec<I>) -> Result<Vec<O>> {
        values.into_iter().map(|value| self.map(value)).collect()
    }
}

/// Keeps or drops a record.
pub trait FilterFunction<T: TypeInformation>: RichFunction {
    /// Whether `value` is kept.
    fn filter(&mut self, value: &T) -> Result<bool>;
}

/// One record in, any number out. The result is an iterator that the engine leaves when the output is full
/// and takes up again later, so it may be as long as it likes.
pub trait FlatMapFunction<I: TypeInformation, O: TypeInformation>: RichFunction {
    /// What a record becomes.
    type Output: Iterator<Item = O> + Send;
    /// The records that `value` becomes.
    fn flat_map(&mut self, value: I) -> Result<Self::Output>;
}

/// A plain closure as a function.
#[derive(Clone)]
pub struct Closure<F>(pub F);

/// A closure that can fail as a function.
#[derive(Clone)]
pub struct TryClosure<F>(pub F);

impl<F: Clone + Send + Sync + 'static> RichFunction for Closure<F> {}
impl<F: Clone + Send + Sync + 'static> RichFunction for TryClosure<F> {}

impl<I, O, F> MapFunction<I, O> for Closure<F>
where
    I: TypeInformation,
    O: TypeInformation,
    F: FnMut(I) -> O + Clone + Send + Sync + 'static,
{
    #[inline]
    fn map(&mut self, value: I) -> Result<O> {
        Ok((self.0)(value))
    }

    #[inline]
    fn map_batch(&mut self, values: Vec<I>) -> Result<Vec<O>> {
        // Collected in place where the sizes allow it.
        Ok(values.into_iter().map(&mut self.0).collect())
    }
}

impl<I, O, E, F> MapFunction<I, O> for TryClosure<F>
where
    I: TypeInformation,
    O: TypeInformation,
    E: Into<hurtig_core::BoxError>,
    F: FnMut(I) -> std::result::Result<O, E> + Clone + Send + Sync + 'static,
{
    fn map(&mut self, value: I) -> Result<O> {
        (self.0)(value).map_err(hurtig_core::Error::from_function)
    }
}

impl<T, F> FilterFunction<T> for Closure<F>
where
    T: TypeInformation,
    F: FnMut(&T) -> bool + Clone + Send + Sync + 'static,
{
    #[inline]
    fn filter(&mut self, value: &T) -> Result<bool> {
        Ok((self.0)(value))
    }
}

impl<I, O, R, F> FlatMapFunction<I, O> for Closure<F>
where
    I: TypeInformation,
    O: TypeInformation,
    R: IntoIterator<Item = O>,
    R::IntoIter: Send,
    F: FnMut(I) -> R + Clone + Send + Sync + 'static,
{
    type Output = R::IntoIter;

    #[inline]
    fn flat_map(&mut self, value: I) -> Result<R::IntoIter> {
        Ok((self.0)(value).into_iter())
    }
}
