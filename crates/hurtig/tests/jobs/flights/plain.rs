//! What the flights example must come to, by a plain loop over its file that knows nothing of the engine.
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMillisecondType};
use arrow_schema::{DataType, TimeUnit};
use hurtig::prelude::*;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::job::OUT_OF_ORDERNESS;
use super::job::hours::Hour;
use super::job::spells::{DELAYED_MINUTES, GAP, Spell};

const MINUTE_MILLIS: i64 = 60_000;
const TEN_MINUTES_MILLIS: i64 = 10 * MINUTE_MILLIS;
const HOUR_MILLIS: i64 = 60 * MINUTE_MILLIS;
const WEEK_MILLIS: i64 = 7 * 24 * HOUR_MILLIS;

/// The results.
#[derive(Default)]
pub struct Plain {
    /// Per airport flights in time and their minutes.
    pub airports: BTreeMap<String, (i64, i64)>,
    /// Flights that are late.
    pub late: usize,
    /// Each hour's last report, by airport and start.
    pub hours: BTreeMap<(String, i64), Hour>,
    /// By airport and start.
    pub spells: BTreeMap<(String, i64), Spell>,
}

impl Plain {
    /// Reads the file.
    pub fn read(file: &Path) -> Plain {
        let mut plain = Plain::default();
        let mut delayed: BTreeMap<String, Vec<(i64, i64)>> = BTreeMap::new();
        let mut watermark = i64::MIN;
        let bound = OUT_OF_ORDERNESS.as_millis() as i64;
        each_flight(file, |origin, date, delay| {
            let departure = date + delay * MINUTE_MILLIS;
            plain.count_in_hour(origin, departure, delay, watermark);
            if departure <= watermark {
                plain.late += 1;
                return;
            }
            watermark = watermark.max(departure - bound - 1);
            let totals = plain.airports.entry(origin.to_owned()).or_default();
            *totals = (totals.0 + 1, totals.1 + delay);
            if delay >= DELAYED_MINUTES {
                delayed.entry(origin.to_owned()).or_default().push((departure, delay));
            }
        });
        for (origin, departures) in delayed {
            plain.find_spells(&origin, departures);
        }
        plain
    }

    /// One more flight of an hour. If its first one comes before it is over, it is reported at each full ten
    /// minutes of event time from then on, and when it is over; else for this flight. Then for each late one.
    fn count_in_hour(&mut self, origin: &str, departure: i64, delay: i64, watermark: i64) {
        let start = departure - departure.rem_euclid(HOUR_MILLIS);
        let last_moment = start + HOUR_MILLIS - 1;
        let is_over = last_moment <= watermark;
        let hour = self.hours.entry((origin.to_owned(), start)).or_insert_with(|| Hour {
            origin: origin.to_owned(),
            start: EventTime::from_millis(start),
            flights: 0,
            delay_minutes: 0,
            reports: 0,
            corrections: 0,
        });
        if is_over {
            hour.reports += 1;
            hour.corrections += i64::from(hour.flights > 0);
        } else if hour.flights == 0 {
            let next = departure - departure.rem_euclid(TEN_MINUTES_MILLIS) + TEN_MINUTES_MILLIS;
            hour.reports = (last_moment - next).div_euclid(TEN_MINUTES_MILLIS) + 2;
        }
        hour.flights += 1;
        hour.delay_minutes += delay;
    }

    /// The spells of an airport, from its delayed departures.
    fn find_spells(&mut self, origin: &str, mut departures: Vec<(i64, i64)>) {
        let gap = GAP.as_millis() as i64;
        departures.sort_unstable();
        let near = |a: &(i64, i64), b: &(i64, i64)| b.0 - a.0 <= gap;
        for spell in departures.chunk_by(near) {
            let (first, last) = (spell[0].0, spell[spell.len() - 1].0);
            let found = Spell {
                origin: origin.to_owned(),
                first: EventTime::from_millis(first),
                last: EventTime::from_millis(last),
                flights: spell.len() as i64,
                worst_delay: spell.iter().map(|(_, delay)| *delay).max().unwrap_or(0),
            };
            self.spells.insert((origin.to_owned(), first), found);
        }
    }

    /// The spell with the most flights of each week in which spells end, which is a gap after their last flight.
    pub fn worst_of_weeks(&self) -> Vec<Spell> {
        let mut weeks: BTreeMap<i64, &Spell> = BTreeMap::new();
        let end = |spell: &Spell| spell.last.as_millis() + GAP.as_millis() as i64 - 1;
        let rank = |spell: &Spell| (-spell.flights, spell.first, spell.origin.clone());
        for spell in self.spells.values() {
            let worst = weeks.entry(end(spell).div_euclid(WEEK_MILLIS)).or_insert(spell);
            if rank(spell) < rank(worst) {
                *worst = spell;
            }
        }
        weeks.into_values().cloned().collect()
    }
}

/// Calls `look` with origin, scheduled time and delay of each flight, in the order of the file.
fn each_flight(file: &Path, mut look: impl FnMut(&str, i64, i64)) {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(file).unwrap()).unwrap();
    for batch in reader.build().unwrap() {
        let batch = batch.unwrap();
        let column = |name, to| arrow_cast::cast(batch.column_by_name(name).unwrap(), to).unwrap();
        let dates = column("date", &DataType::Timestamp(TimeUnit::Millisecond, None));
        let dates = dates.as_primitive::<TimestampMillisecondType>();
        let delays = column("delay", &DataType::Int64);
        let delays = delays.as_primitive::<Int64Type>();
        let origins = column("origin", &DataType::Utf8);
        let origins = origins.as_string::<i32>();
        for row in 0..batch.num_rows() {
            look(origins.value(row), dates.value(row), delays.value(row));
        }
    }
}
