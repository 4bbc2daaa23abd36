//! From a logical type and its options to the way its values are made.
use std::time::Duration;

use hurtig_core::types::{LogicalType, RowField, TypeRoot};
use hurtig_core::{Error, Result};

use super::field::{Field, Form, Length, Shape};
use super::options::Options;

/// Flink's length of a string where none is set, and that of a collection.
const STRING_LENGTH: u32 = 100;
const COLLECTION_LENGTH: u32 = 3;
/// The greatest length of either: a row has to fit the memory.
const MAX_LENGTH: i64 = 1 << 24;

impl Field {
    /// How rows of this type are made. Fails on a type that is not a ROW.
    pub(super) fn of_rows(logical: &LogicalType, options: &mut Options<'_>) -> Result<Field> {
        let Some(fields) = logical.fields() else {
            return Err(Error::user(format!("datagen makes rows; {logical} is not a ROW type")));
        };
        let fields = fields.iter().map(|field| top(field, options)).collect::<Result<_>>()?;
        Ok(Field { nullable: logical.is_nullable(), null_rate: 0.0, shape: Shape::Row(fields) })
    }
}

/// A field of the row itself, which alone can be a sequence.
fn top(field: &RowField, options: &mut Options<'_>) -> Result<Field> {
    let path = format!("fields.{}", field.name);
    let kind = format!("{path}.kind");
    match options.raw(&kind) {
        None | Some("random") => random(&field.data_type, &path, options),
        Some("sequence") => sequence(&field.data_type, &path, options),
        Some(_) => Err(options.bad_value(&kind, "random or sequence")),
    }
}

fn sequence(logical: &LogicalType, path: &str, options: &mut Options<'_>) -> Result<Field> {
    let any = (i64::MIN, i64::MAX);
    let (form, limits) = match logical.root() {
        TypeRoot::Char(_) | TypeRoot::Varchar(_) => (Form::Text, any),
        TypeRoot::TinyInt => (Form::Integer { width: 1 }, TINY_INT),
        TypeRoot::SmallInt => (Form::Integer { width: 2 }, SMALL_INT),
        TypeRoot::Integer => (Form::Integer { width: 4 }, INTEGER),
        TypeRoot::BigInt => (Form::Integer { width: 8 }, any),
        TypeRoot::Float => (Form::Float, any),
        TypeRoot::Double => (Form::Double, any),
        TypeRoot::Decimal { precision, scale } => {
            let whole = power(precision.saturating_sub(*scale)) - 1;
            let whole = i64::try_from(whole).unwrap_or(i64::MAX);
            (Form::Decimal { one: power(*scale) }, (-whole, whole))
        }
        _ => {
            let kind = format!("{path}.kind");
            return Err(options.bad_value(&kind, &format!("random, as there is no sequence of {logical}")));
        }
    };
    let [start, end] = [format!("{path}.start"), format!("{path}.end")].map(|key| {
        bounded(&key, limits, options)?.ok_or_else(|| {
            Error::user(format!("option '{key}' is missing: a sequence has a start and an end"))
        })
    });
    let (start, end) = (start?, end?);
    if end < start {
        return Err(options.bad_value(&format!("{path}.end"), &format!("at least the start, {start}")));
    }
    Ok(Field { nullable: logical.is_nullable(), null_rate: 0.0, shape: Shape::Sequence { start, end, form } })
}

