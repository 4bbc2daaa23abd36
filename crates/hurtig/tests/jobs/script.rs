//! A source that does what a test tells it, step by step and split by split, written against the contracts
//! alone: records with times, pauses, and ends. Its enumerator hands splits out unasked; its reader reads
//! all of its splits at once, in turn, as one of a message queue does.
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hurtig::connector::{
    Boundedness, EnumeratorContext, Fetched, Host, ReaderContext, Sleep, Source, SourceReader, Split,
    SplitEnumerator, SplitId, VersionedBytes,
};
use hurtig::core::Batch;
use hurtig::core::ids::SubtaskIndex;
use hurtig::prelude::*;

/// What a split does next.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// Yields a record with an event time in milliseconds.
    Record(i64, i64),
    /// Yields nothing for this many milliseconds.
    Wait(u64),
    /// Yields nothing more and does not end.
    Hang,
}

/// Splits and what each does. Split i goes to subtask i modulo the parallelism.
#[derive(Clone)]
pub struct Script {
    splits: Arc<Vec<Vec<Step>>>,
    open_for: Duration,
    pauses: Arc<Mutex<Vec<Pause>>>,
}

/// A call of `pause_or_resume_splits`: the names of the splits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    /// Those to stop.
    pub pause: Vec<String>,
    /// Those to go on with.
    pub resume: Vec<String>,
}

impl Script {
    /// A source of these splits.
    pub fn new(splits: impl IntoIterator<Item = Vec<Step>>) -> Script {
        Script {
            splits: Arc::new(splits.into_iter().collect()),
            open_for: Duration::ZERO,
            pauses: Arc::default(),
        }
    }

    /// For so many milliseconds another split may be found, and so no reader comes to its end. None is.
    pub fn open_for(self, millis: u64) -> Script {
        Script { open_for: Duration::from_millis(millis), ..self }
    }

    /// What its readers were told to pause and resume.
    pub fn pauses(&self) -> Vec<Pause> {
        self.pauses.lock().unwrap().clone()
    }
}

/// A split by its number, and the steps it has taken.
#[derive(Clone, Debug, TypeInformation)]
pub struct Part {
    number: i32,
    taken: i64,
}

impl Split for Part {
    fn split_id(&self) -> SplitId {
        SplitId::new(format!("part {}", self.number))
    }
}

impl Source for Script {
    type Record = i64;
    type Split = Part;
    type Enumerator = Unasked;
    type Reader = Interleaved;

    fn boundedness(&self) -> Boundedness {
        let hangs = self.splits.iter().flatten().any(|step| matches!(step, Step::Hang));
        if hangs { Boundedness::Unbounded } else { Boundedness::Bounded }
    }

    fn create_enumerator(&self, _: Option<&VersionedBytes>) -> Result<Unasked> {
        Ok(Unasked {
            splits: self.splits.len() as i32,
            open_for: self.open_for,
            wait: None,
            readers: Vec::new(),
        })
    }

    fn create_reader(&self, context: &ReaderContext) -> Result<Interleaved> {
        Ok(Interleaved {
            script: self.clone(),
            host: context.host.clone(),
            parts: VecDeque::new(),
            paused: Vec::new(),
            complete: false,
        })
    }
}

/// Gives each reader its splits as soon as it is there.
pub struct Unasked {
    splits: i32,
    open_for: Duration,
    wait: Option<Sleep>,
    readers: Vec<SubtaskIndex>,
}

impl SplitEnumerator for Unasked {
    type Split = Part;

    fn add_reader(&mut self, reader: SubtaskIndex, context: &mut EnumeratorContext<Part>) -> Result<()> {
        let parallelism = context.parallelism();
        for number in (0..self.splits).filter(|number| *number as u32 % parallelism == reader.0) {
            context.assign_split(Part { number, taken: 0 }, reader);
        }
        if self.open_for.is_zero() {
            context.signal_no_more_splits(reader);
        }
        self.readers.push(reader);
        Ok(())
    }

    fn poll_discover(
        &mut self,
        cx: &mut Context<'_>,
        context: &mut EnumeratorContext<Part>,
    ) -> Poll<Result<()>> {
        let host = context.host().clone();
        let end = host.instant() + self.open_for;
        let wait = self.wait.get_or_insert_with(|| host.sleep_until(end));
        ready!(wait.as_mut().poll(cx));
        self.open_for = Duration::ZERO;
        self.readers.iter().for_each(|reader| context.signal_no_more_splits(*reader));
        Poll::Ready(Ok(()))
    }

