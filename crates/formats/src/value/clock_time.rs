//! Times of day, timestamps, and how Flink writes them.
use std::io::Write;

use super::calendar::Date;
use super::digits::{Digits, write_two};

const MILLIS_PER_DAY: i64 = 86_400_000;
const NANOS_PER_MILLI: u32 = 1_000_000;

/// How timestamps are written; both forms are read. Flink's `timestamp-format.standard`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimestampFormat {
    /// `2020-01-01 00:00:01.5`, and with a `Z` behind it for `TIMESTAMP_LTZ`.
    #[default]
    Sql,
    /// `2020-01-01T00:00:01.5`, and with a `Z` behind it for `TIMESTAMP_LTZ`.
    Iso8601,
}

/// A timestamp: milliseconds since the epoch, and nanoseconds within the millisecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Timestamp {
    pub(super) millis: i64,
    pub(super) nanos: u32,
}

/// Whether a text may say in which zone it is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Zone {
    /// `TIMESTAMP`: no zone.
    None,
    /// `TIMESTAMP_LTZ`: `Z` or an offset, UTC without either.
    Offset,
}

impl Timestamp {
    /// Reads `yyyy-MM-dd HH:mm:ss[.fraction]` or the same with a `T`, with `precision` digits of the fraction.
    pub(super) fn parse(text: &str, precision: u8, zone: Zone) -> Option<Timestamp> {
        let mut digits = Digits::new(text);
        let days = Date::read(&mut digits)?.to_days();
        if !digits.eat(b' ') && !digits.eat(b'T') && !digits.eat(b't') {
            return None;
        }
        let time = TimeOfDay::read(&mut digits, precision)?;
        let offset_millis = match zone {
            Zone::None => 0,
            Zone::Offset => read_offset(&mut digits)?,
        };
        let millis = days.checked_mul(MILLIS_PER_DAY)?.checked_add(time.millis)?;
        let timestamp = Timestamp { millis: millis.checked_sub(offset_millis)?, nanos: time.nanos };
        digits.is_empty().then_some(timestamp)
    }

    /// Appends the date, the time and, for a moment, a `Z`.
    pub(super) fn write(self, format: TimestampFormat, zone: Zone, out: &mut Vec<u8>) {
        Date::from_days(self.millis.div_euclid(MILLIS_PER_DAY)).write(out);
        out.push(match format {
            TimestampFormat::Sql => b' ',
            TimestampFormat::Iso8601 => b'T',
        });
        TimeOfDay { millis: self.millis.rem_euclid(MILLIS_PER_DAY), nanos: self.nanos }.write(out);
        if zone == Zone::Offset {
            out.push(b'Z');
        }
    }
}

/// A time of day: milliseconds since midnight, and nanoseconds within the millisecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TimeOfDay {
    pub(super) millis: i64,
    pub(super) nanos: u32,
}

impl TimeOfDay {
    /// Reads `HH:mm[:ss[.fraction]]`; digits of the fraction beyond `precision` are cut off.
    pub(super) fn parse(text: &str, precision: u8) -> Option<TimeOfDay> {
        let mut digits = Digits::new(text);
        let time = TimeOfDay::read(&mut digits, precision)?;
        digits.is_empty().then_some(time)
    }

    /// Reads what [`TimeOfDay::parse`] reads off the front of a text.
    fn read(digits: &mut Digits<'_>, precision: u8) -> Option<TimeOfDay> {
        let hours = digits.two(23)?;
        let minutes = if digits.eat(b':') { digits.two(59)? } else { return None };
        let (mut seconds, mut nanos) = (0, 0);
        if digits.eat(b':') {
            seconds = digits.two(59)?;
            nanos = if digits.eat(b'.') { nanoseconds(digits, precision)? } else { 0 };
        }
        let millis = ((hours * 60 + minutes) * 60 + seconds) * 1_000 + i64::from(nanos / NANOS_PER_MILLI);
        Some(TimeOfDay { millis, nanos: nanos % NANOS_PER_MILLI })
    }

    /// Appends `HH:mm:ss` and as many digits of the fraction as are needed.
    pub(super) fn write(self, out: &mut Vec<u8>) {
        let seconds = self.millis / 1_000;
        write_two(seconds / 3_600, out);
        out.push(b':');
        write_two(seconds / 60 % 60, out);
        out.push(b':');
        write_two(seconds % 60, out);
        let fraction = self.millis % 1_000 * i64::from(NANOS_PER_MILLI) + i64::from(self.nanos);
        if fraction > 0 {
            // Writing to a vector cannot fail.
            let _ = write!(out, ".{fraction:09}");
            out.truncate(out.len() - out.iter().rev().take_while(|&&digit| digit == b'0').count());
        }
    }
}