fn random(logical: &LogicalType, path: &str, options: &mut Options<'_>) -> Result<Field> {
    let null_rate = null_rate(logical, &format!("{path}.null-rate"), options)?;
    let shape = match logical.root() {
        TypeRoot::Boolean => Shape::Boolean,
        TypeRoot::TinyInt => integer(1, TINY_INT, path, options)?,
        TypeRoot::SmallInt => integer(2, SMALL_INT, path, options)?,
        TypeRoot::Integer => integer(4, INTEGER, path, options)?,
        TypeRoot::BigInt => integer(8, (i64::MIN, i64::MAX), path, options)?,
        TypeRoot::Decimal { precision, scale } => {
            let defaults = (0, power(*precision) - 1);
            let (min, max) = min_max(defaults, path, options, |key, options| {
                let Some(text) = options.raw(key) else { return Ok(None) };
                let number = unscaled(text, *scale).filter(|number| number.abs() <= defaults.1);
                number.map(Some).ok_or_else(|| options.bad_value(key, &format!("a {}", logical.root())))
            })?;
            Shape::Decimal { min, max }
        }
        TypeRoot::Float => {
            let (min, max) = fractions(f64::from(f32::MAX), path, options)?;
            Shape::Float { min, max }
        }
        TypeRoot::Double => {
            let (min, max) = fractions(f64::MAX, path, options)?;
            Shape::Double { min, max }
        }
        TypeRoot::Char(length) => Shape::Text(fixed_length(*length, path, options)?),
        TypeRoot::Binary(length) => Shape::Bytes(fixed_length(*length, path, options)?),
        TypeRoot::Varchar(longest) => Shape::Text(string_length(*longest, path, options)?),
        TypeRoot::Varbinary(longest) => Shape::Bytes(string_length(*longest, path, options)?),
        TypeRoot::Date => Shape::Date,
        TypeRoot::Time(precision) => Shape::Time { unit_millis: unit_millis(*precision) },
        TypeRoot::Timestamp(precision)
        | TypeRoot::TimestampLtz(precision)
        | TypeRoot::TimestampTz(precision) => {
            let max_past: Duration = options.get(&format!("{path}.max-past"))?.unwrap_or_default();
            let max_past_millis = i64::try_from(max_past.as_millis()).unwrap_or(i64::MAX);
            Shape::Timestamp { unit_millis: unit_millis(*precision), nanos: *precision > 3, max_past_millis }
        }
        // Flink's limits: ten thousand years, and a bit more than thirty.
        TypeRoot::IntervalYearMonth => Shape::Integer { width: 4, min: 0, max: 120_000 },
        TypeRoot::IntervalDayTime => Shape::Integer { width: 8, min: 0, max: 1_000_000_000_000 },
        TypeRoot::Array(element) => {
            let length = collection_length(path, options)?;
            Shape::Array { length, element: inner(element, path, "element", options)? }
        }
        TypeRoot::Multiset(element) => {
            let length = collection_length(path, options)?;
            let key = inner(element, path, "element", options)?;
            let counts = Shape::Integer { width: 4, min: 1, max: 10 };
            let value = Box::new(Field { nullable: false, null_rate: 0.0, shape: counts });
            Shape::Map { length, key, value }
        }
        TypeRoot::Map(key, value) => {
            let length = collection_length(path, options)?;
            let key = inner(key, path, "key", options)?;
            Shape::Map { length, key, value: inner(value, path, "value", options)? }
        }
        TypeRoot::Row(fields) => {
            let fields = fields
                .iter()
                .map(|field| random(&field.data_type, &format!("{path}.{}", field.name), options));
            Shape::Row(fields.collect::<Result<_>>()?)
        }
        TypeRoot::Raw { .. } | TypeRoot::Null => {
            return Err(Error::user(format!("datagen cannot make up a {logical}, the type of '{path}'")));
        }
    };
    Ok(Field { nullable: logical.is_nullable(), null_rate, shape })
}

fn inner(logical: &LogicalType, path: &str, name: &str, options: &mut Options<'_>) -> Result<Box<Field>> {
    Ok(Box::new(random(logical, &format!("{path}.{name}"), options)?))
}

fn null_rate(logical: &LogicalType, key: &str, options: &mut Options<'_>) -> Result<f64> {
    let rate = options.get(key)?.unwrap_or(0.0);
    if !(0.0..=1.0).contains(&rate) {
        return Err(options.bad_value(key, "a number from 0 to 1"));
    }
    if rate > 0.0 && !logical.is_nullable() {
        return Err(options.bad_value(key, &format!("0, as the type is {logical}")));
    }
    Ok(rate)
}

const TINY_INT: (i64, i64) = (i8::MIN as i64, i8::MAX as i64);
const SMALL_INT: (i64, i64) = (i16::MIN as i64, i16::MAX as i64);
const INTEGER: (i64, i64) = (i32::MIN as i64, i32::MAX as i64);

fn integer(width: usize, limits: (i64, i64), path: &str, options: &mut Options<'_>) -> Result<Shape> {
    let (min, max) = min_max(limits, path, options, |key, options| bounded(key, limits, options))?;
    Ok(Shape::Integer { width, min, max })
}

