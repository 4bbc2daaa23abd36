//! Values between text and the version-1 encoding, by logical type.
//!
//! - `scalar`: everything that is one piece of text. - `calendar`, `clock_time`: dates and times.
//! - `date_time`: a moment for those who name things by it. - `decimal`: exact numbers.
mod calendar;
mod clock_time;
mod date_time;
mod decimal;
mod digits;
pub(crate) mod scalar;

pub use clock_time::TimestampFormat;
pub use date_time::DateTime;
