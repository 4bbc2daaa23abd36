//! Random draws that depend on the seed and the row alone, so that a row is the same whoever makes it.

/// The step of SplitMix64's counter.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// SplitMix64, started anew for each row.
#[derive(Clone, Debug)]
pub(super) struct Random {
    state: u64,
}

impl Random {
    /// The draws of row `index`.
    pub(super) fn of_row(seed: u64, index: i64) -> Self {
        Random { state: mix(seed.wrapping_add(GOLDEN)) ^ mix((index as u64).wrapping_mul(GOLDEN)) }
    }

    pub(super) fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN);
        mix(self.state)
    }

    /// At least 0 and less than 1.
    pub(super) fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// From `min` to `max`, both included, of which `min` is not the greater.
    pub(super) fn integer(&mut self, min: i64, max: i64) -> i64 {
        let span = u128::from(max.abs_diff(min)) + 1;
        let ahead = (u128::from(self.next_u64()) * span) >> 64;
        min.wrapping_add(ahead as i64)
    }

    /// As [`Random::integer`], for wider numbers. A remainder favours small numbers, but not so that it would
    /// be seen before a span comes near 2^128.
    pub(super) fn wide(&mut self, min: i128, max: i128) -> i128 {
        let draw = u128::from(self.next_u64()) << 64 | u128::from(self.next_u64());
        match max.abs_diff(min).checked_add(1) {
            Some(span) => min.wrapping_add((draw % span) as i128),
            None => draw as i128,
        }
    }

    /// From `min` up to, but not with, `max`.
    pub(super) fn fraction(&mut self, min: f64, max: f64) -> f64 {
        // The span between the two may be more than the greatest number, so each is weighed by itself.
        let part = self.unit();
        min * (1.0 - part) + max * part
    }
}

fn mix(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_stay_within_their_limits_and_reach_them() {
        let mut random = Random::of_row(7, 0);
        let draws: Vec<i64> = (0..1_000).map(|_| random.integer(-2, 2)).collect();
        for expect in -2..=2 {
            let count = draws.iter().filter(|&&draw| draw == expect).count();
            assert!((100..300).contains(&count), "{expect} came {count} times");
        }
        assert!(draws.iter().all(|draw| (-2..=2).contains(draw)));
        let wide: Vec<i128> = (0..1_000).map(|_| random.wide(-1, 1)).collect();
        assert!((-1..=1).all(|expect| wide.contains(&expect)) && wide.iter().all(|draw| draw.abs() < 2));
        assert!((0..1_000).map(|_| random.fraction(2.0, 3.0)).all(|draw| (2.0..3.0).contains(&draw)));
        assert!((0..1_000).map(|_| random.fraction(f64::MIN, f64::MAX)).all(f64::is_finite));
        random.integer(i64::MIN, i64::MAX);
        random.wide(i128::MIN, i128::MAX);
        assert_eq!(random.integer(5, 5), 5);
    }

    #[test]
    fn rows_and_seeds_differ() {
        let first = |seed, index| Random::of_row(seed, index).next_u64();
        assert_eq!(first(1, 2), first(1, 2));
        let mut all: Vec<u64> =
            (0..100).flat_map(|seed| (0..100).map(move |index| first(seed, index))).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 10_000);
    }
}
