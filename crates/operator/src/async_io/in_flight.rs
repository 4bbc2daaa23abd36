//! The records whose results have not left the operator: their values, their tries, their results.
use std::collections::BTreeSet;

use hurtig_core::{EventTime, ProcessingTime};

/// Records by slot. A slot is used again once its record has left.
pub(super) struct InFlight<I, O> {
    slots: Vec<Option<Record<I, O>>>,
    free: Vec<usize>,
    /// When to look at which slot: at most one entry each.
    alarms: BTreeSet<(ProcessingTime, usize)>,
    next_ticket: u64,
}

struct Record<I, O> {
    /// Kept until the results have left: for further tries, for time-outs, and for snapshots.
    value: I,
    timestamp: Option<EventTime>,
    /// Which of the subtask's records it is, from 1.
    number: u64,
    deadline: Option<ProcessingTime>,
    attempts: u32,
    state: State<O>,
}

enum State<O> {
    Calling {
        ticket: u64,
    },
    /// For the next try.
    Waiting {
        until: ProcessingTime,
    },
    Done(Vec<O>),
}

/// What a slot's time has come for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Due {
    TimedOut(usize),
    NextTry(usize),
}

impl<I, O> Record<I, O> {
    fn alarm(&self) -> Option<ProcessingTime> {
        match self.state {
            State::Calling { .. } => self.deadline,
            State::Waiting { until } => Some(self.deadline.map_or(until, |deadline| deadline.min(until))),
            State::Done(_) => None,
        }
    }
}

impl<I, O> InFlight<I, O> {
    pub(super) fn new() -> Self {
        InFlight { slots: Vec::new(), free: Vec::new(), alarms: BTreeSet::new(), next_ticket: 0 }
    }

    /// Records in flight.
    pub(super) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// A record has come, the `number`th; it has until `deadline`. The call is to follow.
    pub(super) fn insert(
        &mut self,
        value: I,
        timestamp: Option<EventTime>,
        number: u64,
        deadline: Option<ProcessingTime>,
    ) -> usize {
        let state = State::Done(Vec::new());
        let record = Record { value, timestamp, number, deadline, attempts: 0, state };
        match self.free.pop() {
            Some(slot) => {
                self.slots[slot] = Some(record);
                slot
            }
            None => {
                self.slots.push(Some(record));
                self.slots.len() - 1
            }
        }
    }

    /// For a record whose first call is to follow: it has until `deadline`.
    pub(super) fn set_deadline(&mut self, slot: usize, deadline: Option<ProcessingTime>) {
        self.record(slot).deadline = deadline;
    }

    /// A call is made for the record: its ticket.
    pub(super) fn calling(&mut self, slot: usize) -> u64 {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        self.record(slot).attempts += 1;
        self.change(slot, State::Calling { ticket });
        ticket
    }

    /// The record waits for its next try.
    pub(super) fn waiting(&mut self, slot: usize, until: ProcessingTime) {
        self.change(slot, State::Waiting { until });
    }

    /// The record has its results.
    pub(super) fn done(&mut self, slot: usize, results: Vec<O>) {
        self.change(slot, State::Done(results));
    }

    fn change(&mut self, slot: usize, state: State<O>) {
        let record = self.record(slot);
        let before = record.alarm();
        record.state = state;
        let after = record.alarm();
        if before != after {
            before.map(|at| self.alarms.remove(&(at, slot)));
            after.map(|at| self.alarms.insert((at, slot)));
        }
    }

    /// Whether the record waits for the call with this ticket, and not for another or none.
    pub(super) fn is_calling(&self, slot: usize, ticket: u64) -> bool {
        let record = self.slots.get(slot).and_then(Option::as_ref);
        record.is_some_and(|record| matches!(record.state, State::Calling { ticket: now } if now == ticket))
    }

    pub(super) fn value(&mut self, slot: usize) -> &I {
        &self.record(slot).value
    }

