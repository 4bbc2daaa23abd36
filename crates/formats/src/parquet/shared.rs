//! One open file, read by one row group's reader after another.
use std::sync::Arc;

use bytes::Bytes;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};

/// A file that several readers hold. A range that the file does not have is refused before anyone allocates
/// for it: the lengths come from the file itself, which may be damaged.
pub(super) struct Shared<R>(Arc<R>);

impl<R> Shared<R> {
    pub(super) fn new(input: R) -> Self {
        Shared(Arc::new(input))
    }
}

impl<R> Clone for Shared<R> {
    fn clone(&self) -> Self {
        Shared(Arc::clone(&self.0))
    }
}

impl<R: ChunkReader> Length for Shared<R> {
    fn len(&self) -> u64 {
        self.0.len()
    }
}

impl<R: ChunkReader> ChunkReader for Shared<R> {
    type T = R::T;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        self.0.get_read(start)
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let (end, size) = (start.saturating_add(length as u64), self.len());
        if end > size {
            return Err(ParquetError::EOF(format!("bytes {start}..{end} of a file of {size}")));
        }
        self.0.get_bytes(start, length)
    }
}
