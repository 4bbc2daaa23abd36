//! Sliding windows that share panes: an element is held once, however many windows it belongs to.
//!
//! A pane is as long as the greatest time that size and slide are multiples of; a window is a run of panes. For
//! each key and pane there is one accumulator. When a window fires its panes are merged, in amortised constant
//! time per pane ([`Running`]): what is merged need not be taken out again.
use std::marker::PhantomData;

use hurtig_core::{EventTime, Key, ProcessingTime, Result, TypeInformation, Watermark};
use hurtig_state::columns::StateColumn;
use hurtig_state::columns::sorted::SortedColumn;
use hurtig_state::keyed::StateSize;
use hurtig_state::rows::RowTable;
use hurtig_state::timers::{RowTimer, TimerQueue};
use hurtig_state::{AggregateFunction, RowId, StateStore};

use crate::context::OperatorContext;
use crate::function::{FunctionSnapshotContext, open_function};
use crate::keyed::CHUNK;
use crate::keyed::lookup::Lookup;
use crate::metrics::Counter;
use crate::operator::{Input, Operator, Progress};
use crate::output::Output;
use crate::route::SelectKey;
use crate::window::assigner::{Panes, required};
use crate::window::contents::{Incremental, WindowContents};
use crate::window::function::{ProcessWindowFunction, WindowContext};
use crate::window::operator::context;
use crate::window::window::{TimeWindow, Window};

/// Windows of at most so many panes are merged anew whenever they fire.
const FEW: i64 = 8;

/// Nothing is scheduled.
const NEVER: i64 = i64::MAX;

/// The window operator for incremental functions over sliding windows with the default trigger.
pub struct PaneOperator<T, S: SelectKey<T>, W, A: AggregateFunction<T>, O, F> {
    selector: S,
    lookup: Lookup,
    keys: RowTable<S::Key>,
    key_states: StateStore,
    /// What a window function would find for its window: nothing.
    window_states: StateStore,
    contents: Incremental<T, A, O, F>,
    spans: Spans,
    event_time: bool,
    late_output: Option<String>,
    dropped: Option<Counter>,
    panes: SortedColumn<A::Accumulator>,
    timers: TimerQueue,
    /// The next timer of each key, by row. The ones below can be made anew from the panes.
    scheduled: Vec<i64>,
    running: Vec<Running<A::Accumulator>>,
    types: PhantomData<fn(T) -> W>,
}

/// Which pane and windows a time belongs to; remembers the last answer.
#[derive(Clone, Copy, Debug)]
struct Spans {
    panes: Panes,
    /// The start of a pane.
    pane: i64,
    /// The first end of a window that has it.
    first_end: i64,
    /// The last end of a window that has it; before `first_end` if none has.
    last_end: i64,
}

impl Spans {
    fn new(panes: Panes) -> Self {
        let mut spans = Spans { panes, pane: 0, first_end: 0, last_end: 0 };
        spans.find(0);
        spans
    }

    /// Turns to the pane of a time.
    #[inline]
    fn turn_to(&mut self, time: i64) {
        if time < self.pane || time.wrapping_sub(self.pane) >= self.panes.pane {
            self.find(time);
        }
    }

    fn find(&mut self, time: i64) {
        let Panes { size, slide, offset, pane } = self.panes;
        self.pane = TimeWindow::start_of(time, offset, pane);
        // Ends of windows are a size after their starts.
        let before = TimeWindow::start_of(self.pane, offset.wrapping_add(size), slide);
        self.first_end = before.saturating_add(slide);
        self.last_end = TimeWindow::start_of(self.pane, offset, slide).saturating_add(size);
    }

    /// The first end of a window with the pane that is after `passed`.
    #[inline]
    fn next_end(&self, passed: i64) -> i64 {
        if self.first_end > passed {
            return self.first_end;
        }
        let Panes { size, slide, offset, .. } = self.panes;
        TimeWindow::start_of(passed, offset.wrapping_add(size), slide).saturating_add(slide)
    }
}

/// The panes of a window, merged from both ends to a point in the middle: what leaves at the one end is taken
/// off a stack, what comes at the other is added. When the stack is used up it is made anew of all that is there.
#[derive(Debug)]
struct Running<C> {
    /// Of each pane before the middle, the last first: itself merged with all up to the middle.
    front: Vec<(i64, C)>,
    /// The panes from the middle to `until`, merged.
    back: Option<C>,
    until: i64,
}

impl<C> Default for Running<C> {
    fn default() -> Self {
        Running { front: Vec::new(), back: None, until: i64::MIN }
    }
}

