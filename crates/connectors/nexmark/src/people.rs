//! Which people take part: one in a hundred is hot for a while, the others are the latest thousand.
use crate::random::Digits;

/// The id of the first person, counted from 0, that the formulas know. It is never made.
pub(crate) const FIRST_PERSON_ID: i64 = 1000;
/// The id of the first auction likewise.
pub(crate) const FIRST_AUCTION_ID: i64 = 1000;
/// Of so many persons or auctions one is hot, until the next.
pub(crate) const HOT_EVERY: i64 = 100;

/// Cold people are among so many of the latest,
const ACTIVE_PEOPLE: i64 = 1000;
/// and so many that have not yet registered.
const PEOPLE_AHEAD: i64 = 10;

/// The people that a cold choice falls on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ColdPeople {
    first: i64,
    count: u64,
}

impl ColdPeople {
    /// When the last person is `person`, counted from 0; their ids count from `first_id`.
    pub(crate) fn new(first_id: i64, person: i64) -> ColdPeople {
        let people = person + 1;
        let active = people.min(ACTIVE_PEOPLE);
        ColdPeople { first: first_id + people - active, count: (active + PEOPLE_AHEAD) as u64 }
    }

    /// One of them, evenly.
    #[inline]
    pub(crate) fn draw(&self, mut digits: Digits) -> i64 {
        self.first + digits.below(self.count) as i64
    }
}
