//! q18, find last bid: of each bidder and auction.
use hurtig::connectors::nexmark::{Bid, Event, Fields, Kind};
use hurtig::prelude::*;

/// What the query reads.
pub fn fields() -> Fields {
    Fields::all_of(Kind::Bid)
}

/// The query. Updating: there is a row for every bid, with the latest so far of its bidder and auction; the
/// last of them counts.
pub fn query(events: DataStream<Event>) -> DataStream<Bid> {
    let bids = events.flat_map(|event| match event {
        Event::Bid(bid) => Some(bid),
        _ => None,
    });
    bids.key_by(|bid: &Bid| (bid.bidder, bid.auction))
        .reduce(|held, next| if next.date_time >= held.date_time { next } else { held.clone() })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::bench::nexmark::naive;
    use crate::bench::nexmark::testing::{Data, last_per_key, run, run_given};

    fn last(rows: Vec<Bid>) -> BTreeMap<(i64, i64), Bid> {
        last_per_key(rows, |bid| (bid.bidder, bid.auction))
    }

    #[test]
    fn agrees_with_the_naive_computation() {
        let events = Data::dense().events(1);
        let found = run(query, &Data::dense(), fields(), 1);
        let bids = events.iter().filter(|event| event.kind() == Kind::Bid).count();
        assert_eq!(found.len(), bids, "one row per bid");
        assert!(last(found) == naive::q18(&events));
        // Without ties it is the same in any order.
        let found = run(query, &Data::sparse(), fields(), 2);
        assert!(last(found) == naive::q18(&Data::sparse().events(2)));
    }

    #[test]
    fn a_bid_that_comes_late_does_not_replace_a_later_one() {
        let mut events = Data::sparse().events(1);
        events.truncate(5_000);
        events.reverse();
        assert!(last(run_given(query, events.clone())) == naive::q18(&events));
    }
}
