//! What is done with an element, a timer, a window that is over. Knows no keys but their rows.
use std::marker::PhantomData;
use std::time::Duration;

use hurtig_core::{EventTime, Key, ProcessingTime, Result, TypeInformation};
use hurtig_state::RowId;
use hurtig_state::rows::RowTable;
use hurtig_state::timers::RowTimer;

use crate::context::OperatorContext;
use crate::keyed::TimeDomain;
use crate::metrics::Counter;
use crate::window::assigner::WindowAssigner;
use crate::window::contents::WindowContents;
use crate::window::function::WindowContext;
use crate::window::operator::WindowOptions;
use crate::window::sessions::OpenWindows;
use crate::window::table::{WindowRow, WindowTable};
use crate::window::trigger::{NO_TIMER, Trigger, TriggerContext, TriggerResult};
use crate::window::window::Window;

/// So few windows are near anyway.
const NEAR: usize = 1 << 15;

/// Windows looked at in one go for their time to live.
const SWEEP: usize = 4096;

/// When windows are over for good.
#[derive(Clone, Copy)]
struct Ends {
    by: TimeDomain,
    allowed_lateness: i64,
}

impl Ends {
    /// When the window is forgotten; `None`: never.
    #[inline]
    fn of<W: Window>(self, window: &W) -> Option<i64> {
        let last = window.max_timestamp().as_millis();
        let end = match self.by {
            TimeDomain::EventTime => last.saturating_add(self.allowed_lateness),
            TimeDomain::ProcessingTime => last,
        };
        (end != i64::MAX).then_some(end)
    }
}

/// Windows, their contents and their trigger.
pub struct WindowEngine<T, A: WindowAssigner<T>, G: Trigger<T, A::Window>, C> {
    assigner: A,
    trigger: G,
    /// What the windows hold.
    pub contents: C,
    options: WindowOptions,
    /// The windows.
    pub windows: WindowTable<A::Window, G::State>,
    open: OpenWindows,
    /// The window of a key that was used last, by the row of the key.
    recent: Vec<RowId>,
    assigned: Vec<A::Window>,
    /// The window of the element before.
    last: A::Window,
    near: Vec<RowId>,
    event_time: bool,
    ends: Ends,
    merging: bool,
    /// A session that grows keeps its timer, which is set anew when it fires too early.
    lazy: bool,
    dropped: Option<Counter>,
    swept: usize,
    /// When they are looked at for it next.
    sweep_at: Option<ProcessingTime>,
    types: PhantomData<fn(T)>,
}

