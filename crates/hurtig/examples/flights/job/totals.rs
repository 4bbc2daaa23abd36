//! Totals of each airport that run on for ever, without the flights that come too late.
use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::time::Duration;

use hurtig::ProcessingTime;
use hurtig::operator::accumulator::LongCounter;
use hurtig::prelude::*;

use super::{Airport, Flight};

/// A line of the result.
#[derive(Clone, Debug, PartialEq, TypeInformation)]
pub struct Summary {
    /// The airport's code.
    pub origin: String,
    /// Flights that left.
    pub flights: i64,
    /// Their mean delay in minutes.
    pub mean_delay: f64,
}

/// Flights that come behind the watermark.
pub const LATE: OutputTag<Flight> = OutputTag::new("late");

/// The flights that are not behind the watermark; the others are in the side output [`LATE`].
pub fn late_aside(flights: &DataStream<Flight>) -> DataStream<Flight> {
    flights.process(SideOutputLate::default()).name("Late flights aside").set_parallelism(1)
}

/// The totals of all airports at the end, and on a terminal as they change.
pub fn running(in_time: &DataStream<Flight>) -> DataStream<Summary> {
    let running = in_time
        .map(Airport::of)
        .key_by_ref(|airport| &airport.origin)
        .reduce(|held, next| held.clone().and(next))
        .name("Running totals")
        .uid("totals");
    running.process(LiveSummary::default()).name("Live summary").set_parallelism(1)
}

/// Puts flights that are behind the watermark aside, and counts both kinds.
#[derive(Clone, Default)]
struct SideOutputLate {
    late: LongCounter,
    in_time: LongCounter,
}

impl RichFunction for SideOutputLate {
    fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
        self.late = context.long_counter("flights late");
        self.in_time = context.long_counter("flights in time");
        Ok(())
    }
}

impl ProcessFunction<Flight, Flight> for SideOutputLate {
    fn process_element(&mut self, flight: Flight, context: &mut ProcessContext<'_, Flight>) -> Result<()> {
        if context.is_late() {
            self.late.add(1);
            context.output(&LATE, flight)
        } else {
            self.in_time.add(1);
            context.collect(flight)
        }
    }
}

/// Holds the latest totals of each airport, shows them on a terminal as they change, and puts them out at
/// the end.
#[derive(Clone, Default)]
struct LiveSummary {
    airports: BTreeMap<String, Airport>,
    updates: u64,
    shown: Option<(ProcessingTime, u64)>,
}

/// How many updates pass between two looks at the clock.
const LOOK_EVERY: u64 = 4096;

impl LiveSummary {
    fn show(&mut self, now: ProcessingTime) {
        let (since, before) = *self.shown.get_or_insert((now, self.updates));
        let passed = now.saturating_since(since);
        if passed < Duration::from_millis(200) || !std::io::stderr().is_terminal() {
            return;
        }
        let rate = (self.updates - before) as f64 / passed.as_secs_f64();
        let busiest = self.airports.values().max_by_key(|airport| airport.flights);
        if let Some(Airport { origin, flights, delay_minutes }) = busiest {
            let mean = *delay_minutes as f64 / *flights as f64;
            let line = format!(
                "{} flights, {:.2} M/s, {} airports, busiest {origin} with {flights} flights, {mean:.1} min late",
                self.updates,
                rate / 1e6,
                self.airports.len(),
            );
            // A terminal that has gone away must not stop the job.
            let _ = write!(std::io::stderr(), "\r\x1b[K{line}");
        }
        self.shown = Some((now, self.updates));
    }
}

impl RichFunction for LiveSummary {}

impl ProcessFunction<Airport, Summary> for LiveSummary {
    fn process_element(&mut self, airport: Airport, context: &mut ProcessContext<'_, Summary>) -> Result<()> {
        self.updates += 1;
        if self.updates.is_multiple_of(LOOK_EVERY) {
            self.show(context.current_processing_time());
        }
        match self.airports.get_mut(&airport.origin) {
            Some(held) => *held = airport,
            None => {
                self.airports.insert(airport.origin.clone(), airport);
            }
        }
        Ok(())
    }

    fn finish(&mut self, context: &mut ProcessContext<'_, Summary>) -> Result<()> {
        for (origin, airport) in std::mem::take(&mut self.airports) {
            let mean_delay = airport.delay_minutes as f64 / airport.flights as f64;
            context.collect(Summary { origin, flights: airport.flights, mean_delay })?;
        }
        Ok(())
    }
}
