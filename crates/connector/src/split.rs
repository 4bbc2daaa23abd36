//! Splits, and the bytes they travel as.
use std::fmt;
use std::sync::Arc;

use hurtig_core::types::codec::Reader;
use hurtig_core::{Error, Result, TypeInformation};
use serde::{Deserialize, Serialize};

/// Bytes with the version of their layout: splits, enumerator state, writer state, committables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionedBytes {
    /// The version of the layout, set by whoever wrote the bytes.
    pub version: u32,
    /// The content.
    pub bytes: Vec<u8>,
}

/// The name of a split, unique within its source.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SplitId(Arc<str>);

impl SplitId {
    /// A split of this name.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        SplitId(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SplitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl fmt::Debug for SplitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SplitId({})", self.0)
    }
}

/// A piece of a source that one reader reads: where it lies and how far it has been read.
/// Flink's `SourceSplit` with its serializer. Derive [`TypeInformation`] and give it a name.
pub trait Split: TypeInformation {
    /// The version that [`Split::to_bytes`] writes.
    const VERSION: u32 = 1;

    /// The split's name, unique within the source.
    fn split_id(&self) -> SplitId;

    /// The split as bytes.
    fn to_bytes(&self) -> VersionedBytes {
        let mut bytes = Vec::new();
        self.encode(&mut bytes);
        VersionedBytes { version: Self::VERSION, bytes }
    }

    /// Reads a split back. A source that changes its split's layout raises the version and reads the older
    /// ones here.
    fn from_bytes(bytes: &VersionedBytes) -> Result<Self> {
        if bytes.version != Self::VERSION {
            return Err(Error::corrupt(format!(
                "a split of version {}, this source reads version {}",
                bytes.version,
                Self::VERSION
            )));
        }
        Ok(Self::decode(&mut Reader::new(&bytes.bytes))?)
    }
}
