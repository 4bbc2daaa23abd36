//! q12, processing-time windows: how many bids a bidder made in 10 seconds of the wall clock.
use std::time::Duration;

use hurtig::ProcessingTime;
use hurtig::connectors::nexmark::{Event, Fields};
use hurtig::operator::window::function::Apply;
use hurtig::prelude::*;

use super::count::Count;

/// A bidder's bids in one window.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, TypeInformation)]
pub struct BidCount {
    pub bidder: i64,
    pub bid_count: i64,
    /// Where the window starts,
    #[hurtig(rename = "starttime")]
    pub start_time: ProcessingTime,
    /// and ends.
    #[hurtig(rename = "endtime")]
    pub end_time: ProcessingTime,
}

/// The row of a window; windows of the wall clock too are spans of `EventTime`.
fn bid_count(bidder: &i64, window: &TimeWindow, counts: Elements<'_, i64>) -> Option<BidCount> {
    let clock = |time: EventTime| ProcessingTime::from_millis(time.as_millis());
    let bid_count = *counts.iter().next()?;
    let (start_time, end_time) = (clock(window.start), clock(window.end));
    Some(BidCount { bidder: *bidder, bid_count, start_time, end_time })
}

/// What the query reads.
pub fn fields() -> Fields {
    Fields::BID_BIDDER
}

/// The query. The end of the input closes no window: a run within one puts nothing out.
pub fn query(events: DataStream<Event>) -> DataStream<BidCount> {
    let bidders = events.flat_map(|event| match event {
        Event::Bid(bid) => Some(bid.bidder),
        _ => None,
    });
    bidders
        .key_by(|bidder: &i64| *bidder)
        .window(TumblingProcessingTimeWindows::of(Duration::from_secs(10)))
        .aggregate_with(Count, Apply(bid_count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::nexmark::naive;
    use crate::bench::nexmark::testing::{Data, MOCK_CLOCK_START, run_seeded, sorted};

    #[test]
    fn agrees_with_the_naive_computation_on_the_mock_clock() {
        // Each event is there when so much of the mock clock has passed as of event time, and a little more:
        // less than what is between it and the next.
        let events = Data::paced().events(1);
        let first = events[0].date_time();
        let clock = |time: EventTime| {
            MOCK_CLOCK_START + Duration::from_millis((time.as_millis() - first.as_millis()) as u64)
        };
        let until = clock(events[events.len() - 1].date_time());
        let expected = sorted(naive::q12(&events, |bid| clock(bid.date_time), until));
        assert!(expected.len() > 400, "{} rows", expected.len());
        for seed in 0..8 {
            let found = run_seeded(query, &Data::paced(), fields(), seed);
            assert!(sorted(found) == expected, "seed {seed}");
        }
    }
}
