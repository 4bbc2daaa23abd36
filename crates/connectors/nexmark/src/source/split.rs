//! A range and how far it has been read.
use hurtig_connector::{Split, SplitId};
use hurtig_derive::TypeInformation;

use crate::range::EventRange;

/// A range of events and the number of the next one. As an event follows from its id alone, the number is all
/// that a reader needs to go on after a failure.
#[derive(Clone, Debug, PartialEq, Eq, TypeInformation)]
#[hurtig(crate = "hurtig_core")]
pub struct NexmarkSplit {
    /// Which of the data set's ranges it is.
    pub index: u32,
    /// The id that event number 0 of the range would have.
    pub first_id: u64,
    /// The greatest event number.
    pub events: u64,
    /// The next event's number, from 1 to `events + 1`.
    pub next: u64,
}

impl NexmarkSplit {
    /// The range from its beginning.
    pub fn new(range: &EventRange) -> NexmarkSplit {
        let EventRange { index, first_id, events } = *range;
        NexmarkSplit { index, first_id, events, next: range.numbers().start }
    }

    /// The range.
    pub fn range(&self) -> EventRange {
        EventRange { index: self.index, first_id: self.first_id, events: self.events }
    }

    /// Whether all its events have been handed out.
    pub fn is_finished(&self) -> bool {
        self.next > self.events
    }
}

impl Split for NexmarkSplit {
    fn split_id(&self) -> SplitId {
        SplitId::new(format!("range-{}", self.index))
    }
}
