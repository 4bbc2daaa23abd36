//! Prices: `100 * 10^(6u)` cents for an even `u` in [0, 1), rounded half up. Log-uniform, so a third each
//! lies below 10,000, below 1,000,000 and above.
//!
//! The power is taken to base 2 in fixed point: the whole part of the logarithm is the exponent of a double,
//! the next 8 bits look up a power of two, the rest goes through four terms of the exponential series. Only
//! IEEE multiplications and additions take part, so a price is the same on every machine, to 3 parts in
//! 10^12.

/// Bits of the fraction of a logarithm in fixed point.
const FRACTION_BITS: u32 = 58;
/// Bits of the fraction that select a table entry.
const TABLE_BITS: u32 = 8;
const REST_BITS: u32 = FRACTION_BITS - TABLE_BITS;
const ONE: f64 = (1u64 << FRACTION_BITS) as f64;

const LOG2_OF_10: f64 = std::f64::consts::LOG2_10;
/// log2(100): where prices begin.
const START: u64 = (2.0 * LOG2_OF_10 * ONE) as u64;
/// log2(10^6): how far they reach.
const SPAN: u64 = (6.0 * LOG2_OF_10 * ONE) as u64;

/// 2^(i/256).
static POWERS: [f64; 1 << TABLE_BITS] = powers();

const fn powers() -> [f64; 1 << TABLE_BITS] {
    let mut table = [0.0; 1 << TABLE_BITS];
    let mut index = 0;
    while index < table.len() {
        table[index] = exponential(index as f64 * std::f64::consts::LN_2 / table.len() as f64);
        index += 1;
    }
    table
}

/// e^x for x in [0, 1), by its series.
const fn exponential(x: f64) -> f64 {
    let mut sum = 1.0;
    let mut term = 24.0;
    while term > 0.0 {
        sum = 1.0 + sum * x / term;
        term -= 1.0;
    }
    sum
}

/// The price that belongs to 64 even bits, in cents.
#[inline]
pub(crate) fn price(word: u64) -> i64 {
    let log2 = START + ((u128::from(word) * u128::from(SPAN)) >> 64) as u64;
    let exponent = log2 >> FRACTION_BITS;
    let index = (log2 >> REST_BITS) as usize % POWERS.len();
    let rest = (log2 % (1 << REST_BITS)) as i64 as f64 * (std::f64::consts::LN_2 / ONE);
    let series = 1.0 + rest * (1.0 + rest * (0.5 + rest * (1.0 / 6.0)));
    let power = f64::from_bits((1023 + exponent) << 52);
    (POWERS[index] * series * power + 0.5) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_the_rounded_power() {
        for step in 0..100_000u64 {
            let word = step.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let exact = 100.0 * 10f64.powf(6.0 * (word as f64 / 2f64.powi(64)));
            assert!((price(word) as f64 - exact).abs() < 0.501, "{word}: {} for {exact}", price(word));
        }
    }

    #[test]
    fn prices_lie_between_a_dollar_and_a_million() {
        assert_eq!(price(0), 100);
        assert_eq!(price(u64::MAX), 100_000_000);
    }
}
