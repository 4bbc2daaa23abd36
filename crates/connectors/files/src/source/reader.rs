//! Reading the files of one subtask, one after the other.
use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::task::{Context, Poll};

use hurtig_connector::{Fetched, SourceReader, Split, SplitId};
use hurtig_core::{Result, ResultExt};

use super::{FileFormat, FileRecords, FileSplit};

/// Reads one file at a time and asks for the next when it has none. A call blocks for as long as a batch
/// takes to be read from the local disk and decoded.
pub struct FileReader {
    format: Arc<dyn FileFormat>,
    waiting: VecDeque<FileSplit>,
    current: Option<OpenFile>,
    request: Request,
}

/// The file being read.
struct OpenFile {
    id: SplitId,
    path: String,
    records: Box<dyn FileRecords>,
}

/// How things stand between the reader and the enumerator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Request {
    /// Nothing has been asked for.
    None,
    /// The enumerator will send a split, or word that there is none.
    Sent,
    /// No split will follow.
    NoMoreSplits,
}

impl FileReader {
    pub(super) fn new(format: Arc<dyn FileFormat>) -> Self {
        FileReader { format, waiting: VecDeque::new(), current: None, request: Request::None }
    }

    fn open(&self, split: &FileSplit) -> Result<OpenFile> {
        let records = self.format.open(Path::new(&split.path), split.position);
        let records = records.context(|| in_file(&split.path))?;
        Ok(OpenFile { id: split.split_id(), path: split.path.clone(), records })
    }
}

impl SourceReader for FileReader {
    type Split = FileSplit;

    fn add_splits(&mut self, splits: Vec<FileSplit>) -> Result<()> {
        if self.request == Request::Sent {
            self.request = Request::None;
        }
        self.waiting.extend(splits);
        Ok(())
    }

    fn no_more_splits(&mut self) {
        self.request = Request::NoMoreSplits;
    }

    fn poll_next(&mut self, cx: &mut Context<'_>, max_rows: usize) -> Poll<Result<Fetched>> {
        loop {
            if let Some(file) = &mut self.current {
                match file.records.next_batch(max_rows.max(1)).context(|| in_file(&file.path))? {
                    Some(batch) if batch.is_empty() => {
                        cx.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                    Some(batch) => return Poll::Ready(Ok(Fetched::Batch(file.id.clone(), batch))),
                    None => {
                        let id = file.id.clone();
                        self.current = None;
                        return Poll::Ready(Ok(Fetched::SplitFinished(id)));
                    }
                }
            }
            if let Some(split) = self.waiting.front() {
                self.current = Some(self.open(split)?);
                self.waiting.pop_front();
                continue;
            }
            return match self.request {
                Request::None => {
                    self.request = Request::Sent;
                    Poll::Ready(Ok(Fetched::RequestSplit))
                }
                // Only a new split helps, and with it the engine comes back.
                Request::Sent => Poll::Pending,
                Request::NoMoreSplits => Poll::Ready(Ok(Fetched::EndOfInput)),
            };
        }
    }

    fn snapshot_state(&mut self) -> Result<Vec<FileSplit>> {
        let current = self.current.iter();
        let current =
            current.map(|file| FileSplit { path: file.path.clone(), position: file.records.position() });
        Ok(current.chain(self.waiting.iter().cloned()).collect())
    }
}

fn in_file(path: &str) -> String {
    format!("file '{path}'")
}
