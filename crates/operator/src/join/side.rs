//! One side of an interval join: takes its records, finds their partners, and forgets what can have none.
use hurtig_core::{Error, EventTime, Result, TypeInformation, Watermark};
use hurtig_state::columns::sorted::{Cursor, Element, SortedColumn};
use hurtig_state::keyed::KeyedStates;
use hurtig_state::rows::RowHolds;
use hurtig_state::store::StateId;
use hurtig_state::timers::{RowTimer, TimerQueue};
use hurtig_state::{RowId, StateStore};

use crate::context::OperatorContext;
use crate::join::context::JoinContext;
use crate::keyed::CHUNK;
use crate::keyed::lookup::Lookup;
use crate::metrics::Counter;
use crate::operator::{Input, Progress};
use crate::output::Output;
use crate::process::OutputTag;
use crate::route::SelectKey;

/// How the sides are told apart, in timers and messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The first input.
    Left,
    /// The second input.
    Right,
}

/// What a side looks for. Times are in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Search {
    pub(super) which: Which,
    /// How long after a record its partners are, both included.
    pub(super) lower: i64,
    pub(super) upper: i64,
    /// Whether records that find no partner come out alone.
    pub(super) keeps: bool,
}

/// One side.
pub(super) struct Side<T, S> {
    search: Search,
    selector: S,
    lookup: Lookup,
    buffer: StateId,
    /// A record that has not met all its partners yet, as the output was full.
    half_way: Option<Probe<T>>,
    /// Where records go that come too late.
    late: Option<OutputTag<T>>,
    late_dropped: Option<Counter>,
}

/// What a side must know of the other.
#[derive(Clone, Copy)]
pub(super) struct Partner {
    buffer: StateId,
    /// Whether those that find a partner are to be remembered.
    keeps: bool,
}

/// A record on its way through the other side's buffer.
struct Probe<T> {
    row: RowId,
    /// Marked once it has found a partner.
    element: Element<T>,
    next: Cursor,
}

impl<T: TypeInformation, S: SelectKey<T>> Side<T, S> {
    pub(super) fn new(search: Search, selector: S, late: Option<OutputTag<T>>) -> Self {
        Side {
            search,
            selector,
            lookup: Lookup::default(),
            buffer: StateId::NONE,
            half_way: None,
            late,
            late_dropped: None,
        }
    }

    pub(super) fn open(&mut self, store: &mut StateStore, operator: &OperatorContext) -> Result<()> {
        let name = format!("{}-buffer", self.search.which.name());
        self.buffer = store.sorted::<T>(&name)?;
        self.late_dropped = Some(operator.metrics.counter("numLateRecordsDropped"));
        Ok(())
    }

    pub(super) fn partner(&self) -> Partner {
        Partner { buffer: self.buffer, keeps: self.search.keeps }
    }

