//! A file, and how far it has been read.
use hurtig_connector::{Split, SplitId};
use hurtig_derive::TypeInformation;

/// A file to read from a place on. Flink's `FileSourceSplit`.
#[derive(Clone, Debug, PartialEq, Eq, TypeInformation)]
#[hurtig(crate = "hurtig_core")]
pub struct FileSplit {
    /// The file.
    pub path: String,
    /// The place of the first record that has not been handed out.
    pub position: FilePosition,
}

/// A place between two records of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, TypeInformation)]
#[hurtig(crate = "hurtig_core")]
pub enum FilePosition {
    /// Before the first record.
    Start,
    /// In a text file.
    Text {
        /// Bytes before the place.
        offset: u64,
        /// Lines that end before the place: for messages.
        line: u64,
    },
    /// In a file of rows in groups, such as Parquet.
    Rows {
        /// The row group, counted from 0.
        row_group: u32,
        /// Rows of that group before the place.
        row: u64,
    },
}

impl FileSplit {
    /// All of a file.
    pub fn new(path: impl Into<String>) -> Self {
        FileSplit { path: path.into(), position: FilePosition::Start }
    }
}

impl Split for FileSplit {
    fn split_id(&self) -> SplitId {
        SplitId::new(self.path.as_str())
    }
}
