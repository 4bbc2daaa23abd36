//! Days since 1970-01-01 and the dates of the Gregorian calendar, which is taken to have held always.
use std::io::Write;

use super::digits::{Digits, write_two};

/// The days of four centuries, after which the calendar repeats.
const DAYS_PER_ERA: i64 = 146_097;
/// The days from 0000-03-01 to 1970-01-01. A year that starts in March has its leap day at the end.
const EPOCH: i64 = 719_468;
/// More than any day that a timestamp can hold, and small enough for arithmetic in 64 bits.
const MAX_YEAR: i64 = 300_000_000;

/// A date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Date {
    pub(super) year: i64,
    pub(super) month: i64,
    pub(super) day: i64,
}

impl Date {
    /// The date `days` after 1970-01-01.
    pub(super) fn from_days(days: i64) -> Date {
        let days = days + EPOCH;
        let (era, day) = (days.div_euclid(DAYS_PER_ERA), days.rem_euclid(DAYS_PER_ERA));
        // What the leap days of the era so far add is taken out: then every year has 365 days.
        let year = (day - day / 1_460 + day / 36_524 - day / (DAYS_PER_ERA - 1)) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let day = day - (153 * month + 2) / 5 + 1;
        let (year, month) = if month < 10 { (year, month + 3) } else { (year + 1, month - 9) };
        Date { year: era * 400 + year, month, day }
    }

    /// Days since 1970-01-01.
    pub(super) fn to_days(self) -> i64 {
        let (year, month) =
            if self.month > 2 { (self.year, self.month - 3) } else { (self.year - 1, self.month + 9) };
        let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
        let day = (153 * month + 2) / 5 + self.day - 1;
        era * DAYS_PER_ERA + 365 * year + year / 4 - year / 100 + day - EPOCH
    }

    /// Reads `yyyy-MM-dd`; a year may have a sign and more digits than four.
    pub(super) fn parse(text: &str) -> Option<Date> {
        let mut digits = Digits::new(text);
        let date = Date::read(&mut digits)?;
        digits.is_empty().then_some(date)
    }

    /// Reads what [`Date::parse`] reads off the front of a text.
    pub(super) fn read(digits: &mut Digits<'_>) -> Option<Date> {
        let sign = if digits.eat(b'-') { -1 } else { 1 };
        if sign == 1 {
            digits.eat(b'+');
        }
        let width = digits.count();
        if !(4..=9).contains(&width) {
            return None;
        }
        let year = sign * digits.number(width)?;
        let month = if digits.eat(b'-') { digits.two(12)? } else { return None };
        let day = if digits.eat(b'-') { digits.two(31)? } else { return None };
        let date = Date { year, month, day };
        date.is_valid().then_some(date)
    }

    fn is_valid(self) -> bool {
        let leap = self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0);
        let days = match self.month {
            4 | 6 | 9 | 11 => 30,
            2 => 28 + i64::from(leap),
            1..=12 => 31,
            _ => return false,
        };
        self.year.abs() <= MAX_YEAR && (1..=days).contains(&self.day)
    }

    /// Appends `yyyy-MM-dd`.
    pub(super) fn write(self, out: &mut Vec<u8>) {
        match self.year {
            0..10_000 => {
                write_two(self.year / 100, out);
                write_two(self.year % 100, out);
            }
            // Writing to a vector cannot fail.
            year => drop(write!(out, "{}{:04}", if year < 0 { '-' } else { '+' }, year.abs())),
        }
        out.push(b'-');
        write_two(self.month, out);
        out.push(b'-');
        write_two(self.day, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, days: i64) {
        assert_eq!(Date::parse(text).map(Date::to_days), Some(days), "{text}");
        let mut out = Vec::new();
        Date::from_days(days).write(&mut out);
        assert_eq!(String::from_utf8(out).unwrap(), text);
    }

    #[test]
    fn known_days() {
        check("1970-01-01", 0);
        check("1969-12-31", -1);
        check("2000-02-29", 11_016);
        check("2000-03-01", 11_017);
        check("2024-12-31", 20_088);
        check("0000-01-01", -719_528);
        check("-0001-12-31", -719_529);
        check("9999-12-31", 2_932_896);
        check("+10000-01-01", 2_932_897);
    }

    #[test]
    fn every_day_of_a_thousand_years_comes_back() {
        let mut before = Date::from_days(-200_001);
        for days in -200_000..=200_000 {
            let date = Date::from_days(days);
            assert!(date.is_valid(), "{date:?}");
            assert_eq!(date.to_days(), days);
            let next_day = date.day == before.day + 1 && date.month == before.month;
            let next_month = date.day == 1 && date.month == before.month % 12 + 1;
            assert!(next_day || next_month, "{before:?} {date:?}");
            before = date;
        }
    }

    #[test]
    fn what_is_no_date() {
        for text in [
            "",
            "2023-02-29",
            "1900-02-29",
            "2023-13-01",
            "2023-00-01",
            "2023-01-32",
            "2023-1-1",
            "23-01-01",
            "2023-01-01-01",
            "2023-01",
            "a023-01-01",
            "2023-01-0\u{661}",
            "99999999999-01-01",
        ] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
    }
}
