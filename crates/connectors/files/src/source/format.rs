//! What a format of files is to the reader.
use std::path::Path;

use hurtig_core::{Batch, Result};

use super::FilePosition;

/// Opens files of one format. Flink's `StreamFormat` and `BulkFormat`.
pub trait FileFormat: Send + Sync + 'static {
    /// Fails if no file could be read: options that contradict each other, a type without a form.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// Opens the file at `position`, a place that [`FileRecords::position`] gave for it or its start. The
    /// reader adds the file's name to errors.
    fn open(&self, path: &Path, position: FilePosition) -> Result<Box<dyn FileRecords>>;
}

/// One open file.
pub trait FileRecords: Send {
    /// The next records, at most `max_rows`; `None` behind the last. A batch without records says that the
    /// file has been looked at for long enough without finding any, and that there is more.
    fn next_batch(&mut self, max_rows: usize) -> Result<Option<Batch>>;

    /// The place behind the records handed out so far.
    fn position(&self) -> FilePosition;
}
