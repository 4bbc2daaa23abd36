//! Functions with a life of their own: opened with a [`RuntimeContext`], closed at the end. Flink's rich
//! functions. A plain closure is enough for most; these are for what needs metrics, accumulators, a
//! connection, or an error.
//!
//! A function is cloned once per subtask and then belongs to that subtask's thread.
use std::sync::Arc;

use hurtig_connector::Host;
use hurtig_core::ids::CheckpointId;
use hurtig_core::{Key, ProcessingTime, Result, TypeInformation, Watermark};
use hurtig_state::operator_state::{BroadcastState, OperatorStateAccess, OperatorStates};
use hurtig_state::{
    AggregateFunction, AggregatingState, AggregatingStateDescriptor, ListState, ListStateDescriptor,
    MapState, MapStateDescriptor, ReduceFunction, ReducingState, ReducingStateDescriptor, ValueState,
    ValueStateDescriptor,
};

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

    /// Time, waiting and background I/O, as the engine has them: what uses nothing else runs unchanged under
    /// the seeded executor.
    pub fn host(&self) -> Arc<dyn Host> {
        self.0.host.clone()
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

/// State of keys, on a keyed stream. A name registered again gives the same state; with another type it is
/// refused.
impl RuntimeContext<'_> {
    /// One value per key. Flink's `getState`.
    pub fn state<T: TypeInformation>(
        &mut self,
        descriptor: &ValueStateDescriptor<T>,
    ) -> Result<ValueState<T>> {
        self.0.keyed_states()?.value(descriptor)
    }

    /// A list per key. Flink's `getListState`.
    pub fn list_state<T: TypeInformation>(
        &mut self,
        descriptor: &ListStateDescriptor<T>,
    ) -> Result<ListState<T>> {
        self.0.keyed_states()?.list(descriptor)
    }

    /// A map per key. Flink's `getMapState`.
    pub fn map_state<K: Key, V: TypeInformation>(
        &mut self,
        descriptor: &MapStateDescriptor<K, V>,
    ) -> Result<MapState<K, V>> {
        self.0.keyed_states()?.map(descriptor)
    }

    /// One value per key of all that are added. Flink's `getReducingState`.
    pub fn reducing_state<T: TypeInformation, F: ReduceFunction<T>>(
        &mut self,
        descriptor: &ReducingStateDescriptor<T, F>,
    ) -> Result<ReducingState<T, F>> {
        self.0.keyed_states()?.reducing(descriptor)
    }

    /// One accumulator per key of all that is added. Flink's `getAggregatingState`.
    pub fn aggregating_state<I, A: AggregateFunction<I>>(
        &mut self,
        descriptor: &AggregatingStateDescriptor<I, A>,
    ) -> Result<AggregatingState<I, A>> {
        self.0.keyed_states()?.aggregating(descriptor)
    }
}

/// State that every subtask has alike.
impl RuntimeContext<'_> {
    /// A map that records change which every subtask gets: those of a broadcast stream. Flink's
    /// `getBroadcastState`.
    pub fn broadcast_state<K: Key, V: TypeInformation>(
        &mut self,
        descriptor: &MapStateDescriptor<K, V>,
    ) -> Result<BroadcastState<K, V>> {
        self.0.operator_states.broadcast_state(descriptor)
    }
}

/// The state of the subtask itself: lists and broadcast state.
impl OperatorStateAccess for RuntimeContext<'_> {
    fn operator_states(&mut self) -> &mut OperatorStates {
        &mut self.0.operator_states
    }
}

/// What a function gets before it is opened. Flink's `FunctionInitializationContext`.
pub struct FunctionInitializationContext<'a> {
    operator_states: &'a mut OperatorStates,
    restored: Option<CheckpointId>,
}

impl<'a> FunctionInitializationContext<'a> {
    /// For a function whose job starts from the checkpoint `restored`, or from nothing.
    pub fn new(context: &'a mut OperatorContext, restored: Option<CheckpointId>) -> Self {
        FunctionInitializationContext { operator_states: &mut context.operator_states, restored }
    }

