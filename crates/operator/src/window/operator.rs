//! The window operator: elements into windows, triggers, firing, clean-up. Flink's `WindowOperator`.
use std::marker::PhantomData;

use hurtig_core::{EventTime, Key, ProcessingTime, Result, TypeInformation, Watermark};
use hurtig_state::keyed::StateSize;
use hurtig_state::rows::RowTable;
use hurtig_state::ttl::StateTtlConfig;
use hurtig_state::{RowId, StateStore};

use crate::context::OperatorContext;
use crate::function::{FunctionSnapshotContext, RichFunction, open_function};
use crate::keyed::lookup::Lookup;
use crate::keyed::{CHUNK, TimeDomain};
use crate::operator::{Input, Operator, Progress};
use crate::output::Output;
use crate::route::SelectKey;
use crate::window::assigner::WindowAssigner;
use crate::window::contents::WindowContents;
use crate::window::engine::WindowEngine;
use crate::window::function::WindowContext;
use crate::window::trigger::Trigger;
use crate::window::window::Window;

/// What the user said of windows besides assigner, trigger and function.
#[derive(Clone, Debug, Default)]
pub struct WindowOptions {
    /// For how many milliseconds after its end a window still takes late elements.
    pub allowed_lateness: i64,
    /// The side output that gets what comes later still.
    pub late_output: Option<String>,
    /// Windows that nobody has written to for so long are dropped.
    pub ttl: Option<StateTtlConfig>,
}

/// Puts elements into windows by key, and puts out what becomes of them.
pub struct WindowOperator<T, S, A, G, C>
where
    S: SelectKey<T>,
    A: WindowAssigner<T>,
    G: Trigger<T, A::Window>,
{
    selector: S,
    lookup: Lookup,
    keys: RowTable<S::Key>,
    key_states: StateStore,
    window_states: StateStore,
    engine: WindowEngine<T, A, G, C>,
    types: PhantomData<fn(T)>,
}

impl<T, S, A, G, C> WindowOperator<T, S, A, G, C>
where
    T: TypeInformation,
    S: SelectKey<T>,
    A: WindowAssigner<T>,
    G: Trigger<T, A::Window>,
    C: WindowContents<T, S::Key, A::Window>,
{
    /// The operator of `contents` over the windows of `assigner`, fired by `trigger`.
    pub fn new(selector: S, assigner: A, trigger: G, contents: C, options: WindowOptions) -> Self {
        WindowOperator {
            selector,
            lookup: Lookup::default(),
            keys: RowTable::default(),
            key_states: StateStore::default(),
            window_states: StateStore::default(),
            engine: WindowEngine::new(assigner, trigger, contents, options),
            types: PhantomData,
        }
    }

    fn fire(
        &mut self,
        domain: TimeDomain,
        until: i64,
        now: ProcessingTime,
        output: &mut Output,
        operator: &mut OperatorContext,
    ) -> Result<Progress> {
        let WindowOperator { keys, key_states, window_states, engine, .. } = self;
        let mut context = context::<A::Window, C::Output>(key_states, window_states, output, operator, now)?;
        loop {
            if context.collector.is_full() {
                return Ok(Progress::More);
            }
            let queue = match domain {
                TimeDomain::EventTime => &mut engine.windows.event,
                TimeDomain::ProcessingTime => &mut engine.windows.processing,
            };
            let Some(timer) = queue.pop_due(until, &mut context.window_states.holds) else { break };
            engine.on_timer(domain, timer, keys, &mut context)?;
            context.window_states.holds.release(timer.row);
        }
        drop(context);
        self.collect();
        Ok(Progress::Done)
    }

    /// Gives up windows and keys that are gone.
    fn collect(&mut self) {
        let WindowOperator { engine, window_states, key_states, .. } = self;
        engine.windows.collect(&mut window_states.holds, |key| key_states.holds.release(key));
        if self.key_states.holds.has_released() {
            let keys = &mut self.keys;
            self.key_states.holds.give_up(|row| {
                keys.remove(row);
            });
            if self.keys.is_empty() {
                self.key_states.reset();
                self.engine.reset::<S::Key>();
                // Windows that are gone may still be held by timers, which must not meet those that follow.
                if self.engine.windows.rows.is_empty() {
                    self.window_states.reset();
                }
            }
        }
    }
}

pub(super) fn context<'a, W: Window, O: TypeInformation>(
    key_states: &'a mut StateStore,
    window_states: &'a mut StateStore,
    output: &'a mut Output,
    operator: &'a mut OperatorContext,
    now: ProcessingTime,
) -> Result<WindowContext<'a, W, O>> {
    let (collector, sides) = output.split()?;
    let watermark = operator.current_watermark();
    for states in [&mut *key_states, &mut *window_states] {
        states.time.processing = now;
        states.time.watermark = watermark;
        states.time.event = watermark.0;
    }
    Ok(WindowContext {
        window: W::of(EventTime::MIN, EventTime::MIN),
        timestamp: EventTime::MIN,
        now,
        collector,
        sides,
        operator,
        window_row: RowId::NONE,
        window_states,
        key_row: RowId::NONE,
        key_states,
    })
}