/// One to nine digits behind the point, as nanoseconds.
fn nanoseconds(digits: &mut Digits<'_>, precision: u8) -> Option<u32> {
    let width = digits.count();
    if !(1..=9).contains(&width) {
        return None;
    }
    let unit = 10_i64.pow(9 - u32::from(precision.min(9)));
    let value = digits.number(width)? * 10_i64.pow(9 - width as u32);
    u32::try_from(value / unit * unit).ok()
}

/// `Z`, `+02:00`, `+0200`, `+02` or nothing; gives the offset in milliseconds.
fn read_offset(digits: &mut Digits<'_>) -> Option<i64> {
    if digits.is_empty() || digits.eat(b'Z') || digits.eat(b'z') {
        return Some(0);
    }
    let sign = match (digits.eat(b'+'), digits.eat(b'-')) {
        (true, false) => 1,
        (false, true) => -1,
        _ => return None,
    };
    let hours = digits.two(18)?;
    let colon = digits.eat(b':');
    let minutes = if colon || !digits.is_empty() { digits.two(59)? } else { 0 };
    Some(sign * (hours * 60 + minutes) * 60_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, zone: Zone, expect: Option<(i64, u32)>) {
        let found = Timestamp::parse(text, 9, zone);
        assert_eq!(found, expect.map(|(millis, nanos)| Timestamp { millis, nanos }), "{text}");
    }

    #[test]
    fn timestamps_in_all_forms() {
        check("1970-01-01 00:00:00", Zone::None, Some((0, 0)));
        check("1970-01-01T00:00:01.5", Zone::None, Some((1_500, 0)));
        check("1969-12-31 23:59:59.999999999", Zone::None, Some((-1, 999_999)));
        check("2020-02-29 12:34", Zone::None, Some((1_582_979_640_000, 0)));
        check("2020-01-01 00:00:00Z", Zone::None, None);
        check("2020-01-01 00:00:00", Zone::Offset, Some((1_577_836_800_000, 0)));
        check("2020-01-01T00:00:00.25Z", Zone::Offset, Some((1_577_836_800_250, 0)));
        check("2020-01-01T02:00:00+02:00", Zone::Offset, Some((1_577_836_800_000, 0)));
        check("2019-12-31T18:30:00-0530", Zone::Offset, Some((1_577_836_800_000, 0)));
        check("2020-01-01T01:00:00+01", Zone::Offset, Some((1_577_836_800_000, 0)));
        for text in [
            "2020-01-01",
            "2020-01-01 ",
            "2020-01-01 24:00:00",
            "2020-01-01 00:60:00",
            "2020-01-01 1:00:00",
            "2020-01-01 00:00:00.",
            "2020-01-01 00:00:00.1234567890",
            "2020-01-01 00:00.5",
            "2020-01-01 00:00:00+x",
            "2020-01-01 00:00:00+\u{e4}\u{e4}",
            "2020-01-01 00:00:00:00",
            "x",
        ] {
            check(text, Zone::Offset, None);
        }
    }

    #[test]
    fn timestamps_are_written_with_the_digits_they_need() {
        let write = |millis, nanos, format, zone| {
            let mut out = Vec::new();
            Timestamp { millis, nanos }.write(format, zone, &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(write(0, 0, TimestampFormat::Sql, Zone::None), "1970-01-01 00:00:00");
        assert_eq!(write(-1, 0, TimestampFormat::Sql, Zone::Offset), "1969-12-31 23:59:59.999Z");
        assert_eq!(write(1_500, 10, TimestampFormat::Iso8601, Zone::None), "1970-01-01T00:00:01.50000001");
    }

    #[test]
    fn digits_beyond_the_precision_are_cut_off() {
        let parse = |precision| TimeOfDay::parse("00:00:00.987654321", precision).unwrap();
        assert_eq!(parse(9), TimeOfDay { millis: 987, nanos: 654_321 });
        assert_eq!(parse(3), TimeOfDay { millis: 987, nanos: 0 });
        assert_eq!(parse(0), TimeOfDay { millis: 0, nanos: 0 });
    }
}
