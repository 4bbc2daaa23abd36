//! Data sets in which something happens: at published rates a short one lies within one window.
use hurtig::EventTime;
use hurtig::connectors::nexmark::{Event, Fields, Generator, GeneratorConfig};

/// 2025-01-01T00:00:00Z, where a window of 10 s starts.
const WINDOW_START_MILLIS: i64 = 1_735_689_600_000;

/// A data set of the generator's.
#[derive(Clone, Debug)]
pub struct Data(GeneratorConfig);

impl Data {
    /// 400 events a second for 250 s: 26 windows of 10 s, with a bid exactly on most borders; several sessions
    /// of most bidders; every second bid in time. No two events have the same time.
    pub fn sparse() -> Data {
        Data(GeneratorConfig {
            first_event_rate: 400,
            events_num: 100_000,
            base_time: EventTime::from_millis(WINDOW_START_MILLIS - 25),
            ..GeneratorConfig::default()
        })
    }

    /// As [`Data::sparse`], but no auction is hot: in many windows several have the greatest number of bids.
    pub fn even() -> Data {
        let Data(config) = Data::sparse();
        Data(GeneratorConfig { bid_hot_ratio_auctions: 1, ..config })
    }

    /// The published rate, 10,000 events a millisecond, for 10 ms around the border between two windows of
    /// 10 s: nothing is decided by time alone.
    pub fn dense() -> Data {
        Data(GeneratorConfig {
            first_event_rate: 10_000_000,
            events_num: 100_000,
            base_time: EventTime::from_millis(WINDOW_START_MILLIS - 5),
            ..GeneratorConfig::default()
        })
    }

    /// 4 events a second for 500 s, each held back until its time has come.
    pub fn paced() -> Data {
        Data(GeneratorConfig {
            first_event_rate: 4,
            events_num: 2_000,
            max_emit_speed: false,
            ..GeneratorConfig::default()
        })
    }

    /// The generator's options, for a source of this parallelism.
    pub fn config(&self, parallelism: u32) -> GeneratorConfig {
        GeneratorConfig { ranges: parallelism, ..self.0.clone() }
    }

    /// All its events: what one subtask reads of them stands in the order in which it reads.
    pub fn events(&self, parallelism: u32) -> Vec<Event> {
        let generator = Generator::new(self.config(parallelism)).unwrap();
        let mut rows = generator.rows(Fields::ALL);
        let mut events = Vec::new();
        for range in generator.ranges() {
            rows.append(&range, range.numbers(), &mut events);
        }
        events
    }

    /// All its events at a parallelism of 1, with prices cut to their first digit, so that many are equal.
    pub fn events_with_few_prices(&self) -> Vec<Event> {
        let mut events = self.events(1);
        for event in &mut events {
            if let Event::Bid(bid) = event {
                let digit = 10_i64.pow(bid.price.ilog10());
                bid.price = bid.price / digit * digit;
            }
        }
        events
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::bench::nexmark::naive;

    fn rows_per_key<K: Ord, T>(rows: &[T], key: impl Fn(&T) -> K) -> BTreeMap<K, usize> {
        let mut counts = BTreeMap::new();
        for row in rows {
            *counts.entry(key(row)).or_default() += 1;
        }
        counts
    }

    #[test]
    fn the_sparse_data_has_many_windows_and_sessions() {
        let events = Data::sparse().events(1);
        assert!(naive::q5(&events).len() > 120);
        let sessions = naive::q11(&events);
        let bidders = rows_per_key(&sessions, |session| session.bidder);
        assert!(sessions.len() > 3 * bidders.len(), "{} of {}", sessions.len(), bidders.len());
        let on_border =
            |event: &&Event| matches!(event, Event::Bid(_)) && event.date_time().as_millis() % 10_000 == 0;
        assert_eq!(events.iter().filter(on_border).count(), 25);
        assert!(naive::q8(&events).len() > 50);
        assert!(naive::q3(&events).len() > 300);
        assert!(naive::q9(&events).len() > 5_000);
    }

    #[test]
    fn the_even_data_has_windows_with_several_hot_items() {
        let windows = naive::q5(&Data::even().events(1));
        let several = windows.values().filter(|items| items.len() > 1).count();
        assert!(several * 4 > windows.len(), "{several} of {}", windows.len());
    }

    #[test]
    fn the_dense_data_has_ties_and_bids_on_a_border() {
        let events = Data::dense().events_with_few_prices();
        let border = EventTime::from_millis(WINDOW_START_MILLIS);
        let highest = naive::q7(&events);
        let twice = rows_per_key(&highest, |row| format!("{row:?}"));
        let on_border = highest.iter().filter(|row| row.date_time == border).count();
        assert!(on_border > 0 && twice.values().any(|&count| count == 2), "{on_border} on the border");
        // Another order of arrival gives another result where ties are decided by it.
        let reversed: Vec<_> = events.iter().rev().cloned().collect();
        let winning = changed(&naive::q9(&events), &naive::q9(&reversed));
        let last = changed(&naive::q18(&events), &naive::q18(&reversed));
        assert!(winning > 300 && last > 3_000, "{winning} winning bids, {last} last ones");
    }

    /// How many keys have another row there than here.
    fn changed<K: Ord, R: PartialEq>(here: &BTreeMap<K, R>, there: &BTreeMap<K, R>) -> usize {
        here.iter().filter(|(key, row)| there.get(key) != Some(*row)).count()
    }
}
