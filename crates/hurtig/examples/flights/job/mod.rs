//! Delays of airports from three million flights in the order in which they were scheduled, asked in three ways:
//! [`totals`] that run on for ever, [`hours`] that are windows, [`spells`] that are sessions.
pub mod hours;
pub mod spells;
pub mod totals;

use std::time::Duration;

use hurtig::connectors::files::{FileSink, FileSource};
use hurtig::formats::CsvOptions;
use hurtig::prelude::*;

use hours::HOURS;
use spells::Spell;
use totals::LATE;

/// How far behind the latest event a flight may come without being late.
pub const OUT_OF_ORDERNESS: Duration = Duration::from_secs(24 * 3600);

/// The airport whose reports are all written, not the last of each hour alone.
pub const WATCHED: &str = "ORD";

/// One line of the file.
#[derive(Clone, Debug, TypeInformation)]
pub struct Flight {
    /// When it was to leave.
    pub date: EventTime,
    /// By how many minutes it was late; negative if early.
    pub delay: i64,
    /// How far it flew.
    pub distance: i64,
    /// From where.
    pub origin: String,
    /// Where to.
    pub destination: String,
}

impl Flight {
    /// When it really left: the event.
    pub fn departure(&self) -> EventTime {
        EventTime::from_millis(self.date.as_millis() + self.delay * 60_000)
    }
}

/// What is known of an airport, or of an hour of it, so far.
#[derive(Clone, Debug, PartialEq, TypeInformation)]
pub struct Airport {
    /// Its code.
    pub origin: String,
    /// Flights that left.
    pub flights: i64,
    /// Sum of their delays in minutes.
    pub delay_minutes: i64,
}

impl Airport {
    /// What one flight says of its airport.
    pub fn of(flight: Flight) -> Airport {
        Airport { origin: flight.origin, flights: 1, delay_minutes: flight.delay }
    }

    /// What is known of it, and more.
    pub fn and(self, more: Airport) -> Airport {
        Airport {
            origin: self.origin,
            flights: self.flights + more.flights,
            delay_minutes: self.delay_minutes + more.delay_minutes,
        }
    }
}

/// Writes the job down. Results go to `airports`, `late`, `hours`, `reports` and `spells` in the folder `output`;
/// what comes back is the worst spell of each week.
pub fn build(env: &StreamExecutionEnvironment, input: &str, output: &str) -> DataStream<Spell> {
    let strategy = WatermarkStrategy::for_punctuated_out_of_orderness(OUT_OF_ORDERNESS)
        .with_timestamp_assigner(|flight: &Flight, _| flight.departure());
    let flights = env
        .from_source(FileSource::<Flight>::parquet(input), strategy, "flights")
        // One subtask reads the file in its order: which flights are late then depends on the file alone.
        .set_parallelism(1)
        .uid("flights");
    let in_time = totals::late_aside(&flights);

    let airports = totals::running(&in_time);
    airports.sink_to(csv(output, "airports")).name("Airports");
    in_time.side_output(&LATE).sink_to(csv(output, "late")).name("Late flights");

    let reports = hours::reports(&flights);
    reports.side_output(&HOURS).sink_to(csv(output, "hours")).name("Hours");
    let watched = reports.filter(|hour| hour.origin == WATCHED);
    watched.sink_to(csv(output, "reports")).name("Reports");

    let spells = spells::of_delays(&in_time);
    spells.sink_to(csv(output, "spells")).name("Spells");
    spells::worst_of_weeks(&spells)
}

fn csv<T: TypeInformation>(output: &str, folder: &str) -> FileSink<T> {
    FileSink::csv(format!("{output}/{folder}"), CsvOptions::default())
}
