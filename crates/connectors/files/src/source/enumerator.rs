//! Finding files and handing them out.
use std::collections::{BTreeSet, VecDeque};
use std::task::{Context, Poll, ready};

use hurtig_connector::{EnumeratorContext, Sleep, SplitEnumerator, VersionedBytes};
use hurtig_core::ids::SubtaskIndex;
use hurtig_core::types::codec::Reader;
use hurtig_core::{Error, Result, TypeInformation as _};
use hurtig_derive::TypeInformation;

use super::{Discovery, FileSplit};
use crate::paths::FilePaths;

/// The layout of [`State`].
const VERSION: u32 = 1;

/// Lists the files, once or again and again, and gives the next one to whoever asks. Flink's
/// `StaticFileSplitEnumerator` and `ContinuousFileSplitEnumerator`.
pub struct FileEnumerator {
    paths: FilePaths,
    discovery: Discovery,
    listed: bool,
    /// Every file ever found: none is read twice.
    seen: BTreeSet<String>,
    unassigned: VecDeque<FileSplit>,
    /// Readers that have asked when there was nothing for them.
    waiting: VecDeque<SubtaskIndex>,
    sleep: Option<Sleep>,
}

/// What lies in a checkpoint.
#[derive(Clone, TypeInformation)]
#[hurtig(crate = "hurtig_core")]
struct State {
    listed: bool,
    seen: Vec<String>,
    unassigned: Vec<FileSplit>,
}

impl FileEnumerator {
    pub(super) fn new(
        paths: FilePaths,
        discovery: Discovery,
        restored: Option<&VersionedBytes>,
    ) -> Result<Self> {
        let state = match restored {
            Some(bytes) => read_state(bytes)?,
            None => State { listed: false, seen: Vec::new(), unassigned: Vec::new() },
        };
        Ok(FileEnumerator {
            paths,
            discovery,
            listed: state.listed,
            seen: state.seen.into_iter().collect(),
            unassigned: state.unassigned.into(),
            waiting: VecDeque::new(),
            sleep: None,
        })
    }

    fn list(&mut self) -> Result<()> {
        for path in self.paths.list()? {
            if self.seen.insert(path.clone()) {
                self.unassigned.push_back(FileSplit::new(path));
            }
        }
        self.listed = true;
        Ok(())
    }

    /// Gives files to those who wait, and sends them home if there will be none.
    fn assign(&mut self, context: &mut EnumeratorContext<FileSplit>) {
        while let Some(&reader) = self.waiting.front() {
            match self.unassigned.pop_front() {
                Some(split) => context.assign_split(split, reader),
                None if self.listed && self.discovery == Discovery::Once => {
                    context.signal_no_more_splits(reader);
                }
                None => return,
            }
            self.waiting.pop_front();
        }
    }
}

impl SplitEnumerator for FileEnumerator {
    type Split = FileSplit;

    fn handle_split_request(
        &mut self,
        reader: SubtaskIndex,
        context: &mut EnumeratorContext<FileSplit>,
    ) -> Result<()> {
        if !self.waiting.contains(&reader) {
            self.waiting.push_back(reader);
        }
        self.assign(context);
        Ok(())
    }

    fn add_splits_back(
        &mut self,
        splits: Vec<FileSplit>,
        reader: SubtaskIndex,
        context: &mut EnumeratorContext<FileSplit>,
    ) -> Result<()> {
        // Whoever failed is not waiting any more; it asks again when it is back.
        self.waiting.retain(|&waiting| waiting != reader);
        splits.into_iter().rev().for_each(|split| self.unassigned.push_front(split));
        self.assign(context);
        Ok(())
    }

    fn poll_discover(
        &mut self,
        cx: &mut Context<'_>,
        context: &mut EnumeratorContext<FileSplit>,
    ) -> Poll<Result<()>> {
        loop {
            if let Some(sleep) = &mut self.sleep {
                ready!(sleep.as_mut().poll(cx));
            }
            match self.discovery {
                Discovery::Once => {
                    if !self.listed {
                        self.list()?;
                    }
                    self.assign(context);
                    return Poll::Ready(Ok(()));
                }
                Discovery::Every(interval) => {
                    self.list()?;
                    self.assign(context);
                    let host = context.host();
                    self.sleep = Some(host.sleep_until(host.instant() + interval));
                }
            }
        }
    }

    fn snapshot_state(&self) -> Result<VersionedBytes> {
        let state = State {
            listed: self.listed,
            seen: self.seen.iter().cloned().collect(),
            unassigned: self.unassigned.iter().cloned().collect(),
        };
        let mut bytes = Vec::new();
        state.encode(&mut bytes);
        Ok(VersionedBytes { version: VERSION, bytes })
    }
}

fn read_state(bytes: &VersionedBytes) -> Result<State> {
    if bytes.version != VERSION {
        return Err(Error::corrupt(format!(
            "the state of a file source of version {}, this is version {VERSION}",
            bytes.version
        )));
    }
    let mut input = Reader::new(&bytes.bytes);
    let state = State::decode(&mut input)?;
    input.finish()?;
    Ok(state)
}
