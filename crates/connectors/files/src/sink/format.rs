//! What a format of files is to the writer.
use std::fs::File;

use hurtig_core::Result;

/// Begins part files of one format. Flink's `Encoder` and `BulkWriter.Factory` under one roof.
pub trait PartFormat<R>: Send + Sync + 'static {
    /// Fails if no file could be written: options that contradict each other, a type without a form.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// Begins a part in an empty file.
    fn create(&self, file: File) -> Result<Box<dyn PartWriter<R>>>;
}

/// One open part file. The sink adds the file's name to errors.
pub trait PartWriter<R>: Send {
    /// Appends a record.
    fn write(&mut self, record: R) -> Result<()>;

    /// About how many bytes the file has, those still in memory included.
    fn bytes(&self) -> u64;

    /// Makes what has been written so far durable and gives the length at which the file can be cut off to
    /// hold exactly that; `None` if the format has no such place before its end.
    fn persist(&mut self) -> Result<Option<u64>>;

    /// Ends the file and makes it durable; gives its length.
    fn finish(self: Box<Self>) -> Result<u64>;
}
