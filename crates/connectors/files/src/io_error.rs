//! What the file system says, as an error that names the file.
use std::io;
use std::path::Path;

use hurtig_core::{Error, ErrorKind};

/// `doing` something with `path` failed. What only a user can change, such as a path or its permissions, is a
/// user's mistake; anything else, such as a full disk, may be different at the next attempt.
#[cold]
pub(crate) fn io_error(doing: &str, path: &Path, error: io::Error) -> Error {
    let kind = if is_permanent(&error) { ErrorKind::User } else { ErrorKind::Restart };
    Error::new(kind, format!("{doing} '{}'", path.display())).caused_by(error)
}

/// Whether the same call will fail again until somebody does something.
pub(crate) fn is_permanent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound
            | io::ErrorKind::PermissionDenied
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::IsADirectory
            | io::ErrorKind::ReadOnlyFilesystem
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::InvalidFilename
    )
}
