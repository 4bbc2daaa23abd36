//! An open part file, and what makes files durable.
use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use hurtig_core::{Error, ProcessingTime, Result, ResultExt};

use super::name::SubtaskNames;
use super::pending::Pending;
use super::{PartFormat, PartWriter, RollingPolicy};
use crate::io_error::io_error;

/// A part file being written.
pub(super) struct Part<R> {
    writer: Box<dyn PartWriter<R>>,
    in_progress: PathBuf,
    finished: PathBuf,
    created: ProcessingTime,
    last_written: ProcessingTime,
    /// Whether a record has come since the clock was last looked at.
    written: bool,
    /// How far the file is durable, once it is.
    durable: Option<u64>,
}

impl<R: 'static> Part<R> {
    /// Begins a part in `folder` with the first counter from `counter` on that is free. Gives the counter.
    pub(super) fn create(
        format: &dyn PartFormat<R>,
        folder: &Path,
        names: &SubtaskNames,
        mut counter: u64,
        now: ProcessingTime,
    ) -> Result<(Self, u64)> {
        loop {
            let in_progress = folder.join(names.in_progress(counter));
            let finished = folder.join(names.finished(counter));
            match OpenOptions::new().write(true).create_new(true).open(&in_progress) {
                Ok(file) => {
                    let writer = format.create(file).context(|| in_file(&in_progress))?;
                    let part = Part {
                        writer,
                        in_progress,
                        finished,
                        created: now,
                        last_written: now,
                        written: false,
                        durable: None,
                    };
                    return Ok((part, counter));
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => counter += 1,
                Err(error) => return Err(io_error("creating", &in_progress, error)),
            }
        }
    }

    pub(super) fn write(&mut self, record: R) -> Result<()> {
        self.written = true;
        self.writer.write(record).context(|| in_file(&self.in_progress))
    }

    pub(super) fn bytes(&self) -> u64 {
        self.writer.bytes()
    }

    pub(super) fn created(&self) -> ProcessingTime {
        self.created
    }

    /// Whether it has been open, or without a record, for long enough.
    pub(super) fn is_over(&mut self, now: ProcessingTime, policy: &RollingPolicy) -> bool {
        if std::mem::take(&mut self.written) {
            self.last_written = now;
        }
        policy.is_over(now.saturating_since(self.created), now.saturating_since(self.last_written))
    }

    /// Makes what there is durable; `false` if that needs the file to be closed.
    pub(super) fn persist(&mut self) -> Result<bool> {
        let first = self.durable.is_none();
        self.durable = self.writer.persist().context(|| in_file(&self.in_progress))?;
        if self.durable.is_some() && first {
            sync_folder_of(&self.in_progress)?;
        }
        Ok(self.durable.is_some())
    }

    /// What a checkpoint must know of it, after [`Part::persist`].
    pub(super) fn state(&self) -> Result<Option<Pending>> {
        self.durable.map(|bytes| pending(&self.in_progress, &self.finished, bytes)).transpose()
    }

    /// Ends the file, which then waits for its commit.
    pub(super) fn close(self) -> Result<Pending> {
        let bytes = self.writer.finish().context(|| in_file(&self.in_progress))?;
        if self.durable.is_none() {
            sync_folder_of(&self.in_progress)?;
        }
        pending(&self.in_progress, &self.finished, bytes)
    }
}

/// Cuts a part that a checkpoint knows off where it ended then; `None` if it has been committed since.
pub(super) fn restore(pending: Pending) -> Result<Option<Pending>> {
    let path = Path::new(&pending.in_progress);
    let file = match OpenOptions::new().write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return find_finished(&pending).map(|()| None),
        Err(error) => return Err(io_error("opening", path, error)),
    };
    let failed = |error| io_error("cutting off", path, error);
    let length = file.metadata().map_err(failed)?.len();
    if length < pending.bytes {
        return Err(Error::corrupt(format!(
            "the checkpoint holds {} bytes of '{}', which has {length}",
            pending.bytes, pending.in_progress
        )));
    }
    file.set_len(pending.bytes).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    Ok(Some(pending))
}

/// A part that is no longer in progress must have been finished with what the checkpoint knows of it. If it
/// has more, the records behind that are about to be written a second time.
fn find_finished(pending: &Pending) -> Result<()> {
    let Pending { in_progress, finished, bytes } = pending;
    match fs::metadata(finished) {
        Ok(metadata) if metadata.len() == *bytes => Ok(()),
        Ok(metadata) => Err(Error::corrupt(format!(
            "the checkpoint holds {bytes} bytes of '{finished}', which has been finished since with {}",
            metadata.len()
        ))),
        Err(_) => Err(Error::corrupt(format!(
            "the checkpoint holds {bytes} bytes of '{in_progress}', which is not there any more"
        ))),
    }
}

/// Creates `folder` and those above it that are missing, durably.
pub(super) fn create_folder(folder: &Path) -> Result<()> {
    let missing: Vec<&Path> =
        folder.ancestors().take_while(|path| !path.as_os_str().is_empty() && !path.exists()).collect();
    fs::create_dir_all(folder).map_err(|error| io_error("creating the folder", folder, error))?;
    missing.into_iter().try_for_each(sync_folder_of)
}

/// Makes the entry of `path` in its folder durable.
pub(super) fn sync_folder_of(path: &Path) -> Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    sync_folder(folder).map_err(|error| io_error("syncing the folder", folder, error))
}

/// Makes the entries of a folder durable.
pub(super) fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

fn pending(in_progress: &Path, finished: &Path, bytes: u64) -> Result<Pending> {
    Ok(Pending { in_progress: name(in_progress)?, finished: name(finished)?, bytes })
}

fn name(path: &Path) -> Result<String> {
    let name = path.to_str().map(str::to_owned);
    name.ok_or_else(|| Error::user(format!("the path '{}' is not UTF-8", path.display())))
}

fn in_file(path: &Path) -> String {
    format!("file '{}'", path.display())
}
