//! What every other crate speaks in. No async, no I/O.
//!
//! A record's way through these files: a Rust type describes itself ([`types`]); its values travel in a
//! [`batch::Batch`], rows or Arrow columns behind one type; batches travel as [`element::StreamElement`]s with
//! watermarks between them ([`time`], [`element`]); a key's hash ([`key`]) decides which subtask gets a record.
//! [`config`] holds what the user set, [`error`] what went wrong and what to do about it, [`ids`] who is who.
//!
//! **Invariant:** nothing here knows of threads, clocks, files or networks.
pub mod batch;
pub mod change;
pub mod config;
pub mod element;
pub mod error;
pub mod ids;
pub mod key;
pub mod time;
pub mod types;

pub use batch::Batch;
pub use change::RowKind;
pub use config::Configuration;
pub use element::{StreamElement, Watermark, WatermarkStatus};
pub use error::{BoxError, Error, ErrorKind, Result, ResultExt};
pub use time::{Clock, EventTime, Instant, ProcessingTime};
pub use types::{Key, LogicalType, TypeInformation};
