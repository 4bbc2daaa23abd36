//! q1, currency conversion: the bids with their prices in euros.
use hurtig::connectors::nexmark::Event;
use hurtig::prelude::*;

use super::q0::BidRow;
/// What the query reads.
pub use super::q0::fields;

/// 0.908 times the dollar price, exactly, as DECIMAL(23, 3): thousandths of a cent.
#[derive(Clone, Debug, PartialEq, TypeInformation)]
pub struct Thousandths(pub i128);

/// The query.
pub fn query(events: DataStream<Event>) -> DataStream<BidRow<Thousandths>> {
    events.flat_map(|event| match event {
        Event::Bid(bid) => Some(BidRow {
            auction: bid.auction,
            bidder: bid.bidder,
            price: Thousandths(i128::from(bid.price) * 908),
            date_time: bid.date_time,
            extra: bid.extra,
        }),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::nexmark::testing::{bid, run_given};

    #[test]
    fn prices_are_exact() {
        let found = run_given(query, vec![bid(1, 2, 100, 3), bid(1, 2, 99_999_999, 4)]);
        let prices: Vec<_> = found.into_iter().map(|row| (row.date_time.as_millis(), row.price)).collect();
        assert_eq!(prices, [(3, Thousandths(90_800)), (4, Thousandths(90_799_999_092))]);
    }
}
