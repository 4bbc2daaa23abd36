//! Flink's window operator for one instance: elements, watermarks and a clock in, firings out.
//!
//! It is written to be believed, not to be fast: panes are a list, searched from its front, and a window that
//! fires copies its elements. It was compared with Flink 2.3's own operator in Flink's harness ([`Due::At`]) on
//! two hundred thousand scripts of [`cases`](super::cases).
//!
//! In four corners it does what Flink does not. Where an allowed lateness reaches beyond the end of time Flink's
//! sessions cannot merge, and its elements without a window all count as late. And Flink forgets a session's
//! elements when, with dynamic gaps, a new element's own window is exactly what the session has grown to: it
//! then maps the window to an empty state. And there a trigger that deletes its timer of the window's last moment
//! deletes with it the one that would end the window, which then stays, and whatever other timers it has may
//! still fire it; here it ends, without the trigger being asked.
use super::assigner::{Assigner, Window};
use super::evictor::{Evictor, When};
use super::outcome::{Cause, Element, Firing, Outcome};
use super::steps::{Record, Step};
use super::timers::{TimeDomain, Timer, Timers};
use super::trigger::{Trigger, TriggerContext, TriggerResult, TriggerState};

/// When a processing-time timer is due. Flink's is due when the clock is past its time, as the watermark t says
/// that there is nothing more *up to* t; in its test harness it is due when the clock is at its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// When the clock shows its time. One that is set then waits for the clock's next step.
    At,
    /// When the clock shows more.
    After,
}

/// What becomes of an element that is too late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Late {
    /// It is counted in `numLateRecordsDropped`.
    Drop,
    /// It goes to the side output.
    SideOutput,
}

/// What is windowed how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Windowing {
    /// Which windows an element belongs to.
    pub assigner: Assigner,
    /// When they fire.
    pub trigger: Trigger,
    /// What is taken out then.
    pub evictor: Option<Evictor>,
    /// How long after its end a window is kept, in milliseconds of event time.
    pub allowed_lateness: i64,
    /// What becomes of what comes even later.
    pub late: Late,
}

impl Windowing {
    /// Plays a script.
    pub fn run(&self, due: Due, script: &[Step]) -> Outcome {
        let mut operator = Operator {
            windowing: self,
            due,
            watermark: i64::MIN,
            clock: 0,
            step: 0,
            panes: Vec::new(),
            timers: Timers::default(),
            outcome: Outcome::default(),
        };
        for (step, what) in script.iter().enumerate() {
            operator.step = step;
            match *what {
                Step::Record(record) => operator.process_element(record),
                Step::Watermark(time) => operator.advance_watermark(time),
                Step::ProcessingTime(time) => operator.advance_clock(time),
                Step::End => operator.advance_watermark(i64::MAX),
            }
        }
        operator.outcome
    }

    /// When a window and all that belongs to it goes; at the end of time nothing does.
    fn cleanup_time(&self, window: Window) -> i64 {
        match self.assigner.domain() {
            TimeDomain::EventTime => window.max_timestamp().saturating_add(self.allowed_lateness),
            TimeDomain::ProcessingTime => window.max_timestamp(),
        }
    }

    /// The timer for that.
    fn cleanup(&self, window: Window) -> (TimeDomain, i64) {
        (self.assigner.domain(), self.cleanup_time(window))
    }
}

/// A key's window that is in flight.
struct Pane {
    key: u8,
    window: Window,
    elements: Vec<Element>,
    in_order: bool,
    trigger: TriggerState,
}

impl Pane {
    fn new(key: u8, window: Window) -> Pane {
        Pane { key, window, elements: Vec::new(), in_order: true, trigger: TriggerState::default() }
    }
}

struct Operator<'a> {
    windowing: &'a Windowing,
    due: Due,
    watermark: i64,
    clock: i64,
    step: usize,
    panes: Vec<Pane>,
    timers: Timers,
    outcome: Outcome,
}

