//! Writing record batches into a Parquet file.
use std::io::Write;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use hurtig_core::{Error, Result};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

/// How column data are compressed. Flink's `parquet.compression`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ParquetCompression {
    /// Not at all.
    Uncompressed,
    /// Snappy: fast.
    #[default]
    Snappy,
    /// Zstandard at its default level: small.
    Zstd,
}

/// How Parquet is written.
#[derive(Clone, Debug)]
pub struct ParquetOptions {
    compression: ParquetCompression,
    row_group_bytes: usize,
}

impl Default for ParquetOptions {
    fn default() -> Self {
        ParquetOptions { compression: ParquetCompression::Snappy, row_group_bytes: 128 << 20 }
    }
}

impl ParquetOptions {
    /// The default options: Snappy, row groups of 128 MiB.
    pub fn new() -> Self {
        Self::default()
    }

    /// How column data are compressed.
    pub fn with_compression(mut self, compression: ParquetCompression) -> Self {
        self.compression = compression;
        self
    }

    /// The estimated size in bytes at which a row group ends, at least 1; it is held in memory until then.
    /// Flink's `parquet.block.size`.
    pub fn with_row_group_bytes(mut self, bytes: usize) -> Self {
        self.row_group_bytes = bytes.max(1);
        self
    }

    fn properties(&self) -> WriterProperties {
        let compression = match self.compression {
            ParquetCompression::Uncompressed => Compression::UNCOMPRESSED,
            ParquetCompression::Snappy => Compression::SNAPPY,
            ParquetCompression::Zstd => Compression::ZSTD(ZstdLevel::default()),
        };
        WriterProperties::builder()
            .set_compression(compression)
            .set_max_row_group_bytes(Some(self.row_group_bytes))
            .build()
    }
}

/// Writes one Parquet file. Nothing of it can be read before [`ParquetWriter::finish`].
pub struct ParquetWriter<W: Write + Send>(ArrowWriter<W>);

impl<W: Write + Send> ParquetWriter<W> {
    /// A file of batches of this schema.
    pub fn new(out: W, schema: SchemaRef, options: &ParquetOptions) -> Result<Self> {
        ArrowWriter::try_new(out, schema, Some(options.properties())).map(ParquetWriter).map_err(failed)
    }

    /// Appends rows.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.0.write(batch).map_err(failed)
    }

    /// About how many bytes the file would have if it ended here.
    pub fn bytes(&self) -> u64 {
        (self.0.bytes_written() + self.0.in_progress_size()) as u64
    }

    /// Writes what is left and the footer, and gives the output back.
    pub fn finish(self) -> Result<W> {
        self.0.into_inner().map_err(failed)
    }
}

/// What the output refuses, another attempt may bring through; what the format refuses, none.
fn failed(error: ParquetError) -> Error {
    let cause = match &error {
        ParquetError::External(cause) => cause.downcast_ref::<std::io::Error>(),
        _ => None,
    };
    match cause {
        Some(_) => Error::restart("writing Parquet failed").caused_by(error),
        None => Error::user("the records cannot be written as Parquet").caused_by(error),
    }
}
