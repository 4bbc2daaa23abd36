//! Timers of many rows in the order of their times: 16 bytes each, ten million of them without trouble.
//!
//! A queue is a list of leaves that cover one range of times after another. A leaf is a log: setting and
//! deleting a timer appends to it; when it is full it is sorted, of several words about one timer the last
//! counts, and if that did not help it is split. Only what comes next lies in order: the *front*, one leaf,
//! sorted, and beside it a small heap of what was set since. So setting costs a short search and an append,
//! setting the same timer again and again costs no memory, and firing costs a step in a sorted run.
//!
//! A snapshot shares the leaves; a write to a shared one copies at most 64 kB.
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;

use crate::index::RowId;
use crate::rows::RowHolds;

/// Entries in a leaf: 64 kB.
const LEAF: usize = 4096;
/// Entries in the heap beside the front.
const HEAP: usize = 1024;

/// Which clock a timer belongs to. Flink's `TimeDomain`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimeDomain {
    /// The watermark.
    EventTime,
    /// The wall clock.
    ProcessingTime,
}

/// A timer: a time in milliseconds for a row, and a tag that tells timers of one row and time apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowTimer {
    /// When it fires.
    pub time: i64,
    /// For which row.
    pub row: RowId,
    /// Which of the row's timers of this time.
    pub tag: u16,
}

impl RowTimer {
    /// The timer of a row.
    pub fn new(time: i64, row: RowId, tag: u16) -> Self {
        RowTimer { time, row, tag }
    }
}

/// A word about a timer, in 16 bytes.
#[derive(Clone, Copy, Debug)]
struct Entry {
    time: i64,
    row: RowId,
    tag: u16,
    /// Whether it is set or deleted.
    set: bool,
}

impl Entry {
    fn new(timer: RowTimer, set: bool) -> Self {
        Entry { time: timer.time, row: timer.row, tag: timer.tag, set }
    }

