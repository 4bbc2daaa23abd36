//! What happens in the auction house: people register, open auctions and bid. Rust names here, the published
//! column names in the types that they map to.
use std::sync::Arc;

use compact_str::CompactString;
use hurtig_core::EventTime;
use hurtig_derive::TypeInformation;

/// A person registers.
#[derive(Clone, Debug, PartialEq, TypeInformation)]
#[hurtig(crate = "hurtig_core")]
pub struct Person {
    /// From 1000 on, in order of registration.
    pub id: i64,
    /// First and last name.
    pub name: String,
    /// An address that receives nothing.
    #[hurtig(rename = "emailAddress")]
    pub email_address: String,
    /// Four groups of four digits.
    #[hurtig(rename = "creditCard")]
    pub credit_card: String,
    /// One of ten cities of the American west.
    pub city: String,
    /// One of six states, whatever the city.
    pub state: String,
    /// When the person registered.
    #[hurtig(rename = "dateTime")]
    pub date_time: EventTime,
    /// Padding up to the average size of a person.
    pub extra: String,
}

/// A person opens an auction.
#[derive(Clone, Debug, PartialEq, TypeInformation)]
#[hurtig(crate = "hurtig_core")]
pub struct Auction {
    /// From 1000 on, in order of opening.
    pub id: i64,
    /// What is sold.
    #[hurtig(rename = "itemName")]
    pub item_name: String,
    /// More about it.
    pub description: String,
    /// The lowest bid wanted, in cents.
    #[hurtig(rename = "initialBid")]
    pub initial_bid: i64,
    /// Below it the item need not be sold, in cents.
    pub reserve: i64,
    /// When the auction was opened.
    #[hurtig(rename = "dateTime")]
    pub date_time: EventTime,
    /// When it closes.
    pub expires: EventTime,
    /// The person that sells; up to ten of them register later.
    pub seller: i64,
    /// 10 to 14.
    pub category: i64,
    /// Padding up to the average size of an auction.
    pub extra: String,
}

/// A person bids.
///
/// The string types follow from where the values come: channel names are short and lie in the value itself;
/// urls are shared with the generator's table, as the published generator shares them; padding is new in each
/// bid.
#[derive(Clone, Debug, PartialEq, TypeInformation)]
#[hurtig(crate = "hurtig_core")]
pub struct Bid {
    /// The auction; up to ten of them open later.
    pub auction: i64,
    /// The person that bids, who always registers later.
    pub bidder: i64,
    /// In cents.
    pub price: i64,
    /// Where the bidder came from.
    pub channel: CompactString,
    /// The page that belongs to the channel.
    pub url: Arc<str>,
    /// When the bid was made.
    #[hurtig(rename = "dateTime")]
    pub date_time: EventTime,
    /// Padding up to the average size of a bid.
    pub extra: String,
}

/// One event. Bids are 92 % of them by default, so the larger, rare kinds are boxed.
#[derive(Clone, Debug, PartialEq, TypeInformation)]
#[hurtig(crate = "hurtig_core")]
pub enum Event {
    /// A person registers.
    #[hurtig(rename = "person")]
    Person(Box<Person>),
    /// A person opens an auction.
    #[hurtig(rename = "auction")]
    Auction(Box<Auction>),
    /// A person bids.
    #[hurtig(rename = "bid")]
    Bid(Bid),
}

/// The kinds of events. Their numbers are the values of the column `event_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// A person registers.
    Person = 0,
    /// A person opens an auction.
    Auction = 1,
    /// A person bids.
    Bid = 2,
}

impl Kind {
    /// All kinds, in the order of their numbers.
    pub const ALL: [Kind; 3] = [Kind::Person, Kind::Auction, Kind::Bid];

    /// The name of the kind's view, and of its column in the combined table.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Person => "person",
            Kind::Auction => "auction",
            Kind::Bid => "bid",
        }
    }
}

impl Event {
    /// Which kind of event it is.
    pub fn kind(&self) -> Kind {
        match self {
            Event::Person(_) => Kind::Person,
            Event::Auction(_) => Kind::Auction,
            Event::Bid(_) => Kind::Bid,
        }
    }

    /// When it happened.
    pub fn date_time(&self) -> EventTime {
        match self {
            Event::Person(person) => person.date_time,
            Event::Auction(auction) => auction.date_time,
            Event::Bid(bid) => bid.date_time,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_no_larger_than_a_bid() {
        assert_eq!(size_of::<Event>(), size_of::<Bid>());
        assert_eq!(size_of::<Bid>(), 96);
    }
}
