//! q11, user sessions: how many bids a bidder made without a pause of more than 10 seconds.
use std::time::Duration;

use hurtig::connectors::nexmark::{Event, Fields};
use hurtig::operator::window::function::Apply;
use hurtig::prelude::*;

use super::count::Count;

/// A session.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, TypeInformation)]
pub struct Session {
    pub bidder: i64,
    pub bid_count: i64,
    /// The first bid.
    #[hurtig(rename = "starttime")]
    pub start_time: EventTime,
    /// 10 seconds after the last bid.
    #[hurtig(rename = "endtime")]
    pub end_time: EventTime,
}

fn session(bidder: &i64, window: &TimeWindow, counts: Elements<'_, i64>) -> Option<Session> {
    let bid_count = *counts.iter().next()?;
    Some(Session { bidder: *bidder, bid_count, start_time: window.start, end_time: window.end })
}

/// What the query reads.
pub fn fields() -> Fields {
    Fields::BID_BIDDER | Fields::BID_DATE_TIME
}

/// The query.
pub fn query(events: DataStream<Event>) -> DataStream<Session> {
    let bidders = events.flat_map(|event| match event {
        Event::Bid(bid) => Some(bid.bidder),
        _ => None,
    });
    bidders
        .key_by(|bidder: &i64| *bidder)
        .window(EventTimeSessionWindows::with_gap(Duration::from_secs(10)))
        .aggregate_with(Count, Apply(session))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::nexmark::naive;
    use crate::bench::nexmark::testing::{Data, bid, run, run_given, sorted};

    #[test]
    fn agrees_with_the_naive_computation() {
        for data in [Data::sparse(), Data::dense()] {
            for parallelism in [1, 2, 4] {
                let found = run(query, &data, fields(), parallelism);
                let expected = sorted(naive::q11(&data.events(parallelism)));
                assert!(sorted(found) == expected && expected.len() > 1_000, "{} rows", expected.len());
            }
        }
    }

    #[test]
    fn a_bid_can_join_two_sessions() {
        let events = vec![bid(1, 9, 5, 0), bid(1, 9, 5, 12_000), bid(1, 8, 5, 12_000), bid(1, 9, 5, 9_000)];
        assert_eq!(sorted(run_given(query, events.clone())), sorted(naive::q11(&events)));
    }
}
