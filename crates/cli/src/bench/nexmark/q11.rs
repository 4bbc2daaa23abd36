//! q11, user sessions: how many bids a bidder made without a pause of more than 10 seconds.
use hurtig::prelude::*;

/// A session.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, TypeInformation)]
pub struct Session {
    pub bidder: i64,
    pub bid_count: i64,
    /// The first bid.
    #[hurtig(rename = "starttime")]
    pub start_time: EventTime,
    /// 10 seconds after the last bid.
    #[hurtig(rename = "endtime")]
    pub end_time: EventTime,
}