/// As in Flink, fractions are positive unless a `min` is set.
fn fractions(greatest: f64, path: &str, options: &mut Options<'_>) -> Result<(f64, f64)> {
    min_max((0.0, greatest), path, options, |key, options| match options.get::<f64>(key)? {
        Some(number) if number.abs() > greatest || number.is_nan() => {
            Err(options.bad_value(key, &format!("a number of at most {greatest:e}")))
        }
        number => Ok(number),
    })
}

/// A whole number within `limits`.
fn bounded(key: &str, limits: (i64, i64), options: &mut Options<'_>) -> Result<Option<i64>> {
    match options.get(key)? {
        Some(number) if number < limits.0 || number > limits.1 => {
            Err(options.bad_value(key, &format!("a whole number from {} to {}", limits.0, limits.1)))
        }
        number => Ok(number),
    }
}

/// The options `min` and `max` as `read` reads them, with their defaults.
fn min_max<N: PartialOrd>(
    defaults: (N, N),
    path: &str,
    options: &mut Options<'_>,
    read: impl Fn(&str, &mut Options<'_>) -> Result<Option<N>>,
) -> Result<(N, N)> {
    let (min_key, max_key) = (format!("{path}.min"), format!("{path}.max"));
    let min = read(&min_key, options)?.unwrap_or(defaults.0);
    let max = read(&max_key, options)?.unwrap_or(defaults.1);
    if min > max {
        let max = options.raw(&max_key).unwrap_or("the type's greatest value");
        return Err(options.bad_value(&min_key, &format!("at most '{max_key}', {max}")));
    }
    Ok((min, max))
}

fn fixed_length(length: u32, path: &str, options: &mut Options<'_>) -> Result<Length> {
    let key = format!("{path}.length");
    match options.get::<u32>(&key)? {
        Some(other) if other != length => {
            Err(options.bad_value(&key, &format!("none, as the type has the fixed length {length}")))
        }
        _ => Ok(Length { min: length, max: length }),
    }
}

fn string_length(longest: u32, path: &str, options: &mut Options<'_>) -> Result<Length> {
    let max = length(STRING_LENGTH.min(longest), MAX_LENGTH.min(longest.into()), path, options)?;
    let variable = options.get(&format!("{path}.var-len"))?.unwrap_or(false);
    Ok(Length { min: if variable { max.min(1) } else { max }, max })
}

fn collection_length(path: &str, options: &mut Options<'_>) -> Result<u32> {
    length(COLLECTION_LENGTH, MAX_LENGTH, path, options)
}

fn length(default: u32, greatest: i64, path: &str, options: &mut Options<'_>) -> Result<u32> {
    let length = bounded(&format!("{path}.length"), (0, greatest), options)?;
    Ok(length.and_then(|length| u32::try_from(length).ok()).unwrap_or(default))
}

/// The milliseconds that a time with so many digits of fractional seconds can be a multiple of.
fn unit_millis(precision: u8) -> i64 {
    [1_000, 100, 10].get(usize::from(precision)).copied().unwrap_or(1)
}

/// 10 to the `exponent`, which is at most 38.
fn power(exponent: u8) -> i128 {
    10_i128.pow(u32::from(exponent.min(38)))
}

/// A decimal number as a count of its last digit, if it has no more digits behind the point than `scale`.
fn unscaled(text: &str, scale: u8) -> Option<i128> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let places = u32::from(scale).checked_sub(u32::try_from(fraction.len()).ok()?)?;
    let digits = format!("{whole}{fraction}");
    if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let number: i128 = digits.parse().ok()?;
    number.checked_mul(10_i128.checked_pow(places)?)?.checked_mul(sign)
}

#[cfg(test)]
mod tests {
    use super::unscaled;

    #[test]
    fn decimals_are_read_exactly() {
        for (text, scale, expect) in [
            ("12.5", 2, Some(1250)),
            ("-0.05", 2, Some(-5)),
            (".5", 1, Some(5)),
            ("7", 0, Some(7)),
            ("1.25", 1, None),
            ("1e3", 0, None),
            ("--1", 0, None),
            ("", 0, None),
            ("99999999999999999999999999999999999999", 2, None),
        ] {
            assert_eq!(unscaled(text, scale), expect, "{text}");
        }
    }
}