impl<T, S, W, A, O, F> PaneOperator<T, S, W, A, O, F>
where
    T: TypeInformation,
    S: SelectKey<T>,
    W: Window,
    A: AggregateFunction<T>,
    A::Output: TypeInformation,
    O: TypeInformation,
    F: ProcessWindowFunction<A::Output, O, S::Key, W>,
{
    /// The operator of `contents` over windows of these panes, by event time or else by the wall clock.
    pub fn new(
        selector: S,
        panes: Panes,
        event_time: bool,
        contents: Incremental<T, A, O, F>,
        late_output: Option<String>,
    ) -> Self {
        PaneOperator {
            selector,
            lookup: Lookup::default(),
            keys: RowTable::default(),
            key_states: StateStore::default(),
            window_states: StateStore::default(),
            contents,
            spans: Spans::new(panes),
            event_time,
            late_output,
            dropped: None,
            panes: SortedColumn::default(),
            timers: TimerQueue::default(),
            scheduled: Vec::new(),
            running: Vec::new(),
            types: PhantomData,
        }
    }

    fn schedule(&mut self, key: RowId, end: i64, context: &mut WindowContext<'_, W, O>) {
        if self.scheduled.len() <= key.place() {
            self.scheduled.resize(key.place() + 1, NEVER);
        }
        let time = end.saturating_sub(1);
        if time < self.scheduled[key.place()] {
            self.scheduled[key.place()] = time;
            self.timers.set(RowTimer::new(time, key, 0), &mut context.key_states.holds);
            if !self.event_time {
                context.operator.wake_for_timer(ProcessingTime::from_millis(time));
            }
        }
    }

    /// What is over: windows that end at or before it have fired.
    fn passed(&self, context: &WindowContext<'_, W, O>) -> i64 {
        match self.event_time {
            true => context.operator.current_watermark().0.as_millis().saturating_add(1),
            false => context.now.as_millis(),
        }
    }

    #[inline]
    fn on_element(
        &mut self,
        key: RowId,
        element: T,
        timestamp: Option<EventTime>,
        passed: i64,
        context: &mut WindowContext<'_, W, O>,
    ) -> Result<()> {
        let time = if self.event_time { required(timestamp)?.as_millis() } else { context.now.as_millis() };
        self.spans.turn_to(time);
        let Spans { pane, last_end, .. } = self.spans;
        let end = self.spans.next_end(passed);
        if end > last_end {
            return self.without_window(element, timestamp, time, passed, context);
        }
        let aggregate = &self.contents.aggregate;
        let make = || aggregate.create_accumulator();
        let holds = &mut context.key_states.holds;
        self.panes.upsert(key, pane, holds, make, |held| aggregate.add(element, held))??;
        if let Some(running) = self.running.get_mut(key.place())
            && pane < running.until
        {
            *running = Running::default();
        }
        if self.scheduled.get(key.place()).is_none_or(|&at| end.saturating_sub(1) < at) {
            self.schedule(key, end, context);
        }
        Ok(())
    }

    /// No window takes the element. If it is late, and was not just between windows, it is counted or put out.
    #[cold]
    fn without_window(
        &mut self,
        element: T,
        timestamp: Option<EventTime>,
        time: i64,
        passed: i64,
        context: &mut WindowContext<'_, W, O>,
    ) -> Result<()> {
        if !self.event_time || time >= passed {
            return Ok(());
        }
        match (&self.late_output, &self.dropped) {
            (Some(name), _) => {
                context.sides.collect(name, element, timestamp)?;
            }
            (None, Some(dropped)) => dropped.add(1),
            (None, None) => {}
        }
        Ok(())
    }

    /// The window of a key that ends just after `time` fires.
    fn on_timer(&mut self, key: RowId, time: i64, context: &mut WindowContext<'_, W, O>) -> Result<()> {
        let Panes { size, slide, .. } = self.spans.panes;
        let end = time.saturating_add(1);
        let start = end.saturating_sub(size);
        if self.scheduled.get(key.place()) == Some(&time) {
            self.scheduled[key.place()] = NEVER;
        }
        if let Some(merged) = self.merged(key, start, end)?
            && let Some(wanted) = self.keys.key(key)
        {
            context.window = W::of(EventTime::from_millis(start), EventTime::from_millis(end));
            context.timestamp = EventTime::from_millis(time);
            context.key_row = key;
            self.contents.fire_with(&merged, wanted, context)?;
            self.contents.close_window(context)?;
        }
        // What only this window and those before it had is over.
        let over = start.saturating_add(slide).saturating_sub(1);
        while self.panes.pop_until(key, over, &mut context.key_states.holds).is_some() {}
        match self.panes.first_time(key) {
            Some(first) => {
                self.spans.turn_to(first);
                let next = self.spans.next_end(end);
                self.schedule(key, next, context);
            }
            None => {
                if let Some(running) = self.running.get_mut(key.place()) {
                    *running = Running::default();
                }
            }
        }
        Ok(())
    }

    /// All panes from `start` to `end`, merged; `None` if there are none.
    fn merged(&mut self, key: RowId, start: i64, end: i64) -> Result<Option<A::Accumulator>> {
        let aggregate = &self.contents.aggregate;
        let mut cursor = self.panes.seek(key, start, end - 1);
        let next = |cursor: &mut _, panes: &SortedColumn<A::Accumulator>| {
            let pane = panes.get(cursor).filter(|pane| pane.time < end)?;
            let found = (pane.time, pane.value.clone());
            hurtig_state::columns::sorted::Cursor::advance(cursor);
            Some(found)
        };
        if self.spans.panes.size / self.spans.panes.pane <= FEW {
            let mut merged: Option<A::Accumulator> = None;
            while let Some((_, pane)) = next(&mut cursor, &self.panes) {
                match &mut merged {
                    Some(merged) => aggregate.merge(merged, pane)?,
                    None => merged = Some(pane),
                }
            }
            return Ok(merged);
        }
        if self.running.len() <= key.place() {
            self.running.resize_with(key.place() + 1, Running::default);
        }
        let running = &mut self.running[key.place()];
        while running.front.last().is_some_and(|(pane, _)| *pane < start) {
            running.front.pop();
        }
        if running.front.is_empty() {
            let mut all = Vec::new();
            while let Some(pane) = next(&mut cursor, &self.panes) {
                all.push(pane);
            }
            // From the last to the first, each with all that follow it.
            for (pane, mut merged) in all.into_iter().rev() {
                if let Some((_, after)) = running.front.last() {
                    aggregate.merge(&mut merged, after.clone())?;
                }
                running.front.push((pane, merged));
            }
            running.back = None;
        } else if running.until < end {
            let mut cursor = self.panes.seek(key, running.until, end - 1);
            while let Some((_, pane)) = next(&mut cursor, &self.panes) {
                match &mut running.back {
                    Some(back) => aggregate.merge(back, pane)?,
                    None => running.back = Some(pane),
                }
            }
        }
        running.until = end;
        let Some((_, front)) = running.front.last() else { return Ok(None) };
        let mut merged = front.clone();
        if let Some(back) = &running.back {
            aggregate.merge(&mut merged, back.clone())?;
        }
        Ok(Some(merged))
    }

    fn fire(
        &mut self,
        until: i64,
        now: ProcessingTime,
        output: &mut Output,
        operator: &mut OperatorContext,
    ) -> Result<Progress> {
        let (mut key_states, mut window_states) = self.lend();
        let mut at = context::<W, O>(&mut key_states, &mut window_states, output, operator, now)?;
        let mut outcome = Ok(Progress::Done);
        while outcome.is_ok() {
            if at.collector.is_full() {
                outcome = Ok(Progress::More);
                break;
            }
            let Some(timer) = self.timers.pop_due(until, &mut at.key_states.holds) else { break };
            outcome = self.on_timer(timer.row, timer.time, &mut at).map(|()| Progress::Done);
            at.key_states.holds.release(timer.row);
        }
        drop(at);
        self.give_back(key_states, window_states);
        outcome
    }

    /// The stores, for a context that lives beside the rest of the operator.
    fn lend(&mut self) -> (StateStore, StateStore) {
        (std::mem::take(&mut self.key_states), std::mem::take(&mut self.window_states))
    }

    fn give_back(&mut self, key_states: StateStore, window_states: StateStore) {
        (self.key_states, self.window_states) = (key_states, window_states);
        if !self.key_states.holds.has_released() {
            return;
        }
        let PaneOperator { keys, scheduled, running, .. } = self;
        self.key_states.holds.give_up(|row| {
            keys.remove(row);
            if let Some(at) = scheduled.get_mut(row.place()) {
                *at = NEVER;
            }
            if let Some(running) = running.get_mut(row.place()) {
                *running = Running::default();
            }
        });
        if self.keys.is_empty() {
            self.key_states.reset();
            self.panes.reset();
            (self.scheduled, self.running) = (Vec::new(), Vec::new());
        }
    }
}

