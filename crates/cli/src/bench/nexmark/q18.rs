//! q18, find last bid: of each bidder and auction.
use hurtig::connectors::nexmark::{Bid, Event, Fields, Kind};
use hurtig::prelude::*;

/// Lets a bid pass unless a later one has. Flink's deduplication by row time, which keeps the last: of equal
/// times the one that came last.
///
/// Only the time is held: what has been put out is never asked for again.
#[derive(Clone, Default)]
struct KeepLast {
    latest: ValueState<EventTime>,
}

impl RichFunction for KeepLast {
    fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
        self.latest = context.state(&ValueStateDescriptor::new("latest"))?;
        Ok(())
    }
}

impl KeyedProcessFunction<(i64, i64), Bid, Bid> for KeepLast {
    #[inline]
    fn process_element(&mut self, bid: Bid, ctx: &mut KeyedContext<'_, (i64, i64), Bid>) -> Result<()> {
        let is_last = self.latest.modify(ctx, |latest| {
            let is_last = latest.is_none_or(|latest| bid.date_time >= latest);
            if is_last {
                *latest = Some(bid.date_time);
            }
            is_last
        })?;
        if is_last {
            ctx.collect(bid);
        }
        Ok(())
    }
}

/// What the query reads.
pub fn fields() -> Fields {
    Fields::all_of(Kind::Bid)
}

/// The query. Updating: there is a row for every bid that is the latest so far of its bidder and auction; the
/// last of them counts.
pub fn query(events: DataStream<Event>) -> DataStream<Bid> {
    let bids = events.flat_map(|event| match event {
        Event::Bid(bid) => Some(bid),
        _ => None,
    });
    bids.key_by(|bid: &Bid| (bid.bidder, bid.auction)).process(KeepLast::default())
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
        assert_eq!(found.len(), bids, "one row per bid, as none comes late");
        assert!(last(found) == naive::q18(&events));
        // Without ties it is the same in any order.
        for parallelism in [2, 4] {
            let found = run(query, &Data::sparse(), fields(), parallelism);
            assert!(last(found) == naive::q18(&Data::sparse().events(parallelism)));
        }
    }

    #[test]
    fn a_bid_that_comes_late_is_not_put_out() {
        let mut events = Data::sparse().events(1);
        events.truncate(5_000);
        events.reverse();
        let found = run_given(query, events.clone());
        let expected = naive::q18(&events);
        assert_eq!(found.len(), expected.len(), "the first that comes is the last in time");
        assert!(last(found) == expected);
    }
}
