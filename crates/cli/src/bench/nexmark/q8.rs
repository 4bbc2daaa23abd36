//! q8, monitor new users: people that opened an auction in the 10 seconds in which they registered.
use std::time::Duration;

use hurtig::connectors::nexmark::{Event, Fields, Person};
use hurtig::operator::window::function::Apply;
use hurtig::prelude::*;

/// A person that registered and sold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, TypeInformation)]
pub struct NewUser {
    pub id: i64,
    pub name: String,
    /// Where the 10 seconds start.
    #[hurtig(rename = "stime")]
    pub start_time: EventTime,
}

/// What of an event takes part.
#[derive(Clone, TypeInformation)]
pub enum Side {
    Person { id: i64, name: String },
    Seller { id: i64 },
}

/// What a person did within a window.
#[derive(Clone, TypeInformation)]
pub struct Activity {
    /// It registered, under this name,
    pub name: Option<String>,
    /// or opened an auction.
    pub sold: bool,
}

/// The join of a window with itself: one accumulator per person, so that nothing is kept twice. It gives the
/// name of who did both.
#[derive(Clone)]
struct RegisteredAndSold;

impl AggregateFunction<Side> for RegisteredAndSold {
    type Accumulator = Activity;
    type Output = Option<String>;

    fn create_accumulator(&self) -> Activity {
        Activity { name: None, sold: false }
    }

    fn add(&self, side: Side, activity: &mut Activity) -> Result<()> {
        match side {
            Side::Person { name, .. } => activity.name = Some(name),
            Side::Seller { .. } => activity.sold = true,
        }
        Ok(())
    }

    fn get_result(&self, activity: &Activity) -> Result<Option<String>> {
        Ok(activity.name.clone().filter(|_| activity.sold))
    }

    fn merge(&self, into: &mut Activity, other: Activity) -> Result<()> {
        into.name = into.name.take().or(other.name);
        into.sold |= other.sold;
        Ok(())
    }
}

fn new_user(id: &i64, window: &TimeWindow, names: Elements<'_, Option<String>>) -> Option<NewUser> {
    let name = names.iter().flatten().next()?.clone();
    Some(NewUser { id: *id, name, start_time: window.start })
}

/// What the query reads.
pub fn fields() -> Fields {
    Fields::PERSON_ID
        | Fields::PERSON_NAME
        | Fields::PERSON_DATE_TIME
        | Fields::AUCTION_SELLER
        | Fields::AUCTION_DATE_TIME
}

/// The query.
pub fn query(events: DataStream<Event>) -> DataStream<NewUser> {
    let sides = events.flat_map(|event| match event {
        Event::Person(person) => {
            let Person { id, name, .. } = *person;
            Some(Side::Person { id, name })
        }
        Event::Auction(auction) => Some(Side::Seller { id: auction.seller }),
        Event::Bid(_) => None,
    });
    let id = |side: &Side| match side {
        Side::Person { id, .. } | Side::Seller { id } => *id,
    };
    sides
        .key_by(id)
        .window(TumblingEventTimeWindows::of(Duration::from_secs(10)))
        .aggregate_with(RegisteredAndSold, Apply(new_user))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::nexmark::naive;
    use crate::bench::nexmark::testing::{Data, run, sorted};

    #[test]
    fn agrees_with_the_naive_computation() {
        for data in [Data::sparse(), Data::dense()] {
            for parallelism in [1, 2, 4] {
                let found = run(query, &data, fields(), parallelism);
                let expected = sorted(naive::q8(&data.events(parallelism)));
                assert!(sorted(found) == expected && expected.len() > 50, "{} rows", expected.len());
            }
        }
    }
}
