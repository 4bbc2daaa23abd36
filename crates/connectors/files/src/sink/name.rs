//! What part files are called.
use std::fs;
use std::path::Path;

use hurtig_core::ids::SubtaskIndex;
use hurtig_core::{Error, Result};

use crate::io_error::io_error;

/// What the user says of names. Flink's `OutputFileConfig`.
#[derive(Clone, Debug)]
pub(super) struct PartNames {
    pub(super) prefix: String,
    pub(super) uid: Option<String>,
    pub(super) suffix: String,
}

impl Default for PartNames {
    fn default() -> Self {
        PartNames { prefix: "part".to_owned(), uid: None, suffix: String::new() }
    }
}

impl PartNames {
    /// Fails if a part would not be a plain file that sources find.
    pub(super) fn check(&self) -> Result<()> {
        let uid = self.uid.as_deref().unwrap_or_default();
        for piece in [&self.prefix, uid, &self.suffix] {
            if piece.contains(['/', '\\', '\0']) {
                return Err(Error::user(format!(
                    "'{}' cannot be part of a file's name",
                    piece.escape_debug()
                )));
            }
        }
        if self.prefix.is_empty() || self.prefix.starts_with(['.', '_']) {
            return Err(Error::user(format!(
                "part files cannot begin with '{}': such files are hidden from those who read the folder",
                self.prefix
            )));
        }
        Ok(())
    }

    /// The names of one subtask in one try of the job.
    pub(super) fn of_subtask(&self, subtask: SubtaskIndex, attempt: u32) -> SubtaskNames {
        let PartNames { prefix, uid, suffix } = self;
        let stem = match uid {
            Some(uid) => format!("{prefix}-{uid}-{subtask}-"),
            None => format!("{prefix}-{subtask}-"),
        };
        SubtaskNames { stem, suffix: suffix.clone(), attempt }
    }
}

/// The names of one subtask's part files.
#[derive(Clone, Debug)]
pub(super) struct SubtaskNames {
    stem: String,
    suffix: String,
    attempt: u32,
}

impl SubtaskNames {
    /// The name under which a part becomes visible.
    pub(super) fn finished(&self, counter: u64) -> String {
        format!("{}{counter}{}", self.stem, self.suffix)
    }

    /// The hidden name under which it is written. With the attempt in it no try of the job can touch what
    /// another has left, which may still be waiting for its commit.
    pub(super) fn in_progress(&self, counter: u64) -> String {
        format!(".{}.inprogress.{}", self.finished(counter), self.attempt)
    }

    /// The first counter behind all that the folder holds, finished or not.
    pub(super) fn next_counter(&self, folder: &Path) -> Result<u64> {
        let failed = |error| io_error("listing", folder, error);
        let mut next = 0;
        for entry in fs::read_dir(folder).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            if let Some(counter) = name.to_str().and_then(|name| self.counter(name)) {
                next = next.max(counter.saturating_add(1));
            }
        }
        Ok(next)
    }

    /// The counter in a name of this subtask.
    fn counter(&self, name: &str) -> Option<u64> {
        let name = name.strip_prefix('.').unwrap_or(name);
        let rest = name.strip_prefix(&self.stem)?;
        let end = rest.find(|char: char| !char.is_ascii_digit()).unwrap_or(rest.len());
        rest[..end].parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_their_counters() {
        let names =
            PartNames { uid: Some("a".to_owned()), suffix: ".csv".to_owned(), ..PartNames::default() };
        let names = names.of_subtask(SubtaskIndex(3), 1);
        assert_eq!(names.finished(7), "part-a-3-7.csv");
        assert_eq!(names.in_progress(7), ".part-a-3-7.csv.inprogress.1");
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(names.next_counter(folder.path()).unwrap(), 0);
        for (name, next) in [
            ("part-a-3-4.txt", 5),
            (".part-a-3-9.csv.inprogress.0", 10),
            ("part-a-31-50.csv", 10),
            ("part-3-50.csv", 10),
            ("part-a-3-x", 10),
            ("part-a-3-12", 13),
        ] {
            fs::write(folder.path().join(name), "").unwrap();
            assert_eq!(names.next_counter(folder.path()).unwrap(), next, "{name}");
        }
    }

    #[test]
    fn names_that_would_lead_elsewhere_or_be_hidden() {
        let check = |prefix: &str, suffix: &str| {
            PartNames { prefix: prefix.to_owned(), uid: None, suffix: suffix.to_owned() }.check()
        };
        assert!(check("part", "").is_ok());
        for (prefix, suffix) in [("", ""), (".part", ""), ("_part", ""), ("a/b", ""), ("part", "/x")] {
            assert!(check(prefix, suffix).is_err(), "{prefix} {suffix}");
        }
    }
}
