//! q7, highest bid: the bids with the highest price of their 10 seconds.
//!
//! The published query finds the highest price of each window and joins it back to the bids by price and time,
//! where the time may lie "between end - 10 s and end", both included. So a bid exactly at a window's end can be
//! a match of it, though it does not raise the window's price: it is a guest there and a member of the next.
use hurtig::connectors::nexmark::{Bid, Event, Fields};
use hurtig::prelude::*;

/// How long windows are.
const SIZE_MILLIS: i64 = 10_000;

/// A bid that none was higher than.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, TypeInformation)]
pub struct HighestBid {
    pub auction: i64,
    pub price: i64,
    pub bidder: i64,
    #[hurtig(rename = "dateTime")]
    pub date_time: EventTime,
    pub extra: String,
}

/// A bid that may be a match of the window that ends at `end`.
#[derive(Clone, TypeInformation)]
pub struct Candidate {
    pub end: EventTime,
    pub membership: Membership,
    pub bid: HighestBid,
}

/// What a bid is to a window.
#[derive(Clone, Copy, PartialEq, Eq, TypeInformation)]
pub enum Membership {
    /// It lies within it, and can raise its price.
    Member,
    /// It lies exactly at its end.
    Guest,
}

/// The highest price that a subtask has seen in a window.
#[derive(Clone, Copy)]
struct Highest {
    start: i64,
    price: i64,
}

impl Highest {
    const NONE: Highest = Highest { start: i64::MIN, price: i64::MIN };

    #[inline]
    fn has(&self, time: i64) -> bool {
        (self.start..self.start.saturating_add(SIZE_MILLIS)).contains(&time)
    }
}

/// Lets bids pass that can be matches for all that this subtask has seen: of n bids of a window about ln(n).
///
/// It remembers the prices of two windows, in memory alone: what is forgotten lets more bids pass and changes
/// no result.
#[derive(Clone)]
struct Candidates {
    current: Highest,
    other: Highest,
}

impl RichFunction for Candidates {}

impl Candidates {
    /// Turns to the window of `time`.
    #[inline]
    fn turn_to(&mut self, time: i64) {
        if !self.current.has(time) {
            std::mem::swap(&mut self.current, &mut self.other);
            if !self.current.has(time) {
                let start = TimeWindow::start_of(time, 0, SIZE_MILLIS);
                self.current = Highest { start, price: i64::MIN };
            }
        }
    }
}

fn candidate(end: i64, membership: Membership, bid: Bid) -> Candidate {
    let Bid { auction, bidder, price, date_time, extra, .. } = bid;
    let bid = HighestBid { auction, price, bidder, date_time, extra };
    Candidate { end: EventTime::from_millis(end), membership, bid }
}

impl ProcessFunction<Event, Candidate> for Candidates {
    #[inline]
    fn process_element(&mut self, event: Event, ctx: &mut ProcessContext<'_, Candidate>) -> Result<()> {
        let Event::Bid(bid) = event else { return Ok(()) };
        let time = bid.date_time.as_millis();
        self.turn_to(time);
        let Highest { start, price } = self.current;
        if time == start {
            let before = if self.other.has(start - 1) { self.other.price } else { i64::MIN };
            if bid.price >= before {
                ctx.collect(candidate(start, Membership::Guest, bid.clone()))?;
            }
        }
        if bid.price >= price {
            self.current.price = bid.price;
            ctx.collect(candidate(start + SIZE_MILLIS, Membership::Member, bid))?;
        }
        Ok(())
    }
}

/// Finds a window's matches among its candidates.
#[derive(Clone, Default)]
struct Matches {
    /// The highest price of a member.
    highest: ValueState<i64>,
    /// Members of that price and guests of at least that price.
    kept: ListState<Candidate>,
}

impl RichFunction for Matches {
    fn open(&mut self, context: &mut RuntimeContext<'_>) -> Result<()> {
        self.highest = context.state(&ValueStateDescriptor::new("highest"))?;
        self.kept = context.list_state(&ListStateDescriptor::new("kept"))?;
        Ok(())
    }
}

