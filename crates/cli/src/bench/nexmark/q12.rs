//! q12, processing-time windows: how many bids a bidder made in 10 seconds of the wall clock.
use hurtig::ProcessingTime;
use hurtig::prelude::*;

/// A bidder's bids in one window.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, TypeInformation)]
pub struct BidCount {
    pub bidder: i64,
    pub bid_count: i64,
    /// Where the window starts,
    #[hurtig(rename = "starttime")]
    pub start_time: ProcessingTime,
    /// and ends.
    #[hurtig(rename = "endtime")]
    pub end_time: ProcessingTime,
}
