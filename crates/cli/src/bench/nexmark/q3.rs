//! q3, local item suggestion: who sells in Oregon, Idaho or California in category 10, and which auctions.
use hurtig::prelude::*;

/// A seller and one of its auctions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, TypeInformation)]
pub struct LocalItem {
    pub name: String,
    pub city: String,
    pub state: String,
    /// The auction's.
    pub id: i64,
}
