//! The part of the engine that a source sees: an enumerator, readers, and a checkpoint between any two steps.
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use hurtig_connector::enumerator::EnumeratorAction;
use hurtig_connector::{
    EnumeratorContext, Fetched, Source, SourceReader, Split, SplitEnumerator, VersionedBytes,
};
use hurtig_core::ids::SubtaskIndex;
use hurtig_core::{Result, TypeInformation};

use crate::host::ManualHost;

/// A source being read.
pub struct Run<S: Source> {
    enumerator: S::Enumerator,
    context: EnumeratorContext<S::Split>,
    readers: Vec<S::Reader>,
    pub ended: Vec<bool>,
    /// What each reader has yielded.
    pub records: Vec<Vec<S::Record>>,
}

/// All that a checkpoint keeps of a source.
pub struct Checkpoint {
    enumerator: VersionedBytes,
    splits: Vec<VersionedBytes>,
}

/// What came of one step of one reader.
#[derive(Debug, PartialEq)]
pub enum Step {
    Records(usize),
    Other,
    Waiting,
    Ended,
}

impl<S: Source> Run<S>
where
    S::Record: TypeInformation,
{
    pub fn start(source: &S, parallelism: u32, host: &Arc<ManualHost>) -> Self {
        Self::create(source, parallelism, host, None)
    }

    /// Goes on from a checkpoint, its splits dealt out over the readers.
    pub fn restore(source: &S, parallelism: u32, host: &Arc<ManualHost>, from: &Checkpoint) -> Self {
        let mut run = Self::create(source, parallelism, host, Some(&from.enumerator));
        for (index, split) in from.splits.iter().enumerate() {
            let split = S::Split::from_bytes(split).unwrap();
            run.readers[index % parallelism as usize].add_splits(vec![split]).unwrap();
        }
        run
    }

    fn create(
        source: &S,
        parallelism: u32,
        host: &Arc<ManualHost>,
        restored: Option<&VersionedBytes>,
    ) -> Self {
        let reader = |subtask| source.create_reader(&host.reader(subtask, parallelism)).unwrap();
        Run {
            enumerator: source.create_enumerator(restored).unwrap(),
            context: EnumeratorContext::new(parallelism, host.clone()),
            readers: (0..parallelism).map(reader).collect(),
            ended: vec![false; parallelism as usize],
            records: (0..parallelism).map(|_| Vec::new()).collect(),
        }
    }

    /// One step of reader `index`, and what the enumerator says to it.
    pub fn poll(&mut self, index: usize, cx: &mut Context<'_>, max_rows: usize) -> Result<Step> {
        let fetched = match self.readers[index].poll_next(cx, max_rows) {
            Poll::Pending => return Ok(Step::Waiting),
            Poll::Ready(fetched) => fetched?,
        };
        Ok(match fetched {
            Fetched::Batch(_, batch) => {
                assert!(batch.len() <= max_rows && !batch.is_empty(), "{batch:?}");
                let (mut records, _) = batch.into_rows::<S::Record>()?;
                let count = records.len();
                self.records[index].append(&mut records);
                Step::Records(count)
            }
            Fetched::SplitFinished(_) | Fetched::SourceEvent(_) => Step::Other,
            Fetched::RequestSplit => {
                self.enumerator.handle_split_request(SubtaskIndex(index as u32), &mut self.context)?;
                for action in self.context.take_actions() {
                    match action {
                        EnumeratorAction::Assign(reader, split) => {
                            self.readers[reader.0 as usize].add_splits(vec![split])?;
                        }
                        EnumeratorAction::NoMoreSplits(reader) => {
                            self.readers[reader.0 as usize].no_more_splits();
                        }
                        EnumeratorAction::Event(..) => panic!("an event nobody sent"),
                    }
                }
                Step::Other
            }
            Fetched::EndOfInput => {
                self.ended[index] = true;
                Step::Ended
            }
        })
    }

    /// One step of reader `index` that nothing waits for.
    pub fn step(&mut self, index: usize, max_rows: usize) -> Step {
        self.poll(index, &mut Context::from_waker(Waker::noop()), max_rows).unwrap()
    }

    /// Steps until every reader has ended, in turns.
    pub fn finish(mut self, max_rows: usize) -> Vec<Vec<S::Record>> {
        while self.ended.contains(&false) {
            for index in 0..self.readers.len() {
                if !self.ended[index] {
                    assert_ne!(self.step(index, max_rows), Step::Waiting, "nobody would wake reader {index}");
                }
            }
        }
        self.records
    }

    pub fn checkpoint(&mut self) -> Checkpoint {
        let splits = self.readers.iter_mut().flat_map(|reader| reader.snapshot_state().unwrap());
        Checkpoint {
            splits: splits.map(|split| split.to_bytes()).collect(),
            enumerator: self.enumerator.snapshot_state().unwrap(),
        }
    }
}

/// Everything that the source yields, reader by reader.
pub fn read<S: Source>(source: &S, parallelism: u32, max_rows: usize) -> Vec<Vec<S::Record>>
where
    S::Record: TypeInformation,
{
    Run::start(source, parallelism, &ManualHost::new()).finish(max_rows)
}

/// Stops the source after every number of steps, goes on from there with another parallelism, and expects each
/// record once.
pub fn check_restarts<S: Source>(source: &S, parallelism: u32, restored: u32, expect: &[S::Record])
where
    S::Record: TypeInformation + Ord + std::fmt::Debug,
{
    for steps in 0.. {
        let host = ManualHost::new();
        let mut run = Run::start(source, parallelism, &host);
        for step in 0..steps {
            let index = step % parallelism as usize;
            if !run.ended[index] {
                run.step(index, 3);
            }
        }
        let checkpoint = run.checkpoint();
        let ended = !run.ended.contains(&false);
        let after = Run::restore(source, restored, &host, &checkpoint).finish(2);
        let mut all: Vec<S::Record> = run.records.into_iter().chain(after).flatten().collect();
        all.sort();
        assert_eq!(all, expect, "stopped after {steps} steps");
        if ended {
            return;
        }
    }
}