impl<T, S, W, A, O, F> Operator for PaneOperator<T, S, W, A, O, F>
where
    T: TypeInformation,
    S: SelectKey<T>,
    W: Window,
    A: AggregateFunction<T>,
    A::Output: TypeInformation,
    O: TypeInformation,
    F: ProcessWindowFunction<A::Output, O, S::Key, W>,
{
    fn open(&mut self, operator: &mut OperatorContext) -> Result<()> {
        self.dropped = Some(operator.metrics.counter("numLateRecordsDropped"));
        let function = &mut self.contents.function;
        self.key_states = operator.open_keyed(|operator| open_function(function, operator))?;
        self.window_states = self.key_states.twin();
        Ok(())
    }

    fn process(
        &mut self,
        input: &mut Input,
        output: &mut Output,
        operator: &mut OperatorContext,
    ) -> Result<Progress> {
        let now = operator.host.processing_time();
        let mut left = input.limit;
        while left > 0 && !output.is_full() && !input.batch.is_empty() {
            let PaneOperator { selector, lookup, keys, .. } = self;
            let found = lookup.look_up_keys::<T, S>(&input.batch, left.min(CHUNK), selector, keys)?;
            std::hint::black_box(self.panes.touch(self.lookup.rows()));
            let (mut key_states, mut window_states) = self.lend();
            let mut at = context::<W, O>(&mut key_states, &mut window_states, output, operator, now)?;
            let passed = self.passed(&at);
            let mut rows = input.batch.cursor::<T>(found)?;
            let mut outcome = Ok(());
            for taken in 0..found {
                let Some((element, timestamp)) = rows.next() else { break };
                let (hash, mut key) = self.lookup.at(taken);
                left -= 1;
                if !key.is_some() {
                    let keys = &mut self.keys;
                    let claimed = self.selector.with_key(&element, |wanted| {
                        let present = keys.find(hash, |present| present.key_eq(wanted));
                        if present.is_some() { Ok(present) } else { keys.insert(hash, wanted.clone()) }
                    });
                    key = match claimed {
                        Ok(key) => key,
                        Err(error) => {
                            outcome = Err(error);
                            break;
                        }
                    };
                    at.key_states.holds.doubt(key);
                }
                outcome = self.on_element(key, element, timestamp, passed, &mut at);
                if outcome.is_err() {
                    break;
                }
            }
            drop(at);
            self.give_back(key_states, window_states);
            outcome?;
        }
        Ok(Progress::Done)
    }

    fn watermark(
        &mut self,
        watermark: Watermark,
        output: &mut Output,
        operator: &mut OperatorContext,
    ) -> Result<Progress> {
        if self.event_time {
            let now = operator.host.processing_time();
            if self.fire(watermark.0.as_millis(), now, output, operator)? == Progress::More {
                return Ok(Progress::More);
            }
        }
        output.watermark(watermark);
        Ok(Progress::Done)
    }

    fn processing_time(
        &mut self,
        now: ProcessingTime,
        output: &mut Output,
        operator: &mut OperatorContext,
    ) -> Result<Progress> {
        if !self.event_time {
            if self.fire(operator.due_by(now), now, output, operator)? == Progress::More {
                return Ok(Progress::More);
            }
            if let Some(next) = self.timers.next_time() {
                operator.wake_for_timer(ProcessingTime::from_millis(next));
            }
        }
        Ok(Progress::Done)
    }

    fn keyed_state_size(&mut self) -> Option<StateSize> {
        let timers = self.timers.timers(&mut self.key_states.holds).len();
        Some(StateSize {
            keys: self.keys.len(),
            entries: self.panes.len() + self.key_states.len(),
            event_time_timers: if self.event_time { timers } else { 0 },
            processing_time_timers: if self.event_time { 0 } else { timers },
            bytes: self.keys.bytes() + self.panes.bytes() + self.timers.bytes() + self.key_states.bytes(),
        })
    }

    fn snapshot_state(
        &mut self,
        checkpoint: hurtig_core::ids::CheckpointId,
        operator: &mut OperatorContext,
    ) -> Result<()> {
        let mut context = FunctionSnapshotContext::new(operator, checkpoint);
        self.contents.function.snapshot_state(&mut context)
    }

    fn notify_checkpoint_complete(&mut self, checkpoint: hurtig_core::ids::CheckpointId) -> Result<()> {
        self.contents.function.notify_checkpoint_complete(checkpoint)
    }

    fn notify_checkpoint_aborted(&mut self, checkpoint: hurtig_core::ids::CheckpointId) -> Result<()> {
        self.contents.function.notify_checkpoint_aborted(checkpoint)
    }

    fn close(&mut self) -> Result<()> {
        self.contents.function.close()
    }
}
