//! The hash of a key: of the logical value, whatever holds it (`docs/rfcs/0003-key-groups.md`). State lies
//! where this hash says, so none of it may ever change.
//!
//! The constants are the fraction of pi in hexadecimal, 16 digits after 16 digits.
pub use crate::key::columns::{hash_column, hash_columns};

/// The hash of NULL, of whatever type.
pub const NULL: u64 = 0xBE54_66CF_34E9_0C6C;

const COMPOSITE: u64 = 0x243F_6A88_85A3_08D3;
const WIDE: u64 = 0x1319_8A2E_0370_7344;
const DECIMAL: u64 = 0xA409_3822_299F_31D0;
const FLOAT: u64 = 0x082E_FA98_EC4E_6C89;
const FINE_TIME: u64 = 0x4528_21E6_38D0_1377;

/// 2^64 divided by the golden ratio, made odd.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// What SplitMix64 puts out from the state `x`.
#[inline(always)]
pub const fn mix(x: u64) -> u64 {
    let z = x.wrapping_add(GOLDEN);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Takes one more hash into a state, so that the order matters.
#[inline(always)]
pub(super) const fn fold(state: u64, hash: u64) -> u64 {
    (state.rotate_left(5) ^ hash).wrapping_mul(GOLDEN)
}

/// An integer of any width, a boolean as 0 or 1, a DATE in days, an interval in months or milliseconds.
#[inline(always)]
pub const fn integer(value: i64) -> u64 {
    mix(value as u64)
}

/// An integer that may be too large for an `i64`; if it is not, its hash is that of [`integer`].
#[inline]
pub const fn wide_integer(value: i128) -> u64 {
    if value as i64 as i128 == value {
        return integer(value as i64);
    }
    let low = mix(value as u64);
    let high = mix((value >> 64) as u64);
    mix(fold(fold(WIDE, low), high))
}

/// The decimal `unscaled / 10^scale`, whatever its type's scale: 1, 1.0 and 1.00 are the same.
#[inline]
pub const fn decimal(mut unscaled: i128, mut scale: u8) -> u64 {
    while scale > 0 && unscaled % 10 == 0 {
        if unscaled == 0 {
            return integer(0);
        }
        unscaled /= 10;
        scale -= 1;
    }
    match scale {
        0 => wide_integer(unscaled),
        _ => mix(fold(fold(DECIMAL, wide_integer(unscaled)), scale as u64)),
    }
}

/// A FLOAT, widened, or a DOUBLE. -0.0 is 0.0 and every NaN the same; 1.0 is not the integer 1.
#[inline]
pub const fn float(value: f64) -> u64 {
    let bits = if value.is_nan() {
        0x7FF8_0000_0000_0000
    } else if value == 0.0 {
        0
    } else {
        value.to_bits()
    };
    mix(bits ^ FLOAT)
}

/// A character string in UTF-8 or a byte string: XXH3-64 with seed 0.
#[inline]
pub fn bytes(value: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(value)
}

/// A TIMESTAMP or a TIME: whole milliseconds, rounded towards the past, and the nanoseconds beyond them,
/// 0 to 999 999. Without the latter it hashes as the integer, so the precision of its type does not matter.
#[inline(always)]
pub const fn timestamp(millis: i64, nanos: u32) -> u64 {
    match nanos {
        0 => integer(millis),
        _ => mix(fold(fold(FINE_TIME, integer(millis)), nanos as u64)),
    }
}

/// A composite being hashed: a ROW, a tuple, a struct, or an ARRAY.
///
/// ```
/// use hurtig_core::Key;
/// use hurtig_core::key::hash::{self, Composite};
///
/// let mut pair = Composite::new(2);
/// pair.add(hash::integer(7));
/// pair.add(hash::bytes(b"seven"));
/// assert_eq!(pair.finish(), (7_i32, "seven".to_owned()).key_hash());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Composite(u64);

impl Composite {
    /// A composite of so many fields or elements.
    #[inline(always)]
    pub const fn new(count: usize) -> Self {
        Composite(mix(COMPOSITE ^ count as u64))
    }

    /// Adds the hash of the next field, [`NULL`] if it is NULL.
    #[inline(always)]
    pub const fn add(&mut self, hash: u64) {
        self.0 = fold(self.0, hash);
    }

    /// The hash of all fields in their order.
    #[inline(always)]
    pub const fn finish(self) -> u64 {
        mix(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mix_is_splitmix64() {
        // The first numbers of the generator from seed 0; its state grows by the golden number each time.
        let expect = [0xE220_A839_7B1D_CDAF, 0x6E78_9E6A_A1B9_65F4, 0x06C4_5D18_8009_454F];
        for (step, expect) in expect.into_iter().enumerate() {
            assert_eq!(mix(GOLDEN.wrapping_mul(step as u64)), expect);
        }
    }

    #[test]
    fn equal_values_hash_alike() {
        assert_eq!(wide_integer(-5), integer(-5));
        assert_ne!(wide_integer(1 << 64), integer(0));
        assert_eq!(decimal(-1_500, 2), integer(-15));
        assert_eq!(decimal(1_50, 2), decimal(15, 1));
        assert_eq!(decimal(0, 7), integer(0));
        assert_ne!(decimal(15, 1), decimal(15, 2));
        assert_eq!(decimal(i128::from(u64::MAX), 0), wide_integer(i128::from(u64::MAX)));
        assert_eq!(float(-0.0), float(0.0));
        assert_eq!(float(-f64::NAN), float(f64::NAN));
        assert_ne!(float(1.0), integer(1));
        assert_eq!(timestamp(12, 0), integer(12));
        assert_ne!(timestamp(12, 1), timestamp(12, 0));
    }

    #[test]
    fn a_composite_depends_on_order_and_count() {
        let hash = |fields: &[u64]| {
            let mut composite = Composite::new(fields.len());
            fields.iter().for_each(|&field| composite.add(field));
            composite.finish()
        };
        assert_ne!(hash(&[1, 2]), hash(&[2, 1]));
        assert_ne!(hash(&[]), hash(&[0]));
        assert_ne!(hash(&[0]), hash(&[0, 0]));
    }
}