    /// The state of the subtask itself. Flink's `getOperatorStateStore`.
    pub fn operator_state_store(&mut self) -> &mut OperatorStates {
        self.operator_states
    }

    /// Whether the states hold what an earlier run left.
    pub fn is_restored(&self) -> bool {
        self.restored.is_some()
    }

    /// The checkpoint that the job starts from.
    pub fn restored_checkpoint_id(&self) -> Option<CheckpointId> {
        self.restored
    }
}

/// What a function gets before its state is saved. Flink's `FunctionSnapshotContext`.
pub struct FunctionSnapshotContext<'a> {
    operator_states: &'a mut OperatorStates,
    checkpoint: CheckpointId,
}

impl<'a> FunctionSnapshotContext<'a> {
    /// For the checkpoint `checkpoint`.
    pub fn new(context: &'a mut OperatorContext, checkpoint: CheckpointId) -> Self {
        FunctionSnapshotContext { operator_states: &mut context.operator_states, checkpoint }
    }

    /// The checkpoint that the state is saved for.
    pub fn checkpoint_id(&self) -> CheckpointId {
        self.checkpoint
    }
}

impl OperatorStateAccess for FunctionSnapshotContext<'_> {
    fn operator_states(&mut self) -> &mut OperatorStates {
        self.operator_states
    }
}

/// What every function with a life of its own has: Flink's `RichFunction`, and its `CheckpointedFunction` and
/// `CheckpointListener`, whose methods do nothing unless a function has its own.
pub trait RichFunction: Clone + Send + Sync + 'static {
    /// Called once per subtask before [`open`](Self::open): registers operator state, and takes from it what an
    /// earlier run left.
    fn initialize_state(&mut self, context: &mut FunctionInitializationContext<'_>) -> Result<()> {
        let _ = context;
        Ok(())
    }

    /// The state is about to be saved: what the function holds itself must go into its states.
    fn snapshot_state(&mut self, context: &mut FunctionSnapshotContext<'_>) -> Result<()> {
        let _ = context;
        Ok(())
    }

    /// A checkpoint is complete in all tasks: what it covers happened.
    fn notify_checkpoint_complete(&mut self, checkpoint: CheckpointId) -> Result<()> {
        let _ = checkpoint;
        Ok(())
    }

    /// A checkpoint will never be complete.
    fn notify_checkpoint_aborted(&mut self, checkpoint: CheckpointId) -> Result<()> {
        let _ = checkpoint;
        Ok(())
    }

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

/// Prepares a function: its operator state, then what else it wants.
pub(crate) fn open_function(function: &mut impl RichFunction, context: &mut OperatorContext) -> Result<()> {
    function.initialize_state(&mut FunctionInitializationContext::new(context, None))?;
    function.open(&mut RuntimeContext::new(context))
}

/// The parts of [`Operator`](crate::Operator) that hand a function's life through, for an operator whose
/// function is `self.function`.
macro_rules! function_life {
    () => {
        fn snapshot_state(
            &mut self,
            checkpoint: hurtig_core::ids::CheckpointId,
            context: &mut $crate::OperatorContext,
        ) -> hurtig_core::Result<()> {
            let mut context = $crate::function::FunctionSnapshotContext::new(context, checkpoint);
            self.function.snapshot_state(&mut context)
        }

        fn notify_checkpoint_complete(
            &mut self,
            checkpoint: hurtig_core::ids::CheckpointId,
        ) -> hurtig_core::Result<()> {
            self.function.notify_checkpoint_complete(checkpoint)
        }

        fn notify_checkpoint_aborted(
            &mut self,
            checkpoint: hurtig_core::ids::CheckpointId,
        ) -> hurtig_core::Result<()> {
            self.function.notify_checkpoint_aborted(checkpoint)
        }

        fn close(&mut self) -> hurtig_core::Result<()> {
            self.function.close()
        }
    };
}
pub(crate) use function_life;
