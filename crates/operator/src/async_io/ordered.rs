//! Results in the order of their records.
use std::collections::VecDeque;

use super::queue::{Control, Item};

/// Everything leaves in the order in which it came. Flink's `OrderedStreamElementQueue`.
#[derive(Default)]
pub(super) struct Ordered {
    items: VecDeque<Item>,
    /// Which slots have their results.
    done: Vec<bool>,
}

impl Ordered {
    pub(super) fn add_record(&mut self, slot: usize) {
        if slot >= self.done.len() {
            self.done.resize(slot + 1, false);
        }
        self.done[slot] = false;
        self.items.push_back(Item::Record(slot));
    }

    pub(super) fn control(&mut self) -> &mut Control {
        if !matches!(self.items.back(), Some(Item::Control(_))) {
            self.items.push_back(Item::Control(Control::default()));
        }
        match self.items.back_mut() {
            Some(Item::Control(control)) => control,
            _ => unreachable!("one has just been put there"),
        }
    }

    pub(super) fn complete(&mut self, slot: usize) {
        self.done[slot] = true;
    }

    pub(super) fn pop(&mut self) -> Option<Item> {
        match self.items.front() {
            Some(Item::Record(slot)) if !self.done[*slot] => None,
            _ => self.items.pop_front(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use hurtig_core::Watermark;

    use super::*;

    #[test]
    fn the_first_holds_all_others_back() {
        let mut queue = Ordered::default();
        queue.add_record(0);
        queue.add_record(1);
        queue.control().watermark(Watermark::MAX);
        queue.complete(1);
        assert_eq!(queue.pop(), None);
        queue.complete(0);
        assert_eq!([queue.pop(), queue.pop()], [Some(Item::Record(0)), Some(Item::Record(1))]);
        assert!(matches!(queue.pop(), Some(Item::Control(_))));
        assert!(queue.is_empty());
        // A slot that is used again is not done again.
        queue.add_record(1);
        assert_eq!(queue.pop(), None);
    }

    #[test]
    fn what_comes_between_two_records_is_one_item() {
        let mut queue = Ordered::default();
        queue.add_record(0);
        for _ in 0..1000 {
            queue.control().watermark(Watermark::MIN);
        }
        assert_eq!(queue.items.len(), 2);
    }
}
