//! Bytes to batches and back: lines, CSV, JSON lines, Parquet. No I/O: what bytes are, and where they go, is
//! the connector's business.
//!
//! A text format has a [`Decoder`], which finds the records in a piece of a file or message and turns them
//! into rows, and an [`Encoder`] for the way back ([`mod@format`]). CSV and JSON work for every type that
//! derives [`TypeInformation`](hurtig_core::TypeInformation), by its logical type alone: the text of each
//! field becomes the field's bytes in the encoding of values (`value`, `record`), and the type decodes the
//! row from those. Parquet, behind the feature `parquet`, goes through Arrow columns instead.
//!
//! [`lines`], [`csv`] and [`json`] are one format each, `parquet` is the fourth; `problem` is what their
//! errors say, `errors` what becomes of them.
pub mod csv;
mod errors;
pub mod format;
pub mod json;
mod line_splitter;
pub mod lines;
mod options;
#[cfg(feature = "parquet")]
pub mod parquet;
mod problem;
mod record;
#[cfg(test)]
mod test_support;
mod value;

pub use csv::{CsvDecoder, CsvEncoder, CsvOptions};
pub use format::{Decoder, Encoder, InputEnd, ParseErrors};
pub use json::{JsonDecoder, JsonEncoder, JsonOptions};
pub use lines::{LineDecoder, LineEncoder, LineOptions};
#[cfg(feature = "parquet")]
pub use parquet::{ParquetCompression, ParquetOptions, ParquetReader, ParquetWriter};
pub use value::{DateTime, TimestampFormat};
