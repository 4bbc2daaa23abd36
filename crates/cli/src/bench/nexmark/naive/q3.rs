//! q3, plainly.
use hurtig::connectors::nexmark::Event;

use super::views::{auctions, persons};
use crate::bench::nexmark::q3::LocalItem;

/// Auctions of category 10 with their sellers, if these live in Oregon, Idaho or California.
///
/// The seller may register after it sold: an unbounded join does not mind.
pub fn q3(events: &[Event]) -> Vec<LocalItem> {
    let mut rows = Vec::new();
    let local: Vec<_> =
        persons(events).filter(|person| ["OR", "ID", "CA"].contains(&person.state.as_str())).collect();
    for auction in auctions(events).filter(|auction| auction.category == 10) {
        for person in local.iter().filter(|person| person.id == auction.seller) {
            rows.push(LocalItem {
                name: person.name.clone(),
                city: person.city.clone(),
                state: person.state.clone(),
                id: auction.id,
            });
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::nexmark::testing::{auction, person};

    #[test]
    fn sellers_of_three_states_in_category_10() {
        let events = [
            auction(1, 50, 0).category(10).event(),
            person(50, "a", "OR", 1),
            person(51, "b", "ID", 2),
            person(52, "c", "CA", 3),
            person(53, "d", "WA", 4),
            auction(2, 51, 5).category(10).event(),
            auction(3, 52, 5).category(10).event(),
            auction(4, 52, 9_000_000).category(10).event(),
            auction(5, 52, 5).category(11).event(),
            auction(6, 53, 5).category(10).event(),
            auction(7, 99, 5).category(10).event(),
        ];
        let found: Vec<_> = q3(&events).into_iter().map(|row| (row.id, row.name, row.state)).collect();
        let row = |id, name: &str, state: &str| (id, name.to_owned(), state.to_owned());
        assert_eq!(found, [row(1, "a", "OR"), row(2, "b", "ID"), row(3, "c", "CA"), row(4, "c", "CA")]);
    }
}
