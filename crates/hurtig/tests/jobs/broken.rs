//! A function, a source and a sink that go wrong where a test tells them.
use std::task::{Context, Poll};

use hurtig::connector::{
    Boundedness, CommitOutcome, CommitStage, Committable, Committer, EnumeratorContext, Fetched,
    ReaderContext, Sink, SinkWriter, Source, SourceReader, Split, SplitEnumerator, SplitId, VersionedBytes,
    WriteContext, WriterContext,
};
use hurtig::core::Batch;
use hurtig::core::ids::SubtaskIndex;
use hurtig::prelude::*;

/// How something goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Error,
    Panic,
}

/// What goes wrong at one place, and nowhere else.
#[derive(Clone, Copy, Debug)]
pub struct Trouble {
    pub place: &'static str,
    pub how: How,
}

impl Trouble {
    /// Fails, or panics, if this is the place.
    pub fn pass(self, place: &str) -> Result<()> {
        match self.how {
            _ if place != self.place => Ok(()),
            How::Error => Err(Error::restart(format!("broken {place}"))),
            How::Panic => panic!("broken {place}"),
        }
    }
}

/// Fails where its trouble is.
#[derive(Clone)]
pub struct BrokenFunction(pub Trouble);

impl RichFunction for BrokenFunction {
    fn open(&mut self, _: &mut RuntimeContext<'_>) -> Result<()> {
        self.0.pass("open")
    }

    fn close(&mut self) -> Result<()> {
        self.0.pass("close")
    }
}

impl MapFunction<i64, i64> for BrokenFunction {
    fn map(&mut self, value: i64) -> Result<i64> {
        if value == 17 {
            self.0.pass("map")?;
        }
        Ok(value)
    }
}

/// A source of twenty numbers that fails where its trouble is.
pub struct BrokenSource(pub Trouble);

#[derive(Clone, Debug, TypeInformation)]
pub struct Only;

impl Split for Only {
    fn split_id(&self) -> SplitId {
        SplitId::new("only")
    }
}

impl Source for BrokenSource {
    type Record = i64;
    type Split = Only;
    type Enumerator = BrokenEnumerator;
    type Reader = BrokenReader;

    fn boundedness(&self) -> Boundedness {
        Boundedness::Bounded
    }

    fn create_enumerator(&self, _: Option<&VersionedBytes>) -> Result<BrokenEnumerator> {
        self.0.pass("create_enumerator")?;
        Ok(BrokenEnumerator { trouble: self.0, split: Some(Only) })
    }

    fn create_reader(&self, _: &ReaderContext) -> Result<BrokenReader> {
        self.0.pass("create_reader")?;
        Ok(BrokenReader { trouble: self.0, split: None, asked: false, complete: false })
    }
}

pub struct BrokenEnumerator {
    trouble: Trouble,
    split: Option<Only>,
}

impl SplitEnumerator for BrokenEnumerator {
    type Split = Only;

    fn add_reader(&mut self, _: SubtaskIndex, _: &mut EnumeratorContext<Only>) -> Result<()> {
        self.trouble.pass("add_reader")
    }

    fn handle_split_request(
        &mut self,
        reader: SubtaskIndex,
        context: &mut EnumeratorContext<Only>,
    ) -> Result<()> {
        self.trouble.pass("handle_split_request")?;
        match self.split.take() {
            Some(split) => context.assign_split(split, reader),
            None => context.signal_no_more_splits(reader),
        }
        Ok(())
    }

    fn add_splits_back(
        &mut self,
        mut splits: Vec<Only>,
        _: SubtaskIndex,
        _: &mut EnumeratorContext<Only>,
    ) -> Result<()> {
        self.split = splits.pop();
        Ok(())
    }

    fn poll_discover(&mut self, _: &mut Context<'_>, _: &mut EnumeratorContext<Only>) -> Poll<Result<()>> {
        Poll::Ready(self.trouble.pass("poll_discover"))
    }

    fn snapshot_state(&self) -> Result<VersionedBytes> {
        Ok(VersionedBytes { version: 1, bytes: Vec::new() })
    }
}

pub struct BrokenReader {
    trouble: Trouble,
    split: Option<Only>,
    asked: bool,
    complete: bool,
}

impl SourceReader for BrokenReader {
    type Split = Only;

    fn add_splits(&mut self, mut splits: Vec<Only>) -> Result<()> {
        self.trouble.pass("add_splits")?;
        self.split = splits.pop();
        Ok(())
    }

    fn no_more_splits(&mut self) {
        if self.trouble.how == How::Panic {
            self.trouble.pass("no_more_splits").unwrap();
        }
        self.complete = true;
    }

    fn poll_next(&mut self, _: &mut Context<'_>, _: usize) -> Poll<Result<Fetched>> {
        let only = SplitId::new("only");
        if self.split.take().is_some() {
            self.trouble.pass("poll_next")?;
            self.asked = false;
            return Poll::Ready(Ok(Fetched::Batch(only, Batch::from_rows(Vec::from_iter(0..20i64)))));
        }
        match self.complete {
            true => Poll::Ready(Ok(Fetched::EndOfInput)),
            false if std::mem::replace(&mut self.asked, true) => Poll::Pending,
            false => Poll::Ready(Ok(Fetched::RequestSplit)),
        }
    }

    fn snapshot_state(&mut self) -> Result<Vec<Only>> {
        Ok(Vec::new())
    }
}

/// A sink that fails where its trouble is.
#[derive(Clone)]
pub struct BrokenSink(pub Trouble);

impl Sink for BrokenSink {
    type Record = i64;
    type Writer = BrokenSink;

    fn create_writer(&self, _: &WriterContext, _: Vec<VersionedBytes>) -> Result<BrokenSink> {
        self.0.pass("create_writer")?;
        Ok(self.clone())
    }

    fn create_committer(&self) -> Result<Option<Box<dyn Committer>>> {
        self.0.pass("create_committer")?;
        Ok(Some(Box::new(self.clone())))
    }

    fn create_pre_commit_stage(&self) -> Result<Option<Box<dyn CommitStage>>> {
        Ok(Some(Box::new(BrokenStage(self.0, "before commit"))))
    }

    fn create_post_commit_stage(&self) -> Result<Option<Box<dyn CommitStage>>> {
        Ok(Some(Box::new(BrokenStage(self.0, "after commit"))))
    }
}

impl SinkWriter for BrokenSink {
    type Record = i64;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(self.0.pass("poll_ready"))
    }

    fn write(&mut self, record: i64, _: &WriteContext) -> Result<()> {
        if record == 17 { self.0.pass("write") } else { Ok(()) }
    }

    fn watermark(&mut self, _: Watermark) -> Result<()> {
        self.0.pass("watermark")
    }

    fn flush(&mut self, _: bool) -> Result<()> {
        self.0.pass("flush")
    }

    fn prepare_commit(&mut self) -> Result<Vec<Committable>> {
        self.0.pass("prepare_commit")?;
        Ok(vec![Committable(VersionedBytes { version: 1, bytes: Vec::new() })])
    }
}

impl Committer for BrokenSink {
    fn commit(&mut self, committables: &[Committable]) -> Result<Vec<CommitOutcome>> {
        self.0.pass("commit")?;
        Ok(vec![CommitOutcome::Done; committables.len()])
    }
}

struct BrokenStage(Trouble, &'static str);

impl CommitStage for BrokenStage {
    fn process(&mut self, committables: Vec<Committable>) -> Result<Vec<Committable>> {
        self.0.pass(self.1)?;
        Ok(committables)
    }
}
