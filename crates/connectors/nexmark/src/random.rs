//! Random values as a pure function of the seed, the event's id and the number of the draw.
//!
//! The published generator draws from one unseeded random stream per subtask, so its values depend on what
//! was drawn before and differ from run to run. Here every draw can be made alone: an event is the same
//! whoever makes it, in whatever order, and after a recovery. An event's id is mixed once (SplitMix64's
//! output function); each draw then is one folded 128-bit product, as in wyrand.

/// SplitMix64's increment: the golden ratio in 64 bits.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
/// wyrand's increment and mask: odd, with half their bits set.
const STEP: u64 = 0xA076_1D64_78BD_642F;
const MASK: u64 = 0xE703_7ED1_A0B4_28DB;

/// SplitMix64's output for state `x`: a bijection in which each input bit reaches each output bit.
#[inline]
fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(GOLDEN);
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// The seed of a whole data set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seed(u64);

impl Seed {
    /// The seed that the user gave, spread over all bits; `domain` keeps events and tables apart.
    pub(crate) fn new(seed: u64, domain: u64) -> Seed {
        Seed(mix(mix(seed) ^ domain))
    }

    /// The draws of the event (or table entry) `id`.
    #[inline]
    pub(crate) fn draws_of(self, id: u64) -> Draws {
        Draws(mix(self.0 ^ id))
    }
}

/// All draws of one event, by number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draws(u64);

impl Draws {
    /// Draw `number`: 64 even bits.
    #[inline]
    pub(crate) fn word(self, number: u64) -> u64 {
        let state = self.0.wrapping_add((number + 1).wrapping_mul(STEP));
        let product = u128::from(state) * u128::from(state ^ MASK);
        (product >> 64) as u64 ^ product as u64
    }

    /// Draw `number`, to be taken apart into several small values.
    #[inline]
    pub(crate) fn digits(self, number: u64) -> Digits {
        Digits(self.word(number))
    }
}

/// One draw read as a fraction of 64 bits, from which small whole numbers are taken like the digits of a
/// number of mixed radix: multiply, take the whole part, go on with the fraction. Each digit is even to
/// within (product of all radixes so far) / 2^64.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Digits(u64);

impl Digits {
    /// A whole number in `0..count`, evenly. `count` is at least 1.
    #[inline]
    pub(crate) fn below(&mut self, count: u64) -> u64 {
        let product = u128::from(self.0) * u128::from(count);
        self.0 = product as u64;
        (product >> 64) as u64
    }

    /// True with probability `1 - 1/ratio`. `ratio` is at least 1.
    #[inline]
    pub(crate) fn is_hot(&mut self, ratio: u64) -> bool {
        self.below(ratio) > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_depends_on_seed_event_and_number_alone() {
        let draw = |seed, id, number| Seed::new(seed, 0).draws_of(id).word(number);
        assert_eq!(draw(7, 5, 3), draw(7, 5, 3));
        assert_ne!(draw(7, 5, 3), draw(8, 5, 3));
        assert_ne!(draw(7, 5, 3), draw(7, 6, 3));
        assert_ne!(draw(7, 5, 3), draw(7, 5, 4));
    }

    #[test]
    fn digits_of_one_draw_are_even_and_independent() {
        let mut cells = [[0u32; 7]; 5];
        for id in 0..70_000 {
            let mut digits = Seed::new(1, 0).draws_of(id).digits(2);
            let (row, column) = (digits.below(5) as usize, digits.below(7) as usize);
            cells[row][column] += 1;
        }
        // 2,000 expected in each of 35 cells, standard deviation 44.
        for count in cells.as_flattened() {
            assert!((1_800..2_200).contains(count), "{cells:?}");
        }
    }

    #[test]
    fn a_digit_of_radix_one_is_zero_and_a_ratio_of_one_is_never_hot() {
        let mut digits = Seed::new(1, 0).draws_of(1).digits(0);
        assert_eq!(digits.below(1), 0);
        assert!(!digits.is_hot(1));
    }
}
