//! Handing out the ranges.
use hurtig_connector::{EnumeratorContext, SplitEnumerator, VersionedBytes};
use hurtig_core::ids::SubtaskIndex;
use hurtig_core::types::codec::Reader;
use hurtig_core::{Error, Result, TypeInformation};

use crate::generator::Generator;
use crate::source::split::NexmarkSplit;

/// The version of the state: the ranges not handed out, each with the reader it is meant for.
const STATE_VERSION: u32 = 1;

/// Gives each reader its ranges when it comes up: range i to reader i modulo the parallelism.
///
/// One after the other, on request, would be wrong where there are more ranges than readers: all ranges run
/// through the same event time, so a range that is begun late would be late altogether.
#[derive(Debug)]
pub struct NexmarkEnumerator {
    waiting: Vec<(u32, NexmarkSplit)>,
}

impl NexmarkEnumerator {
    pub(crate) fn new(generator: &Generator, restored: Option<&VersionedBytes>) -> Result<NexmarkEnumerator> {
        let waiting = match restored {
            Some(state) if state.version == STATE_VERSION => {
                TypeInformation::decode(&mut Reader::new(&state.bytes))?
            }
            Some(state) => {
                return Err(Error::corrupt(format!(
                    "state of a nexmark enumerator of version {}, this one reads version {STATE_VERSION}",
                    state.version
                )));
            }
            None => generator.ranges().map(|range| (range.index, NexmarkSplit::new(&range))).collect(),
        };
        Ok(NexmarkEnumerator { waiting })
    }

    fn assign(&mut self, reader: SubtaskIndex, context: &mut EnumeratorContext<NexmarkSplit>) {
        let parallelism = context.parallelism().max(1);
        let (ready, waiting) =
            self.waiting.drain(..).partition::<Vec<_>, _>(|(owner, _)| owner % parallelism == reader.0);
        self.waiting = waiting;
        for (_, split) in ready {
            context.assign_split(split, reader);
        }
    }
}

impl SplitEnumerator for NexmarkEnumerator {
    type Split = NexmarkSplit;

    fn add_reader(
        &mut self,
        reader: SubtaskIndex,
        context: &mut EnumeratorContext<NexmarkSplit>,
    ) -> Result<()> {
        self.assign(reader, context);
        Ok(())
    }

    fn handle_split_request(
        &mut self,
        reader: SubtaskIndex,
        context: &mut EnumeratorContext<NexmarkSplit>,
    ) -> Result<()> {
        self.assign(reader, context);
        context.signal_no_more_splits(reader);
        Ok(())
    }

    fn add_splits_back(
        &mut self,
        splits: Vec<NexmarkSplit>,
        reader: SubtaskIndex,
        _: &mut EnumeratorContext<NexmarkSplit>,
    ) -> Result<()> {
        self.waiting.extend(splits.into_iter().map(|split| (reader.0, split)));
        Ok(())
    }

    fn snapshot_state(&self) -> Result<VersionedBytes> {
        let mut bytes = Vec::new();
        self.waiting.encode(&mut bytes);
        Ok(VersionedBytes { version: STATE_VERSION, bytes })
    }
}
