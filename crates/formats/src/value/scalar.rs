//! Values that are one piece of text: from text to the version-1 encoding and back.
use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hurtig_core::Result;
use hurtig_core::types::codec::{self, Reader};
use hurtig_core::types::{LogicalType, TypeRoot};

use super::TimestampFormat;
use super::calendar::Date;
use super::clock_time::{TimeOfDay, Timestamp, Zone};
use super::decimal::Decimal;
use crate::problem::Problem;

/// The precision up to which a timestamp is encoded as milliseconds alone.
const MILLI_DIGITS: u8 = 3;

/// Whether a value of the type is one piece of text.
pub(crate) fn is_scalar(logical: &LogicalType) -> bool {
    !matches!(
        logical.root(),
        TypeRoot::Array(_)
            | TypeRoot::Multiset(_)
            | TypeRoot::Map(..)
            | TypeRoot::Row(_)
            | TypeRoot::Raw { .. }
    )
}

/// Whether the type is a character string, for which every text, the empty one too, is a value.
pub(crate) fn is_text(logical: &LogicalType) -> bool {
    matches!(logical.root(), TypeRoot::Char(_) | TypeRoot::Varchar(_))
}

/// Appends the value that `text` stands for; what is appended by a failed call has no meaning.
///
/// White space around anything but a string does not count. Byte strings are Base64, intervals a number of
/// months or milliseconds, all as in Flink.
#[inline]
pub(crate) fn parse(logical: &LogicalType, text: &str, out: &mut Vec<u8>) -> Result<(), Problem> {
    match parse_value(logical, text, out) {
        Some(()) => Ok(()),
        None => Err(Problem::mismatch(logical, text)),
    }
}

/// As [`parse`], for formats in which a whole number may be written as `1.0` or `1e3`.
pub(crate) fn parse_number(logical: &LogicalType, text: &str, out: &mut Vec<u8>) -> Result<(), Problem> {
    let mark = out.len();
    if parse_value(logical, text, out).is_some() {
        return Ok(());
    }
    out.truncate(mark);
    let whole = Decimal::parse(text, 19, 0).filter(|number| number.exact);
    match whole.and_then(|number| parse_value(logical, &number.unscaled.to_string(), out)) {
        Some(()) => Ok(()),
        None => Err(Problem::mismatch(logical, text)),
    }
}

fn parse_value(logical: &LogicalType, text: &str, out: &mut Vec<u8>) -> Option<()> {
    if is_text(logical) {
        codec::write_bytes(out, text.as_bytes());
        return Some(());
    }
    let text = text.trim();
    match *logical.root() {
        TypeRoot::Boolean if text.eq_ignore_ascii_case("true") => out.push(1),
        TypeRoot::Boolean if text.eq_ignore_ascii_case("false") => out.push(0),
        TypeRoot::TinyInt => out.extend_from_slice(&text.parse::<i8>().ok()?.to_le_bytes()),
        TypeRoot::SmallInt => out.extend_from_slice(&text.parse::<i16>().ok()?.to_le_bytes()),
        TypeRoot::Integer | TypeRoot::IntervalYearMonth => {
            out.extend_from_slice(&text.parse::<i32>().ok()?.to_le_bytes());
        }
        TypeRoot::BigInt | TypeRoot::IntervalDayTime => {
            out.extend_from_slice(&text.parse::<i64>().ok()?.to_le_bytes());
        }
        TypeRoot::Float => out.extend_from_slice(&text.parse::<f32>().ok()?.to_le_bytes()),
        TypeRoot::Double => out.extend_from_slice(&text.parse::<f64>().ok()?.to_le_bytes()),
        TypeRoot::Decimal { precision, scale } => {
            out.extend_from_slice(&Decimal::parse(text, precision, scale)?.unscaled.to_le_bytes());
        }
        TypeRoot::Date => {
            out.extend_from_slice(&i32::try_from(Date::parse(text)?.to_days()).ok()?.to_le_bytes());
        }
        TypeRoot::Time(precision) => {
            let millis = i32::try_from(TimeOfDay::parse(text, precision)?.millis).ok()?;
            out.extend_from_slice(&millis.to_le_bytes());
        }
        TypeRoot::Timestamp(precision) => write_timestamp(text, precision, Zone::None, out)?,
        TypeRoot::TimestampLtz(precision) | TypeRoot::TimestampTz(precision) => {
            write_timestamp(text, precision, Zone::Offset, out)?;
        }
        TypeRoot::Binary(_) | TypeRoot::Varbinary(_) => {
            codec::write_bytes(out, &BASE64.decode(text).ok()?);
        }
        _ => return None,
    }
    Some(())
}

