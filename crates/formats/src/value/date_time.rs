//! A moment as people write it.
use super::calendar::Date;

/// Date and time in UTC, by the Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DateTime {
    /// The year; 0 is the year before 1.
    pub year: i64,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
}

impl DateTime {
    /// The moment `millis` milliseconds after 1970-01-01T00:00:00Z, without its milliseconds.
    pub fn from_millis(millis: i64) -> DateTime {
        let seconds = millis.div_euclid(1_000);
        let Date { year, month, day } = Date::from_days(seconds.div_euclid(86_400));
        let second = seconds.rem_euclid(86_400);
        DateTime {
            year,
            month: month as u8,
            day: day as u8,
            hour: (second / 3_600) as u8,
            minute: (second / 60 % 60) as u8,
            second: (second % 60) as u8,
        }
    }
}
