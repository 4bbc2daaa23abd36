//! Key groups: the units in which keyed state moves when a job is rescaled.
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::ids::SubtaskIndex;

/// How many key groups a vertex has, and so how many subtasks it can ever have. Flink's max parallelism.
///
/// It is fixed for as long as the state lives: a key's group depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct MaxParallelism(u16);

impl MaxParallelism {
    /// The fewest key groups that [`for_parallelism`](MaxParallelism::for_parallelism) gives.
    pub const DEFAULT: MaxParallelism = MaxParallelism(128);
    /// The most key groups there can be.
    pub const LIMIT: MaxParallelism = MaxParallelism(1 << 15);

    /// Fails, as a user's mistake, for a number outside of 1 to 32768.
    pub fn new(groups: u32) -> Result<Self> {
        match u16::try_from(groups) {
            Ok(small @ 1..=0x8000) => Ok(MaxParallelism(small)),
            _ => Err(Error::user(format!(
                "the max parallelism must be between 1 and {}, not {groups}",
                MaxParallelism::LIMIT
            ))),
        }
    }

    /// Flink's choice where the user makes none: room to grow by half, in a power of two, at least 128.
    pub fn for_parallelism(parallelism: u32) -> Self {
        let wanted = parallelism.saturating_add(parallelism / 2).max(1);
        let groups = wanted.checked_next_power_of_two().unwrap_or(u32::MAX);
        let small = u16::try_from(groups).unwrap_or(u16::MAX);
        MaxParallelism(small.clamp(MaxParallelism::DEFAULT.0, MaxParallelism::LIMIT.0))
    }

    /// The number of key groups.
    pub const fn get(self) -> u32 {
        self.0 as u32
    }

    /// All key groups in their order.
    pub fn groups(self) -> impl ExactSizeIterator<Item = KeyGroup> + DoubleEndedIterator {
        (0..self.0).map(KeyGroup)
    }
}

impl TryFrom<u32> for MaxParallelism {
    type Error = Error;

    fn try_from(groups: u32) -> Result<Self> {
        MaxParallelism::new(groups)
    }
}

impl From<MaxParallelism> for u32 {
    fn from(max: MaxParallelism) -> u32 {
        max.get()
    }
}

impl fmt::Display for MaxParallelism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The group that a key belongs to, counted from 0. Flink's key group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct KeyGroup(pub u16);

impl KeyGroup {
    /// The group of a key with this hash: the hash's high 32 bits, scaled down to the number of groups. Its
    /// low bits stay free for [`table_slot_hash`].
    #[inline(always)]
    pub const fn of(hash: u64, max: MaxParallelism) -> KeyGroup {
        KeyGroup((((hash >> 32) * max.0 as u64) >> 32) as u16)
    }

    /// The subtask that owns this group when the vertex runs at `parallelism`, which is at least 1.
    #[inline(always)]
    pub const fn subtask(self, max: MaxParallelism, parallelism: u32) -> SubtaskIndex {
        SubtaskIndex((self.0 as u64 * parallelism as u64 / max.0 as u64) as u32)
    }
}

impl fmt::Display for KeyGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A run of key groups, those from `start` up to but not including `end`. Flink's `KeyGroupRange`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct KeyGroupRange {
    start: u16,
    end: u16,
}

impl KeyGroupRange {
    /// No group at all.
    pub const EMPTY: KeyGroupRange = KeyGroupRange { start: 0, end: 0 };

    /// The groups from `start` up to but not including `end`; none if that is not after `start`.
    pub const fn new(start: u16, end: u16) -> Self {
        if start < end { KeyGroupRange { start, end } } else { KeyGroupRange::EMPTY }
    }

    /// Every group.
    pub const fn all(max: MaxParallelism) -> Self {
        KeyGroupRange::new(0, max.0)
    }

    /// The groups that [`KeyGroup::subtask`] gives to this subtask of `parallelism`, which is at least 1;
    /// none if there are more subtasks than groups and this is one of those left over.
    pub fn of_subtask(max: MaxParallelism, parallelism: u32, subtask: SubtaskIndex) -> Self {
        let (max, parallelism) = (u64::from(max.0), u64::from(parallelism.max(1)));
        // The first group whose subtask is not before `subtask`.
        let first = |subtask: u64| (subtask * max).div_ceil(parallelism).min(max) as u16;
        let subtask = u64::from(subtask.0);
        KeyGroupRange::new(first(subtask), first(subtask + 1))
    }

    /// The first group.
    pub const fn start(self) -> KeyGroup {
        KeyGroup(self.start)
    }

    /// The number of groups.
    pub const fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether there is no group in it.
    pub const fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Whether the group is one of these.
    #[inline(always)]
    pub const fn contains(self, group: KeyGroup) -> bool {
        self.start <= group.0 && group.0 < self.end
    }

    /// The place of the group among these, counted from 0; `None` if it is not one of them.
    #[inline(always)]
    pub const fn position(self, group: KeyGroup) -> Option<usize> {
        if self.contains(group) { Some((group.0 - self.start) as usize) } else { None }
    }