impl<T, S, A, G, C> Operator for WindowOperator<T, S, A, G, C>
where
    T: TypeInformation,
    S: SelectKey<T>,
    A: WindowAssigner<T>,
    G: Trigger<T, A::Window>,
    C: WindowContents<T, S::Key, A::Window>,
{
    fn open(&mut self, operator: &mut OperatorContext) -> Result<()> {
        self.engine.open(operator);
        let function = self.engine.contents.function();
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
        let mut full = false;
        while left > 0 && !full && !input.batch.is_empty() {
            let WindowOperator { selector, lookup, keys, key_states, window_states, engine, .. } = self;
            let found = lookup.look_up_keys::<T, S>(&input.batch, left.min(CHUNK), selector, keys)?;
            engine.touch(lookup.rows());
            let mut context =
                context::<A::Window, C::Output>(key_states, window_states, output, operator, now)?;
            let mut rows = input.batch.cursor::<T>(found)?;
            let mut taken = 0;
            full = context.collector.is_full();
            while !full {
                let Some((element, timestamp)) = rows.next() else { break };
                let (hash, mut key) = lookup.at(taken);
                taken += 1;
                if !key.is_some() {
                    key = selector.with_key(&element, |wanted| {
                        let present = keys.find(hash, |present| present.key_eq(wanted));
                        if present.is_some() { Ok(present) } else { keys.insert(hash, wanted.clone()) }
                    })?;
                    context.key_states.holds.doubt(key);
                }
                engine.on_element(keys, key, element, timestamp, &mut context)?;
                full = context.collector.is_full();
            }
            engine.after_records(taken, &mut context)?;
            drop(context);
            self.collect();
            left -= taken;
        }
        Ok(Progress::Done)
    }

    fn watermark(
        &mut self,
        watermark: Watermark,
        output: &mut Output,
        operator: &mut OperatorContext,
    ) -> Result<Progress> {
        let now = operator.host.processing_time();
        if self.fire(TimeDomain::EventTime, watermark.0.as_millis(), now, output, operator)? == Progress::More
        {
            return Ok(Progress::More);
        }
        self.sweep(now, output, operator)?;
        output.watermark(watermark);
        Ok(Progress::Done)
    }

    fn processing_time(
        &mut self,
        now: ProcessingTime,
        output: &mut Output,
        operator: &mut OperatorContext,
    ) -> Result<Progress> {
        // A timer fires when its time is over, as a watermark says that it is: one of the last moment of a
        // window must not fire before all elements of that moment have come.
        let until = operator.due_by(now);
        if self.fire(TimeDomain::ProcessingTime, until, now, output, operator)? == Progress::More {
            return Ok(Progress::More);
        }
        self.sweep(now, output, operator)?;
        if let Some(next) = self.engine.windows.processing.next_time() {
            operator.wake_for_timer(ProcessingTime::from_millis(next));
        }
        Ok(Progress::Done)
    }

    fn keyed_state_size(&mut self) -> Option<StateSize> {
        let WindowOperator { keys, key_states, window_states, engine, .. } = self;
        let holds = &mut window_states.holds;
        Some(StateSize {
            keys: keys.len(),
            entries: engine.windows.live() + engine.contents.held() + key_states.len(),
            event_time_timers: engine.windows.event.timers(holds).len(),
            processing_time_timers: engine.windows.processing.timers(holds).len(),
            bytes: keys.bytes() + key_states.bytes() + engine.windows.bytes() + engine.contents.bytes(),
        })
    }

    fn snapshot_state(
        &mut self,
        checkpoint: hurtig_core::ids::CheckpointId,
        operator: &mut OperatorContext,
    ) -> Result<()> {
        let mut context = FunctionSnapshotContext::new(operator, checkpoint);
        self.engine.contents.function().snapshot_state(&mut context)
    }

    fn notify_checkpoint_complete(&mut self, checkpoint: hurtig_core::ids::CheckpointId) -> Result<()> {
        self.engine.contents.function().notify_checkpoint_complete(checkpoint)
    }

    fn notify_checkpoint_aborted(&mut self, checkpoint: hurtig_core::ids::CheckpointId) -> Result<()> {
        self.engine.contents.function().notify_checkpoint_aborted(checkpoint)
    }

    fn close(&mut self) -> Result<()> {
        self.engine.contents.function().close()
    }
}

impl<T, S, A, G, C> WindowOperator<T, S, A, G, C>
where
    T: TypeInformation,
    S: SelectKey<T>,
    A: WindowAssigner<T>,
    G: Trigger<T, A::Window>,
    C: WindowContents<T, S::Key, A::Window>,
{
    fn sweep(
        &mut self,
        now: ProcessingTime,
        output: &mut Output,
        operator: &mut OperatorContext,
    ) -> Result<()> {
        if self.engine.has_ttl() {
            let WindowOperator { key_states, window_states, engine, .. } = self;
            let mut context =
                context::<A::Window, C::Output>(key_states, window_states, output, operator, now)?;
            engine.sweep(&mut context)?;
            drop(context);
            self.collect();
        }
        Ok(())
    }
}
