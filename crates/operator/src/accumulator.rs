//! Accumulators: small results that every subtask adds to and that come back, merged, with the job's result.
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use hurtig_core::{Error, Result};
use serde::{Deserialize, Serialize};

/// The value of one accumulator. Flink's built-in accumulators.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Accumulator {
    /// A sum of whole numbers: `IntCounter`, `LongCounter`.
    Long(i64),
    /// A sum of fractions: `DoubleCounter`.
    Double(f64),
    /// The least value: `LongMinimum`.
    LongMinimum(i64),
    /// The greatest value: `LongMaximum`.
    LongMaximum(i64),
    /// The least value: `DoubleMinimum`.
    DoubleMinimum(f64),
    /// The greatest value: `DoubleMaximum`.
    DoubleMaximum(f64),
    /// A mean: `AverageAccumulator`.
    Average {
        /// Sum of the values.
        sum: f64,
        /// How many they are.
        count: u64,
    },
    /// Counts per value: `Histogram`.
    Histogram(BTreeMap<i64, u64>),
}

impl Accumulator {
    /// Takes one more value in. Whole-number kinds round toward zero.
    pub fn add(&mut self, value: f64) {
        use Accumulator::*;
        match self {
            Long(sum) => *sum = sum.wrapping_add(value as i64),
            Double(sum) => *sum += value,
            LongMinimum(least) => *least = (*least).min(value as i64),
            LongMaximum(greatest) => *greatest = (*greatest).max(value as i64),
            DoubleMinimum(least) => *least = least.min(value),
            DoubleMaximum(greatest) => *greatest = greatest.max(value),
            Average { sum, count } => {
                *sum += value;
                *count += 1;
            }
            Histogram(counts) => *counts.entry(value as i64).or_default() += 1,
        }
    }

    /// Adds another subtask's value. Fails if the two are not of the same kind.
    pub fn merge(&mut self, other: &Accumulator) -> Result<()> {
        use Accumulator::*;
        match (&mut *self, other) {
            (Long(mine), Long(theirs)) => *mine = mine.wrapping_add(*theirs),
            (Double(mine), Double(theirs)) => *mine += theirs,
            (LongMinimum(mine), LongMinimum(theirs)) => *mine = (*mine).min(*theirs),
            (LongMaximum(mine), LongMaximum(theirs)) => *mine = (*mine).max(*theirs),
            (DoubleMinimum(mine), DoubleMinimum(theirs)) => *mine = mine.min(*theirs),
            (DoubleMaximum(mine), DoubleMaximum(theirs)) => *mine = mine.max(*theirs),
            (Average { sum, count }, Average { sum: more, count: added }) => {
                *sum += more;
                *count += added;
            }
            (Histogram(mine), Histogram(theirs)) => {
                for (value, count) in theirs {
                    *mine.entry(*value).or_default() += count;
                }
            }
            (mine, theirs) => {
                return Err(Error::user(format!(
                    "accumulators of one name have different kinds: {mine:?} and {theirs:?}"
                )));
            }
        }
        Ok(())
    }
}

/// A counter that a function holds and adds to without looking its name up. Flink's `LongCounter`.
#[derive(Clone, Debug, Default)]
pub struct LongCounter(Arc<AtomicI64>);

impl LongCounter {
    /// Adds `amount`. Only the subtask's own thread does so, hence no read-modify-write.
    #[inline]
    pub fn add(&self, amount: i64) {
        self.0.store(self.0.load(Ordering::Relaxed).wrapping_add(amount), Ordering::Relaxed);
    }
}

/// The accumulators of one operator in one subtask, or those of a whole job. Two are equal if their values
/// are; handles do not count.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Accumulators {
    values: BTreeMap<String, Accumulator>,
    #[serde(skip)]
    counters: Vec<(String, LongCounter)>,
    #[serde(skip)]
    handles: Vec<(String, AccumulatorHandle)>,
}

/// An accumulator of any kind that a function holds. Each update takes a lock that nobody contends for; what
/// only counts is cheaper as a [`LongCounter`].
#[derive(Clone, Debug)]
pub struct AccumulatorHandle(Arc<Mutex<Accumulator>>);

impl AccumulatorHandle {
    /// Takes one more value in: adds it, keeps the extreme, or counts it, by the accumulator's kind.
    pub fn add(&self, value: f64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).add(value);
    }
}

