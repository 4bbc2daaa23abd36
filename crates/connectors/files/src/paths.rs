//! Which files there are.
//!
//! Local files go through `std::fs` and not through a local object store: reading a file from a plain handle
//! into one's own buffer is simpler and faster than a stream of chunks that someone must poll, names need no
//! percent-encoding, and the sink needs renames and syncs that object stores do not have.
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use hurtig_core::{Error, Result};

use crate::io_error::io_error;

/// How deep folders may lie in each other. Deeper than that it is a link that leads back.
const MAX_DEPTH: usize = 64;

/// Files and folders to read: one path or several, each a file, or a folder with all files below it.
///
/// In a folder, files and folders whose names begin with `.` or `_` are left out, as everywhere in Flink:
/// writers use such names for what is not finished. A path may be written `file:///..`.
///
/// ```
/// use hurtig_connector_files::FilePaths;
///
/// let one = FilePaths::from("/data/in");
/// let several = FilePaths::from(["/data/a.csv", "/data/b.csv"]);
/// # let _ = (one, several);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePaths(Vec<PathBuf>);

impl FilePaths {
    /// Every file there is now, by name and in order. Fails if a path does not exist or cannot be read.
    pub fn list(&self) -> Result<Vec<String>> {
        let mut files = Vec::new();
        for path in &self.0 {
            let path = local(path)?;
            let metadata = fs::metadata(path).map_err(|error| io_error("reading", path, error))?;
            if metadata.is_dir() {
                list_folder(path, 0, &mut files)?;
            } else if metadata.is_file() {
                files.push(path.to_owned());
            } else {
                return Err(Error::user(format!("'{}' is neither a file nor a folder", path.display())));
            }
        }
        let mut names = files.into_iter().map(into_name).collect::<Result<Vec<String>>>()?;
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }
}

/// Paths as they are given.
impl<P: Into<PathBuf>> From<Vec<P>> for FilePaths {
    fn from(paths: Vec<P>) -> Self {
        FilePaths(paths.into_iter().map(Into::into).collect())
    }
}

impl<P: Into<PathBuf>, const N: usize> From<[P; N]> for FilePaths {
    fn from(paths: [P; N]) -> Self {
        FilePaths(paths.into_iter().map(Into::into).collect())
    }
}

macro_rules! one_path {
    ($($type:ty),*) => {$(
        impl From<$type> for FilePaths {
            fn from(path: $type) -> Self {
                FilePaths(vec![path.into()])
            }
        }
    )*};
}
one_path!(&str, String, &String, &Path, PathBuf, &PathBuf);

/// The path without `file://`. Fails on any other scheme.
pub(crate) fn local(path: &Path) -> Result<&Path> {
    match path.to_str().and_then(|text| text.split_once("://")) {
        None => Ok(path),
        Some(("file", path)) => Ok(Path::new(path)),
        Some((scheme, _)) => Err(Error::user(format!(
            "'{}': only local files can be read and written so far, not '{scheme}://'",
            path.display()
        ))),
    }
}

/// Whether the name says that the file is not meant to be read.
fn is_hidden(name: &std::ffi::OsStr) -> bool {
    matches!(name.as_encoded_bytes().first(), Some(b'.' | b'_'))
}

fn list_folder(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<()> {
    if depth > MAX_DEPTH {
        return Err(Error::user(format!("'{}': folders lie deeper than {MAX_DEPTH}", folder.display())));
    }
    let failed = |error| io_error("listing", folder, error);
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if is_hidden(&entry.file_name()) {
            continue;
        }
        let path = entry.path();
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => list_folder(&path, depth + 1, files)?,
            Ok(metadata) if metadata.is_file() => files.push(path),
            Ok(_) => {}
            // Taken away since the folder was read; but a link to nowhere is a file that is missing.
            Err(error) if error.kind() == io::ErrorKind::NotFound && !path.is_symlink() => {}
            Err(error) => return Err(io_error("reading", &path, error)),
        }
    }
    Ok(())
}

/// The path as text: splits, checkpoints and messages hold names.
fn into_name(path: PathBuf) -> Result<String> {
    path.into_os_string().into_string().map_err(|name| {
        Error::user(format!("the name of the file '{}' is not UTF-8", Path::new(&name).display()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(paths: impl Into<FilePaths>, base: &Path) -> Vec<String> {
        let strip = |name: String| name.strip_prefix(base.to_str().unwrap()).unwrap().to_owned();
        paths.into().list().unwrap().into_iter().map(strip).collect()
    }

    #[test]
    fn folders_are_searched_and_hidden_names_left_out() {
        let base = tempfile::tempdir().unwrap();
        let base = base.path();
        fs::create_dir_all(base.join("b/c")).unwrap();
        fs::create_dir_all(base.join(".git")).unwrap();
        fs::create_dir_all(base.join("_temporary")).unwrap();
        for name in ["z", "a", "b/c/d", ".hidden", "_SUCCESS", ".git/x", "_temporary/y"] {
            fs::write(base.join(name), "").unwrap();
        }
        assert_eq!(names(base, base), ["/a", "/b/c/d", "/z"]);
        assert_eq!(names([base.join("z"), base.join("b"), base.join("z")], base), ["/b/c/d", "/z"]);
        assert_eq!(names(base.join(".hidden"), base), ["/.hidden"]);
        assert_eq!(names(format!("file://{}", base.join("z").display()), base), ["/z"]);
    }

    #[test]
    fn what_is_not_there_is_named() {
        let error = FilePaths::from("/no/such/file").list().unwrap_err();
        assert!(error.to_string().starts_with("reading '/no/such/file': No such file"), "{error}");
        assert_eq!(error.kind(), hurtig_core::ErrorKind::User);
        assert!(
            FilePaths::from("s3://bucket/key").list().unwrap_err().to_string().contains("s3://bucket/key")
        );
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_but_not_for_ever() {
        let base = tempfile::tempdir().unwrap();
        let base = base.path();
        fs::create_dir(base.join("a")).unwrap();
        fs::write(base.join("a/f"), "").unwrap();
        std::os::unix::fs::symlink(base.join("a"), base.join("b")).unwrap();
        assert_eq!(names(base, base), ["/a/f", "/b/f"]);
        std::os::unix::fs::symlink("nowhere", base.join("c")).unwrap();
        assert!(FilePaths::from(base).list().unwrap_err().to_string().contains("/c'"));
        fs::remove_file(base.join("c")).unwrap();
        std::os::unix::fs::symlink(base, base.join("a/loop")).unwrap();
        assert!(FilePaths::from(base).list().is_err());
    }
}
