//! Numbers as Java prints them.
use std::fmt::{LowerExp, Write};

/// `Long.toString`.
pub(super) fn integer(value: i64, text: &mut String) {
    // Writing to a string cannot fail.
    let _ = write!(text, "{value}");
}

/// `Double.toString` and `Float.toString`: the fewest digits that read back as the same number, plain from
/// 10^-3 up to 10^7, else with an exponent; always with a point.
pub(super) fn float<F: LowerExp + Copy + Into<f64>>(value: F, text: &mut String) {
    let wide: f64 = value.into();
    if wide.is_nan() {
        return text.push_str("NaN");
    }
    if wide.is_sign_negative() {
        text.push('-');
    }
    if wide.is_infinite() {
        return text.push_str("Infinity");
    }
    // Rust's exponent form has the same fewest digits, as `d.ddde-7`.
    let shortest = format!("{value:e}");
    let (digits, exponent) = shortest.trim_start_matches('-').split_once('e').unwrap_or((&shortest, "0"));
    let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
    match exponent.parse::<i32>().unwrap_or(0) {
        exponent @ 0..7 => plain(&digits, exponent as usize + 1, text),
        exponent @ -3..0 => {
            text.push_str("0.");
            text.extend(std::iter::repeat_n('0', (-exponent - 1) as usize));
            text.push_str(&digits);
        }
        exponent => {
            plain(&digits, 1, text);
            let _ = write!(text, "E{exponent}");
        }
    }
}

/// Digits with a point after the first `whole` of them, and at least one digit behind it.
fn plain(digits: &str, whole: usize, text: &mut String) {
    let (front, back) = digits.split_at(whole.min(digits.len()));
    text.push_str(front);
    text.extend(std::iter::repeat_n('0', whole - front.len()));
    text.push('.');
    text.push_str(if back.is_empty() { "0" } else { back });
}

/// `BigDecimal.toString`: plain, unless more than six zeros would follow the point (`1E-8`).
pub(super) fn decimal(unscaled: i128, scale: u32, text: &mut String) {
    if unscaled < 0 {
        text.push('-');
    }
    let digits = unscaled.unsigned_abs().to_string();
    let scale = scale as usize;
    let _ = match digits.len().checked_sub(scale) {
        _ if scale == 0 => write!(text, "{digits}"),
        Some(whole) if whole > 0 => write!(text, "{}.{}", &digits[..whole], &digits[whole..]),
        _ if scale - digits.len() < 6 => write!(text, "0.{digits:0>scale$}"),
        _ => {
            let (first, rest) = digits.split_at(1);
            let point = if rest.is_empty() { "" } else { "." };
            write!(text, "{first}{point}{rest}E-{}", scale + 1 - digits.len())
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats() {
        let check = |value: f64, expect: &str| {
            let mut text = String::new();
            float(value, &mut text);
            assert_eq!(text, expect);
        };
        check(0.0, "0.0");
        check(-0.0, "-0.0");
        check(1.0, "1.0");
        check(-12.5, "-12.5");
        check(0.001, "0.001");
        check(0.012, "0.012");
        check(0.0001, "1.0E-4");
        check(9_999_999.0, "9999999.0");
        check(1e7, "1.0E7");
        check(12_345_678.0, "1.2345678E7");
        check(1.5e300, "1.5E300");
        check(f64::MAX, "1.7976931348623157E308");
        check(f64::NAN, "NaN");
        check(f64::NEG_INFINITY, "-Infinity");
        let mut text = String::new();
        float(123_456.7_f32, &mut text);
        float(1e-10_f32, &mut text);
        assert_eq!(text, "123456.71.0E-10");
    }

    #[test]
    fn decimals() {
        let check = |unscaled: i128, scale: u32, expect: &str| {
            let mut text = String::new();
            decimal(unscaled, scale, &mut text);
            assert_eq!(text, expect);
        };
        check(1250, 2, "12.50");
        check(-5, 2, "-0.05");
        check(0, 2, "0.00");
        check(42, 0, "42");
        check(100, 2, "1.00");
        check(1, 6, "0.000001");
        check(1, 7, "1E-7");
        check(0, 8, "0E-8");
        check(123, 9, "1.23E-7");
        check(i128::MIN, 0, "-170141183460469231731687303715884105728");
    }
}