impl PartialEq for Accumulators {
    fn eq(&self, other: &Self) -> bool {
        self.values == other.values
    }
}

impl Accumulators {
    /// The accumulator `name`, which starts as `zero`.
    pub fn entry(&mut self, name: &str, zero: Accumulator) -> &mut Accumulator {
        if !self.values.contains_key(name) {
            self.values.insert(name.to_owned(), zero);
        }
        self.values.get_mut(name).expect("just inserted")
    }

    /// Adds `amount` to the counter `name`.
    pub fn add_long(&mut self, name: &str, amount: i64) {
        if let Accumulator::Long(sum) = self.entry(name, Accumulator::Long(0)) {
            *sum = sum.wrapping_add(amount);
        }
    }

    /// The counter `name` as a handle.
    pub fn long_counter(&mut self, name: &str) -> LongCounter {
        if let Some((_, counter)) = self.counters.iter().find(|(present, _)| present == name) {
            return counter.clone();
        }
        let counter = LongCounter::default();
        self.counters.push((name.to_owned(), counter.clone()));
        counter
    }

    /// An accumulator that starts as `zero`, as a handle.
    pub fn handle(&mut self, name: &str, zero: Accumulator) -> AccumulatorHandle {
        if let Some((_, handle)) = self.handles.iter().find(|(present, _)| present == name) {
            return handle.clone();
        }
        let handle = AccumulatorHandle(Arc::new(Mutex::new(zero)));
        self.handles.push((name.to_owned(), handle.clone()));
        handle
    }

    /// Everything as plain values, handles included.
    pub fn snapshot(&self) -> Accumulators {
        let mut all = Accumulators { values: self.values.clone(), ..Accumulators::default() };
        for (name, handle) in &self.handles {
            let value = handle.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
            all.values.insert(name.clone(), value);
        }
        for (name, counter) in &self.counters {
            all.add_long(name, counter.0.load(Ordering::Relaxed));
        }
        all
    }

    /// The value of the accumulator `name`.
    pub fn get(&self, name: &str) -> Option<&Accumulator> {
        self.values.get(name)
    }

    /// Names and values, in order of the name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Accumulator)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.counters.is_empty() && self.handles.is_empty()
    }

    /// Adds another operator's or subtask's accumulators.
    pub fn merge(&mut self, other: &Accumulators) -> Result<()> {
        for (name, value) in &other.values {
            match self.values.get_mut(name) {
                Some(mine) => {
                    mine.merge(value).map_err(|error| error.context(format!("accumulator '{name}'")))?
                }
                None => {
                    self.values.insert(name.clone(), value.clone());
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_takes_values_by_the_accumulators_kind() {
        let mut mine = Accumulators::default();
        let average = mine.handle("mean", Accumulator::Average { sum: 0.0, count: 0 });
        let least = mine.handle("least", Accumulator::DoubleMinimum(f64::INFINITY));
        let counts = mine.handle("counts", Accumulator::Histogram(BTreeMap::new()));
        for value in [3.0, 1.0, 3.0] {
            average.add(value);
            least.add(value);
            counts.add(value);
        }
        let all = mine.snapshot();
        assert_eq!(all.get("mean"), Some(&Accumulator::Average { sum: 7.0, count: 3 }));
        assert_eq!(all.get("least"), Some(&Accumulator::DoubleMinimum(1.0)));
        assert_eq!(all.get("counts"), Some(&Accumulator::Histogram(BTreeMap::from([(1, 1), (3, 2)]))));
    }

    #[test]
    fn subtasks_add_up_and_kinds_must_agree() {
        let (mut one, mut two) = (Accumulators::default(), Accumulators::default());
        one.add_long("records", 3);
        two.long_counter("records").add(4);
        let mut two = two.snapshot();
        two.entry("latest", Accumulator::LongMaximum(7));
        one.merge(&two).unwrap();
        assert_eq!(one.get("records"), Some(&Accumulator::Long(7)));
        assert_eq!(one.get("latest"), Some(&Accumulator::LongMaximum(7)));
        let mut other = Accumulators::default();
        other.entry("records", Accumulator::Double(1.0));
        assert!(one.merge(&other).unwrap_err().to_string().contains("'records'"));
    }
}
