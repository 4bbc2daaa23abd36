//! q7, highest bid: the bids with the highest price of their 10 seconds.
use hurtig::prelude::*;

/// A bid that none was higher than.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, TypeInformation)]
pub struct HighestBid {
    pub auction: i64,
    pub price: i64,
    pub bidder: i64,
    #[hurtig(rename = "dateTime")]
    pub date_time: EventTime,
    pub extra: String,
}