    fn handle_split_request(&mut self, _: SubtaskIndex, _: &mut EnumeratorContext<Part>) -> Result<()> {
        Err(Error::bug("its readers never ask"))
    }

    fn add_splits_back(
        &mut self,
        splits: Vec<Part>,
        reader: SubtaskIndex,
        context: &mut EnumeratorContext<Part>,
    ) -> Result<()> {
        splits.into_iter().for_each(|split| context.assign_split(split, reader));
        Ok(())
    }

    fn snapshot_state(&self) -> Result<VersionedBytes> {
        Ok(VersionedBytes { version: 1, bytes: Vec::new() })
    }
}

/// Takes a step of each of its splits in turn.
pub struct Interleaved {
    script: Script,
    host: Arc<dyn Host>,
    parts: VecDeque<Reading>,
    paused: Vec<SplitId>,
    complete: bool,
}

struct Reading {
    part: Part,
    wait: Option<Sleep>,
}

impl SourceReader for Interleaved {
    type Split = Part;

    fn add_splits(&mut self, splits: Vec<Part>) -> Result<()> {
        self.parts.extend(splits.into_iter().map(|part| Reading { part, wait: None }));
        Ok(())
    }

    fn no_more_splits(&mut self) {
        self.complete = true;
    }

    fn poll_next(&mut self, cx: &mut Context<'_>, max_rows: usize) -> Poll<Result<Fetched>> {
        for _ in 0..self.parts.len() {
            let Some(mut reading) = self.parts.pop_front() else { break };
            let id = reading.part.split_id();
            let paused = self.paused.contains(&id);
            let step = if paused { None } else { reading.step(&self.script, &self.host, cx, max_rows) };
            match step {
                Some(Some(batch)) => {
                    self.parts.push_back(reading);
                    return Poll::Ready(Ok(Fetched::Batch(id, batch?)));
                }
                Some(None) => return Poll::Ready(Ok(Fetched::SplitFinished(id))),
                None => self.parts.push_back(reading),
            }
        }
        if self.parts.is_empty() && self.complete {
            return Poll::Ready(Ok(Fetched::EndOfInput));
        }
        Poll::Pending
    }

    fn snapshot_state(&mut self) -> Result<Vec<Part>> {
        Ok(self.parts.iter().map(|reading| reading.part.clone()).collect())
    }

    fn pause_or_resume_splits(&mut self, pause: &[SplitId], resume: &[SplitId]) -> Result<()> {
        let names = |ids: &[SplitId]| ids.iter().map(SplitId::to_string).collect();
        self.script.pauses.lock().unwrap().push(Pause { pause: names(pause), resume: names(resume) });
        self.paused.extend(pause.iter().cloned());
        self.paused.retain(|id| !resume.contains(id));
        Ok(())
    }
}

impl Reading {
    /// The next batch; `Some(None)` at the end, `None` if it has to wait.
    fn step(
        &mut self,
        script: &Script,
        host: &Arc<dyn Host>,
        cx: &mut Context<'_>,
        max_rows: usize,
    ) -> Option<Option<Result<Batch>>> {
        let steps = &script.splits[self.part.number as usize];
        let (mut values, mut times) = (Vec::new(), Vec::new());
        while values.len() < max_rows {
            match steps.get(self.part.taken as usize) {
                Some(Step::Record(value, millis)) => {
                    values.push(*value);
                    times.push(EventTime::from_millis(*millis));
                }
                Some(Step::Wait(millis)) if values.is_empty() => {
                    let end = host.instant() + Duration::from_millis(*millis);
                    let wait = self.wait.get_or_insert_with(|| host.sleep_until(end));
                    if wait.as_mut().poll(cx).is_pending() {
                        return None;
                    }
                    self.wait = None;
                }
                None if values.is_empty() => return Some(None),
                Some(Step::Hang) if values.is_empty() => return None,
                _ => break,
            }
            self.part.taken += 1;
        }
        Some(Some(Batch::from_stamped_rows(values, times)))
    }
}
