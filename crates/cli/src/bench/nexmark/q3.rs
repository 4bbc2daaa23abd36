//! q3, local item suggestion: who sells in Oregon, Idaho or California in category 10, and which auctions.
use hurtig::connectors::nexmark::{Event, Fields, Person};
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

/// What of an event takes part, both kinds in one stream: one exchange, and the order of arrival stays.
#[derive(Clone, TypeInformation)]
pub enum Side {
    Seller(Seller),
    Item { seller: i64, id: i64 },
}

/// A person of one of the three states.
#[derive(Clone, TypeInformation)]
pub struct Seller {
    pub id: i64,
    pub name: String,
    pub city: String,
    pub state: String,
}

impl Seller {
    fn item(&self, id: i64) -> LocalItem {
        let Seller { name, city, state, .. } = self.clone();
        LocalItem { name, city, state, id }
    }
}

/// Joins by seller. Both sides are kept for ever, as an unbounded join must; but an auction is not kept once
/// its seller has come, since there is only one of each.
#[derive(Clone, Default)]
struct Join {
    seller: ValueState<Seller>,
    /// Auctions whose seller has not come.
    items: ListState<i64>,
}

impl RichFunction for Join {
    fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
        self.seller = context.state(&ValueStateDescriptor::new("seller"))?;
        self.items = context.list_state(&ListStateDescriptor::new("items"))?;
        Ok(())
    }
}

impl KeyedProcessFunction<i64, Side, LocalItem> for Join {
    fn process_element(&mut self, side: Side, ctx: &mut KeyedContext<'_, i64, LocalItem>) -> Result<()> {
        match side {
            Side::Item { id, .. } => match self.seller.get(ctx)?.map(|seller| seller.item(id)) {
                Some(row) => {
                    ctx.collect(row);
                    Ok(())
                }
                None => self.items.add(ctx, id),
            },
            Side::Seller(seller) => {
                for id in self.items.take(ctx)? {
                    ctx.collect(seller.item(id));
                }
                self.seller.update(ctx, seller)
            }
        }
    }
}

/// What the query reads.
pub fn fields() -> Fields {
    Fields::PERSON_ID
        | Fields::PERSON_NAME
        | Fields::PERSON_CITY
        | Fields::PERSON_STATE
        | Fields::AUCTION_ID
        | Fields::AUCTION_SELLER
        | Fields::AUCTION_CATEGORY
}

/// The query.
pub fn query(events: DataStream<Event>) -> DataStream<LocalItem> {
    let sides = events.flat_map(|event| match event {
        Event::Person(person) if matches!(person.state.as_str(), "OR" | "ID" | "CA") => {
            let Person { id, name, city, state, .. } = *person;
            Some(Side::Seller(Seller { id, name, city, state }))
        }
        Event::Auction(auction) if auction.category == 10 => {
            Some(Side::Item { seller: auction.seller, id: auction.id })
        }
        _ => None,
    });
    let seller = |side: &Side| match side {
        Side::Seller(seller) => seller.id,
        Side::Item { seller, .. } => *seller,
    };
    sides.key_by(seller).process(Join::default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::nexmark::naive;
    use crate::bench::nexmark::testing::{Data, run, run_given, sorted};

    #[test]
    fn agrees_with_the_naive_computation() {
        for data in [Data::sparse(), Data::dense()] {
            for parallelism in [1, 2, 4] {
                let found = run(query, &data, fields(), parallelism);
                assert!(sorted(found) == sorted(naive::q3(&data.events(parallelism))));
            }
        }
    }

    #[test]
    fn an_auction_waits_for_its_seller() {
        let mut events = Data::sparse().events(1);
        events.reverse();
        let expected = sorted(naive::q3(&events));
        assert!(expected.len() > 300, "{} rows", expected.len());
        assert!(sorted(run_given(query, events)) == expected);
    }
}