    /// The groups that are in both.
    pub fn intersection(self, other: KeyGroupRange) -> KeyGroupRange {
        KeyGroupRange::new(self.start.max(other.start), self.end.min(other.end))
    }

    /// The groups in their order.
    pub fn iter(self) -> impl ExactSizeIterator<Item = KeyGroup> + DoubleEndedIterator {
        (self.start..self.end).map(KeyGroup)
    }
}

/// Prints first and last group as Flink does.
impl fmt::Display for KeyGroupRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.is_empty() {
            true => f.write_str("KeyGroupRange{}"),
            false => write!(f, "KeyGroupRange{{startKeyGroup={}, endKeyGroup={}}}", self.start, self.end - 1),
        }
    }
}

/// What a hash table that holds keys of few groups should use of a key's hash: the low 32 bits, which
/// [`KeyGroup::of`] has not looked at, spread over all 64, so that both the slot (from the low bits) and the
/// tag (from the high seven) differ between keys of one group.
#[inline(always)]
pub const fn table_slot_hash(hash: u64) -> u64 {
    (hash & 0xFFFF_FFFF).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::hash::mix;

    fn max(groups: u32) -> MaxParallelism {
        MaxParallelism::new(groups).unwrap()
    }

    #[test]
    fn the_default_is_that_of_flink() {
        let check = |parallelism, expect| {
            assert_eq!(MaxParallelism::for_parallelism(parallelism).get(), expect, "{parallelism}");
        };
        check(0, 128);
        check(1, 128);
        check(85, 128);
        check(86, 256);
        check(1000, 2048);
        check(20_000, 32_768);
        check(30_000, 32_768);
        check(u32::MAX, 32_768);
        assert!(MaxParallelism::new(0).is_err());
        assert!(MaxParallelism::new(32_769).is_err());
        assert!(MaxParallelism::new(65_536 + 5).is_err());
        assert_eq!(max(32_768), MaxParallelism::LIMIT);
    }

    #[test]
    fn ranges_partition_the_groups_and_agree_with_subtask() {
        let exhaustive =
            (1..=130).flat_map(|groups| (1..=groups + 3).map(move |subtasks| (groups, subtasks)));
        let large = [(32_768, 1), (32_768, 1_000), (32_767, 32_767), (32_768, 32_768), (32_768, 40_000)];
        for (groups, parallelism) in exhaustive.chain(large) {
            let max = max(groups);
            let mut next = 0;
            for subtask in (0..parallelism).map(SubtaskIndex) {
                let range = KeyGroupRange::of_subtask(max, parallelism, subtask);
                assert!(range.is_empty() || u32::from(range.start().0) == next, "{groups} {parallelism}");
                assert!(parallelism > groups || !range.is_empty());
                next += range.len() as u32;
                for group in range.iter() {
                    assert_eq!(group.subtask(max, parallelism), subtask);
                }
            }
            assert_eq!(next, groups);
            let outside = KeyGroupRange::of_subtask(max, parallelism, SubtaskIndex(parallelism));
            assert!(outside.is_empty());
        }
    }

    #[test]
    fn groups_are_evenly_filled() {
        let max = max(100);
        let mut counts = [0; 100];
        for key in 0..100_000 {
            counts[usize::from(KeyGroup::of(mix(key), max).0)] += 1;
        }
        assert!(counts.iter().all(|count| (850..1150).contains(count)), "{counts:?}");
        assert_eq!(KeyGroup::of(u64::MAX, max), KeyGroup(99));
        assert_eq!(KeyGroup::of(u64::MAX, MaxParallelism::LIMIT), KeyGroup(32_767));
        assert_eq!(KeyGroup::of(0xFFFF_FFFF, max), KeyGroup(0));
    }

    #[test]
    fn slots_and_tags_differ_within_a_group() {
        let of_group_0 = (0..100_000).map(mix).filter(|&hash| KeyGroup::of(hash, max(128)) == KeyGroup(0));
        let slots: Vec<u64> = of_group_0.map(table_slot_hash).collect();
        let distinct =
            |part: fn(&u64) -> u64| slots.iter().map(part).collect::<std::collections::BTreeSet<_>>().len();
        assert!(slots.len() > 600);
        assert_eq!(distinct(|slot| slot >> 57), 128);
        assert!(distinct(|slot| slot & 0xFF) > 220);
    }

    #[test]
    fn ranges_intersect() {
        let range = KeyGroupRange::new(3, 9);
        assert_eq!(range.intersection(KeyGroupRange::new(5, 20)), KeyGroupRange::new(5, 9));
        assert!(range.intersection(KeyGroupRange::new(9, 20)).is_empty());
        assert_eq!(range.position(KeyGroup(8)), Some(5));
        assert_eq!(range.position(KeyGroup(9)), None);
        assert_eq!(range.to_string(), "KeyGroupRange{startKeyGroup=3, endKeyGroup=8}");
    }
}
