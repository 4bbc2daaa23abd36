//! q5, hot items: the auctions with the most bids in the last 10 seconds, every 2 seconds.
use hurtig::prelude::*;

/// An auction that no other had more bids than, in some window.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, TypeInformation)]
pub struct HotItem {
    pub auction: i64,
    /// Bids.
    pub num: i64,
}
