//! The file system as source and sink: Flink's `FileSource` and `FileSink`.
//!
//! A record's way in: [`paths`] finds files, the [enumerator](source::FileEnumerator) hands them out, one
//! split each, and a [reader](source::FileReader) decodes them by a [format](source::FileFormat), a batch
//! per call, always knowing the place between two records where it stands. The way out: a
//! [writer](sink::FileWriter) puts each record into the part file of its [bucket](sink::BucketAssigner); a
//! part is written under a hidden name, and once it has been closed by the [policy](sink::RollingPolicy) or
//! by a checkpoint, the [committer](sink::FileCommitter) renames it. So whoever lists the folder sees whole
//! files only, each of them once.
//!
//! ```
//! use hurtig_connector_files::{FileSink, FileSource};
//! use hurtig_formats::CsvOptions;
//!
//! let source = FileSource::<(i64, String)>::csv("in", CsvOptions::new().with_header());
//! let sink = FileSink::<String>::lines("out").with_part_suffix(".txt");
//! # let _ = (source, sink);
//! ```
mod io_error;
pub mod paths;
pub mod sink;
pub mod source;

pub use paths::FilePaths;
pub use sink::{FileSink, RollingPolicy};
#[cfg(feature = "parquet")]
pub use source::FileColumnSource;
pub use source::FileSource;
