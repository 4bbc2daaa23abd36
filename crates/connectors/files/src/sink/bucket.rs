//! Which folder a record goes to.
use std::fmt::Write;
use std::path::{Component, Path};

use hurtig_connector::{Host, WriteContext};
use hurtig_core::{Error, EventTime, ProcessingTime, Result, Watermark};
use hurtig_formats::DateTime;

/// Finds the folder of each record. Flink's `BucketAssigner`.
pub trait BucketAssigner<R>: Send {
    /// Writes the record's folder, relative to the base folder, to `bucket`, which is empty.
    fn assign(&mut self, record: &R, context: &BucketContext<'_>, bucket: &mut String) -> Result<()>;
}

/// What is known of the record to be written.
pub struct BucketContext<'a> {
    context: &'a WriteContext,
    host: &'a dyn Host,
}

impl<'a> BucketContext<'a> {
    /// The context of one record.
    pub fn new(context: &'a WriteContext, host: &'a dyn Host) -> Self {
        BucketContext { context, host }
    }

    /// The record's event time, if it has one.
    pub fn timestamp(&self) -> Option<EventTime> {
        self.context.timestamp
    }

    /// The watermark before the record.
    pub fn watermark(&self) -> Watermark {
        self.context.watermark
    }

    /// The wall clock.
    pub fn processing_time(&self) -> ProcessingTime {
        self.host.processing_time()
    }
}

/// Everything in the base folder. Flink's `BasePathBucketAssigner`.
#[derive(Clone, Copy, Debug, Default)]
pub struct BasePath;

impl<R> BucketAssigner<R> for BasePath {
    #[inline]
    fn assign(&mut self, _: &R, _: &BucketContext<'_>, _: &mut String) -> Result<()> {
        Ok(())
    }
}

/// A folder by a function of the record.
#[derive(Clone, Copy, Debug)]
pub struct BucketFunction<F>(pub F);

impl<R, F: Fn(&R, &BucketContext<'_>) -> String + Send> BucketAssigner<R> for BucketFunction<F> {
    fn assign(&mut self, record: &R, context: &BucketContext<'_>, bucket: &mut String) -> Result<()> {
        *bucket = (self.0)(record, context);
        Ok(())
    }
}

/// A folder by the time at which the record is written, in UTC. Flink's `DateTimeBucketAssigner`.
///
/// The pattern is made of `yyyy`, `MM`, `dd`, `HH`, `mm` and `ss`, text in single quotes, and anything that is
/// not a letter: `yyyy-MM-dd--HH`, `'year='yyyy/MM`.
#[derive(Clone, Debug)]
pub struct DateTimeBuckets {
    parts: Vec<Part>,
    /// The second of the last record, and its folder.
    last: Option<(i64, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Year(usize),
    Month(usize),
    Day(usize),
    Hour(usize),
    Minute(usize),
    Second(usize),
}

impl DateTimeBuckets {
    /// Fails if the pattern has a letter that stands for nothing, or a quote that does not end.
    pub fn new(pattern: &str) -> Result<Self> {
        let mut parts = Vec::new();
        let mut rest = pattern;
        while let Some(first) = rest.chars().next() {
            let (part, length) = match first {
                '\'' => {
                    let text = rest[1..].split_once('\'').ok_or_else(|| {
                        Error::user(format!("the pattern '{pattern}' has a quote that does not end"))
                    })?;
                    (Part::Text(text.0.to_owned()), text.0.len() + 2)
                }
                letter if letter.is_ascii_alphabetic() => {
                    let width = rest.chars().take_while(|&next| next == letter).count();
                    let part = match letter {
                        'y' | 'u' => Part::Year(width),
                        'M' => Part::Month(width),
                        'd' => Part::Day(width),
                        'H' => Part::Hour(width),
                        'm' => Part::Minute(width),
                        's' => Part::Second(width),
                        _ => {
                            return Err(Error::user(format!(
                                "the pattern '{pattern}' has the letter '{letter}', which stands for nothing"
                            )));
                        }
                    };
                    (part, width)
                }
                other => (Part::Text(other.to_string()), other.len_utf8()),
            };
            parts.push(part);
            rest = &rest[length..];
        }
        Ok(DateTimeBuckets { parts, last: None })
    }

    fn format(&self, time: DateTime) -> String {
        let mut text = String::new();
        for part in &self.parts {
            let (value, width) = match part {
                Part::Text(constant) => {
                    text.push_str(constant);
                    continue;
                }
                Part::Year(width) => (time.year, *width),
                Part::Month(width) => (time.month.into(), *width),
                Part::Day(width) => (time.day.into(), *width),
                Part::Hour(width) => (time.hour.into(), *width),
                Part::Minute(width) => (time.minute.into(), *width),
                Part::Second(width) => (time.second.into(), *width),
            };
            // Writing to a string cannot fail.
            let _ = write!(text, "{value:0width$}");
        }
        text
    }
}

impl<R> BucketAssigner<R> for DateTimeBuckets {
    fn assign(&mut self, _: &R, context: &BucketContext<'_>, bucket: &mut String) -> Result<()> {
        let now = context.processing_time().as_millis();
        let second = now.div_euclid(1_000);
        let last = match self.last.take() {
            Some((same, folder)) if same == second => (second, folder),
            _ => (second, self.format(DateTime::from_millis(now))),
        };
        bucket.push_str(&last.1);
        self.last = Some(last);
        Ok(())
    }
}

/// Fails if the bucket would lie outside of the base folder.
pub(super) fn check(bucket: &str) -> Result<()> {
    let inside = Path::new(bucket).components().all(|part| matches!(part, Component::Normal(_)));
    if inside && !bucket.contains('\0') {
        return Ok(());
    }
    let bucket = bucket.escape_debug();
    Err(Error::user(format!("the bucket '{bucket}' is not a path below the base folder")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(pattern: &str, millis: i64) -> String {
        DateTimeBuckets::new(pattern).unwrap().format(DateTime::from_millis(millis))
    }

    #[test]
    fn patterns() {
        let time = 1_583_020_799_999;
        assert_eq!(format("yyyy-MM-dd--HH", time), "2020-02-29--23");
        assert_eq!(format("'day='d/H:mm:ss", time), "day=29/23:59:59");
        assert_eq!(format("yyyy", -62_167_219_200_001), "-001");
        assert!(DateTimeBuckets::new("yyyy-QQ").is_err());
        assert!(DateTimeBuckets::new("'x").is_err());
    }

    #[test]
    fn buckets_stay_below_the_base_folder() {
        for bucket in ["", "a", "a/b", "a=b c", "\u{e4}"] {
            assert!(check(bucket).is_ok(), "{bucket}");
        }
        for bucket in ["/", "/a", "..", "a/../b", ".", "a\0b"] {
            assert!(check(bucket).is_err(), "{bucket}");
        }
    }
}
