//! A sink that writes lines to hidden files and makes each visible by giving it its name, and a `main` in the
//! engine's place: it writes, commits, and commits again as after a restart.
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::{future::Future, pin::Pin, sync::Arc};

use hurtig_connector::*;
use hurtig_core::{Clock, Error, Instant, ProcessingTime, Result, Watermark, ids::SubtaskIndex};

/// The sink itself is only a factory.
struct Renaming {
    folder: PathBuf,
}
impl Sink for Renaming {
    type Record = String;
    type Writer = Lines;

    fn create_writer(&self, context: &WriterContext, _: Vec<VersionedBytes>) -> Result<Lines> {
        // With the attempt in its name a file meets none that a failed attempt left behind.
        let name = format!("part-{}-{}", context.subtask, context.attempt);
        Ok(Lines { folder: self.folder.clone(), name, files: 0, open: None })
    }
    fn create_committer(&self) -> Result<Option<Box<dyn Committer>>> {
        Ok(Some(Box::new(Renamer { folder: self.folder.clone() })))
    }
}

fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    move |cause| Error::restart(format!("writing '{}'", path.display())).caused_by(cause)
}

/// In every subtask: the file that is being written.
struct Lines {
    folder: PathBuf,
    name: String,
    files: u32,
    open: Option<(PathBuf, BufWriter<File>)>,
}
impl SinkWriter for Lines {
    type Record = String;

    fn write(&mut self, line: String, _: &WriteContext) -> Result<()> {
        if self.open.is_none() {
            let path = self.folder.join(format!(".{}-{}", self.name, self.files));
            let file = File::create(&path).map_err(failed(&path))?;
            self.open = Some((path, BufWriter::new(file)));
        }
        let Some((path, file)) = &mut self.open else { unreachable!("just opened") };
        writeln!(file, "{line}").map_err(failed(path))
    }
    fn flush(&mut self, _: bool) -> Result<()> {
        self.open.as_mut().map_or(Ok(()), |(path, file)| file.flush().map_err(failed(path)))
    }
    /// Closes the file: it is whole, and its name is what there is to commit.
    fn prepare_commit(&mut self) -> Result<Vec<Committable>> {
        self.flush(false)?;
        if self.open.take().is_none() {
            return Ok(Vec::new());
        }
        let bytes = format!("{}-{}", self.name, self.files).into_bytes();
        self.files += 1;
        Ok(vec![Committable(VersionedBytes { version: 1, bytes })])
    }
}

/// Once per job. Renaming twice is the same as once.
struct Renamer {
    folder: PathBuf,
}
impl Committer for Renamer {
    fn commit(&mut self, committables: &[Committable]) -> Result<Vec<CommitOutcome>> {
        let rename = |committable: &Committable| {
            let name = String::from_utf8_lossy(&committable.0.bytes);
            let (hidden, visible) = (self.folder.join(format!(".{name}")), self.folder.join(&*name));
            match fs::rename(hidden, &visible) {
                Ok(()) => CommitOutcome::Done,
                Err(_) if visible.exists() => CommitOutcome::AlreadyDone,
                Err(error) => CommitOutcome::Retry(format!("cannot make '{name}' visible: {error}")),
            }
        };
        Ok(committables.iter().map(rename).collect())
    }
}

/// What the engine lends: this sink needs neither time nor background I/O.
#[derive(Debug)]
struct NoHost;
impl Clock for NoHost {
    fn processing_time(&self) -> ProcessingTime {
        ProcessingTime::from_millis(0)
    }
    fn instant(&self) -> Instant {
        Instant::from_nanos(0)
    }
}
impl Host for NoHost {
    fn sleep_until(&self, _: Instant) -> Sleep {
        Box::pin(std::future::ready(()))
    }
    fn spawn_io(&self, _: Pin<Box<dyn Future<Output = ()> + Send>>) {}
}

fn main() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("renaming-sink-{}", std::process::id()));
    fs::create_dir_all(&folder).map_err(failed(&folder))?;
    let sink = Renaming { folder: folder.clone() };
    let place =
        WriterContext { subtask: SubtaskIndex(0), parallelism: 1, attempt: 0, host: Arc::new(NoHost) };
    let mut writer = sink.create_writer(&place, Vec::new())?;
    let mut committer = sink.create_committer()?.ok_or_else(|| Error::bug("this sink has a committer"))?;

    let at = WriteContext { timestamp: None, watermark: Watermark::MIN };
    writer.write("to be".into(), &at)?;
    writer.write("or not".into(), &at)?;
    let committables = writer.prepare_commit()?;
    assert!(!folder.join("part-0-0-0").exists(), "nothing is visible before the commit");

    assert_eq!(committer.commit(&committables)?, [CommitOutcome::Done]);
    let visible = fs::read_to_string(folder.join("part-0-0-0")).map_err(failed(&folder))?;
    assert_eq!(visible, "to be\nor not\n");
    assert_eq!(committer.commit(&committables)?, [CommitOutcome::AlreadyDone]);
    assert!(writer.prepare_commit()?.is_empty(), "nothing new was written");
    fs::remove_dir_all(&folder).map_err(failed(&folder))
}
