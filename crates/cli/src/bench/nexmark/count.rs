//! How many elements a window has.
use hurtig::prelude::*;

/// Counts elements, whatever they are.
#[derive(Clone, Copy)]
pub struct Count;

impl<T> AggregateFunction<T> for Count {
    type Accumulator = i64;
    type Output = i64;

    fn create_accumulator(&self) -> i64 {
        0
    }

    #[inline]
    fn add(&self, _: T, count: &mut i64) -> Result<()> {
        *count += 1;
        Ok(())
    }

    fn get_result(&self, count: &i64) -> Result<i64> {
        Ok(*count)
    }

    fn merge(&self, into: &mut i64, other: i64) -> Result<()> {
        *into += other;
        Ok(())
    }
}
