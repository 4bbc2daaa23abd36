//! Making visible, once, what writers have prepared.
use hurtig_core::Result;
use serde::{Deserialize, Serialize};

use crate::split::VersionedBytes;

/// Something that a writer has prepared and a committer makes visible: a file's name, a transaction's id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Committable(pub VersionedBytes);

/// What became of one committable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommitOutcome {
    /// It is visible now.
    Done,
    /// It was visible before: a commit that is repeated after a restart.
    AlreadyDone,
    /// Not now; it is tried again.
    Retry(String),
    /// Never: the job fails with this reason.
    Failed(String),
}

/// Commits, once per job, beside the jobmaster. Committing twice must be the same as once.
pub trait Committer: Send {
    /// One outcome per committable, in order.
    fn commit(&mut self, committables: &[Committable]) -> Result<Vec<CommitOutcome>>;
}

/// A stage before or after the commit: takes committables, gives those that go on.
pub trait CommitStage: Send {
    /// Passes `committables` on, changed, bundled or as they are.
    fn process(&mut self, committables: Vec<Committable>) -> Result<Vec<Committable>>;
}
