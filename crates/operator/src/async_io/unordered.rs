//! Results as they come, but never across a watermark.
use std::collections::VecDeque;

use super::queue::{Control, Item};

/// Results leave in the order in which they are complete; a watermark leaves after all records before it,
/// and before all records after it. Flink's `UnorderedStreamElementQueue`.
#[derive(Default)]
pub(super) struct Unordered {
    segments: VecDeque<Segment>,
    /// The number of the first segment.
    first: u64,
    /// The number of the segment that a slot's record is in.
    of_slot: Vec<u64>,
}

/// The records between two watermarks.
#[derive(Default)]
struct Segment {
    /// Records that have not left.
    open: usize,
    /// Those of them that may, in the order in which they were complete.
    done: VecDeque<usize>,
    /// What came after the last record: then the segment is closed.
    end: Option<Control>,
}

impl Unordered {
    pub(super) fn add_record(&mut self, slot: usize) {
        if self.segments.back().is_none_or(|segment| segment.end.is_some()) {
            self.segments.push_back(Segment::default());
        }
        if slot >= self.of_slot.len() {
            self.of_slot.resize(slot + 1, 0);
        }
        self.of_slot[slot] = self.first + self.segments.len() as u64 - 1;
        if let Some(segment) = self.segments.back_mut() {
            segment.open += 1;
        }
    }

    pub(super) fn control(&mut self) -> &mut Control {
        if self.segments.is_empty() {
            self.segments.push_back(Segment::default());
        }
        let last = self.segments.len() - 1;
        self.segments[last].end.get_or_insert_default()
    }

    pub(super) fn complete(&mut self, slot: usize) {
        let place = self.of_slot[slot] - self.first;
        self.segments[place as usize].done.push_back(slot);
    }

    pub(super) fn pop(&mut self) -> Option<Item> {
        loop {
            let segment = self.segments.front_mut()?;
            if let Some(slot) = segment.done.pop_front() {
                segment.open -= 1;
                return Some(Item::Record(slot));
            }
            if segment.open > 0 {
                return None;
            }
            let end = segment.end;
            self.segments.pop_front();
            self.first += 1;
            if let Some(control) = end {
                return Some(Item::Control(control));
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.segments.iter().all(|segment| segment.open == 0 && segment.end.is_none())
    }
}

#[cfg(test)]
mod tests {
    use hurtig_core::Watermark;

    use super::*;

    #[test]
    fn results_leave_as_they_come() {
        let mut queue = Unordered::default();
        (0..3).for_each(|slot| queue.add_record(slot));
        queue.complete(2);
        queue.complete(0);
        assert_eq!(
            [queue.pop(), queue.pop(), queue.pop()],
            [Some(Item::Record(2)), Some(Item::Record(0)), None]
        );
        queue.complete(1);
        assert_eq!(queue.pop(), Some(Item::Record(1)));
        assert!(queue.is_empty());
    }

    #[test]
    fn nothing_crosses_a_watermark() {
        let mut queue = Unordered::default();
        queue.add_record(0);
        queue.add_record(1);
        queue.control().watermark(Watermark::MIN);
        queue.add_record(2);
        queue.control().watermark(Watermark::MAX);
        queue.complete(2);
        queue.complete(1);
        assert_eq!(queue.pop(), Some(Item::Record(1)));
        assert_eq!(queue.pop(), None);
        queue.complete(0);
        assert_eq!(queue.pop(), Some(Item::Record(0)));
        assert!(matches!(queue.pop(), Some(Item::Control(_))));
        assert_eq!(queue.pop(), Some(Item::Record(2)));
        assert!(!queue.is_empty());
        assert!(matches!(queue.pop(), Some(Item::Control(_))));
        assert!(queue.is_empty());
        assert_eq!(queue.pop(), None);
        // And again, with segments that have gone.
        queue.add_record(2);
        queue.complete(2);
        assert_eq!(queue.pop(), Some(Item::Record(2)));
    }

    #[test]
    fn watermarks_without_records_between_them_are_one() {
        let mut queue = Unordered::default();
        queue.add_record(0);
        for _ in 0..1000 {
            queue.control().watermark(Watermark::MIN);
        }
        assert_eq!(queue.segments.len(), 1);
    }
}
