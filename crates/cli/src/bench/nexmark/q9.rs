//! q9, winning bids: for each auction its highest bid while it was open.
use hurtig::prelude::*;

/// An auction and its highest bid so far. Updating: the last row of an auction counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, TypeInformation)]
pub struct WinningBid {
    pub id: i64,
    #[hurtig(rename = "itemName")]
    pub item_name: String,
    pub description: String,
    #[hurtig(rename = "initialBid")]
    pub initial_bid: i64,
    pub reserve: i64,
    #[hurtig(rename = "dateTime")]
    pub date_time: EventTime,
    pub expires: EventTime,
    pub seller: i64,
    pub category: i64,
    pub extra: String,
    pub auction: i64,
    pub bidder: i64,
    pub price: i64,
    #[hurtig(rename = "bid_dateTime")]
    pub bid_date_time: EventTime,
    pub bid_extra: String,
}
