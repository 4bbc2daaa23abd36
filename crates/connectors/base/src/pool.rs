//! The enumerator of every source in this crate: a pool from which each request takes one split.
use std::collections::VecDeque;
use std::fmt;

use hurtig_connector::{EnumeratorContext, Split, SplitEnumerator, VersionedBytes};
use hurtig_core::ids::SubtaskIndex;
use hurtig_core::types::codec::{self, Reader};
use hurtig_core::{Error, Result};

/// The layout of the state: whether the pool was filled, then the splits in it.
const STATE_VERSION: u32 = 1;

/// Hands out splits that are all known from the start, one for each request.
pub struct SplitPool<S> {
    fill: Option<Box<dyn FnOnce(u32) -> Vec<S> + Send>>,
    waiting: VecDeque<S>,
}

impl<S: Split> SplitPool<S> {
    /// A pool that `fill` makes the splits of, given the parallelism, once that is known. `restored` is what
    /// [`SplitEnumerator::snapshot_state`] gave: if the pool was full then, it is not filled again.
    pub fn new(
        restored: Option<&VersionedBytes>,
        fill: impl FnOnce(u32) -> Vec<S> + Send + 'static,
    ) -> Result<Self> {
        match restored.map(read_state).transpose()?.flatten() {
            Some(waiting) => Ok(SplitPool { fill: None, waiting }),
            None => Ok(SplitPool { fill: Some(Box::new(fill)), waiting: VecDeque::new() }),
        }
    }

    fn filled(&mut self, parallelism: u32) -> &mut VecDeque<S> {
        if let Some(fill) = self.fill.take() {
            self.waiting.extend(fill(parallelism));
        }
        &mut self.waiting
    }
}

impl<S: Split> SplitEnumerator for SplitPool<S> {
    type Split = S;

    fn handle_split_request(
        &mut self,
        reader: SubtaskIndex,
        context: &mut EnumeratorContext<S>,
    ) -> Result<()> {
        match self.filled(context.parallelism()).pop_front() {
            Some(split) => context.assign_split(split, reader),
            None => context.signal_no_more_splits(reader),
        }
        Ok(())
    }

    fn add_splits_back(
        &mut self,
        splits: Vec<S>,
        _: SubtaskIndex,
        context: &mut EnumeratorContext<S>,
    ) -> Result<()> {
        self.filled(context.parallelism()).extend(splits);
        Ok(())
    }

    fn snapshot_state(&self) -> Result<VersionedBytes> {
        let mut bytes = vec![u8::from(self.fill.is_none())];
        codec::write_varint(&mut bytes, self.waiting.len() as u64);
        for split in &self.waiting {
            let split = split.to_bytes();
            bytes.extend_from_slice(&split.version.to_le_bytes());
            codec::write_bytes(&mut bytes, &split.bytes);
        }
        Ok(VersionedBytes { version: STATE_VERSION, bytes })
    }
}

/// The splits that waited, or `None` if the pool had not been filled yet.
fn read_state<S: Split>(state: &VersionedBytes) -> Result<Option<VecDeque<S>>> {
    if state.version != STATE_VERSION {
        return Err(Error::corrupt(format!(
            "the state of an enumerator of version {}, this one reads version {STATE_VERSION}",
            state.version
        )));
    }
    let mut input = Reader::new(&state.bytes);
    let filled = input.bool()?;
    let count = input.count(5 * 8)?;
    let mut waiting = VecDeque::with_capacity(count);
    for _ in 0..count {
        let version = u32::from_le_bytes(input.array()?);
        let bytes = input.length_and_bytes()?.to_vec();
        waiting.push_back(S::from_bytes(&VersionedBytes { version, bytes })?);
    }
    input.finish()?;
    Ok(filled.then_some(waiting))
}

impl<S> fmt::Debug for SplitPool<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let filled = if self.fill.is_none() { "filled" } else { "not yet filled" };
        write!(f, "SplitPool({} waiting, {filled})", self.waiting.len())
    }
}