impl Operator<'_> {
    fn process_element(&mut self, record: Record) {
        let merges = self.windowing.assigner.merges();
        let mut skipped = true;
        for window in self.windowing.assigner.windows(record, self.clock) {
            let window = if merges { self.add_session(record.key, window) } else { window };
            if self.is_window_late(window) {
                if merges {
                    self.panes.retain(|pane| (pane.key, pane.window) != (record.key, window));
                }
                continue;
            }
            skipped = false;
            let (step, pane) = (self.step, self.pane(record.key, window));
            let Record { value, timestamp, .. } = record;
            self.panes[pane].elements.push(Element { step, value, timestamp });
            let trigger = &self.windowing.trigger;
            let result = self.with_trigger(pane, |context| trigger.on_element(record, context));
            self.obey(pane, result, Cause::Element);
            self.register_cleanup(record.key, window);
        }
        if skipped && self.is_element_late(record) {
            self.outcome.late.push((self.step, record));
            self.outcome.num_late_records_dropped += usize::from(self.windowing.late == Late::Drop);
        }
    }

    fn advance_watermark(&mut self, time: i64) {
        self.watermark = self.watermark.max(time);
        while let Some(timer) = self.timers.pop_until(TimeDomain::EventTime, self.watermark) {
            self.on_timer(TimeDomain::EventTime, timer);
        }
    }

    fn advance_clock(&mut self, time: i64) {
        assert!(
            self.clock <= time,
            "the clock goes back from {} to {time} in step {}",
            self.clock,
            self.step
        );
        self.clock = time;
        let until = match self.due {
            Due::At => time,
            Due::After => time - 1,
        };
        while let Some(timer) = self.timers.pop_until(TimeDomain::ProcessingTime, until) {
            self.on_timer(TimeDomain::ProcessingTime, timer);
        }
    }

    fn on_timer(&mut self, domain: TimeDomain, timer: Timer) {
        let Timer { time, key, window } = timer;
        let is_heard = self.timers.is_heard(domain, timer);
        let in_flight = self.panes.iter().any(|pane| (pane.key, pane.window) == (key, window));
        if self.windowing.assigner.merges() && !in_flight {
            return; // A trigger left it behind when its window was merged.
        }
        let pane = self.pane(key, window);
        let trigger = &self.windowing.trigger;
        if is_heard {
            let result = self.with_trigger(pane, |context| trigger.on_timer(domain, time, context));
            self.obey(pane, result, Cause::Timer(time));
        }
        if domain == self.windowing.assigner.domain() && time == self.windowing.cleanup_time(window) {
            self.with_trigger(pane, |context| trigger.clear(context));
            self.panes.remove(pane);
        }
    }

    /// Fires and purges as the trigger says. A window without elements does not fire.
    fn obey(&mut self, pane: usize, result: TriggerResult, cause: Cause) {
        let pane = &mut self.panes[pane];
        if result != TriggerResult::Continue && !pane.elements.is_empty() {
            let mut evict = |when, elements: &mut Vec<Element>| {
                let Some(evictor) = self.windowing.evictor.filter(|evictor| evictor.when == when) else {
                    return;
                };
                self.outcome.ambiguous |= evictor.eviction.depends_on_order() && !pane.in_order;
                evictor.eviction.evict(elements);
            };
            evict(When::Before, &mut pane.elements);
            let elements = pane.elements.clone();
            evict(When::After, &mut pane.elements);
            let Pane { key, window, in_order, .. } = *pane;
            self.outcome.firings.push(Firing { step: self.step, cause, key, window, elements, in_order });
        }
        if result == TriggerResult::FireAndPurge {
            pane.elements.clear();
        }
        pane.in_order |= pane.elements.is_empty();
    }

    /// Puts a session among those of its key and returns what it is now part of.
    fn add_session(&mut self, key: u8, session: Window) -> Window {
        let joins = |pane: &Pane| pane.key == key && pane.window.touches(session);
        let result =
            self.panes.iter().filter(|pane| joins(pane)).fold(session, |all, pane| all.cover(pane.window));
        if self.panes.iter().any(|pane| (pane.key, pane.window) == (key, result)) {
            return result;
        }
        let (mut merged, others) = self.panes.drain(..).partition::<Vec<_>, _>(joins);
        self.panes = others;
        merged.sort_by_key(|pane| pane.window);
        let pane = self.pane(key, result);
        if merged.is_empty() {
            return result;
        }
        assert!(!self.is_window_late(result), "{result:?} holds windows that are not late");
        let trigger = &self.windowing.trigger;
        let mut states: Vec<_> = merged.iter_mut().map(|pane| std::mem::take(&mut pane.trigger)).collect();
        self.with_trigger(pane, |context| trigger.on_merge(&mut states, context));
        for (pane, state) in merged.iter_mut().zip(states) {
            pane.trigger = state;
        }
        let full = merged.iter().filter(|pane| !pane.elements.is_empty()).count();
        self.panes[pane].in_order = full <= 1 && merged.iter().all(|pane| pane.in_order);
        for mut old in merged {
            trigger.clear(&mut TriggerContext {
                key,
                window: old.window,
                watermark: self.watermark,
                clock: self.clock,
                cleanup: self.windowing.cleanup(old.window),
                state: &mut old.trigger,
                timers: &mut self.timers,
            });
            let time = self.windowing.cleanup_time(old.window);
            self.timers.delete(self.windowing.assigner.domain(), Timer { time, key, window: old.window });
            self.panes[pane].elements.append(&mut old.elements);
        }
        result
    }

    /// Where the pane is; there is a new one if there was none.
    fn pane(&mut self, key: u8, window: Window) -> usize {
        let found = self.panes.iter().position(|pane| (pane.key, pane.window) == (key, window));
        found.unwrap_or_else(|| {
            self.panes.push(Pane::new(key, window));
            self.panes.len() - 1
        })
    }

    fn with_trigger<R>(&mut self, pane: usize, ask: impl FnOnce(&mut TriggerContext<'_>) -> R) -> R {
        let pane = &mut self.panes[pane];
        ask(&mut TriggerContext {
            key: pane.key,
            window: pane.window,
            watermark: self.watermark,
            clock: self.clock,
            cleanup: self.windowing.cleanup(pane.window),
            state: &mut pane.trigger,
            timers: &mut self.timers,
        })
    }

    fn is_window_late(&self, window: Window) -> bool {
        self.windowing.assigner.domain() == TimeDomain::EventTime
            && self.windowing.cleanup_time(window) <= self.watermark
    }

    /// Not whether its windows are: an element may have none.
    fn is_element_late(&self, record: Record) -> bool {
        self.windowing.assigner.domain() == TimeDomain::EventTime
            && record.timestamp.saturating_add(self.windowing.allowed_lateness) <= self.watermark
    }

    fn register_cleanup(&mut self, key: u8, window: Window) {
        let time = self.windowing.cleanup_time(window);
        if time < i64::MAX {
            self.timers.register(self.windowing.assigner.domain(), Timer { time, key, window });
        }
    }
}
