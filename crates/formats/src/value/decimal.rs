//! Exact numbers as text.
use std::io::Write;

/// The greatest precision of a DECIMAL in digits.
const MAX_DIGITS: i64 = 38;

/// A number that was read: its digits as a whole number, and whether any had to be rounded away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    pub(super) unscaled: i128,
    pub(super) exact: bool,
}

impl Decimal {
    /// Reads `[+-]digits[.digits][e[+-]digits]` with `scale` digits behind the point, rounding half up, as
    /// Flink does. `None` if it is no number or has more than `precision` digits.
    pub(super) fn parse(text: &str, precision: u8, scale: u8) -> Option<Decimal> {
        let (negative, text) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = || whole.bytes().chain(fraction.bytes());
        if digits().next().is_none() || !digits().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        let zeros = digits().take_while(|&digit| digit == b'0').count();
        // How many digits, counted from the first that is not zero, stand before the scaled point.
        let kept = whole.len() as i64 - zeros as i64 + exponent + i64::from(scale);
        let mut digits = digits().skip(zeros).map(|digit| i128::from(digit - b'0'));
        if digits.clone().next().is_none() {
            return Some(Decimal { unscaled: 0, exact: true });
        }
        if kept < 0 {
            return Some(Decimal { unscaled: 0, exact: false });
        }
        if kept > MAX_DIGITS {
            return None;
        }
        let mut unscaled = 0_i128;
        for _ in 0..kept {
            unscaled = unscaled * 10 + digits.next().unwrap_or(0);
        }
        let next = digits.next().unwrap_or(0);
        let exact = next == 0 && digits.all(|digit| digit == 0);
        unscaled += i128::from(next >= 5);
        let limit = 10_i128.pow(u32::from(precision.min(MAX_DIGITS as u8)));
        (unscaled < limit).then_some(Decimal { unscaled: if negative { -unscaled } else { unscaled }, exact })
    }

    /// Appends the number in plain form, with all `scale` digits.
    pub(super) fn write(unscaled: i128, scale: u8, out: &mut Vec<u8>) {
        let sign = if unscaled < 0 { "-" } else { "" };
        let (scale, digits) = (usize::from(scale), unscaled.unsigned_abs().to_string());
        // Writing to a vector cannot fail.
        let _ = match digits.len().checked_sub(scale) {
            _ if scale == 0 => write!(out, "{sign}{digits}"),
            Some(whole) if whole > 0 => write!(out, "{sign}{}.{}", &digits[..whole], &digits[whole..]),
            _ => write!(out, "{sign}0.{digits:0>scale$}"),
        };
    }
}

/// An exponent, at most so great or small that it makes every number too large or zero.
fn parse_exponent(text: &str) -> Option<i64> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => (-1, &text[1..]),
        b'+' => (1, &text[1..]),
        _ => (1, text),
    };
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    // A text is far shorter than this, so no digits of its own can make up for such an exponent.
    Some(sign * digits.parse::<i64>().unwrap_or(i64::MAX).min(1 << 40))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, precision: u8, scale: u8, expect: Option<i128>) {
        assert_eq!(Decimal::parse(text, precision, scale).map(|number| number.unscaled), expect, "{text}");
    }

    #[test]
    fn numbers_are_rounded_to_their_scale() {
        check("1.5", 10, 2, Some(150));
        check("-1.005", 10, 2, Some(-101));
        check("1.004", 10, 2, Some(100));
        check(".5", 10, 0, Some(1));
        check("0.05", 10, 0, Some(0));
        check("1e3", 10, 2, Some(100_000));
        check("12345e-3", 10, 2, Some(1_235));
        check("+00012", 2, 0, Some(12));
        check("99.995", 4, 2, None);
        check("123", 2, 0, None);
        check("1e39", 38, 0, None);
        check("1e-999999999999999999999", 38, 38, Some(0));
        check("1e999999999999999999999", 38, 0, None);
        check("0e999999999999999999999", 38, 0, Some(0));
        check("99999999999999999999999999999999999999", 38, 0, Some(10_i128.pow(38) - 1));
        check("99999999999999999999999999999999999999.5", 38, 0, None);
        for text in ["", "-", ".", "1.2.3", "1e", "e1", "0x1", "1 ", "NaN", "1e1.5", "\u{661}"] {
            check(text, 38, 0, None);
        }
    }

    #[test]
    fn exactness_is_told() {
        let exact = |text| Decimal::parse(text, 38, 0).unwrap().exact;
        assert!(exact("1.000") && exact("10e-1") && exact("1e3"));
        assert!(!exact("1.001") && !exact("1e-3") && !exact("1.5"));
    }

    #[test]
    fn all_digits_are_written() {
        let write = |unscaled, scale| {
            let mut out = Vec::new();
            Decimal::write(unscaled, scale, &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(write(150, 2), "1.50");
        assert_eq!(write(-5, 2), "-0.05");
        assert_eq!(write(5, 0), "5");
        assert_eq!(write(-12, 2), "-0.12");
        assert_eq!(write(0, 1), "0.0");
    }
}
