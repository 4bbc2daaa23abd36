//! Values between text and the version-1 encoding, by logical type.
//!
//! - [`scalar`]: everything that is one piece of text. - [`calendar`], [`clock_time`]: dates and times.
//! - [`decimal`]: exact numbers.
mod calendar;
mod clock_time;
mod decimal;
pub(crate) mod scalar;

pub use clock_time::TimestampFormat;
