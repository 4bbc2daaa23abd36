//! q2, selection: the bids for every 123rd auction.
use hurtig::connectors::nexmark::{Event, Fields};
use hurtig::prelude::*;

/// Of a bid auction and price.
#[derive(Clone, Debug, PartialEq, TypeInformation)]
pub struct Selected {
    pub auction: i64,
    pub price: i64,
}

/// What the query reads.
pub fn fields() -> Fields {
    Fields::BID_AUCTION | Fields::BID_PRICE
}

/// The query.
pub fn query(events: DataStream<Event>) -> DataStream<Selected> {
    events.flat_map(|event| match event {
        Event::Bid(bid) if bid.auction % 123 == 0 => {
            Some(Selected { auction: bid.auction, price: bid.price })
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::nexmark::testing::{Data, run, sorted};

    #[test]
    fn every_123rd_auction() {
        for parallelism in [1, 2] {
            let events = Data::dense().events(parallelism);
            let expected = sorted(events.iter().filter_map(|event| match event {
                Event::Bid(bid) if bid.auction % 123 == 0 => Some((bid.auction, bid.price)),
                _ => None,
            }));
            let found = run(query, &Data::dense(), fields(), parallelism);
            assert_eq!(sorted(found.into_iter().map(|row| (row.auction, row.price))), expected);
            assert!(expected.len() > 300, "{} rows", expected.len());
        }
    }
}
