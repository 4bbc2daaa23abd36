//! Ranges of events: how a data set is cut for parallel readers.
use crate::config::GeneratorConfig;

/// The id that event number 0 of the first range would have. The published generator counts from 1 twice, so
/// the first event of all has id 2.
const FIRST_ID: u64 = 1;

/// A contiguous run of event ids that one reader makes, counted by event numbers from 1 on.
///
/// Event `number` has the id `first_id + number`. All ranges of a data set count from 1 and so run through
/// the same event time side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventRange {
    /// Which of the data set's ranges it is, from 0.
    pub index: u32,
    /// The id that event number 0 would have.
    pub first_id: u64,
    /// How many events it has: the greatest event number.
    pub events: u64,
}

impl EventRange {
    /// Range `index` of `config.ranges`, of equal length but for the last, which takes the rest.
    pub(crate) fn new(config: &GeneratorConfig, index: u32) -> EventRange {
        let share = |events: u64| {
            let each = events / u64::from(config.ranges);
            let rest = events % u64::from(config.ranges);
            if index + 1 == config.ranges { each + rest } else { each }
        };
        let each = config.events() / u64::from(config.ranges);
        let stop = config.stop_at.map_or(u64::MAX, share);
        EventRange {
            index,
            first_id: FIRST_ID + u64::from(index) * each,
            events: share(config.events()).min(stop),
        }
    }

    /// The event numbers of the range.
    pub fn numbers(&self) -> std::ops::Range<u64> {
        1..self.events + 1
    }

    /// The number of event `id`, if it is in the range.
    pub fn number_of(&self, id: u64) -> Option<u64> {
        let number = id.checked_sub(self.first_id)?;
        self.numbers().contains(&number).then_some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(events_num: u64, ranges: u32, stop_at: Option<u64>, expected: &[(u64, u64)]) {
        let config = GeneratorConfig { events_num, ranges, stop_at, ..Default::default() };
        let found: Vec<_> = (0..ranges).map(|index| EventRange::new(&config, index)).collect();
        let found: Vec<_> = found.iter().map(|range| (range.first_id, range.events)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn the_last_range_takes_the_rest() {
        check(100, 1, None, &[(1, 100)]);
        check(100, 3, None, &[(1, 33), (34, 33), (67, 34)]);
    }

    #[test]
    fn a_stop_is_shared_out_and_moves_no_range() {
        check(100, 3, Some(10), &[(1, 3), (34, 3), (67, 4)]);
        check(100, 3, Some(1_000), &[(1, 33), (34, 33), (67, 34)]);
    }

    #[test]
    fn an_id_has_a_number_in_its_range_alone() {
        let range = EventRange { index: 1, first_id: 34, events: 33 };
        assert_eq!([34, 35, 67, 68].map(|id| range.number_of(id)), [None, Some(1), Some(33), None]);
    }
}
