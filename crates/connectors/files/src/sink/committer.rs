//! Making finished part files visible.
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use hurtig_connector::{CommitOutcome, Committable, Committer};
use hurtig_core::Result;

use super::part::sync_folder;
use super::pending::Pending;
use crate::io_error::is_permanent;

/// Renames part files from their hidden names to their own. Done twice it is the same as once: a file that
/// already has its name is left as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct FileCommitter;

impl Committer for FileCommitter {
    fn commit(&mut self, committables: &[Committable]) -> Result<Vec<CommitOutcome>> {
        let mut folders = BTreeMap::new();
        let mut outcomes = Vec::with_capacity(committables.len());
        for (index, Committable(bytes)) in committables.iter().enumerate() {
            let outcome = match Pending::from_bytes(bytes) {
                Ok(pending) => {
                    let folder = Path::new(&pending.finished).parent().map(Path::to_owned);
                    folders.entry(folder.unwrap_or_default()).or_insert_with(Vec::new).push(index);
                    commit(&pending)
                }
                Err(error) => CommitOutcome::Failed(error.to_string()),
            };
            outcomes.push(outcome);
        }
        sync(folders, &mut outcomes);
        Ok(outcomes)
    }
}

fn commit(pending: &Pending) -> CommitOutcome {
    let Pending { in_progress, finished, bytes } = pending;
    match (length(in_progress), length(finished)) {
        (Ok(Some(length)), Ok(None)) if length != *bytes => {
            CommitOutcome::Failed(format!("'{in_progress}' has {length} bytes, but was closed with {bytes}"))
        }
        (Ok(Some(_)), Ok(None)) => match fs::rename(in_progress, finished) {
            Ok(()) => CommitOutcome::Done,
            Err(error) => refused(format!("renaming '{in_progress}' to '{finished}': {error}"), &error),
        },
        (Ok(None), Ok(Some(_))) => CommitOutcome::AlreadyDone,
        (Ok(None), Ok(None)) => CommitOutcome::Failed(format!(
            "neither '{in_progress}' nor '{finished}' is there: {bytes} bytes are lost"
        )),
        (Ok(Some(_)), Ok(Some(_))) => CommitOutcome::Failed(format!(
            "'{finished}' is there already and '{in_progress}' would overwrite it"
        )),
        (Err(error), _) => refused(format!("looking for '{in_progress}': {error}"), &error),
        (_, Err(error)) => refused(format!("looking for '{finished}': {error}"), &error),
    }
}

/// The length of a file, if there is one.
fn length(path: &str) -> io::Result<Option<u64>> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(metadata.len())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn refused(message: String, error: &io::Error) -> CommitOutcome {
    if is_permanent(error) { CommitOutcome::Failed(message) } else { CommitOutcome::Retry(message) }
}

/// A rename counts once its folder is durable; until then it is to be tried again.
fn sync(folders: BTreeMap<PathBuf, Vec<usize>>, outcomes: &mut [CommitOutcome]) {
    for (folder, indices) in folders {
        let path = if folder.as_os_str().is_empty() { Path::new(".") } else { &folder };
        let Err(error) = sync_folder(path) else { continue };
        for index in indices {
            if matches!(outcomes[index], CommitOutcome::Done | CommitOutcome::AlreadyDone) {
                let message = format!("syncing the folder '{}': {error}", path.display());
                outcomes[index] = CommitOutcome::Retry(message);
            }
        }
    }
}
