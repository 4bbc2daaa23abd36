//! q18, plainly.
use std::collections::BTreeMap;

use hurtig::connectors::nexmark::{Bid, Event};

use super::views::bids;

/// By bidder and auction the bid with the latest dateTime, of equal ones the last that came.
pub fn q18(events: &[Event]) -> BTreeMap<(i64, i64), Bid> {
    let mut bids_of: BTreeMap<(i64, i64), Vec<&Bid>> = BTreeMap::new();
    for bid in bids(events) {
        bids_of.entry((bid.bidder, bid.auction)).or_default().push(bid);
    }
    let mut last = BTreeMap::new();
    for (key, bids) in bids_of {
        // Of equal ones `max_by_key` takes the last.
        let bid = bids.into_iter().max_by_key(|bid| bid.date_time);
        last.extend(bid.map(|bid| (key, bid.clone())));
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::nexmark::testing::bid;

    #[test]
    fn time_then_arrival_decide() {
        let events =
            [bid(1, 9, 100, 8), bid(1, 9, 101, 7), bid(1, 8, 102, 5), bid(1, 8, 103, 5), bid(2, 8, 104, 1)];
        let found: Vec<_> = q18(&events).into_iter().map(|(key, bid)| (key, bid.price)).collect();
        assert_eq!(found, [((8, 1), 103), ((8, 2), 104), ((9, 1), 100)]);
    }
}
