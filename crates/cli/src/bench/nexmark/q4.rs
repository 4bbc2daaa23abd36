//! q4, average price for a category: over its auctions, of the highest bid while the auction was open.
use hurtig::prelude::*;

/// A category's average so far. Updating: the last row of a category counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, TypeInformation)]
pub struct CategoryPrice {
    /// The category.
    pub id: i64,
    /// In cents, cut toward zero.
    #[hurtig(rename = "final")]
    pub final_price: i64,
}
