//! Window functions: what becomes of the elements of a window that fires.
use hurtig_core::{Error, EventTime, Key, ProcessingTime, Result, TypeInformation, Watermark};
use hurtig_state::columns::list::ListColumn;
use hurtig_state::ttl::StateTime;
use hurtig_state::{AggregateFunction, ReduceFunction, RowId, StateAccess, StateStore};

use crate::context::OperatorContext;
use crate::function::RichFunction;
use crate::output::{Collector, SideOutputs};
use crate::process::OutputTag;
use crate::window::evictor::TimestampedValue;

/// The elements of a window, in the order in which they came; with an incremental function the one result.
pub struct Elements<'a, T>(pub(crate) Source<'a, T>);

pub(crate) enum Source<'a, T> {
    One(&'a T),
    List(&'a ListColumn<T>, RowId),
    Evicted(&'a [TimestampedValue<T>]),
}

impl<'a, T: TypeInformation> Elements<'a, T> {
    /// How many they are.
    pub fn len(&self) -> usize {
        match self.0 {
            Source::One(_) => 1,
            Source::List(lists, row) => lists.row_len(row),
            Source::Evicted(elements) => elements.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One after the other. Can be asked for again.
    pub fn iter(&self) -> impl Iterator<Item = &'a T> + use<'a, T> {
        let (one, list, evicted) = match self.0 {
            Source::One(element) => (Some(element), None, None),
            Source::List(lists, row) => (None, Some(lists.iter(row, StateTime::default())), None),
            Source::Evicted(elements) => (None, None, Some(elements)),
        };
        let evicted = evicted.into_iter().flatten().map(|element| &element.value);
        one.into_iter().chain(list.into_iter().flatten()).chain(evicted)
    }
}

/// Sees all elements of a window that fires. Flink's `ProcessWindowFunction`.
///
/// With `reduce_with`, `aggregate_with` and `fold_with` it gets the one result instead of the elements, which
/// then need not be kept.
pub trait ProcessWindowFunction<I: TypeInformation, O: TypeInformation, K: Key, W>: RichFunction {
    /// The window of `key` fires.
    fn process(
        &mut self,
        key: &K,
        elements: Elements<'_, I>,
        context: &mut WindowContext<'_, W, O>,
    ) -> Result<()>;

    /// The window is gone. Its own state is forgotten after this call.
    fn clear(&mut self, context: &mut WindowContext<'_, W, O>) -> Result<()> {
        let _ = context;
        Ok(())
    }
}

/// As [`ProcessWindowFunction`], for windows of a stream without keys. Flink's `ProcessAllWindowFunction`.
pub trait ProcessAllWindowFunction<I: TypeInformation, O: TypeInformation, W>: RichFunction {
    /// The window fires.
    fn process(&mut self, elements: Elements<'_, I>, context: &mut WindowContext<'_, W, O>) -> Result<()>;

    /// The window is gone.
    fn clear(&mut self, context: &mut WindowContext<'_, W, O>) -> Result<()> {
        let _ = context;
        Ok(())
    }
}

/// What a window function knows, and where its results go.
pub struct WindowContext<'a, W, O> {
    pub(crate) window: W,
    pub(crate) timestamp: EventTime,
    pub(crate) now: ProcessingTime,
    pub(crate) collector: Collector<'a, O>,
    pub(crate) sides: SideOutputs<'a>,
    pub(crate) operator: &'a mut OperatorContext,
    pub(crate) window_row: RowId,
    pub(crate) window_states: &'a mut StateStore,
    pub(crate) key_row: RowId,
    pub(crate) key_states: &'a mut StateStore,
}

impl<W, O: TypeInformation> WindowContext<'_, W, O> {
    /// The window that fires.
    pub fn window(&self) -> &W {
        &self.window
    }

    /// The watermark over all inputs.
    pub fn current_watermark(&self) -> Watermark {
        self.operator.current_watermark()
    }

    /// The wall clock, as it was when the batch at hand came.
    pub fn current_processing_time(&self) -> ProcessingTime {
        self.now
    }

    /// Puts a record out, with the window's last moment as its timestamp.
    #[inline]
    pub fn collect(&mut self, value: O) {
        self.collector.collect(value, Some(self.timestamp));
    }

    /// Puts a record into a side output. Dropped if nobody reads it.
    pub fn output<S: TypeInformation>(&mut self, tag: &OutputTag<S>, value: S) -> Result<()> {
        self.sides.collect(tag.name(), value, Some(self.timestamp))?;
        Ok(())
    }

    /// State of the key and this window, forgotten with the window. Registered in `open` like any other. Windows
    /// that merge have none: what is written is an error.
    pub fn window_state(&mut self) -> WindowStateAccess<'_> {
        WindowStateAccess { row: self.window_row, states: self.window_states }
    }

    /// State of the key, whatever the window. It stays until the function clears it.
    pub fn global_state(&mut self) -> WindowStateAccess<'_> {
        WindowStateAccess { row: self.key_row, states: self.key_states }
    }
}

