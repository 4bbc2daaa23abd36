//! The events of one kind, in the order in which they come. The views of the published queries.
use hurtig::connectors::nexmark::{Auction, Bid, Event, Person};

/// The people.
pub fn persons(events: &[Event]) -> impl Iterator<Item = &Person> {
    events.iter().filter_map(|event| match event {
        Event::Person(person) => Some(&**person),
        _ => None,
    })
}

/// The auctions.
pub fn auctions(events: &[Event]) -> impl Iterator<Item = &Auction> {
    events.iter().filter_map(|event| match event {
        Event::Auction(auction) => Some(&**auction),
        _ => None,
    })
}

/// The bids.
pub fn bids(events: &[Event]) -> impl Iterator<Item = &Bid> {
    events.iter().filter_map(|event| match event {
        Event::Bid(bid) => Some(bid),
        _ => None,
    })
}
