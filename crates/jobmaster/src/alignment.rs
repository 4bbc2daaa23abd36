//! Watermark alignment: sources of one group wait for the slowest of them.
use std::collections::BTreeMap;
use std::time::Duration;

use hurtig_core::Watermark;
use hurtig_graph::SubtaskId;

/// One group.
#[derive(Debug)]
pub struct AlignmentGroup {
    max_drift: Duration,
    watermarks: BTreeMap<SubtaskId, Watermark>,
    announced: Watermark,
}

impl AlignmentGroup {
    /// A group of these subtasks, none of which has said anything.
    pub fn new(max_drift: Duration, members: impl IntoIterator<Item = SubtaskId>) -> Self {
        let watermarks = members.into_iter().map(|member| (member, Watermark::MIN)).collect();
        AlignmentGroup { max_drift, watermarks, announced: Watermark::MAX }
    }

    /// A member's watermark; gives the new limit for all if it has changed. While a member has said nothing
    /// there is no limit: it may have nothing to read.
    pub fn report(&mut self, member: SubtaskId, watermark: Watermark) -> Option<Watermark> {
        self.watermarks.insert(member, watermark);
        let spoken = self.watermarks.values().filter(|mark| **mark > Watermark::MIN);
        let allowed = match spoken.min() {
            Some(slowest) if *slowest < Watermark::MAX => Watermark(slowest.0.saturating_add(self.max_drift)),
            _ => Watermark::MAX,
        };
        let changed = allowed != self.announced;
        self.announced = allowed;
        changed.then_some(allowed)
    }

    /// The members.
    pub fn members(&self) -> impl Iterator<Item = SubtaskId> + '_ {
        self.watermarks.keys().copied()
    }
}

#[cfg(test)]
mod tests {
    use hurtig_core::EventTime;
    use hurtig_core::ids::{SubtaskIndex, VertexId};

    use super::*;

    #[test]
    fn the_slowest_sets_the_limit_until_it_ends() {
        let member = |index| SubtaskId { vertex: VertexId(0), subtask: SubtaskIndex(index) };
        let at = |millis| Watermark(EventTime::from_millis(millis));
        let mut group = AlignmentGroup::new(Duration::from_millis(10), [member(0), member(1)]);
        assert_eq!(group.report(member(0), at(100)), Some(at(110)));
        assert_eq!(group.report(member(1), at(50)), Some(at(60)));
        assert_eq!(group.report(member(0), at(101)), None);
        assert_eq!(group.report(member(1), Watermark::MAX), Some(at(111)));
        assert_eq!(group.report(member(0), Watermark::MAX), Some(Watermark::MAX));
    }
}
