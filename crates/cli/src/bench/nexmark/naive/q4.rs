//! q4, plainly.
use std::collections::BTreeMap;

use hurtig::connectors::nexmark::Event;

use super::joins::bids_in_time;
use crate::bench::nexmark::q4::CategoryPrice;

/// By category the average, over its auctions that had a bid in time, of the highest such bid.
pub fn q4(events: &[Event]) -> BTreeMap<i64, CategoryPrice> {
    let mut highest: BTreeMap<(i64, i64), i64> = BTreeMap::new();
    for (auction, bid) in bids_in_time(events) {
        let price = highest.entry((auction.category, auction.id)).or_insert(bid.price);
        *price = bid.price.max(*price);
    }
    let mut prices_of: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for ((category, _), price) in highest {
        prices_of.entry(category).or_default().push(price);
    }
    let average = |prices: &[i64]| prices.iter().sum::<i64>() / prices.len() as i64;
    prices_of
        .into_iter()
        .map(|(id, prices)| (id, CategoryPrice { id, final_price: average(&prices) }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::nexmark::testing::{auction, bid};

    #[test]
    fn the_average_of_the_highest_bids_in_time() {
        let events = [
            auction(1, 7, 0).expires(10).category(10).event(),
            auction(2, 7, 0).expires(10).category(10).event(),
            auction(3, 7, 0).expires(10).category(10).event(),
            auction(4, 7, 0).expires(10).category(11).event(),
            bid(1, 9, 100, 1),
            bid(1, 9, 50, 2),
            bid(2, 9, 201, 3),
            bid(2, 9, 900, 11),
            bid(3, 9, 900, 11),
            bid(4, 9, 5, 10),
        ];
        let found: Vec<_> = q4(&events).into_values().map(|row| (row.id, row.final_price)).collect();
        // (100 + 201) / 2 is cut; auction 3 has no bid in time and does not count.
        assert_eq!(found, [(10, 150), (11, 5)]);
    }
}
