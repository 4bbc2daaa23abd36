//! q12, plainly.
use std::collections::BTreeMap;

use hurtig::ProcessingTime;
use hurtig::connectors::nexmark::{Bid, Event};

use super::views::bids;
use super::windows::{Window, tumbling};
use crate::bench::nexmark::q12::BidCount;

/// By bidder the bids in each window of 10 s of the wall clock that had passed when the clock was last looked
/// at, `until`: the end of the input closes none.
///
/// `processing_time` is asked for each bid once, in order, when it was counted.
pub fn q12(
    events: &[Event],
    mut processing_time: impl FnMut(&Bid) -> ProcessingTime,
    until: ProcessingTime,
) -> Vec<BidCount> {
    let mut counts: BTreeMap<(i64, Window), i64> = BTreeMap::new();
    for bid in bids(events) {
        let window = tumbling(processing_time(bid).as_millis(), 10_000);
        *counts.entry((bid.bidder, window)).or_default() += 1;
    }
    let closed = counts.into_iter().filter(|((_, window), _)| window.end <= until.as_millis());
    closed
        .map(|((bidder, window), bid_count)| BidCount {
            bidder,
            bid_count,
            start_time: ProcessingTime::from_millis(window.start),
            end_time: ProcessingTime::from_millis(window.end),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::nexmark::testing::{auction, bid};

    #[test]
    fn the_wall_clock_alone_decides_and_the_end_closes_no_window() {
        let times = [1, 9_999, 10_000, 10_001, 20_000].map(ProcessingTime::from_millis);
        let events = [
            bid(1, 9, 5, 70_000),
            bid(2, 9, 5, 70_000),
            auction(1, 9, 70_000).event(),
            bid(3, 9, 5, 70_000),
            bid(3, 8, 5, 0),
            bid(3, 9, 5, 70_000),
        ];
        let found = |until| {
            let mut times = times.into_iter();
            let rows =
                q12(&events, |_| times.next().expect("a time per bid"), ProcessingTime::from_millis(until));
            let short = |row: BidCount| {
                assert_eq!(row.end_time.as_millis() - row.start_time.as_millis(), 10_000);
                (row.bidder, row.bid_count, row.start_time.as_millis())
            };
            rows.into_iter().map(short).collect::<Vec<_>>()
        };
        assert_eq!(found(9_999), []);
        assert_eq!(found(29_999), [(8, 1, 10_000), (9, 2, 0), (9, 1, 10_000)]);
        assert_eq!(found(30_000), [(8, 1, 10_000), (9, 2, 0), (9, 1, 10_000), (9, 1, 20_000)]);
    }
}