fn write_timestamp(text: &str, precision: u8, zone: Zone, out: &mut Vec<u8>) -> Option<()> {
    let timestamp = Timestamp::parse(text, precision, zone)?;
    out.extend_from_slice(&timestamp.millis.to_le_bytes());
    if precision > MILLI_DIGITS {
        out.extend_from_slice(&timestamp.nanos.to_le_bytes());
    }
    Some(())
}

/// Reads an encoded value and appends its text.
pub(crate) fn print(
    logical: &LogicalType,
    format: TimestampFormat,
    input: &mut Reader<'_>,
    out: &mut Vec<u8>,
) -> Result<()> {
    // Writing to a vector cannot fail.
    let _ = match *logical.root() {
        TypeRoot::Char(_) | TypeRoot::Varchar(_) => out.write_all(input.length_and_str()?.as_bytes()),
        TypeRoot::Boolean => out.write_all(if input.bool()? { b"true" } else { b"false" }),
        TypeRoot::TinyInt => write_integer(i8::from_le_bytes(input.array()?), out),
        TypeRoot::SmallInt => write_integer(i16::from_le_bytes(input.array()?), out),
        TypeRoot::Integer | TypeRoot::IntervalYearMonth => {
            write_integer(i32::from_le_bytes(input.array()?), out)
        }
        TypeRoot::BigInt | TypeRoot::IntervalDayTime => {
            write_integer(i64::from_le_bytes(input.array()?), out)
        }
        // `{:?}` is the shortest text that reads back as the same number; `f64` would print more for an `f32`.
        TypeRoot::Float => match f32::from_le_bytes(input.array()?) {
            value if value.is_finite() => write!(out, "{value:?}"),
            value => out.write_all(not_finite(value.into()).as_bytes()),
        },
        TypeRoot::Double => match f64::from_le_bytes(input.array()?) {
            value if value.is_finite() => write!(out, "{value:?}"),
            value => out.write_all(not_finite(value).as_bytes()),
        },
        TypeRoot::Decimal { scale, .. } => {
            Decimal::write(i128::from_le_bytes(input.array()?), scale, out);
            Ok(())
        }
        TypeRoot::Date => {
            Date::from_days(i32::from_le_bytes(input.array()?).into()).write(out);
            Ok(())
        }
        TypeRoot::Time(_) => {
            TimeOfDay { millis: i32::from_le_bytes(input.array()?).into(), nanos: 0 }.write(out);
            Ok(())
        }
        TypeRoot::Timestamp(precision) => {
            read_timestamp(precision, input)?.write(format, Zone::None, out);
            Ok(())
        }
        TypeRoot::TimestampLtz(precision) | TypeRoot::TimestampTz(precision) => {
            read_timestamp(precision, input)?.write(format, Zone::Offset, out);
            Ok(())
        }
        TypeRoot::Binary(_) | TypeRoot::Varbinary(_) => {
            out.write_all(BASE64.encode(input.length_and_bytes()?).as_bytes())
        }
        _ => return Err(unsupported(logical)),
    };
    Ok(())
}

#[inline]
fn write_integer(value: impl itoa::Integer, out: &mut Vec<u8>) -> std::io::Result<()> {
    out.write_all(itoa::Buffer::new().format(value).as_bytes())
}

