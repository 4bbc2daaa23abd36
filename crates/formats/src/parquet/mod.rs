//! Parquet files as Arrow record batches and back. Flink's format `parquet`.
mod read;
mod shared;
mod write;

pub use read::{ParquetReader, RowPosition};
pub use write::{ParquetCompression, ParquetOptions, ParquetWriter};

#[cfg(test)]
mod tests;