impl KeyedProcessFunction<EventTime, Candidate, HighestBid> for Matches {
    fn process_element(
        &mut self,
        candidate: Candidate,
        ctx: &mut KeyedContext<'_, EventTime, HighestBid>,
    ) -> Result<()> {
        let (end, price) = (candidate.end, candidate.bid.price);
        let highest = self.highest.value(ctx)?;
        if ctx.current_watermark().0 >= end || highest.is_some_and(|highest| price < highest) {
            return Ok(());
        }
        if candidate.membership == Membership::Member && highest.is_none_or(|highest| price > highest) {
            self.highest.update(ctx, price)?;
            let kept = self.kept.take(ctx)?;
            self.kept.update(ctx, kept.into_iter().filter(|kept| kept.bid.price >= price))?;
        }
        self.kept.add(ctx, candidate)?;
        // Not at the window's last moment, as windows do: bids at its end are still to come then.
        ctx.register_event_time_timer(end)
    }

    fn on_timer(&mut self, _: i64, ctx: &mut KeyedContext<'_, EventTime, HighestBid>) -> Result<()> {
        let highest = self.highest.value(ctx)?;
        for candidate in self.kept.take(ctx)? {
            if Some(candidate.bid.price) == highest {
                ctx.collect(candidate.bid);
            }
        }
        self.highest.clear(ctx)
    }
}

/// What the query reads.
pub fn fields() -> Fields {
    Fields::BID_AUCTION | Fields::BID_BIDDER | Fields::BID_PRICE | Fields::BID_DATE_TIME | Fields::BID_EXTRA
}

/// The query.
pub fn query(events: DataStream<Event>) -> DataStream<HighestBid> {
    let candidates = events.process(Candidates { current: Highest::NONE, other: Highest::NONE });
    candidates.key_by(|candidate: &Candidate| candidate.end).process(Matches::default())
}

#[cfg(test)]
mod tests {
    use hurtig::test::KeyedOneInputOperatorTestHarness;

    use super::*;
    use crate::bench::nexmark::naive;
    use crate::bench::nexmark::testing::{Data, bid, run, run_given, sorted};

    #[test]
    fn agrees_with_the_naive_computation() {
        for data in [Data::sparse(), Data::dense()] {
            for parallelism in [1, 2, 4] {
                let found = run(query, &data, fields(), parallelism);
                assert!(sorted(found) == sorted(naive::q7(&data.events(parallelism))));
            }
        }
    }

    #[test]
    fn ties_and_bids_on_the_border_are_put_out() {
        let mut events = Data::dense().events_with_few_prices();
        assert!(sorted(run_given(query, events.clone())) == sorted(naive::q7(&events)));
        events.reverse();
        assert!(sorted(run_given(query, events.clone())) == sorted(naive::q7(&events)));
    }

    #[test]
    fn a_window_waits_for_bids_at_its_end_and_leaves_nothing_behind() {
        let end = |candidate: &Candidate| candidate.end;
        let mut matches = KeyedOneInputOperatorTestHarness::new(end, Matches::default());
        matches.open().unwrap();
        let millis = EventTime::from_millis;
        let mut push = |membership, auction, price, time| {
            let Event::Bid(bid) = bid(auction, 9, price, time) else { unreachable!("it makes bids") };
            matches.process_element(candidate(10_000, membership, bid), millis(time)).unwrap();
        };
        push(Membership::Member, 1, 300, 5_000);
        push(Membership::Guest, 2, 400, 10_000);
        push(Membership::Guest, 3, 300, 10_000);
        push(Membership::Guest, 4, 299, 10_000);
        matches.process_watermark(millis(9_999)).unwrap();
        assert_eq!(matches.take_values(), []);
        matches.process_watermark(millis(10_000)).unwrap();
        let auctions: Vec<_> = matches.take_values().into_iter().map(|bid| bid.auction).collect();
        assert_eq!(auctions, [1, 3]);
        assert_eq!((matches.num_keyed_state_entries(), matches.num_event_time_timers()), (0, 0));
    }

    #[test]
    fn windows_may_take_turns() {
        let times = [9_999, 10_000, 9_998, 10_001, 10_000, 19_999, 20_000, 19_998, 20_000, 19_999];
        let events: Vec<_> =
            times.into_iter().zip(0..).map(|(time, auction)| bid(auction, 9, 300, time)).collect();
        let expected = sorted(naive::q7(&events));
        assert_eq!(expected.len(), 10 + 4, "members and guests");
        assert_eq!(sorted(run_given(query, events)), expected);
    }
}
