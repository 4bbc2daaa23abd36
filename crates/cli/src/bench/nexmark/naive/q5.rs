//! q5, plainly.
use std::collections::BTreeMap;

use hurtig::connectors::nexmark::Event;

use super::views::bids;
use super::windows::{Window, sliding};
use crate::bench::nexmark::q5::HotItem;

/// By window, of 10 s every 2 s, the auctions with the greatest number of bids, by auction.
pub fn q5(events: &[Event]) -> BTreeMap<Window, Vec<HotItem>> {
    let mut counts: BTreeMap<Window, BTreeMap<i64, i64>> = BTreeMap::new();
    for bid in bids(events) {
        for window in sliding(bid.date_time.as_millis(), 10_000, 2_000) {
            *counts.entry(window).or_default().entry(bid.auction).or_default() += 1;
        }
    }
    let hottest = |counts: BTreeMap<i64, i64>| {
        let most = counts.values().copied().max();
        let hot = counts.into_iter().filter(|&(_, num)| Some(num) == most);
        hot.map(|(auction, num)| HotItem { auction, num }).collect()
    };
    counts.into_iter().map(|(window, counts)| (window, hottest(counts))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::nexmark::testing::bid;

    #[test]
    fn each_window_has_its_hot_items_and_ties_give_several() {
        let events = [bid(1, 9, 5, 10_000), bid(1, 9, 5, 11_999), bid(2, 9, 5, 12_000), bid(2, 9, 5, 19_999)];
        let found: Vec<_> = q5(&events)
            .into_iter()
            .map(|(window, items)| {
                (window.start, items.iter().map(|item| (item.auction, item.num)).collect::<Vec<_>>())
            })
            .collect();
        let expected = [
            (2_000, vec![(1, 2)]),
            (4_000, vec![(1, 2)]),
            (6_000, vec![(1, 2)]),
            (8_000, vec![(1, 2)]),
            (10_000, vec![(1, 2), (2, 2)]),
            (12_000, vec![(2, 2)]),
            (14_000, vec![(2, 1)]),
            (16_000, vec![(2, 1)]),
            (18_000, vec![(2, 1)]),
        ];
        assert_eq!(found, expected);
    }
}
