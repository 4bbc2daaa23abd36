//! q4, average price for a category: over its auctions, of the highest bid while the auction was open.
use hurtig::connectors::nexmark::{Event, Fields};
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

/// What of an event takes part, both kinds in one stream: one exchange, and the order of arrival stays.
#[derive(Clone, Copy, TypeInformation)]
pub enum Side {
    Auction { id: i64, category: i64, date_time: EventTime, expires: EventTime },
    Bid { auction: i64, price: i64, date_time: EventTime },
}

/// An auction has a higher bid.
#[derive(Clone, Copy, TypeInformation)]
pub struct Raised {
    pub category: i64,
    /// The bid that was the highest, if there was one.
    pub from: Option<i64>,
    pub to: i64,
}

/// An auction that has come.
#[derive(Clone, Copy, TypeInformation)]
pub struct Open {
    pub category: i64,
    pub date_time: EventTime,
    pub expires: EventTime,
    pub highest: Option<i64>,
}

impl Open {
    /// Whether a bid is in time and higher than all so far.
    fn takes(&self, price: i64, date_time: EventTime) -> bool {
        (self.date_time..=self.expires).contains(&date_time) && self.highest.is_none_or(|held| price > held)
    }
}

/// Finds the highest bid of each auction. Only that one is kept, since bids are never taken back; auctions are
/// kept for ever, as the query's join knows no end of them.
#[derive(Clone, Default)]
struct HighestInTime {
    auction: ValueState<Open>,
    /// Times and prices of bids whose auction has not come.
    early: ListState<(EventTime, i64)>,
}

impl RichFunction for HighestInTime {
    fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
        self.auction = context.state(&ValueStateDescriptor::new("auction"))?;
        self.early = context.list_state(&ListStateDescriptor::new("early"))?;
        Ok(())
    }
}

impl KeyedProcessFunction<i64, Side, Raised> for HighestInTime {
    #[inline]
    fn process_element(&mut self, side: Side, ctx: &mut KeyedContext<'_, i64, Raised>) -> Result<()> {
        match side {
            Side::Bid { price, date_time, .. } => match self.auction.get(ctx)? {
                // Most bids end here.
                Some(open) if !open.takes(price, date_time) => {}
                Some(&open) => {
                    self.auction.update(ctx, Open { highest: Some(price), ..open })?;
                    ctx.collect(Raised { category: open.category, from: open.highest, to: price });
                }
                None => self.early.add(ctx, (date_time, price))?,
            },
            Side::Auction { category, date_time, expires, .. } => {
                let mut open = Open { category, date_time, expires, highest: None };
                for (date_time, price) in self.early.take(ctx)? {
                    if open.takes(price, date_time) {
                        open.highest = Some(price);
                    }
                }
                self.auction.update(ctx, open)?;
                if let Some(to) = open.highest {
                    ctx.collect(Raised { category, from: None, to });
                }
            }
        }
        Ok(())
    }
}

/// The auctions of a category that have a bid.
#[derive(Clone, Copy, Default, TypeInformation)]
pub struct Prices {
    pub sum: i128,
    pub count: i64,
}

impl Prices {
    fn average(&self) -> i64 {
        // No more than the greatest of the prices.
        (self.sum / i128::from(self.count.max(1))) as i64
    }
}

/// Averages the highest bids of a category.
#[derive(Clone, Default)]
struct Average {
    prices: ValueState<Prices>,
}

impl RichFunction for Average {
    fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
        self.prices = context.state(&ValueStateDescriptor::new("prices"))?;
        Ok(())
    }
}

impl KeyedProcessFunction<i64, Raised, CategoryPrice> for Average {
    #[inline]
    fn process_element(
        &mut self,
        raised: Raised,
        ctx: &mut KeyedContext<'_, i64, CategoryPrice>,
    ) -> Result<()> {
        let final_price = self.prices.modify(ctx, |prices| {
            let prices = prices.get_or_insert_default();
            prices.sum += i128::from(raised.to) - i128::from(raised.from.unwrap_or(0));
            prices.count += i64::from(raised.from.is_none());
            prices.average()
        })?;
        ctx.collect(CategoryPrice { id: raised.category, final_price });
        Ok(())
    }
}

/// What the query reads.
pub fn fields() -> Fields {
    Fields::AUCTION_ID
        | Fields::AUCTION_CATEGORY
        | Fields::AUCTION_DATE_TIME
        | Fields::AUCTION_EXPIRES
        | Fields::BID_AUCTION
        | Fields::BID_PRICE
        | Fields::BID_DATE_TIME
}

/// The query. A row for each bid that is its auction's highest so far; Flink's SQL puts out two, as it first
/// takes the old price off the average.
pub fn query(events: DataStream<Event>) -> DataStream<CategoryPrice> {
    let sides = events.flat_map(|event| match event {
        Event::Auction(auction) => Some(Side::Auction {
            id: auction.id,
            category: auction.category,
            date_time: auction.date_time,
            expires: auction.expires,
        }),
        Event::Bid(bid) => {
            Some(Side::Bid { auction: bid.auction, price: bid.price, date_time: bid.date_time })
        }
        Event::Person(_) => None,
    });
    let auction = |side: &Side| match side {
        Side::Auction { id, .. } => *id,
        Side::Bid { auction, .. } => *auction,
    };
    let raised = sides.key_by(auction).process(HighestInTime::default());
    raised.key_by(|raised: &Raised| raised.category).process(Average::default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::nexmark::naive;
    use crate::bench::nexmark::testing::{Data, last_per_key, run, run_given};

    #[test]
    fn agrees_with_the_naive_computation() {
        for data in [Data::sparse(), Data::dense()] {
            for parallelism in [1, 2, 4] {
                let found = last_per_key(run(query, &data, fields(), parallelism), |row| row.id);
                assert_eq!(found, naive::q4(&data.events(parallelism)));
                assert_eq!(found.len(), 5, "categories");
            }
        }
    }

    #[test]
    fn bids_can_come_before_their_auction() {
        let mut events = Data::sparse().events(1);
        events.reverse();
        let found = last_per_key(run_given(query, events.clone()), |row| row.id);
        assert_eq!(found, naive::q4(&events));
    }
}
