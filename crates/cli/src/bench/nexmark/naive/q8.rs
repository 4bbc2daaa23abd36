//! q8, plainly.
use std::collections::BTreeSet;

use hurtig::connectors::nexmark::Event;

use super::views::{auctions, persons};
use super::windows::tumbling;
use crate::bench::nexmark::q8::NewUser;

/// People that opened an auction in the window of 10 s in which they registered.
pub fn q8(events: &[Event]) -> Vec<NewUser> {
    let window = |time: hurtig::EventTime| tumbling(time.as_millis(), 10_000);
    let people: BTreeSet<_> =
        persons(events).map(|person| (window(person.date_time), person.id, &person.name)).collect();
    let sellers: BTreeSet<_> =
        auctions(events).map(|auction| (window(auction.date_time), auction.seller)).collect();
    let new = people.into_iter().filter(|&(window, id, _)| sellers.contains(&(window, id)));
    new.map(|(window, id, name)| NewUser { id, name: name.clone(), start_time: window.start_time() })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::nexmark::testing::{auction, person};

    #[test]
    fn one_row_for_who_registers_and_sells_in_one_window() {
        let events = [
            person(50, "a", "OR", 10_000),
            auction(1, 50, 19_999).event(),
            auction(2, 50, 10_000).event(),
            // Sells in the windows before and after.
            person(51, "b", "OR", 15_000),
            auction(3, 51, 9_999).event(),
            auction(4, 51, 20_000).event(),
            // Sells before it registers, in the same window.
            auction(5, 52, 20_000).event(),
            person(52, "c", "OR", 29_999),
            person(53, "d", "OR", 20_000),
        ];
        let found: Vec<_> =
            q8(&events).into_iter().map(|row| (row.id, row.name, row.start_time.as_millis())).collect();
        assert_eq!(found, [(50, "a".to_owned(), 10_000), (52, "c".to_owned(), 20_000)]);
    }
}
