//! When a window fires: Flink's triggers, one match arm for each of their methods.
use super::assigner::Window;
use super::steps::Record;
use super::timers::TimeDomain::{EventTime, ProcessingTime};
use super::timers::{TimeDomain, Timer, Timers};

/// A trigger. Intervals and time-outs are in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// `EventTimeTrigger`: when the watermark reaches the window's last time, and for each element after it.
    EventTime,
    /// `ProcessingTimeTrigger`: when the clock reaches the window's last time.
    ProcessingTime,
    /// `CountTrigger`: after every so many elements.
    Count(i64),
    /// `DeltaTrigger`: for an element whose value is farther from the one that fired last than this.
    Delta(i64),
    /// `ContinuousEventTimeTrigger`: at every multiple of the interval, and as `EventTime` does.
    ContinuousEventTime(i64),
    /// `ContinuousProcessingTimeTrigger`.
    ContinuousProcessingTime(i64),
    /// `ProcessingTimeoutTrigger`: when the nested one fires; also at any timer of the window, of which one is
    /// set this long after its first element.
    ProcessingTimeout {
        /// What else fires.
        nested: Box<Trigger>,
        /// After how long.
        timeout: i64,
        /// Whether a new element sets the timer anew.
        reset_timer_on_new_record: bool,
        /// Whether the nested trigger starts afresh after a timer.
        should_clear_on_timeout: bool,
    },
    /// `PurgingTrigger`: as the nested one, and the window's contents go.
    Purging(Box<Trigger>),
    /// `NeverTrigger`, that of `GlobalWindows::create`.
    Never,
    /// `EndOfStreamTrigger`, that of `GlobalWindows::create_with_end_of_stream_trigger`.
    EndOfStream,
}

/// What a trigger says: Flink's `TriggerResult` without `PURGE`, which none of them says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TriggerResult {
    /// Nothing happens.
    Continue,
    /// The function sees the window.
    Fire,
    /// The function sees the window; then its contents go.
    FireAndPurge,
}

/// What triggers remember for a key and window, by the names of their states.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TriggerState {
    /// Of `CountTrigger`, a sum when windows merge.
    pub count: Option<i64>,
    /// Of the continuous triggers, the smaller one when windows merge.
    pub fire_time: Option<i64>,
    /// Of `ProcessingTimeoutTrigger`.
    pub timeout: Option<i64>,
    /// Of `DeltaTrigger`.
    pub last_element: Option<i64>,
}

/// What a trigger can see and reach: Flink's `TriggerContext`.
pub struct TriggerContext<'a> {
    /// Of which key.
    pub key: u8,
    /// Of which window.
    pub window: Window,
    /// The watermark.
    pub watermark: i64,
    /// The clock.
    pub clock: i64,
    /// The timer that ends the window.
    pub cleanup: (TimeDomain, i64),
    /// The state of this key and window.
    pub state: &'a mut TriggerState,
    /// All timers.
    pub timers: &'a mut Timers,
}

impl TriggerContext<'_> {
    /// Sets a timer for this key and window.
    pub fn register(&mut self, domain: TimeDomain, time: i64) {
        self.timers.register(domain, Timer { time, key: self.key, window: self.window });
    }

    /// Deletes a timer of this key and window. The one that ends it stays.
    pub fn delete(&mut self, domain: TimeDomain, time: i64) {
        let timer = Timer { time, key: self.key, window: self.window };
        if (domain, time) == self.cleanup {
            self.timers.silence(domain, timer);
        } else {
            self.timers.delete(domain, timer);
        }
    }

    /// The next time for a continuous trigger, not beyond the window.
    fn register_next(&mut self, domain: TimeDomain, time: i64, interval: i64) {
        let next = (time + interval).min(self.window.max_timestamp());
        let first = self.state.fire_time.map_or(next, |already| already.min(next));
        self.state.fire_time = Some(first);
        self.register(domain, next);
    }
}

impl Trigger {
    /// An element was added to the window.
    pub fn on_element(&self, record: Record, context: &mut TriggerContext<'_>) -> TriggerResult {
        let end = context.window.max_timestamp();
        match self {
            Trigger::EventTime if end <= context.watermark => return TriggerResult::Fire,
            Trigger::EventTime | Trigger::EndOfStream => context.register(EventTime, end),
            Trigger::ProcessingTime => context.register(ProcessingTime, end),
            Trigger::Count(max_count) => {
                let count = context.state.count.unwrap_or(0) + 1;
                context.state.count = (count < *max_count).then_some(count);
                if count >= *max_count {
                    return TriggerResult::Fire;
                }
            }
            Trigger::Delta(threshold) => match context.state.last_element {
                Some(last) if (last - record.value).abs() <= *threshold => {}
                last => {
                    context.state.last_element = Some(record.value);
                    if last.is_some() {
                        return TriggerResult::Fire;
                    }
                }
            },
            Trigger::ContinuousEventTime(_) if end <= context.watermark => return TriggerResult::Fire,
            Trigger::ContinuousEventTime(interval) => {
                context.register(EventTime, end);
                if context.state.fire_time.is_none() {
                    // As in Java the remainder has the sign of the time: before 1970 this rounds up.
                    let start = record.timestamp - record.timestamp % interval;
                    context.register_next(EventTime, start, *interval);
                }
            }
            Trigger::ContinuousProcessingTime(interval) => {
                if context.state.fire_time.is_none() {
                    let start = context.clock - context.clock % interval;
                    context.register_next(ProcessingTime, start, *interval);
                }
            }
            Trigger::ProcessingTimeout { nested, timeout, reset_timer_on_new_record, .. } => {
                let result = nested.on_element(record, context);
                if result != TriggerResult::Continue {
                    self.clear(context);
                    return result;
                }
                if *reset_timer_on_new_record && let Some(time) = context.state.timeout.take() {
                    context.delete(ProcessingTime, time);
                }
                if context.state.timeout.is_none() {
                    let time = context.clock + timeout;
                    context.state.timeout = Some(time);
                    context.register(ProcessingTime, time);
                }
            }
            Trigger::Purging(nested) => return purging(nested.on_element(record, context)),
            Trigger::Never => {}
        }
        TriggerResult::Continue
    }