/// As Java prints what is no number.
fn not_finite(value: f64) -> &'static str {
    match value {
        f64::INFINITY => "Infinity",
        f64::NEG_INFINITY => "-Infinity",
        _ => "NaN",
    }
}

fn read_timestamp(precision: u8, input: &mut Reader<'_>) -> Result<Timestamp> {
    let millis = i64::from_le_bytes(input.array()?);
    let nanos = if precision > MILLI_DIGITS { u32::from_le_bytes(input.array()?) } else { 0 };
    Ok(Timestamp { millis, nanos })
}

/// A type that no text stands for.
#[cold]
pub(crate) fn unsupported(logical: &LogicalType) -> hurtig_core::Error {
    hurtig_core::Error::user(format!("values of {logical} have no text form"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(logical: LogicalType, text: &str, expect: &str) {
        let mut bytes = Vec::new();
        parse(&logical, text, &mut bytes).unwrap();
        let (mut input, mut out) = (Reader::new(&bytes), Vec::new());
        print(&logical, TimestampFormat::Sql, &mut input, &mut out).unwrap();
        input.finish().unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), expect);
    }

    #[test]
    fn text_becomes_a_value_and_text_again() {
        check(LogicalType::string(), " a b ", " a b ");
        check(LogicalType::boolean(), " TRUE", "true");
        check(LogicalType::tiny_int(), "-128", "-128");
        check(LogicalType::small_int(), "+5", "5");
        check(LogicalType::integer(), " 7 ", "7");
        check(LogicalType::big_int(), "9223372036854775807", "9223372036854775807");
        check(LogicalType::float(), "0.1", "0.1");
        check(LogicalType::double(), "1e22", "1e22");
        check(LogicalType::double(), "2", "2.0");
        check(LogicalType::double(), "-inf", "-Infinity");
        check(LogicalType::double(), "NaN", "NaN");
        check(LogicalType::decimal(10, 2), "1.5", "1.50");
        check(LogicalType::date(), "2020-02-29", "2020-02-29");
        check(LogicalType::time(0), "01:02:03", "01:02:03");
        check(LogicalType::timestamp(3), "2020-01-01T00:00:00.5", "2020-01-01 00:00:00.5");
        check(LogicalType::timestamp(9), "2020-01-01 00:00:00.000000001", "2020-01-01 00:00:00.000000001");
        check(LogicalType::timestamp_ltz(6), "2020-01-01 01:00:00+01:00", "2020-01-01 00:00:00Z");
        check(LogicalType::bytes(), "AQL/", "AQL/");
        check(LogicalType::interval_year_month(), "14", "14");
        check(LogicalType::interval_day_time(), "-1", "-1");
    }

    #[test]
    fn what_does_not_fit_is_quoted() {
        let refused = |logical: LogicalType, text: &str, expect: &str| {
            let problem = parse(&logical, text, &mut Vec::new()).unwrap_err();
            assert_eq!(problem.describe("column"), expect);
        };
        refused(LogicalType::tiny_int().not_null(), "300", ": expected TINYINT, found '300'");
        refused(LogicalType::boolean(), "yes", ": expected BOOLEAN, found 'yes'");
        refused(LogicalType::decimal(3, 1), "100", ": expected DECIMAL(3, 1), found '100'");
        refused(LogicalType::integer(), "1.0", ": expected INT, found '1.0'");
        refused(LogicalType::bytes(), "AQ=", ": expected BYTES, found 'AQ='");
        refused(LogicalType::date(), "2020-02-30", ": expected DATE, found '2020-02-30'");
    }

    #[test]
    fn whole_numbers_in_other_clothes() {
        let number = |text| {
            let mut bytes = Vec::new();
            parse_number(&LogicalType::integer(), text, &mut bytes).ok().map(|()| bytes)
        };
        assert_eq!(number("1e3"), Some(1000_i32.to_le_bytes().to_vec()));
        assert_eq!(number("-1.0"), Some((-1_i32).to_le_bytes().to_vec()));
        assert_eq!(number("1.5"), None);
        assert_eq!(number("1e10"), None);
    }
}
