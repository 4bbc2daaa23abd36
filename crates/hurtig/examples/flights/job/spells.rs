//! Spells of delays: departures of one airport that are delayed one after the other, as sessions.
use std::cmp::Reverse;
use std::time::Duration;

use hurtig::prelude::*;

use super::Flight;

/// A flight that leaves so many minutes late, or more, is delayed.
pub const DELAYED_MINUTES: i64 = 15;
/// Delayed departures that are nearer to each other belong to one spell.
pub const GAP: Duration = Duration::from_secs(30 * 60);

const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

/// A spell of delayed departures.
#[derive(Clone, Debug, PartialEq, TypeInformation)]
pub struct Spell {
    /// The airport's code.
    pub origin: String,
    /// When the first of them left.
    pub first: EventTime,
    /// When the last of them left.
    pub last: EventTime,
    /// How many they were.
    pub flights: i64,
    /// By how many minutes the worst of them was late.
    pub worst_delay: i64,
}

impl Spell {
    fn of(flight: Flight) -> Spell {
        let departure = flight.departure();
        let Flight { origin, delay, .. } = flight;
        Spell { origin, first: departure, last: departure, flights: 1, worst_delay: delay }
    }

    /// Both as one.
    fn and(self, other: Spell) -> Spell {
        Spell {
            origin: self.origin,
            first: self.first.min(other.first),
            last: self.last.max(other.last),
            flights: self.flights + other.flights,
            worst_delay: self.worst_delay.max(other.worst_delay),
        }
    }

    /// The one with more flights; of equal ones always the same.
    fn or_worse(self, other: Spell) -> Spell {
        let rank = |spell: &Spell| (spell.flights, Reverse(spell.first), Reverse(spell.origin.clone()));
        if rank(&other) > rank(&self) { other } else { self }
    }
}

/// All spells, each when half an hour has passed without a delayed departure.
pub fn of_delays(in_time: &DataStream<Flight>) -> DataStream<Spell> {
    in_time
        .filter(|flight| flight.delay >= DELAYED_MINUTES)
        .set_parallelism(1)
        .map(Spell::of)
        .set_parallelism(1)
        .key_by_ref(|spell| &spell.origin)
        .window(EventTimeSessionWindows::with_gap(GAP))
        .reduce(Spell::and)
        .name("Spells of delays")
        .uid("spells")
}

/// The spell with the most flights of those that ended in a week.
pub fn worst_of_weeks(spells: &DataStream<Spell>) -> DataStream<Spell> {
    spells
        .window_all(TumblingEventTimeWindows::of(WEEK))
        .reduce(Spell::or_worse)
        .name("Worst spells of weeks")
        .uid("weeks")
}
