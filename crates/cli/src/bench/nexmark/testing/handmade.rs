//! Events made by hand. Times are milliseconds since the epoch.
use hurtig::EventTime;
use hurtig::connectors::nexmark::{Auction, Bid, Event, Person};

/// A person.
pub fn person(id: i64, name: &str, state: &str, date_time: i64) -> Event {
    Event::Person(Box::new(Person {
        id,
        name: name.to_owned(),
        email_address: String::new(),
        credit_card: String::new(),
        city: "Bend".to_owned(),
        state: state.to_owned(),
        date_time: EventTime::from_millis(date_time),
        extra: String::new(),
    }))
}

/// A bid.
pub fn bid(auction: i64, bidder: i64, price: i64, date_time: i64) -> Event {
    Event::Bid(Bid {
        auction,
        bidder,
        price,
        channel: "Apple".into(),
        url: "https://www.nexmark.com/".into(),
        date_time: EventTime::from_millis(date_time),
        extra: String::new(),
    })
}

/// An auction of category 10 that is open for one millisecond, unless told otherwise.
pub fn auction(id: i64, seller: i64, date_time: i64) -> AuctionBuilder {
    AuctionBuilder(Auction {
        id,
        item_name: "thing".to_owned(),
        description: String::new(),
        initial_bid: 1,
        reserve: 2,
        date_time: EventTime::from_millis(date_time),
        expires: EventTime::from_millis(date_time + 1),
        seller,
        category: 10,
        extra: String::new(),
    })
}

/// An auction being made.
pub struct AuctionBuilder(Auction);

impl AuctionBuilder {
    /// When it closes.
    pub fn expires(mut self, millis: i64) -> Self {
        self.0.expires = EventTime::from_millis(millis);
        self
    }

    /// What it belongs to.
    pub fn category(mut self, category: i64) -> Self {
        self.0.category = category;
        self
    }

    /// The event.
    pub fn event(self) -> Event {
        Event::Auction(Box::new(self.0))
    }
}
