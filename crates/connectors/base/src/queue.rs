//! What every reader here does with its splits: read one after the other, and ask for another when none is left.
use std::collections::VecDeque;
use std::task::Poll;

use hurtig_connector::{Fetched, Split, SplitId};
use hurtig_core::Result;

/// The splits of one reader. The front one is being read.
#[derive(Debug)]
pub(crate) struct SplitQueue<S> {
    splits: VecDeque<(SplitId, S)>,
    /// Read to its end, but the engine has not been told.
    finished: Option<SplitId>,
    asked: bool,
    complete: bool,
}

impl<S: Split> SplitQueue<S> {
    pub(crate) fn new() -> Self {
        SplitQueue { splits: VecDeque::new(), finished: None, asked: false, complete: false }
    }

    pub(crate) fn add(&mut self, splits: Vec<S>) {
        self.asked = false;
        self.splits.extend(splits.into_iter().map(|split| (split.split_id(), split)));
    }

    /// No split will be added.
    pub(crate) fn complete(&mut self) {
        self.complete = true;
    }

    /// The step to take before anything can be read, if there is one.
    pub(crate) fn step(&mut self) -> Option<Poll<Result<Fetched>>> {
        if let Some(id) = self.finished.take() {
            return Some(Poll::Ready(Ok(Fetched::SplitFinished(id))));
        }
        if !self.splits.is_empty() {
            return None;
        }
        if self.complete {
            return Some(Poll::Ready(Ok(Fetched::EndOfInput)));
        }
        if self.asked {
            return Some(Poll::Pending);
        }
        self.asked = true;
        Some(Poll::Ready(Ok(Fetched::RequestSplit)))
    }

    /// The split that is being read.
    pub(crate) fn front(&mut self) -> Option<&mut (SplitId, S)> {
        self.splits.front_mut()
    }

    /// Nothing is left of the split that is being read.
    pub(crate) fn finish_front(&mut self) {
        self.finished = self.splits.pop_front().map(|(id, _)| id);
    }

    pub(crate) fn snapshot(&self) -> Vec<S> {
        self.splits.iter().map(|(_, split)| split.clone()).collect()
    }
}
