//! What windows hold: one accumulator each, or all their elements.
use std::marker::PhantomData;

use hurtig_core::{EventTime, Key, Result, TypeInformation};
use hurtig_state::columns::StateColumn;
use hurtig_state::columns::list::ListColumn;
use hurtig_state::columns::value::ValueColumn;
use hurtig_state::rows::RowHolds;
use hurtig_state::ttl::StateTime;
use hurtig_state::{AggregateFunction, RowId};

use crate::function::RichFunction;
use crate::window::evictor::{Evictor, EvictorContext, TimestampedValue};
use crate::window::function::{Elements, ProcessWindowFunction, Source, WindowContext};
use crate::window::window::Window;

/// The contents of all windows of a subtask by the windows' rows, and what becomes of them.
pub trait WindowContents<T, K: Key, W>: Send + 'static {
    /// What comes out.
    type Output: TypeInformation;
    /// The user's function.
    type Function: RichFunction;

    /// The user's function, to be opened and closed.
    fn function(&mut self) -> &mut Self::Function;

    /// Takes an element in.
    fn add(
        &mut self,
        row: RowId,
        element: T,
        timestamp: Option<EventTime>,
        holds: &mut RowHolds,
    ) -> Result<()>;

    /// Moves what `from` holds to `into`.
    fn merge(&mut self, into: RowId, from: RowId, holds: &mut RowHolds) -> Result<()>;

    /// Whether nothing is held.
    fn is_empty(&mut self, row: RowId) -> bool;

    /// Puts out what becomes of the elements.
    fn fire(&mut self, row: RowId, key: &K, context: &mut WindowContext<'_, W, Self::Output>) -> Result<()>;

    /// The window is gone, says the function's `clear`.
    fn close_window(&mut self, context: &mut WindowContext<'_, W, Self::Output>) -> Result<()>;

    /// Drops what is held.
    fn clear(&mut self, row: RowId, holds: &mut RowHolds);

    /// Gives the memory back, when there is no window.
    fn reset(&mut self);

    /// Looks at rows that are about to be used.
    fn touch(&self, rows: &[RowId]) -> usize;

    /// Elements or accumulators held.
    fn held(&self) -> usize;

    /// Bytes held, without what they own elsewhere.
    fn bytes(&self) -> usize;
}

/// One accumulator per window.
pub struct Incremental<T, A: AggregateFunction<T>, O, F> {
    /// Takes elements in.
    pub aggregate: A,
    /// Sees the result.
    pub function: F,
    accumulators: ValueColumn<A::Accumulator>,
    types: PhantomData<fn(T) -> O>,
}

impl<T, A: AggregateFunction<T>, O, F> Incremental<T, A, O, F> {
    /// Windows held by `aggregate`, whose results go through `function`.
    pub fn new(aggregate: A, function: F) -> Self {
        Incremental { aggregate, function, accumulators: ValueColumn::new(None), types: PhantomData }
    }
}

impl<T, A, O, F> Incremental<T, A, O, F>
where
    A: AggregateFunction<T>,
{
    /// Puts out the result of an accumulator that does not lie in a row.
    pub(crate) fn fire_with<K, W>(
        &mut self,
        accumulator: &A::Accumulator,
        key: &K,
        context: &mut WindowContext<'_, W, O>,
    ) -> Result<()>
    where
        A::Output: TypeInformation,
        O: TypeInformation,
        K: Key,
        F: ProcessWindowFunction<A::Output, O, K, W>,
    {
        let result = self.aggregate.get_result(accumulator)?;
        self.function.process(key, Elements(Source::One(&result)), context)
    }
}

const NOW: StateTime = StateTime {
    processing: hurtig_core::ProcessingTime::from_millis(0),
    event: EventTime::MIN,
    watermark: hurtig_core::Watermark::MIN,
};

impl<T, A, O, K, W, F> WindowContents<T, K, W> for Incremental<T, A, O, F>
where
    T: 'static,
    A: AggregateFunction<T>,
    A::Output: TypeInformation,
    O: TypeInformation,
    K: Key,
    F: ProcessWindowFunction<A::Output, O, K, W>,
{
    type Output = O;
    type Function = F;

    fn function(&mut self) -> &mut F {
        &mut self.function
    }

    #[inline]
    fn add(&mut self, row: RowId, element: T, _: Option<EventTime>, holds: &mut RowHolds) -> Result<()> {
        let aggregate = &self.aggregate;
        self.accumulators.modify(row, &NOW, holds, |held| {
            aggregate.add(element, held.get_or_insert_with(|| aggregate.create_accumulator()))
        })
    }

    fn merge(&mut self, into: RowId, from: RowId, holds: &mut RowHolds) -> Result<()> {
        let Some(moved) = self.accumulators.modify(from, &NOW, holds, Option::take) else { return Ok(()) };
        let aggregate = &self.aggregate;
        self.accumulators.modify(into, &NOW, holds, |held| match held {
            Some(held) => aggregate.merge(held, moved),
            None => {
                *held = Some(moved);
                Ok(())
            }
        })
    }

    fn is_empty(&mut self, row: RowId) -> bool {
        self.accumulators.get(row, &NOW, &mut RowHolds::default()).is_none()
    }

    #[inline]
    fn fire(&mut self, row: RowId, key: &K, context: &mut WindowContext<'_, W, O>) -> Result<()> {
        let accumulator = self.accumulators.get(row, &NOW, &mut context.window_states.holds);
        let Some(accumulator) = accumulator else { return Ok(()) };
        let result = self.aggregate.get_result(accumulator)?;
        self.function.process(key, Elements(Source::One(&result)), context)
    }

    fn close_window(&mut self, context: &mut WindowContext<'_, W, O>) -> Result<()> {
        self.function.clear(context)
    }

    fn clear(&mut self, row: RowId, holds: &mut RowHolds) {
        self.accumulators.clear_row(row, holds);
    }

    fn reset(&mut self) {
        self.accumulators.reset();
    }

    fn touch(&self, rows: &[RowId]) -> usize {
        self.accumulators.touch(rows)
    }

    fn held(&self) -> usize {
        self.accumulators.len()
    }

    fn bytes(&self) -> usize {
        self.accumulators.bytes()
    }
}

/// All elements of each window.
pub struct Buffering<T, O, F> {
    function: F,
    elements: ListColumn<T>,
    types: PhantomData<fn() -> O>,
}

impl<T: TypeInformation, O, F> Buffering<T, O, F> {
    /// Windows whose elements go through `function`.
    pub fn new(function: F) -> Self {
        Buffering { function, elements: ListColumn::new(None), types: PhantomData }
    }
}

impl<T, O, K, W, F> WindowContents<T, K, W> for Buffering<T, O, F>
where
    T: TypeInformation,
    O: TypeInformation,
    K: Key,
    F: ProcessWindowFunction<T, O, K, W>,
{
    type Output = O;
    type Function = F;

    fn function(&mut self) -> &mut F {
        &mut self.function
    }

    fn add(&mut self, row: RowId, element: T, _: Option<EventTime>, holds: &mut RowHolds) -> Result<()> {
        self.elements.push(row, element, &NOW, holds);
        Ok(())
    }

    fn merge(&mut self, into: RowId, from: RowId, holds: &mut RowHolds) -> Result<()> {
        for element in self.elements.take(from, &NOW, holds) {
            self.elements.push(into, element, &NOW, holds);
        }
        Ok(())
    }

    fn is_empty(&mut self, row: RowId) -> bool {
        self.elements.row_len(row) == 0
    }

    fn fire(&mut self, row: RowId, key: &K, context: &mut WindowContext<'_, W, O>) -> Result<()> {
        self.function.process(key, Elements(Source::List(&self.elements, row)), context)
    }

    fn close_window(&mut self, context: &mut WindowContext<'_, W, O>) -> Result<()> {
        self.function.clear(context)
    }

    fn clear(&mut self, row: RowId, holds: &mut RowHolds) {
        self.elements.clear_row(row, holds);
    }

    fn reset(&mut self) {
        self.elements.reset();
    }

    fn touch(&self, rows: &[RowId]) -> usize {
        self.elements.touch(rows)
    }

    fn held(&self) -> usize {
        self.elements.len()
    }

    fn bytes(&self) -> usize {
        self.elements.bytes()
    }
}

/// All elements of each window with their times, for an evictor. Flink's `EvictingWindowOperator`.
pub struct Evicting<T, O, E, F> {
    function: F,
    evictor: E,
    elements: ListColumn<(T, EventTime)>,
    types: PhantomData<fn() -> O>,
}

impl<T: TypeInformation, O, E, F> Evicting<T, O, E, F> {
    /// Windows whose elements go through `evictor` and `function`.
    pub fn new(evictor: E, function: F) -> Self {
        Evicting { function, evictor, elements: ListColumn::new(None), types: PhantomData }
    }
}

impl<T, O, K, W, E, F> WindowContents<T, K, W> for Evicting<T, O, E, F>
where
    T: TypeInformation,
    O: TypeInformation,
    K: Key,
    W: Window,
    E: Evictor<T, W>,
    F: ProcessWindowFunction<T, O, K, W>,
{
    type Output = O;
    type Function = F;

    fn function(&mut self) -> &mut F {
        &mut self.function
    }

    fn add(
        &mut self,
        row: RowId,
        element: T,
        timestamp: Option<EventTime>,
        holds: &mut RowHolds,
    ) -> Result<()> {
        self.elements.push(row, (element, timestamp.unwrap_or(EventTime::MIN)), &NOW, holds);
        Ok(())
    }

    fn merge(&mut self, into: RowId, from: RowId, holds: &mut RowHolds) -> Result<()> {
        for element in self.elements.take(from, &NOW, holds) {
            self.elements.push(into, element, &NOW, holds);
        }
        Ok(())
    }

    fn is_empty(&mut self, row: RowId) -> bool {
        self.elements.row_len(row) == 0
    }

    fn fire(&mut self, row: RowId, key: &K, context: &mut WindowContext<'_, W, O>) -> Result<()> {
        let about = EvictorContext {
            current_processing_time: context.now,
            current_watermark: context.current_watermark(),
        };
        let before = self.elements.take(row, &NOW, &mut context.window_states.holds);
        let stamped = |(value, timestamp)| TimestampedValue { value, timestamp };
        let mut elements: Vec<_> = before.into_iter().map(stamped).collect();
        self.evictor.evict_before(&mut elements, &context.window, &about);
        self.function.process(key, Elements(Source::Evicted(&elements)), context)?;
        self.evictor.evict_after(&mut elements, &context.window, &about);
        for TimestampedValue { value, timestamp } in elements {
            self.elements.push(row, (value, timestamp), &NOW, &mut context.window_states.holds);
        }
        Ok(())
    }

    fn close_window(&mut self, context: &mut WindowContext<'_, W, O>) -> Result<()> {
        self.function.clear(context)
    }

    fn clear(&mut self, row: RowId, holds: &mut RowHolds) {
        self.elements.clear_row(row, holds);
    }

    fn reset(&mut self) {
        self.elements.reset();
    }

    fn touch(&self, rows: &[RowId]) -> usize {
        self.elements.touch(rows)
    }

    fn held(&self) -> usize {
        self.elements.len()
    }

    fn bytes(&self) -> usize {
        self.elements.bytes()
    }
}
