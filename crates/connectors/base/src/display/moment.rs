//! Dates, times and intervals as `java.time` prints them.
use std::fmt::Write;

const DAY_MILLIS: i64 = 86_400_000;
/// Days of 400 years, after which the calendar repeats.
const ERA_DAYS: i64 = 146_097;
/// From 0000-03-01 to 1970-01-01.
const EPOCH_DAYS: i64 = 719_468;

/// `LocalDate.toString`, of days since the epoch.
pub(super) fn date(days: i64, text: &mut String) {
    let (year, month, day) = civil(days);
    // Writing to a string cannot fail.
    let _ = match year {
        0..=9999 => write!(text, "{year:04}"),
        10_000.. => write!(text, "+{year}"),
        _ => write!(text, "-{:04}", -year),
    };
    let _ = write!(text, "-{month:02}-{day:02}");
}

/// Year, month and day of a day since the epoch, in the Gregorian calendar extended both ways. Years are taken
/// to begin in March, so that the leap day is the last one of a year.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + EPOCH_DAYS;
    let (era, day_of_era) = (days.div_euclid(ERA_DAYS), days.rem_euclid(ERA_DAYS));
    let leap_days = day_of_era / 1_460 - day_of_era / 36_524 + day_of_era / 146_096;
    let year_of_era = (day_of_era - leap_days) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // Months from March on have 31, 30, 31, 30, 31 days, and again: 153 in five of them.
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

/// `LocalTime.toString`, of milliseconds of the day: seconds and their fraction only where they are not zero.
pub(super) fn time(millis: i32, text: &mut String) {
    let millis = i64::from(millis).rem_euclid(DAY_MILLIS);
    clock(millis, 0, Seconds::WhereNeeded, text);
}

/// `LocalDateTime.toString` without a zone; `Instant.toString` with the zone `Z`, which always has seconds.
/// `nanos` are those within the millisecond.
pub(super) fn timestamp(millis: i64, nanos: u32, zone: &str, text: &mut String) {
    date(millis.div_euclid(DAY_MILLIS), text);
    text.push('T');
    let seconds = if zone.is_empty() { Seconds::WhereNeeded } else { Seconds::Always };
    clock(millis.rem_euclid(DAY_MILLIS), nanos, seconds, text);
    text.push_str(zone);
}

/// Whether seconds that are zero are printed.
#[derive(Clone, Copy, PartialEq)]
enum Seconds {
    Always,
    WhereNeeded,
}

fn clock(millis: i64, nanos: u32, seconds: Seconds, text: &mut String) {
    let _ = write!(text, "{:02}:{:02}", millis / 3_600_000, millis / 60_000 % 60);
    let (second, fraction) = (millis / 1_000 % 60, millis % 1_000 * 1_000_000 + i64::from(nanos % 1_000_000));
    if seconds == Seconds::WhereNeeded && second == 0 && fraction == 0 {
        return;
    }
    let _ = write!(text, ":{second:02}");
    let _ = match fraction {
        0 => Ok(()),
        _ if fraction % 1_000_000 == 0 => write!(text, ".{:03}", fraction / 1_000_000),
        _ if fraction % 1_000 == 0 => write!(text, ".{:06}", fraction / 1_000),
        _ => write!(text, ".{fraction:09}"),
    };
}

/// `Period.toString`, of months.
pub(super) fn months(months: i32, text: &mut String) {
    let _ = match months {
        0 => write!(text, "P0D"),
        months => write!(text, "P{months}M"),
    };
}

/// `Duration.toString`, of milliseconds: every part has the sign.
pub(super) fn millis(millis: i64, text: &mut String) {
    if millis == 0 {
        return text.push_str("PT0S");
    }
    text.push_str("PT");
    let parts = [(millis / 3_600_000, 'H'), (millis / 60_000 % 60, 'M')];
    for (part, unit) in parts.into_iter().filter(|(part, _)| *part != 0) {
        let _ = write!(text, "{part}{unit}");
    }
    let rest = millis % 60_000;
    if rest != 0 {
        let sign = if rest < 0 { "-" } else { "" };
        let seconds = format!("{}.{:03}", rest.abs() / 1_000, rest.abs() % 1_000);
        let _ = write!(text, "{sign}{}S", seconds.trim_end_matches('0').trim_end_matches('.'));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(print: impl Fn(&mut String), expect: &str) {
        let mut text = String::new();
        print(&mut text);
        assert_eq!(text, expect);
    }

    #[test]
    fn dates() {
        for (days, expect) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (11_016, "2000-02-29"),
            (11_017, "2000-03-01"),
            (-25_509, "1900-02-28"),
            (-25_508, "1900-03-01"),
            (20_088, "2024-12-31"),
            (2_932_896, "9999-12-31"),
            (2_932_897, "+10000-01-01"),
            (-719_528, "0000-01-01"),
            (-719_529, "-0001-12-31"),
        ] {
            check(|text| date(days, text), expect);
        }
    }

    #[test]
    fn times() {
        check(|text| time(36_000_000, text), "10:00");
        check(|text| time(36_001_000, text), "10:00:01");
        check(|text| time(36_001_500, text), "10:00:01.500");
        check(|text| timestamp(1_577_836_800_000, 0, "", text), "2020-01-01T00:00");
        check(|text| timestamp(1_577_836_801_500, 0, "", text), "2020-01-01T00:00:01.500");
        check(|text| timestamp(1_577_836_801_500, 20_000, "", text), "2020-01-01T00:00:01.500020");
        check(|text| timestamp(1_577_836_801_500, 7, "", text), "2020-01-01T00:00:01.500000007");
        check(|text| timestamp(0, 0, "Z", text), "1970-01-01T00:00:00Z");
        check(|text| timestamp(-1, 0, "Z", text), "1969-12-31T23:59:59.999Z");
        check(|text| timestamp(i64::MAX, 0, "Z", text), "+292278994-08-17T07:12:55.807Z");
    }

    #[test]
    fn intervals() {
        check(|text| months(14, text), "P14M");
        check(|text| months(0, text), "P0D");
        check(|text| millis(93_784_500, text), "PT26H3M4.5S");
        check(|text| millis(-1_500, text), "PT-1.5S");
        check(|text| millis(-500, text), "PT-0.5S");
        check(|text| millis(3_600_000, text), "PT1H");
        check(|text| millis(0, text), "PT0S");
    }
}
