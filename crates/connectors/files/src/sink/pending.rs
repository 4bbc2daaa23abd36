//! A part file that waits: for its commit, or for the rest of its records.
use hurtig_connector::VersionedBytes;
use hurtig_core::types::codec::Reader;
use hurtig_core::{Error, Result, TypeInformation as _};
use hurtig_derive::TypeInformation;

/// The layout of [`Pending`].
const VERSION: u32 = 1;

/// A file under its hidden name, its name to be, and how long it is: all of it if it has been closed, else up
/// to the last checkpoint. The content of a committable and of a writer's state.
#[derive(Clone, Debug, PartialEq, Eq, TypeInformation)]
#[hurtig(crate = "hurtig_core")]
pub(super) struct Pending {
    pub(super) in_progress: String,
    pub(super) finished: String,
    pub(super) bytes: u64,
}

impl Pending {
    pub(super) fn to_bytes(&self) -> VersionedBytes {
        let mut bytes = Vec::new();
        self.encode(&mut bytes);
        VersionedBytes { version: VERSION, bytes }
    }

    pub(super) fn from_bytes(bytes: &VersionedBytes) -> Result<Self> {
        if bytes.version != VERSION {
            return Err(Error::corrupt(format!(
                "a part file's state of version {}, this is version {VERSION}",
                bytes.version
            )));
        }
        let mut input = Reader::new(&bytes.bytes);
        let pending = Pending::decode(&mut input)?;
        input.finish()?;
        Ok(pending)
    }
}
