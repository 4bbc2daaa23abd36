//! q9, winning bids: for each auction its highest bid while it was open.
use hurtig::connectors::nexmark::{Auction, Event, Fields, Kind};
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

/// What of an event takes part, both kinds in one stream: one exchange, and the order of arrival stays, which
/// decides between equal bids.
#[derive(Clone, TypeInformation)]
pub enum Side {
    Auction(Box<Auction>),
    Bid(Offer),
}

/// Of a bid what a row has of it.
#[derive(Clone, TypeInformation)]
pub struct Offer {
    pub auction: i64,
    pub bidder: i64,
    pub price: i64,
    pub date_time: EventTime,
    pub extra: String,
}

impl Offer {
    fn wins(self, auction: Auction) -> WinningBid {
        WinningBid {
            id: auction.id,
            item_name: auction.item_name,
            description: auction.description,
            initial_bid: auction.initial_bid,
            reserve: auction.reserve,
            date_time: auction.date_time,
            expires: auction.expires,
            seller: auction.seller,
            category: auction.category,
            extra: auction.extra,
            auction: self.auction,
            bidder: self.bidder,
            price: self.price,
            bid_date_time: self.date_time,
            bid_extra: self.extra,
        }
    }
}

/// When an auction that has come takes bids, and price and time of its best one. It lies apart from the rest of
/// the auction, which most bids have no need of.
#[derive(Clone, Copy, TypeInformation)]
pub struct Open {
    pub date_time: EventTime,
    pub expires: EventTime,
    pub best: Option<(i64, EventTime)>,
}

impl Open {
    /// Whether a bid is in time and better than all so far: higher, or as high and earlier. Of bids alike in
    /// both the first that came stays.
    fn takes(&self, bid: &Offer) -> bool {
        let better = |(price, time)| bid.price > price || bid.price == price && bid.date_time < time;
        (self.date_time..=self.expires).contains(&bid.date_time) && self.best.is_none_or(better)
    }

    fn with(self, bid: &Offer) -> Open {
        Open { best: Some((bid.price, bid.date_time)), ..self }
    }
}

/// Finds the best bid of each auction. What is not better is not kept, since bids are never taken back.
#[derive(Clone, Default)]
struct BestInTime {
    open: ValueState<Open>,
    auction: ValueState<Box<Auction>>,
    /// Bids whose auction has not come.
    early: ListState<Offer>,
}

impl RichFunction for BestInTime {
    fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
        self.open = context.state(&ValueStateDescriptor::new("open"))?;
        self.auction = context.state(&ValueStateDescriptor::new("auction"))?;
        self.early = context.list_state(&ListStateDescriptor::new("early"))?;
        Ok(())
    }
}

impl BestInTime {
    fn bid(&self, bid: Offer, ctx: &mut KeyedContext<'_, i64, WinningBid>) -> Result<()> {
        match self.open.get(ctx)? {
            // Most bids end here.
            Some(open) if !open.takes(&bid) => {}
            Some(&open) => {
                self.open.update(ctx, open.with(&bid))?;
                if let Some(auction) = self.auction.value(ctx)? {
                    ctx.collect(bid.wins(*auction));
                }
            }
            None => self.early.add(ctx, bid)?,
        }
        Ok(())
    }

    fn auction(&self, auction: Box<Auction>, ctx: &mut KeyedContext<'_, i64, WinningBid>) -> Result<()> {
        let mut open = Open { date_time: auction.date_time, expires: auction.expires, best: None };
        let mut best = None;
        for bid in self.early.take(ctx)? {
            if open.takes(&bid) {
                open = open.with(&bid);
                best = Some(bid);
            }
        }
        self.open.update(ctx, open)?;
        if let Some(bid) = best {
            ctx.collect(bid.wins((*auction).clone()));
        }
        self.auction.update(ctx, auction)
    }
}

impl KeyedProcessFunction<i64, Side, WinningBid> for BestInTime {
    #[inline]
    fn process_element(&mut self, side: Side, ctx: &mut KeyedContext<'_, i64, WinningBid>) -> Result<()> {
        match side {
            Side::Bid(bid) => self.bid(bid, ctx),
            Side::Auction(auction) => self.auction(auction, ctx),
        }
    }
}

/// What the query reads.
pub fn fields() -> Fields {
    Fields::all_of(Kind::Auction)
        | Fields::BID_AUCTION
        | Fields::BID_BIDDER
        | Fields::BID_PRICE
        | Fields::BID_DATE_TIME
        | Fields::BID_EXTRA
}

/// The query.
pub fn query(events: DataStream<Event>) -> DataStream<WinningBid> {
    let sides = events.flat_map(|event| match event {
        Event::Auction(auction) => Some(Side::Auction(auction)),
        Event::Bid(bid) => Some(Side::Bid(Offer {
            auction: bid.auction,
            bidder: bid.bidder,
            price: bid.price,
            date_time: bid.date_time,
            extra: bid.extra,
        })),
        Event::Person(_) => None,
    });
    let auction = |side: &Side| match side {
        Side::Auction(auction) => auction.id,
        Side::Bid(bid) => bid.auction,
    };
    sides.key_by(auction).process(BestInTime::default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::nexmark::naive;
    use crate::bench::nexmark::testing::{Data, last_per_key, run, run_given};

    #[test]
    fn agrees_with_the_naive_computation() {
        // With ties, which the order of arrival decides.
        let found = last_per_key(run(query, &Data::dense(), fields(), 1), |row| row.id);
        assert!(found == naive::q9(&Data::dense().events(1)));
        // Without ties it is the same in any order.
        for parallelism in [1, 2, 4] {
            let found = last_per_key(run(query, &Data::sparse(), fields(), parallelism), |row| row.id);
            assert!(found == naive::q9(&Data::sparse().events(parallelism)));
        }
    }

    #[test]
    fn equal_prices_and_early_bids_are_decided_alike() {
        let mut events = Data::dense().events_with_few_prices();
        let last = |events: &[Event]| last_per_key(run_given(query, events.to_vec()), |row| row.id);
        assert!(last(&events) == naive::q9(&events));
        events.reverse();
        assert!(last(&events) == naive::q9(&events));
    }
}
