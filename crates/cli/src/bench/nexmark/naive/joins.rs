//! The join that q4 and q9 begin with.
use std::collections::BTreeMap;

use hurtig::connectors::nexmark::{Auction, Bid, Event};

use super::views::{auctions, bids};

/// Each auction with each of its bids that was made while it was open, both ends included; an auction's bids
/// in the order in which they came, some before it.
pub fn bids_in_time(events: &[Event]) -> Vec<(&Auction, &Bid)> {
    let mut bids_of: BTreeMap<i64, Vec<&Bid>> = BTreeMap::new();
    for bid in bids(events) {
        bids_of.entry(bid.auction).or_default().push(bid);
    }
    let mut joined = Vec::new();
    for auction in auctions(events) {
        for bid in bids_of.get(&auction.id).into_iter().flatten() {
            if auction.date_time <= bid.date_time && bid.date_time <= auction.expires {
                joined.push((auction, *bid));
            }
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::nexmark::testing::{auction, bid};

    #[test]
    fn a_bid_counts_from_the_opening_to_the_expiry_whenever_it_comes() {
        let events = [
            bid(1, 7, 100, 10),
            bid(1, 7, 101, 9),
            auction(1, 7, 10).expires(20).category(3).event(),
            bid(1, 7, 102, 20),
            bid(1, 7, 103, 21),
            bid(2, 7, 104, 15),
        ];
        let prices: Vec<_> = bids_in_time(&events).iter().map(|(_, bid)| bid.price).collect();
        assert_eq!(prices, [100, 102]);
    }
}
