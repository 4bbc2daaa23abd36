//! q7, plainly.
use std::collections::BTreeMap;

use hurtig::connectors::nexmark::Event;

use super::views::bids;
use super::windows::{Window, tumbling};
use crate::bench::nexmark::q7::HighestBid;

/// For each window of 10 s the bids of the highest price in it.
///
/// The published query joins by price and time, "between end - 10 s and end", and `BETWEEN` includes both: a
/// bid exactly at the end does not raise the window's price but is put out if it has it. So a bid can come
/// twice, for the window before it and for its own.
pub fn q7(events: &[Event]) -> Vec<HighestBid> {
    let mut highest: BTreeMap<Window, i64> = BTreeMap::new();
    for bid in bids(events) {
        let price = highest.entry(tumbling(bid.date_time.as_millis(), 10_000)).or_insert(bid.price);
        *price = bid.price.max(*price);
    }
    let mut rows = Vec::new();
    for (window, price) in highest {
        let between = window.start..=window.end;
        let matches =
            bids(events).filter(|bid| bid.price == price && between.contains(&bid.date_time.as_millis()));
        rows.extend(matches.map(|bid| HighestBid {
            auction: bid.auction,
            price: bid.price,
            bidder: bid.bidder,
            date_time: bid.date_time,
            extra: bid.extra.clone(),
        }));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::nexmark::testing::bid;

    #[test]
    fn ties_and_bids_exactly_at_the_end_are_put_out() {
        let events = [
            bid(1, 9, 300, 0),
            bid(2, 9, 300, 9_999),
            bid(3, 9, 299, 5_000),
            // At the end of the first window: the price is its own's highest and the first's too.
            bid(4, 9, 300, 10_000),
            bid(5, 9, 301, 20_000),
            bid(6, 9, 300, 20_001),
        ];
        let found: Vec<_> = q7(&events).into_iter().map(|row| (row.auction, row.price)).collect();
        assert_eq!(found, [(1, 300), (2, 300), (4, 300), (4, 300), (5, 301)]);
    }

    #[test]
    fn a_higher_bid_at_the_end_does_not_raise_the_price() {
        let events = [bid(1, 9, 300, 0), bid(2, 9, 400, 10_000)];
        let found: Vec<_> = q7(&events).into_iter().map(|row| (row.auction, row.price)).collect();
        assert_eq!(found, [(1, 300), (2, 400)]);
    }
}