impl<T, A, G, C> WindowEngine<T, A, G, C>
where
    T: TypeInformation,
    A: WindowAssigner<T>,
    G: Trigger<T, A::Window>,
{
    /// No windows yet.
    pub fn new(assigner: A, trigger: G, contents: C, options: WindowOptions) -> Self {
        let (event_time, merging) = (assigner.is_event_time(), assigner.is_merging());
        let at_the_end = trigger.fires_at_the_end_alone() == Some(TimeDomain::EventTime);
        let lazy = merging && event_time && at_the_end && options.allowed_lateness == 0;
        let by = if event_time { TimeDomain::EventTime } else { TimeDomain::ProcessingTime };
        let ends = Ends { by, allowed_lateness: options.allowed_lateness };
        WindowEngine {
            assigner,
            trigger,
            contents,
            options,
            windows: WindowTable::default(),
            open: OpenWindows::default(),
            recent: Vec::new(),
            assigned: Vec::new(),
            last: A::Window::of(EventTime::MIN, EventTime::MIN),
            near: Vec::new(),
            event_time,
            ends,
            merging,
            lazy,
            dropped: None,
            swept: 0,
            sweep_at: None,
            types: PhantomData,
        }
    }

    /// Registers metrics.
    pub fn open(&mut self, operator: &mut OperatorContext) {
        self.dropped = Some(operator.metrics.counter("numLateRecordsDropped"));
    }

    #[inline]
    fn is_window_late<O: TypeInformation>(
        &self,
        window: &A::Window,
        context: &WindowContext<'_, A::Window, O>,
    ) -> bool {
        self.event_time
            && self
                .ends
                .of(window)
                .is_some_and(|end| end <= context.operator.current_watermark().0.as_millis())
    }

    /// Looks at the windows that these keys used last.
    #[inline]
    pub fn touch<K: Key>(&mut self, keys: &[RowId])
    where
        C: WindowContents<T, K, A::Window>,
    {
        if self.windows.live() < NEAR {
            return;
        }
        self.near.clear();
        if self.merging {
            let open = |key: &RowId| self.open.of(*key).first().copied().unwrap_or(RowId::NONE);
            self.near.extend(keys.iter().map(open));
        } else {
            let recent = |key: &RowId| self.recent.get(key.place()).copied().unwrap_or(RowId::NONE);
            self.near.extend(keys.iter().map(recent));
        }
        std::hint::black_box(self.windows.touch(&self.near) + self.contents.touch(&self.near));
    }

    /// An element of a key.
    #[inline]
    pub fn on_element<K: Key>(
        &mut self,
        keys: &RowTable<K>,
        key: RowId,
        element: T,
        timestamp: Option<EventTime>,
        context: &mut WindowContext<'_, A::Window, C::Output>,
    ) -> Result<()>
    where
        C: WindowContents<T, K, A::Window>,
    {
        if !self.merging
            && let Some(window) = self.assigner.assign_one(&element, timestamp, context.now, &self.last)?
        {
            self.last = window.clone();
            if self.is_window_late(&window, context) {
                return self.is_late(element, timestamp, context);
            }
            return self.put(keys, key, window, element, timestamp, context);
        }
        let mut assigned = std::mem::take(&mut self.assigned);
        assigned.clear();
        let outcome = self.assigner.assign_windows(&element, timestamp, context.now, &mut assigned);
        let outcome = outcome.and_then(|()| {
            if self.merging {
                return match assigned.pop() {
                    Some(window) => self.merge_in(keys, key, window, element, timestamp, context),
                    None => self.is_late(element, timestamp, context),
                };
            }
            let last = assigned.iter().rposition(|window| !self.is_window_late(window, context));
            let Some(last) = last else { return self.is_late(element, timestamp, context) };
            for window in assigned.drain(..last) {
                if !self.is_window_late(&window, context) {
                    self.put(keys, key, window, element.clone(), timestamp, context)?;
                }
            }
            match assigned.drain(..).next() {
                Some(window) => self.put(keys, key, window, element, timestamp, context),
                None => Ok(()),
            }
        });
        self.assigned = assigned;
        outcome
    }

    /// No window takes the element. If it is late, and was not just between windows, it is counted or put out.
    #[cold]
    fn is_late<O: TypeInformation>(
        &mut self,
        element: T,
        timestamp: Option<EventTime>,
        context: &mut WindowContext<'_, A::Window, O>,
    ) -> Result<()> {
        let time = timestamp.unwrap_or(EventTime::MIN).as_millis();
        let over = time.saturating_add(self.options.allowed_lateness);
        if !self.event_time || over > context.operator.current_watermark().0.as_millis() {
            return Ok(());
        }
        match &self.options.late_output {
            Some(name) => {
                context.sides.collect(name, element, timestamp)?;
            }
            None => {
                if let Some(dropped) = &self.dropped {
                    dropped.add(1);
                }
            }
        }
        Ok(())
    }

    /// Into a window that does not merge.
    #[inline]
    fn put<K: Key>(
        &mut self,
        keys: &RowTable<K>,
        key: RowId,
        window: A::Window,
        element: T,
        timestamp: Option<EventTime>,
        context: &mut WindowContext<'_, A::Window, C::Output>,
    ) -> Result<()>
    where
        C: WindowContents<T, K, A::Window>,
    {
        let hint = self.recent.get(key.place()).copied().unwrap_or(RowId::NONE);
        let mut row = self.windows.find(key, &window, hint);
        if !row.is_some() {
            row = self.windows.insert(key, window, &mut context.window_states.holds)?;
            context.key_states.holds.hold(key);
        }
        if row != hint {
            if self.recent.len() <= key.place() {
                self.recent.resize(key.place() + 1, RowId::NONE);
            }
            self.recent[key.place()] = row;
        }
        self.add(keys, row, element, timestamp, context)
    }

    /// Into a window that may merge with others of its key.
    fn merge_in<K: Key>(
        &mut self,
        keys: &RowTable<K>,
        key: RowId,
        window: A::Window,
        element: T,
        timestamp: Option<EventTime>,
        context: &mut WindowContext<'_, A::Window, C::Output>,
    ) -> Result<()>
    where
        C: WindowContents<T, K, A::Window>,
    {
        let mut cover = window.clone();
        let mut target = RowId::NONE;
        let mut others = Vec::new();
        for &row in self.open.of(key) {
            let Some(open) = self.windows.rows.get(row.0) else { continue };
            if open.window.intersects(&window) {
                cover = cover.cover(&open.window);
                if target.is_some() {
                    others.push(row);
                } else {
                    target = row;
                }
            }
        }
        if !target.is_some() {
            if self.is_window_late(&window, context) {
                return self.is_late(element, timestamp, context);
            }
            target = self.windows.insert_apart(key, window, &mut context.window_states.holds)?;
            context.key_states.holds.hold(key);
            self.open.add(key, target);
        } else if self.windows.rows.get(target.0).is_some_and(|held| held.window != cover) {
            self.grow(key, target, others, cover, context)?;
        }
        self.add(keys, target, element, timestamp, context)
    }

    /// `target` and `others` become one window.
    fn grow<K: Key>(
        &mut self,
        key: RowId,
        target: RowId,
        others: Vec<RowId>,
        cover: A::Window,
        context: &mut WindowContext<'_, A::Window, C::Output>,
    ) -> Result<()>
    where
        C: WindowContents<T, K, A::Window>,
    {
        if self.lazy && others.is_empty() {
            if let Some(held) = self.windows.rows.get_mut(target.0) {
                held.window = cover;
                // Its timer is set, and not later than its end.
                held.last = held.window.max_timestamp().as_millis();
            }
            return Ok(());
        }
        let mut states = Vec::with_capacity(1 + others.len());
        for &row in std::iter::once(&target).chain(&others) {
            let Some(held) = self.windows.rows.get_mut(row.0) else { continue };
            states.push(held.state.clone());
            held.ends = false;
            let window = held.window.clone();
            self.with_trigger(row, None, context, |trigger, _, state, context| {
                trigger.clear(&window, state, context)
            })?;
            self.delete_end(row, &window, context);
            if let Some(held) = self.windows.rows.get_mut(row.0) {
                held.state = G::State::default();
                held.last = NO_TIMER;
            }
        }
        for row in others {
            self.contents.merge(target, row, &mut context.window_states.holds)?;
            self.forget(key, row, context);
        }
        if let Some(held) = self.windows.rows.get_mut(target.0) {
            held.window = cover;
        }
        self.with_trigger(target, None, context, |trigger, window, state, context| {
            trigger.on_merge(window, state, states, context)
        })
    }

    /// Calls the trigger for a window. `fired`: the timer of event time that has just fired.
    #[inline]
    fn with_trigger<O, R>(
        &mut self,
        row: RowId,
        fired: Option<i64>,
        context: &mut WindowContext<'_, A::Window, O>,
        call: impl FnOnce(&G, &A::Window, &mut G::State, &mut TriggerContext<'_>) -> Result<R>,
    ) -> Result<R>
    where
        R: Default,
    {
        let WindowTable { rows, event, processing, .. } = &mut self.windows;
        let Some(WindowRow { window, state, last, last_domain, ends, .. }) = rows.get_mut(row.0) else {
            return Ok(R::default());
        };
        let mut about = TriggerContext {
            row,
            event,
            processing,
            holds: &mut context.window_states.holds,
            last,
            last_domain,
            fired,
            end: self.ends.of(window),
            ends_by: self.ends.by,
            ends,
            operator: context.operator,
            now: context.now,
        };
        call(&self.trigger, window, state, &mut about)
    }

    #[inline]
    fn add<K: Key>(
        &mut self,
        keys: &RowTable<K>,
        row: RowId,
        element: T,
        timestamp: Option<EventTime>,
        context: &mut WindowContext<'_, A::Window, C::Output>,
    ) -> Result<()>
    where
        C: WindowContents<T, K, A::Window>,
    {
        if self.options.ttl.is_some() {
            self.renew(row, timestamp, context)?;
        }
        let WindowTable { rows, event, processing, .. } = &mut self.windows;
        let Some(held) = rows.get_mut(row.0) else { return Ok(()) };
        held.take_back(row, &mut context.window_states.holds);
        let WindowRow { window, state, last, last_domain, ends, .. } = held;
        let mut about = TriggerContext {
            row,
            event,
            processing,
            holds: &mut context.window_states.holds,
            last,
            last_domain,
            fired: None,
            end: self.ends.of(window),
            ends_by: self.ends.by,
            ends,
            operator: context.operator,
            now: context.now,
        };
        let result = self.trigger.on_element(&element, timestamp, window, state, &mut about)?;
        let ends = *ends;
        self.contents.add(row, element, timestamp, &mut context.window_states.holds)?;
        if ends && result == TriggerResult::Continue {
            return Ok(());
        }
        self.after_add(keys, row, result, context)
    }

    fn after_add<K: Key>(
        &mut self,
        keys: &RowTable<K>,
        row: RowId,
        result: TriggerResult,
        context: &mut WindowContext<'_, A::Window, C::Output>,
    ) -> Result<()>
    where
        C: WindowContents<T, K, A::Window>,
    {
        self.act(keys, row, result, context)?;
        let ends = match self.windows.rows.get(row.0) {
            Some(held) if !held.ends && !held.dead => Some(self.ends.of(&held.window)),
            _ => None,
        };
        if let Some(end) = ends {
            self.set_end(row, end, context);
        }
        Ok(())
    }

    /// Sets the timer that ends the window.
    fn set_end<O>(&mut self, row: RowId, end: Option<i64>, context: &mut WindowContext<'_, A::Window, O>) {
        let Some(held) = self.windows.rows.get_mut(row.0) else { return };
        held.ends = true;
        let Some(end) = end else { return };
        let holds = &mut context.window_states.holds;
        if !self.event_time {
            self.windows.processing.set(RowTimer::new(end, row, 0), holds);
            context.operator.wake_for_timer(ProcessingTime::from_millis(end));
        } else if held.last != end || held.last_domain != TimeDomain::EventTime {
            self.windows.event.set(RowTimer::new(end, row, 0), holds);
        }
    }

    fn delete_end<O>(
        &mut self,
        row: RowId,
        window: &A::Window,
        context: &mut WindowContext<'_, A::Window, O>,
    ) {
        let Some(end) = self.ends.of(window) else { return };
        let holds = &mut context.window_states.holds;
        if self.event_time {
            self.windows.event.delete(RowTimer::new(end, row, 0), holds);
        } else {
            self.windows.processing.delete(RowTimer::new(end, row, 0), holds);
        }
    }

    /// Does what the trigger said.
    fn act<K: Key>(
        &mut self,
        keys: &RowTable<K>,
        row: RowId,
        result: TriggerResult,
        context: &mut WindowContext<'_, A::Window, C::Output>,
    ) -> Result<()>
    where
        C: WindowContents<T, K, A::Window>,
    {
        if result.is_fire() && !self.contents.is_empty(row) {
            self.turn_to(row, context);
            if let Some(key) = keys.key(context.key_row) {
                self.contents.fire(row, key, context)?;
            }
        }
        if result.is_purge() {
            self.contents.clear(row, &mut context.window_states.holds);
            self.let_go_if_empty(row, context);
        }
        Ok(())
    }

    /// A window without end goes when it holds nothing and its trigger remembers nothing. One that merges stays:
    /// elements to come would miss its span.
    fn let_go_if_empty<O: TypeInformation>(
        &mut self,
        row: RowId,
        context: &mut WindowContext<'_, A::Window, O>,
    ) {
        let Some(held) = self.windows.rows.get(row.0) else { return };
        let empty = held.state == G::State::default() && !self.merging;
        if empty && self.ends.of(&held.window).is_none() {
            self.windows.let_go(row, &mut context.window_states.holds);
        }
    }

    /// Takes a window off the books.
    fn forget<O>(&mut self, key: RowId, row: RowId, context: &mut WindowContext<'_, A::Window, O>) {
        if self.merging {
            self.open.remove(key, row);
        }
        self.windows.kill(row, &mut context.window_states.holds);
        context.key_states.holds.release(key);
    }

    fn turn_to<O>(&mut self, row: RowId, context: &mut WindowContext<'_, A::Window, O>) {
        if let Some(held) = self.windows.rows.get(row.0) {
            context.window = held.window.clone();
            context.timestamp = held.window.max_timestamp();
            // As in Flink, windows that merge have no state of their own: nobody could say what becomes of it.
            context.window_row = if self.merging { RowId::NONE } else { row };
            context.key_row = held.key;
        }
    }

    /// A timer of a window has come.
    pub fn on_timer<K: Key>(
        &mut self,
        domain: TimeDomain,
        timer: RowTimer,
        keys: &RowTable<K>,
        context: &mut WindowContext<'_, A::Window, C::Output>,
    ) -> Result<()>
    where
        C: WindowContents<T, K, A::Window>,
    {
        let RowTimer { row, time, .. } = timer;
        let of_event_time = domain == TimeDomain::EventTime;
        let Some(held) = self.windows.rows.get_mut(row.0).filter(|held| !held.dead) else { return Ok(()) };
        if self.lazy && of_event_time {
            let end = held.window.max_timestamp().as_millis();
            if time < end {
                // It has grown since the timer was set.
                held.last = end;
                self.windows.event.set(RowTimer::new(end, row, 0), &mut context.window_states.holds);
                return Ok(());
            }
        }
        if (held.last, held.last_domain) == (time, domain) {
            held.last = NO_TIMER;
        }
        let is_over = self.ends.by == domain && self.ends.of(&held.window) == Some(time);
        if is_over && !held.ends {
            // The trigger has deleted its timer of this time, and is not asked.
            return self.end(row, of_event_time.then_some(time), context);
        }
        let result = self.with_trigger(
            row,
            of_event_time.then_some(time),
            context,
            |trigger, window, state, context| {
                if of_event_time {
                    trigger.on_event_time(EventTime::from_millis(time), window, state, context)
                } else {
                    trigger.on_processing_time(ProcessingTime::from_millis(time), window, state, context)
                }
            },
        )?;
        if let Some(held) = self.windows.rows.get_mut(row.0).filter(|held| held.state != G::State::default())
        {
            held.take_back(row, &mut context.window_states.holds);
        }
        self.act(keys, row, result, context)?;
        if is_over {
            self.end(row, of_event_time.then_some(time), context)?;
        }
        Ok(())
    }

    /// A window is over: all of it is forgotten.
    fn end<K: Key>(
        &mut self,
        row: RowId,
        fired: Option<i64>,
        context: &mut WindowContext<'_, A::Window, C::Output>,
    ) -> Result<()>
    where
        C: WindowContents<T, K, A::Window>,
    {
        self.turn_to(row, context);
        let key = context.key_row;
        self.contents.clear(row, &mut context.window_states.holds);
        self.with_trigger(row, fired, context, |trigger, window, state, context| {
            trigger.clear(window, state, context)
        })?;
        self.contents.close_window(context)?;
        context.window_states.clear_row(row);
        self.forget(key, row, context);
        Ok(())
    }

    /// Whether windows have a time to live.
    pub fn has_ttl(&self) -> bool {
        self.options.ttl.is_some()
    }

    /// A window is written to; if its time was over, it begins anew.
    #[cold]
    fn renew<K: Key>(
        &mut self,
        row: RowId,
        timestamp: Option<EventTime>,
        context: &mut WindowContext<'_, A::Window, C::Output>,
    ) -> Result<()>
    where
        C: WindowContents<T, K, A::Window>,
    {
        let Some(ttl) = self.options.ttl else { return Ok(()) };
        context.window_states.time.event = timestamp.unwrap_or(context.operator.current_watermark().0);
        let time = context.window_states.time;
        let Some(held) = self.windows.rows.get(row.0) else { return Ok(()) };
        let stamp = held.stamp;
        if stamp != i64::MIN && ttl.is_over(stamp, &time) {
            self.turn_to(row, context);
            self.contents.clear(row, &mut context.window_states.holds);
            self.with_trigger(row, None, context, |trigger, window, state, context| {
                trigger.clear(window, state, context)
            })?;
            self.contents.close_window(context)?;
            context.window_states.clear_row(row);
        }
        if let Some(held) = self.windows.rows.get_mut(row.0) {
            held.stamp = ttl.renewed(stamp, &time);
        }
        Ok(())
    }

    /// Some records were processed.
    pub fn after_records<K: Key>(
        &mut self,
        records: usize,
        context: &mut WindowContext<'_, A::Window, C::Output>,
    ) -> Result<()>
    where
        C: WindowContents<T, K, A::Window>,
    {
        let Some(ttl) = self.options.ttl else { return Ok(()) };
        self.sweep_some(records * ttl.per_record(), context)?;
        self.plan_sweep(false, context);
        Ok(())
    }

    /// Time has passed: drops windows that nobody has written to for too long.
    pub fn sweep<K: Key>(&mut self, context: &mut WindowContext<'_, A::Window, C::Output>) -> Result<()>
    where
        C: WindowContents<T, K, A::Window>,
    {
        let more = self.sweep_some(SWEEP, context)?;
        self.plan_sweep(more, context);
        Ok(())
    }

    /// Asks to be woken to look at windows, while there are any.
    fn plan_sweep<O>(&mut self, soon: bool, context: &mut WindowContext<'_, A::Window, O>) {
        let Some(ttl) = self.options.ttl.filter(|_| self.windows.live() > 0) else { return };
        let pause = if soon { 1 } else { ttl.pause_millis() };
        let at = context.now + Duration::from_millis(pause);
        let planned = self.sweep_at.filter(|planned| *planned > context.now);
        let at = planned.map_or(at, |planned| planned.min(at));
        self.sweep_at = Some(at);
        context.operator.wake_at(at);
    }

    fn sweep_some<K: Key>(
        &mut self,
        budget: usize,
        context: &mut WindowContext<'_, A::Window, C::Output>,
    ) -> Result<bool>
    where
        C: WindowContents<T, K, A::Window>,
    {
        let Some(ttl) = self.options.ttl else { return Ok(false) };
        for _ in 0..budget {
            if self.swept >= self.windows.rows.places() {
                self.swept = 0;
                return Ok(false);
            }
            let row = RowId(self.swept as u32);
            self.swept += 1;
            let Some(held) = self.windows.rows.get(row.0).filter(|held| !held.dead) else { continue };
            if ttl.is_gone(held.stamp, &context.window_states.time) {
                let window = held.window.clone();
                self.end(row, None, context)?;
                self.delete_end(row, &window, context);
                // What has no end may wait for that of the stream.
                let at_the_end = RowTimer::new(i64::MAX, row, 0);
                self.windows.event.delete(at_the_end, &mut context.window_states.holds);
            }
        }
        Ok(true)
    }

    /// Gives the memory back, when there is no key.
    pub fn reset<K: Key>(&mut self)
    where
        C: WindowContents<T, K, A::Window>,
    {
        self.contents.reset();
        self.open.reset();
        self.recent = Vec::new();
    }
}