    fn timer(&self) -> RowTimer {
        RowTimer { time: self.time, row: self.row, tag: self.tag }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Late {
    timer: RowTimer,
    /// The order of words about one timer.
    sequence: u64,
    set: bool,
}

#[derive(Debug)]
enum Log {
    Owned(Vec<Entry>),
    Shared(Arc<Vec<Entry>>),
}

#[derive(Debug)]
struct Leaf {
    /// No timer of this leaf is before it.
    low: RowTimer,
    log: Log,
}

/// Timers in the order of their times, then of their rows. Flink's `InternalTimerServiceImpl` keeps two: event
/// and processing time.
#[derive(Debug, Default)]
pub struct TimerQueue {
    /// Sorted, each timer once, all of them set; those before `next` are gone.
    front: Vec<RowTimer>,
    next: usize,
    /// What was said about timers up to `bound` since the front was sorted.
    heap: BinaryHeap<Reverse<Late>>,
    sequence: u64,
    /// The last timer that belongs to the front; `None`: all do.
    bound: Option<RowTimer>,
    leaves: VecDeque<Leaf>,
    /// Where the last append went.
    hot: usize,
}

impl TimerQueue {
    /// Sets a timer. One that is set already stays as it is. It holds its row until it fires or is deleted.
    #[inline]
    pub fn set(&mut self, timer: RowTimer, holds: &mut RowHolds) {
        self.say(timer, true, holds);
    }

    /// Deletes a timer, if it is set.
    #[inline]
    pub fn delete(&mut self, timer: RowTimer, holds: &mut RowHolds) {
        self.say(timer, false, holds);
    }

    fn say(&mut self, timer: RowTimer, set: bool, holds: &mut RowHolds) {
        holds.hold(timer.row);
        if self.bound.is_none_or(|bound| timer <= bound) {
            self.sequence += 1;
            self.heap.push(Reverse(Late { timer, sequence: self.sequence, set }));
            if self.heap.len() > HEAP {
                self.merge_heap(holds);
            }
        } else {
            let mut leaf = self.leaf_of(timer);
            if self.leaves[leaf].log.owned().len() >= LEAF {
                self.compact(leaf, holds);
                leaf = self.leaf_of(timer);
            }
            self.leaves[leaf].log.owned().push(Entry::new(timer, set));
        }
    }

    /// The leaf that a timer after the bound belongs to.
    fn leaf_of(&mut self, timer: RowTimer) -> usize {
        let fits = |place: usize| {
            self.leaves.get(place).is_some_and(|leaf| leaf.low <= timer)
                && self.leaves.get(place + 1).is_none_or(|next| timer < next.low)
        };
        if !fits(self.hot) {
            self.hot = self.leaves.partition_point(|leaf| leaf.low <= timer).saturating_sub(1);
        }
        self.hot
    }

    /// Sorts a full leaf, keeps the last word about each timer, and splits it if it is still more than half
    /// full.
    fn compact(&mut self, place: usize, holds: &mut RowHolds) {
        let leaf = &mut self.leaves[place];
        let log = leaf.log.owned();
        settle(log, holds);
        if log.len() > LEAF / 2 {
            let upper = log.split_off(log.len() / 2);
            let low = upper[0].timer();
            self.leaves.insert(place + 1, Leaf { low, log: Log::Owned(upper) });
        }
    }

    /// Sorts what the heap holds into the front, which gives its upper half away if it is too long.
    fn merge_heap(&mut self, holds: &mut RowHolds) {
        let mut log: Vec<Entry> =
            self.front.drain(..).skip(self.next).map(|timer| Entry::new(timer, true)).collect();
        self.next = 0;
        let mut late: Vec<Late> = self.heap.drain().map(|Reverse(late)| late).collect();
        late.sort_unstable();
        log.extend(late.into_iter().map(|late| Entry::new(late.timer, late.set)));
        settle(&mut log, holds);
        if log.len() > LEAF {
            let upper = log.split_off(LEAF / 2);
            let low = upper[0].timer();
            self.bound = Some(before(low));
            self.leaves.push_front(Leaf { low, log: Log::Owned(upper) });
            self.hot = 0;
        }
        self.front.extend(log.into_iter().map(|entry| entry.timer()));
    }

    /// Makes sure that the front has the next timer, if there is one.
    fn refill(&mut self, holds: &mut RowHolds) {
        while self.next == self.front.len() && self.heap.is_empty() {
            let Some(leaf) = self.leaves.pop_front() else {
                self.front.clear();
                self.next = 0;
                self.bound = None;
                return;
            };
            let mut log = match leaf.log {
                Log::Owned(log) => log,
                Log::Shared(log) => log.as_ref().clone(),
            };
            settle(&mut log, holds);
            self.front.clear();
            self.next = 0;
            self.front.extend(log.into_iter().map(|entry| entry.timer()));
            self.bound = self.leaves.front().map(|leaf| before(leaf.low));
            self.hot = 0;
        }
    }

    /// The next timer, if its time has come. The caller gets its hold of the row.
    #[inline]
    pub fn pop_due(&mut self, now: i64, holds: &mut RowHolds) -> Option<RowTimer> {
        loop {
            if self.next == self.front.len() && self.heap.is_empty() {
                if self.leaves.front().is_none_or(|leaf| leaf.low.time > now) {
                    return None;
                }
                self.refill(holds);
            }
            let first = self.front.get(self.next).copied();
            let Some(&Reverse(late)) = self.heap.peek() else {
                let timer = first?;
                if timer.time > now {
                    return None;
                }
                self.next += 1;
                return Some(timer);
            };
            if first.is_some_and(|first| first < late.timer) {
                let timer = first?;
                if timer.time > now {
                    return None;
                }
                self.next += 1;
                return Some(timer);
            }
            let timer = late.timer;
            if timer.time > now {
                return None;
            }
            // All words about this timer: the last one counts.
            let mut set = false;
            let mut words = 0;
            if first == Some(timer) {
                self.next += 1;
                words += 1;
            }
            while let Some(&Reverse(word)) = self.heap.peek()
                && word.timer == timer
            {
                set = word.set;
                words += 1;
                self.heap.pop();
            }
            (usize::from(set)..words).for_each(|_| holds.release(timer.row));
            if set {
                return Some(timer);
            }
        }
    }

    /// No timer fires before this time. `None` if there is none at all.
    pub fn next_time(&self) -> Option<i64> {
        let first = self.front.get(self.next).map(|timer| timer.time);
        let late = self.heap.peek().map(|Reverse(late)| late.timer.time);
        let near = first.into_iter().chain(late).min();
        near.or_else(|| {
            let leaf = self.leaves.front()?;
            leaf.log.entries().iter().map(|entry| entry.time).min()
        })
    }

    /// Whether there is nothing in it, not even a word about a deleted timer.
    pub fn is_empty(&self) -> bool {
        self.next == self.front.len() && self.heap.is_empty() && self.leaves.is_empty()
    }

    /// All timers that are set. Looks at every one.
    pub fn timers(&mut self, holds: &mut RowHolds) -> Vec<RowTimer> {
        self.merge_heap(holds);
        let mut timers = self.front[self.next..].to_vec();
        for leaf in &mut self.leaves {
            let log = leaf.log.owned();
            settle(log, holds);
            timers.extend(log.iter().map(|entry| entry.timer()));
        }
        self.leaves.retain(|leaf| !leaf.log.entries().is_empty());
        self.hot = 0;
        self.bound = self.leaves.front().map(|leaf| before(leaf.low));
        timers
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        let logs: usize = self.leaves.iter().map(|leaf| leaf.log.capacity()).sum();
        logs * size_of::<Entry>()
            + self.front.capacity() * size_of::<RowTimer>()
            + self.heap.capacity() * size_of::<Late>()
            + self.leaves.capacity() * size_of::<Leaf>()
    }

    /// The timers as they are now, in O(leaves).
    pub fn freeze(&mut self, holds: &mut RowHolds) -> FrozenTimers {
        self.merge_heap(holds);
        FrozenTimers {
            front: self.front[self.next..].to_vec(),
            leaves: self.leaves.iter_mut().map(|leaf| leaf.log.share()).collect(),
        }
    }
}

/// Sorts, keeps the last word about each timer and of those only timers that are set.
fn settle(log: &mut Vec<Entry>, holds: &mut RowHolds) {
    log.sort_by_key(Entry::timer);
    let mut kept = 0;
    for place in 0..log.len() {
        let entry = log[place];
        let is_last = log.get(place + 1).is_none_or(|next| next.timer() != entry.timer());
        if is_last && entry.set {
            log[kept] = entry;
            kept += 1;
        } else {
            holds.release(entry.row);
        }
    }
    log.truncate(kept);
}

/// The timer just before: what lies between two leaves belongs to the first.
fn before(timer: RowTimer) -> RowTimer {
    let RowTimer { time, row, tag } = timer;
    match (row.0, tag) {
        (_, 1..) => RowTimer { time, row, tag: tag - 1 },
        (1.., 0) => RowTimer { time, row: RowId(row.0 - 1), tag: u16::MAX },
        (0, 0) => RowTimer { time: time.saturating_sub(1), row: RowId(u32::MAX), tag: u16::MAX },
    }
}

impl Log {
    fn entries(&self) -> &[Entry] {
        match self {
            Log::Owned(log) => log,
            Log::Shared(log) => log,
        }
    }

    fn capacity(&self) -> usize {
        match self {
            Log::Owned(log) => log.capacity(),
            Log::Shared(log) => log.capacity(),
        }
    }

    #[inline]
    fn owned(&mut self) -> &mut Vec<Entry> {
        if let Log::Shared(log) = self {
            let own = match Arc::get_mut(log) {
                Some(log) => std::mem::take(log),
                None => log.as_ref().clone(),
            };
            *self = Log::Owned(own);
        }
        match self {
            Log::Owned(log) => log,
            Log::Shared(_) => unreachable!("it was made ours above"),
        }
    }

    fn share(&mut self) -> Arc<Vec<Entry>> {
        if let Log::Owned(log) = self {
            *self = Log::Shared(Arc::new(std::mem::take(log)));
        }
        match self {
            Log::Shared(log) => Arc::clone(log),
            Log::Owned(_) => unreachable!("it was shared above"),
        }
    }
}

/// Timers as they were, to be read on any thread.
#[derive(Clone, Debug)]
pub struct FrozenTimers {
    front: Vec<RowTimer>,
    leaves: Vec<Arc<Vec<Entry>>>,
}

impl FrozenTimers {
    /// The timers that were set, in their order.
    pub fn iter(&self) -> impl Iterator<Item = RowTimer> {
        let mut nobody = RowHolds::default();
        let leaves = self.leaves.iter().flat_map(move |leaf| {
            let mut log = leaf.as_ref().clone();
            settle(&mut log, &mut nobody);
            log.into_iter().map(|entry| entry.timer())
        });
        self.front.iter().copied().chain(leaves)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        Set(i64, u32, u16),
        Delete(i64, u32, u16),
        /// Sets so many in a row.
        Many(i64, u32),
        Fire(i64),
        Freeze,
        Count,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let timer = || (-40_i64..400, 0_u32..20, 0_u16..2);
        let step = prop_oneof![
            8 => timer().prop_map(|(time, row, tag)| Step::Set(time, row, tag)),
            4 => timer().prop_map(|(time, row, tag)| Step::Delete(time, row, tag)),
            1 => (0_i64..300, 1_u32..6000).prop_map(|(time, count)| Step::Many(time, count)),
            3 => (-50_i64..450).prop_map(Step::Fire),
            1 => Just(Step::Freeze),
            1 => Just(Step::Count),
        ];
        proptest::collection::vec(step, 0..150)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn it_is_a_sorted_set(steps in steps()) {
            let (mut queue, mut holds, mut model) =
                (TimerQueue::default(), RowHolds::default(), BTreeSet::new());
            let mut snapshots = Vec::new();
            for step in steps {
                match step {
                    Step::Set(time, row, tag) => {
                        let timer = RowTimer::new(time, RowId(row), tag);
                        queue.set(timer, &mut holds);
                        model.insert(timer);
                    }
                    Step::Delete(time, row, tag) => {
                        let timer = RowTimer::new(time, RowId(row), tag);
                        queue.delete(timer, &mut holds);
                        model.remove(&timer);
                    }
                    Step::Many(time, count) => for step in 0..count {
                        let timer = RowTimer::new(time + i64::from(step * 7919 % 97), RowId(step), 0);
                        queue.set(timer, &mut holds);
                        model.insert(timer);
                    },
                    Step::Fire(now) => {
                        while let Some(timer) = queue.pop_due(now, &mut holds) {
                            prop_assert_eq!(Some(timer), model.pop_first());
                            holds.release(timer.row);
                        }
                        prop_assert!(model.first().is_none_or(|first| first.time > now));
                        let first = model.first().map_or(i64::MAX, |first| first.time);
                        prop_assert!(queue.next_time().is_none_or(|next| next <= first));
                    }
                    Step::Freeze => snapshots.push((queue.freeze(&mut holds), model.clone())),
                    Step::Count => prop_assert!(queue.timers(&mut holds).iter().eq(model.iter())),
                }
            }
            let left = queue.timers(&mut holds);
            prop_assert!(left.iter().eq(model.iter()));
            for row in 0..6000 {
                let held = model.iter().filter(|timer| timer.row.0 == row).count();
                if holds.count(RowId(row)) as usize != held {
                    prop_assert_eq!(holds.count(RowId(row)) as usize, held);
                }
            }
            for (frozen, model) in snapshots {
                prop_assert!(frozen.iter().eq(model.iter().copied()));
            }
            while let Some(timer) = queue.pop_due(i64::MAX, &mut holds) {
                holds.release(timer.row);
            }
            prop_assert!(queue.is_empty());
        }
    }

    #[test]
    fn the_same_timer_again_and_again_takes_no_memory() {
        let (mut queue, mut holds) = (TimerQueue::default(), RowHolds::default());
        for _ in 0..100 {
            for row in 0..5000 {
                queue.set(RowTimer::new(10, RowId(row), 0), &mut holds);
            }
        }
        assert!(queue.bytes() < 600_000, "{}", queue.bytes());
        assert_eq!(queue.timers(&mut holds).len(), 5000);
    }
}