    /// Takes records off the front of the input, gives each with each partner that is there to `join`, and
    /// buffers it for those to come.
    pub(super) fn take<U, O>(
        &mut self,
        partner: Partner,
        states: &mut KeyedStates<S::Key>,
        input: &mut Input,
        (output, operator): (&mut Output, &OperatorContext),
        mut join: impl FnMut(&Element<T>, &Element<U>, &mut JoinContext<'_, O>) -> Result<()>,
    ) -> Result<Progress>
    where
        U: TypeInformation,
        O: TypeInformation,
    {
        let mut context = JoinContext::new(output, operator)?;
        if let Some(probe) = self.half_way.take() {
            let mut buffers = Buffers::of(self, partner, states)?;
            self.half_way = buffers.join(probe, &mut context, &mut join)?;
        }
        let mut left = input.limit;
        while self.half_way.is_none() && left > 0 && !context.is_full() && !input.batch.is_empty() {
            let count = left.min(CHUNK);
            let found = self.lookup.claim::<T, S>(&input.batch, count, &self.selector, states)?;
            let mut buffers = Buffers::of(self, partner, states)?;
            let mut rows = input.batch.cursor::<T>(found)?;
            for &row in self.lookup.rows() {
                if context.is_full() || self.half_way.is_some() {
                    break;
                }
                let Some((value, timestamp)) = rows.next() else { break };
                left -= 1;
                let time = self.time_of(timestamp)?;
                if is_late(time, context.current_watermark()) {
                    self.drop_late(value, time, &mut context)?;
                    continue;
                }
                let element = Element { time: time.as_millis(), marked: false, value };
                let next = buffers.first_partner(row, element.time);
                self.half_way = buffers.join(Probe { row, element, next }, &mut context, &mut join)?;
            }
            // A record that is half-way has a partner, which holds their row.
            states.collect();
        }
        Ok(if self.half_way.is_some() { Progress::More } else { Progress::Done })
    }

    #[inline]
    fn time_of(&self, timestamp: Option<EventTime>) -> Result<EventTime> {
        timestamp.filter(|&time| time != EventTime::MIN).ok_or_else(|| no_timestamp(self.search.which))
    }

    #[cold]
    fn drop_late<O: TypeInformation>(
        &self,
        value: T,
        time: EventTime,
        context: &mut JoinContext<'_, O>,
    ) -> Result<()> {
        match &self.late {
            Some(tag) => context.output_at(tag, value, time),
            None => {
                self.late_dropped.iter().for_each(|dropped| dropped.add(1));
                Ok(())
            }
        }
    }

    /// The watermark has come to `until`: forgets the row's records that can find no partner any more, and gives
    /// those to `alone` that are to come out and have found none.
    pub(super) fn expire<O: TypeInformation>(
        &self,
        row: RowId,
        until: i64,
        states: &mut KeyedStates<S::Key>,
        context: &mut JoinContext<'_, O>,
        mut alone: impl FnMut(&Element<T>, &mut JoinContext<'_, O>) -> Result<()>,
    ) -> Result<Progress> {
        // At the end of time nothing waits any more.
        let until = if until == i64::MAX { until } else { until.saturating_sub(self.search.wait()) };
        let (buffer, _, holds) = states.store.column::<SortedColumn<T>>(self.buffer)?;
        while !context.is_full() {
            let Some(element) = buffer.pop_until(row, until, holds) else {
                if let Some(first) = buffer.first_time(row) {
                    states.event_timers.set(self.search.timer(row, first), holds);
                }
                return Ok(Progress::Done);
            };
            if self.search.keeps && !element.marked {
                alone(&element, context)?;
            }
        }
        Ok(Progress::More)
    }
}

impl Search {
    /// How long after its own time a record may still find a partner.
    fn wait(&self) -> i64 {
        self.upper.max(0)
    }

    /// How long after its own time a record may come out alone.
    pub(super) fn delay(&self) -> i64 {
        if self.keeps { self.wait() } else { 0 }
    }

    /// When the row's record of this time can find no partner any more. One timer stands for all records of the
    /// row: that of the first.
    fn timer(&self, row: RowId, time: i64) -> RowTimer {
        RowTimer::new(time.saturating_add(self.wait()), row, self.which as u16)
    }
}

impl Which {
    fn name(self) -> &'static str {
        match self {
            Which::Left => "left",
            Which::Right => "right",
        }
    }
}

/// The buffers of both sides, as a record of one of them needs them.
struct Buffers<'a, T, U> {
    search: Search,
    marks: bool,
    own: &'a mut SortedColumn<T>,
    other: &'a mut SortedColumn<U>,
    holds: &'a mut RowHolds,
    timers: &'a mut TimerQueue,
}

impl<'a, T: TypeInformation, U: TypeInformation> Buffers<'a, T, U> {
    fn of<S: SelectKey<T>>(
        side: &Side<T, S>,
        partner: Partner,
        states: &'a mut KeyedStates<S::Key>,
    ) -> Result<Self> {
        let (own, other, holds) = states.store.pair(side.buffer, partner.buffer)?;
        let timers = &mut states.event_timers;
        Ok(Buffers { search: side.search, marks: partner.keeps, own, other, holds, timers })
    }

    #[inline]
    fn first_partner(&mut self, row: RowId, time: i64) -> Cursor {
        let Search { lower, upper, .. } = self.search;
        self.other.seek(row, time.saturating_add(lower), time.saturating_add(upper))
    }

    /// Brings a record together with the partners that it has not met yet, and buffers it. Gives it back if the
    /// output is full before.
    #[inline]
    fn join<O: TypeInformation>(
        &mut self,
        mut probe: Probe<T>,
        context: &mut JoinContext<'_, O>,
        join: &mut impl FnMut(&Element<T>, &Element<U>, &mut JoinContext<'_, O>) -> Result<()>,
    ) -> Result<Option<Probe<T>>> {
        let last = probe.element.time.saturating_add(self.search.upper);
        while let Some(partner) = self.other.get(&mut probe.next).filter(|partner| partner.time <= last) {
            if context.is_full() {
                return Ok(Some(probe));
            }
            join(&probe.element, partner, context)?;
            probe.element.marked = true;
            if self.marks && !partner.marked {
                self.other.mark(probe.next);
            }
            probe.next.advance();
        }
        let Probe { row, element, .. } = probe;
        let time = element.time;
        if self.own.insert(row, element, self.holds)? {
            self.timers.set(self.search.timer(row, time), self.holds);
        }
        Ok(None)
    }
}

/// What is at the watermark itself is not late, as for Flink's interval join.
#[inline]
fn is_late(time: EventTime, watermark: Watermark) -> bool {
    time < watermark.0
}

#[cold]
fn no_timestamp(which: Which) -> Error {
    Error::user(format!(
        "a record of the {} input of an interval join has no event time: give its stream a watermark strategy \
         that assigns timestamps",
        which.name()
    ))
}