    /// A timer of the window came due, whoever set it.
    pub fn on_timer(&self, domain: TimeDomain, time: i64, context: &mut TriggerContext<'_>) -> TriggerResult {
        let at_end = time == context.window.max_timestamp();
        match (self, domain) {
            (Trigger::EventTime | Trigger::EndOfStream, EventTime) if at_end => TriggerResult::Fire,
            // At whatever time.
            (Trigger::ProcessingTime, ProcessingTime) => TriggerResult::Fire,
            (Trigger::ContinuousEventTime(_), EventTime)
            | (Trigger::ContinuousProcessingTime(_), ProcessingTime)
                if at_end =>
            {
                TriggerResult::Fire
            }
            (Trigger::ContinuousEventTime(interval), EventTime)
            | (Trigger::ContinuousProcessingTime(interval), ProcessingTime)
                if context.state.fire_time == Some(time) =>
            {
                context.state.fire_time = None;
                context.register_next(domain, time, *interval);
                TriggerResult::Fire
            }
            (Trigger::ProcessingTimeout { nested, should_clear_on_timeout, .. }, _) => {
                let result = nested.on_timer(domain, time, context);
                if *should_clear_on_timeout {
                    self.clear(context);
                }
                if result == TriggerResult::FireAndPurge { result } else { TriggerResult::Fire }
            }
            (Trigger::Purging(nested), _) => purging(nested.on_timer(domain, time, context)),
            _ => TriggerResult::Continue,
        }
    }

    /// Windows became this one: takes over what is in their states and is shared.
    pub fn on_merge(&self, merged: &mut [TriggerState], context: &mut TriggerContext<'_>) {
        let end = context.window.max_timestamp();
        match self {
            Trigger::EventTime if end > context.watermark => context.register(EventTime, end),
            Trigger::ProcessingTime if end > context.clock => context.register(ProcessingTime, end),
            Trigger::Count(_) => {
                context.state.count =
                    merged.iter_mut().filter_map(|state| state.count.take()).reduce(|a, b| a + b);
            }
            Trigger::ContinuousEventTime(_) | Trigger::ContinuousProcessingTime(_) => {
                context.state.fire_time = merged.iter_mut().filter_map(|state| state.fire_time.take()).min();
                let domain =
                    if matches!(self, Trigger::ContinuousEventTime(_)) { EventTime } else { ProcessingTime };
                if let Some(time) = context.state.fire_time {
                    context.register(domain, time);
                }
            }
            Trigger::Purging(nested) => nested.on_merge(merged, context),
            _ => {}
        }
    }

    /// The window is gone: no state is left, and those timers that Flink deletes.
    pub fn clear(&self, context: &mut TriggerContext<'_>) {
        match self {
            Trigger::EventTime => context.delete(EventTime, context.window.max_timestamp()),
            Trigger::ProcessingTime => context.delete(ProcessingTime, context.window.max_timestamp()),
            Trigger::Count(_) => context.state.count = None,
            Trigger::Delta(_) => context.state.last_element = None,
            Trigger::ContinuousEventTime(_) => {
                if let Some(time) = context.state.fire_time.take() {
                    context.delete(EventTime, time);
                }
            }
            Trigger::ContinuousProcessingTime(_) => {
                if let Some(time) = context.state.fire_time.take() {
                    context.delete(ProcessingTime, time);
                }
            }
            Trigger::ProcessingTimeout { nested, .. } => {
                if let Some(time) = context.state.timeout.take() {
                    context.delete(ProcessingTime, time);
                }
                nested.clear(context);
            }
            Trigger::Purging(nested) => nested.clear(context),
            Trigger::Never | Trigger::EndOfStream => {}
        }
    }

    /// Whether it is made for windows that merge.
    pub fn can_merge(&self) -> bool {
        match self {
            Trigger::EventTime
            | Trigger::ProcessingTime
            | Trigger::Count(_)
            | Trigger::ContinuousEventTime(_)
            | Trigger::ContinuousProcessingTime(_) => true,
            Trigger::Purging(nested) => nested.can_merge(),
            Trigger::Delta(_) | Trigger::ProcessingTimeout { .. } | Trigger::Never | Trigger::EndOfStream => {
                false
            }
        }
    }

    /// The trigger without those around it that change what it says.
    pub fn innermost(&self) -> &Trigger {
        match self {
            Trigger::ProcessingTimeout { nested, .. } | Trigger::Purging(nested) => nested.innermost(),
            trigger => trigger,
        }
    }
}

fn purging(result: TriggerResult) -> TriggerResult {
    if result == TriggerResult::Fire { TriggerResult::FireAndPurge } else { result }
}
