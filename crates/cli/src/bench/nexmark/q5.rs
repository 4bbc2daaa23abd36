//! q5, hot items: the auctions with the most bids in the last 10 seconds, every 2 seconds.
use std::time::Duration;

use hurtig::connectors::nexmark::{Event, Fields};
use hurtig::prelude::*;

use super::count::Count;

/// How long windows are,
const SIZE: Duration = Duration::from_secs(10);
/// and how far apart.
const SLIDE: Duration = Duration::from_secs(2);

/// An auction that no other had more bids than, in some window.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, TypeInformation)]
pub struct HotItem {
    pub auction: i64,
    /// Bids.
    pub num: i64,
}

/// Puts out an auction's bids in a window, unless this subtask has seen an auction with more: then it cannot be
/// a hot one. A window's auctions fire together, so that the counts of one window are enough to remember; were
/// they forgotten, more would be put out and the result be the same.
#[derive(Clone)]
struct Leaders {
    window: TimeWindow,
    most: i64,
}

impl RichFunction for Leaders {}

impl ProcessWindowFunction<i64, HotItem, i64, TimeWindow> for Leaders {
    #[inline]
    fn process(
        &mut self,
        auction: &i64,
        counts: Elements<'_, i64>,
        ctx: &mut WindowContext<'_, TimeWindow, HotItem>,
    ) -> Result<()> {
        if self.window != *ctx.window() {
            *self = Leaders { window: *ctx.window(), most: 0 };
        }
        for &num in counts.iter() {
            if num >= self.most {
                self.most = num;
                ctx.collect(HotItem { auction: *auction, num });
            }
        }
        Ok(())
    }
}

/// Keeps the items with the most bids, all that are equal.
#[derive(Clone)]
struct Hottest;

impl AggregateFunction<HotItem> for Hottest {
    type Accumulator = Vec<HotItem>;
    type Output = Vec<HotItem>;

    fn create_accumulator(&self) -> Vec<HotItem> {
        Vec::new()
    }

    fn add(&self, item: HotItem, hottest: &mut Vec<HotItem>) -> Result<()> {
        let most = hottest.first().map_or(0, |held| held.num);
        if item.num > most {
            hottest.clear();
        }
        if item.num >= most {
            hottest.push(item);
        }
        Ok(())
    }

    fn get_result(&self, hottest: &Vec<HotItem>) -> Result<Vec<HotItem>> {
        Ok(hottest.clone())
    }

    fn merge(&self, into: &mut Vec<HotItem>, other: Vec<HotItem>) -> Result<()> {
        other.into_iter().try_for_each(|item| self.add(item, into))
    }
}

/// What the query reads.
pub fn fields() -> Fields {
    Fields::BID_AUCTION | Fields::BID_DATE_TIME
}

/// The query.
pub fn query(events: DataStream<Event>) -> DataStream<HotItem> {
    let auctions = events.flat_map(|event| match event {
        Event::Bid(bid) => Some(bid.auction),
        _ => None,
    });
    let nothing = TimeWindow::new(EventTime::MIN, EventTime::MIN);
    let leaders = auctions
        .key_by(|auction: &i64| *auction)
        .window(SlidingEventTimeWindows::of(SIZE, SLIDE))
        .aggregate_with(Count, Leaders { window: nothing, most: 0 });
    // A result has the last moment of its window as timestamp: windows of the slide hold one window's each.
    let hottest = leaders.window_all(TumblingEventTimeWindows::of(SLIDE)).aggregate(Hottest);
    hottest.flat_map(|items| items)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::nexmark::naive;
    use crate::bench::nexmark::testing::{Data, run, sorted, with_timestamps};

    #[test]
    fn agrees_with_the_naive_computation() {
        for data in [Data::sparse(), Data::even(), Data::dense()] {
            for parallelism in [1, 2, 4] {
                let found = run(with_timestamps(query), &data, fields(), parallelism);
                let windows = naive::q5(&data.events(parallelism)).into_iter();
                let expected = windows.flat_map(|(window, items)| {
                    items.into_iter().map(move |item| (window.max_timestamp(), item))
                });
                assert_eq!(sorted(found), sorted(expected));
            }
        }
    }
}
