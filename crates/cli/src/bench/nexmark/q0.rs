//! q0, pass through: the bids as they are.
use hurtig::connectors::nexmark::{Event, Fields};
use hurtig::prelude::*;

/// Of a bid auction, bidder, price, dateTime, extra. q1 the same with another price.
#[derive(Clone, Debug, PartialEq, TypeInformation)]
pub struct BidRow<P> {
    pub auction: i64,
    pub bidder: i64,
    pub price: P,
    pub date_time: EventTime,
    pub extra: String,
}

/// What the query reads.
pub fn fields() -> Fields {
    Fields::BID_AUCTION | Fields::BID_BIDDER | Fields::BID_PRICE | Fields::BID_DATE_TIME | Fields::BID_EXTRA
}

/// The query.
pub fn query(events: DataStream<Event>) -> DataStream<BidRow<i64>> {
    events.flat_map(|event| match event {
        Event::Bid(bid) => Some(BidRow {
            auction: bid.auction,
            bidder: bid.bidder,
            price: bid.price,
            date_time: bid.date_time,
            extra: bid.extra,
        }),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::nexmark::testing::{Data, run};

    #[test]
    fn every_bid_comes_through() {
        let expected: Vec<_> = Data::dense()
            .events(1)
            .into_iter()
            .filter_map(|event| match event {
                Event::Bid(bid) => Some(bid),
                _ => None,
            })
            .map(|bid| (bid.auction, bid.bidder, bid.price, bid.date_time, bid.extra))
            .collect();
        let found = run(query, &Data::dense(), fields(), 1).into_iter();
        let found: Vec<_> =
            found.map(|row| (row.auction, row.bidder, row.price, row.date_time, row.extra)).collect();
        assert!(found == expected, "{} rows, {} bids", found.len(), expected.len());
    }
}