/// Where a window function's state lies: of the window, or of its key.
pub struct WindowStateAccess<'a> {
    row: RowId,
    states: &'a mut StateStore,
}

impl StateAccess for WindowStateAccess<'_> {
    fn row(&self) -> RowId {
        self.row
    }

    fn claim_row(&mut self) -> Result<RowId> {
        if self.row.is_some() {
            return Ok(self.row);
        }
        Err(Error::user(
            "windows that merge have no state each, nor have sliding ones with an incremental function and the \
             default trigger, which share panes: use global_state, or process",
        ))
    }

    fn states(&mut self) -> &mut StateStore {
        self.states
    }
}

/// A closure over key, window and elements that gives results, as a function: Flink's `apply`.
#[derive(Clone)]
pub struct Apply<F>(pub F);

impl<F: Clone + Send + Sync + 'static> RichFunction for Apply<F> {}

impl<I, O, K, W, R, F> ProcessWindowFunction<I, O, K, W> for Apply<F>
where
    I: TypeInformation,
    O: TypeInformation,
    K: Key,
    R: IntoIterator<Item = O>,
    F: FnMut(&K, &W, Elements<'_, I>) -> R + Clone + Send + Sync + 'static,
{
    fn process(
        &mut self,
        key: &K,
        elements: Elements<'_, I>,
        context: &mut WindowContext<'_, W, O>,
    ) -> Result<()> {
        (self.0)(key, &context.window, elements).into_iter().for_each(|result| {
            context.collector.collect(result, Some(context.timestamp));
        });
        Ok(())
    }
}

/// Puts an incremental function's result out as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct PassThrough;

impl RichFunction for PassThrough {}

impl<T: TypeInformation, K: Key, W> ProcessWindowFunction<T, T, K, W> for PassThrough {
    #[inline]
    fn process(
        &mut self,
        _: &K,
        elements: Elements<'_, T>,
        context: &mut WindowContext<'_, W, T>,
    ) -> Result<()> {
        elements.iter().for_each(|element| context.collect(element.clone()));
        Ok(())
    }
}

/// A [`ProcessAllWindowFunction`] as a function of the one key that there is.
#[derive(Clone)]
pub struct OfAll<F>(pub F);

impl<F: RichFunction> RichFunction for OfAll<F> {
    fn open(&mut self, context: &mut crate::RuntimeContext<'_>) -> Result<()> {
        self.0.open(context)
    }

    fn close(&mut self) -> Result<()> {
        self.0.close()
    }
}

impl<I, O, W, F> ProcessWindowFunction<I, O, (), W> for OfAll<F>
where
    I: TypeInformation,
    O: TypeInformation,
    F: ProcessAllWindowFunction<I, O, W>,
{
    fn process(
        &mut self,
        (): &(),
        elements: Elements<'_, I>,
        context: &mut WindowContext<'_, W, O>,
    ) -> Result<()> {
        self.0.process(elements, context)
    }

    fn clear(&mut self, context: &mut WindowContext<'_, W, O>) -> Result<()> {
        self.0.clear(context)
    }
}

/// A reduction as an aggregation.
#[derive(Clone)]
pub struct Reduce<F>(pub F);

impl<T: TypeInformation, F: ReduceFunction<T>> AggregateFunction<T> for Reduce<F> {
    type Accumulator = Option<T>;
    type Output = T;

    fn create_accumulator(&self) -> Option<T> {
        None
    }

    #[inline]
    fn add(&self, value: T, held: &mut Option<T>) -> Result<()> {
        *held = Some(match held.take() {
            Some(held) => self.0.reduce(held, value)?,
            None => value,
        });
        Ok(())
    }

    fn get_result(&self, held: &Option<T>) -> Result<T> {
        held.clone().ok_or_else(|| Error::bug("a reduced window without elements"))
    }

    fn merge(&self, into: &mut Option<T>, other: Option<T>) -> Result<()> {
        match other {
            Some(other) => self.add(other, into),
            None => Ok(()),
        }
    }
}

/// A fold as an aggregation: what it has made of some elements cannot be put together with what it has made of
/// others.
#[derive(Clone)]
pub struct Fold<R, F> {
    /// What it begins with.
    pub initial: R,
    /// Takes an element in.
    pub fold: F,
}

impl<T, R, F> AggregateFunction<T> for Fold<R, F>
where
    R: TypeInformation,
    F: Fn(R, T) -> R + Clone + Send + Sync + 'static,
{
    type Accumulator = R;
    type Output = R;

    fn create_accumulator(&self) -> R {
        self.initial.clone()
    }

    #[inline]
    fn add(&self, value: T, held: &mut R) -> Result<()> {
        // The place must hold something while the function has what was there.
        let before = std::mem::replace(held, self.initial.clone());
        *held = (self.fold)(before, value);
        Ok(())
    }

    fn get_result(&self, held: &R) -> Result<R> {
        Ok(held.clone())
    }

    fn merge(&self, _: &mut R, _: R) -> Result<()> {
        Err(Error::user("fold cannot be used with windows that merge: use aggregate, which says how"))
    }

    fn can_merge(&self) -> bool {
        false
    }
}
