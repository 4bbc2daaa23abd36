//! `sum`, `min`, `max`, `min_by`, `max_by`: reductions that look at one field.
//!
//! Flink names the field by position or name; here two closures do, so that a wrong field does not compile.
use hurtig_core::Result;

/// Adds without a silent overflow.
pub trait Sum: Sized {
    /// The sum, or an error that shows both numbers.
    fn checked_sum(self, other: Self) -> Result<Self>;
}

macro_rules! whole {
    ($($type:ty),*) => {$(
        impl Sum for $type {
            fn checked_sum(self, other: Self) -> Result<Self> {
                self.checked_add(other).ok_or_else(|| {
                    hurtig_core::Error::user(format!(
                        "the sum of {self} and {other} does not fit {}", stringify!($type)
                    ))
                })
            }
        }
    )*};
}
whole!(i8, i16, i32, i64, i128, u8, u16, u32, u64);

macro_rules! fraction {
    ($($type:ty),*) => {$(
        impl Sum for $type {
            fn checked_sum(self, other: Self) -> Result<Self> {
                Ok(self + other)
            }
        }
    )*};
}
fraction!(f32, f64);

/// Keeps the first record's other fields and adds up one field. Flink's `sum`.
pub fn sum<T: Clone, V: Sum + Copy>(field: impl Fn(&mut T) -> &mut V) -> impl FnMut(&T, T) -> Result<T> {
    move |held, mut record| {
        let mut result = held.clone();
        let total = (*field(&mut result)).checked_sum(*field(&mut record))?;
        *field(&mut result) = total;
        Ok(result)
    }
}

/// Which extreme is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extreme {
    /// The least.
    Least,
    /// The greatest.
    Greatest,
}

impl Extreme {
    fn replaces<V: PartialOrd>(self, candidate: &V, held: &V) -> bool {
        match self {
            Extreme::Least => candidate < held,
            Extreme::Greatest => candidate > held,
        }
    }
}

/// Keeps the first record's other fields and the extreme of one field. Flink's `min` and `max`.
pub fn extreme<T: Clone, V: PartialOrd + Clone>(
    which: Extreme,
    field: impl Fn(&mut T) -> &mut V,
) -> impl FnMut(&T, T) -> Result<T> {
    move |held, mut record| {
        let mut result = held.clone();
        let candidate = field(&mut record).clone();
        let slot = field(&mut result);
        if which.replaces(&candidate, slot) {
            *slot = candidate;
        }
        Ok(result)
    }
}

/// Keeps the whole record whose field is the extreme; of equal ones the first. Flink's `minBy` and `maxBy`.
pub fn extreme_by<T: Clone, V: PartialOrd>(
    which: Extreme,
    field: impl Fn(&T) -> V,
) -> impl FnMut(&T, T) -> Result<T> {
    move |held, record| Ok(if which.replaces(&field(&record), &field(held)) { record } else { held.clone() })
}