    pub(super) fn attempts(&mut self, slot: usize) -> u32 {
        self.record(slot).attempts
    }

    pub(super) fn number(&mut self, slot: usize) -> u64 {
        self.record(slot).number
    }

    /// The record leaves: its results, and its time for them.
    pub(super) fn take(&mut self, slot: usize) -> (Vec<O>, Option<EventTime>) {
        self.free.push(slot);
        match self.slots[slot].take() {
            Some(Record { state: State::Done(results), timestamp, .. }) => (results, timestamp),
            _ => unreachable!("only a record that is done leaves"),
        }
    }

    /// When to look at the next slot.
    pub(super) fn next_alarm(&self) -> Option<ProcessingTime> {
        self.alarms.first().map(|(at, _)| *at)
    }

    /// A slot whose time has come. Whoever asks changes the record's state.
    pub(super) fn next_due(&mut self, now: ProcessingTime) -> Option<Due> {
        let (_, slot) = *self.alarms.first().filter(|(at, _)| *at <= now)?;
        let late = self.record(slot).deadline.is_some_and(|deadline| deadline <= now);
        Some(if late { Due::TimedOut(slot) } else { Due::NextTry(slot) })
    }

    /// The records in the order in which they came.
    pub(super) fn records(&self) -> Vec<(&I, Option<EventTime>)> {
        let mut records: Vec<_> = self.slots.iter().flatten().collect();
        records.sort_unstable_by_key(|record| record.number);
        records.into_iter().map(|record| (&record.value, record.timestamp)).collect()
    }

    fn record(&mut self, slot: usize) -> &mut Record<I, O> {
        match &mut self.slots[slot] {
            Some(record) => record,
            None => unreachable!("slots are named only while they hold a record"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> ProcessingTime {
        ProcessingTime::from_millis(millis)
    }

    #[test]
    fn slots_are_used_again_and_old_calls_are_known() {
        let mut in_flight = InFlight::<&str, i64>::new();
        let a = in_flight.insert("a", None, 1, None);
        let b = in_flight.insert("b", Some(EventTime::from_millis(5)), 2, None);
        let (of_a, of_b) = (in_flight.calling(a), in_flight.calling(b));
        assert!(in_flight.is_calling(a, of_a) && !in_flight.is_calling(a, of_b));
        in_flight.done(b, vec![7]);
        assert!(!in_flight.is_calling(b, of_b));
        assert_eq!(in_flight.records().len(), 2, "what is done has not left");
        assert_eq!(in_flight.take(b), (vec![7], Some(EventTime::from_millis(5))));
        let c = in_flight.insert("c", None, 3, None);
        assert_eq!((b, in_flight.len()), (c, 2));
        in_flight.calling(c);
        assert!(!in_flight.is_calling(c, of_b));
        assert_eq!(in_flight.records(), [(&"a", None), (&"c", None)]);
    }

    #[test]
    fn alarms_are_time_outs_or_further_tries_and_go_with_their_record() {
        let mut in_flight = InFlight::<i64, i64>::new();
        let first = in_flight.insert(1, None, 1, Some(at(100)));
        let second = in_flight.insert(2, None, 2, Some(at(101)));
        in_flight.calling(first);
        in_flight.calling(second);
        assert_eq!(in_flight.next_alarm(), Some(at(100)));
        in_flight.waiting(second, at(50));
        assert_eq!(in_flight.next_due(at(49)), None);
        assert_eq!(in_flight.next_due(at(50)), Some(Due::NextTry(second)));
        in_flight.calling(second);
        assert_eq!(in_flight.attempts(second), 2);
        in_flight.waiting(second, at(500));
        in_flight.done(first, vec![]);
        assert_eq!(in_flight.next_alarm(), Some(at(101)), "no try is worth waiting for beyond the deadline");
        assert_eq!(in_flight.next_due(at(101)), Some(Due::TimedOut(second)));
        in_flight.done(second, vec![]);
        assert_eq!(in_flight.next_alarm(), None);
    }
}
