//! q9, plainly.
use std::cmp::Reverse;
use std::collections::BTreeMap;

use hurtig::connectors::nexmark::{Auction, Bid, Event};

use super::joins::bids_in_time;
use crate::bench::nexmark::q9::WinningBid;

/// By auction its bid in time with the highest price, of these the earliest, of these the first that came.
pub fn q9(events: &[Event]) -> BTreeMap<i64, WinningBid> {
    let mut bids_of: BTreeMap<i64, Vec<(&Auction, &Bid)>> = BTreeMap::new();
    for (auction, bid) in bids_in_time(events) {
        bids_of.entry(auction.id).or_default().push((auction, bid));
    }
    let mut winning = BTreeMap::new();
    for (id, bids) in bids_of {
        // Of equal ones `min_by_key` takes the first.
        let first = bids.into_iter().min_by_key(|(_, bid)| (Reverse(bid.price), bid.date_time));
        winning.extend(first.map(|(auction, bid)| (id, row(auction, bid))));
    }
    winning
}

fn row(auction: &Auction, bid: &Bid) -> WinningBid {
    WinningBid {
        id: auction.id,
        item_name: auction.item_name.clone(),
        description: auction.description.clone(),
        initial_bid: auction.initial_bid,
        reserve: auction.reserve,
        date_time: auction.date_time,
        expires: auction.expires,
        seller: auction.seller,
        category: auction.category,
        extra: auction.extra.clone(),
        auction: bid.auction,
        bidder: bid.bidder,
        price: bid.price,
        bid_date_time: bid.date_time,
        bid_extra: bid.extra.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::nexmark::testing::{auction, bid};

    #[test]
    fn price_then_time_then_arrival_decide() {
        let events = [
            bid(4, 40, 7, 5),
            auction(1, 7, 0).expires(10).event(),
            auction(2, 7, 0).expires(10).event(),
            auction(3, 7, 0).expires(10).event(),
            auction(4, 7, 5).expires(10).event(),
            auction(5, 7, 0).expires(10).event(),
            // The highest in time, though a later one is higher.
            bid(1, 11, 100, 1),
            bid(1, 12, 200, 10),
            bid(1, 13, 300, 11),
            // The earlier, though it came later.
            bid(2, 21, 100, 9),
            bid(2, 22, 100, 8),
            // The first that came.
            bid(3, 31, 100, 8),
            bid(3, 32, 100, 8),
            bid(4, 41, 7, 5),
            // Never in time.
            bid(5, 51, 100, 11),
        ];
        let found: Vec<_> = q9(&events).into_values().map(|row| (row.id, row.auction, row.bidder)).collect();
        assert_eq!(found, [(1, 1, 12), (2, 2, 22), (3, 3, 31), (4, 4, 40)]);
    }
}
