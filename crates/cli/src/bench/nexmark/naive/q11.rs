//! q11, plainly.
use std::collections::BTreeMap;

use hurtig::EventTime;
use hurtig::connectors::nexmark::Event;

use super::views::bids;
use crate::bench::nexmark::q11::Session;

const GAP_MILLIS: i64 = 10_000;

/// The sessions of each bidder. A bid exactly 10 s after the last one still belongs to its session: windows
/// that only touch are merged.
pub fn q11(events: &[Event]) -> Vec<Session> {
    let mut times_of: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for bid in bids(events) {
        times_of.entry(bid.bidder).or_default().push(bid.date_time.as_millis());
    }
    let mut sessions = Vec::new();
    for (bidder, mut times) in times_of {
        times.sort();
        for times in times.chunk_by(|time, next| next - time <= GAP_MILLIS) {
            sessions.push(Session {
                bidder,
                bid_count: times.len() as i64,
                start_time: EventTime::from_millis(times[0]),
                end_time: EventTime::from_millis(times[times.len() - 1] + GAP_MILLIS),
            });
        }
    }
    sessions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::nexmark::testing::bid;

    #[test]
    fn a_pause_of_more_than_10_s_ends_a_session() {
        let events = [
            bid(1, 8, 5, 3),
            bid(2, 9, 5, 20_001),
            bid(1, 9, 5, 0),
            bid(1, 9, 5, 10_000),
            bid(3, 9, 5, 20_001),
        ];
        let found: Vec<_> = q11(&events)
            .into_iter()
            .map(|row| (row.bidder, row.bid_count, row.start_time.as_millis(), row.end_time.as_millis()))
            .collect();
        assert_eq!(found, [(8, 1, 3, 10_003), (9, 2, 0, 20_000), (9, 2, 20_001, 30_001)]);
    }
}
