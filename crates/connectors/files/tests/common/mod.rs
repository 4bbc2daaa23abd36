//! An engine in miniature: a clock that the test moves, and loops that drive sources and sinks by hand.
#![allow(dead_code)]
use std::collections::VecDeque;
use std::fs;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use hurtig_connector::enumerator::EnumeratorAction;
use hurtig_connector::{
    Committable, EnumeratorContext, Fetched, Host, ReaderContext, Sleep, Source, SourceReader, Split,
    SplitEnumerator, WriteContext, WriterContext,
};
use hurtig_core::ids::SubtaskIndex;
use hurtig_core::{Batch, Clock, Instant, ProcessingTime, Result, TypeInformation, Watermark};

/// A host whose clock stands still until the test moves it.
#[derive(Debug, Default)]
pub struct MockHost {
    now: Mutex<Duration>,
    sleepers: Arc<Mutex<Vec<Waker>>>,
}

/// Where the wall clock of every mock starts: 2020-02-29T23:00:00Z.
pub const START_MILLIS: i64 = 1_583_017_200_000;

impl MockHost {
    pub fn advance(&self, duration: Duration) {
        *self.now.lock().unwrap() += duration;
        self.sleepers.lock().unwrap().drain(..).for_each(Waker::wake);
    }

    fn now(&self) -> Duration {
        *self.now.lock().unwrap()
    }
}

impl Clock for MockHost {
    fn processing_time(&self) -> ProcessingTime {
        ProcessingTime::from_millis(START_MILLIS) + self.now()
    }
    fn instant(&self) -> Instant {
        Instant::from_nanos(self.now().as_nanos() as u64)
    }
}

// The host lends itself through an `Arc`, and sleeps must hold the clock; so the test's handle is this one.
#[derive(Clone, Debug, Default)]
pub struct TestHost(pub Arc<MockHost>);

impl Clock for TestHost {
    fn processing_time(&self) -> ProcessingTime {
        self.0.processing_time()
    }
    fn instant(&self) -> Instant {
        self.0.instant()
    }
}

struct SleepUntil(Arc<MockHost>, Instant);

impl Future for SleepUntil {
    type Output = ();
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.0.instant() >= self.1 {
            return Poll::Ready(());
        }
        self.0.sleepers.lock().unwrap().push(cx.waker().clone());
        Poll::Pending
    }
}

impl Host for TestHost {
    fn sleep_until(&self, at: Instant) -> Sleep {
        Box::pin(SleepUntil(Arc::clone(&self.0), at))
    }
    fn spawn_io(&self, _: Pin<Box<dyn Future<Output = ()> + Send>>) {
        unreachable!("local files need no background I/O");
    }
}

/// One enumerator and its readers.
pub struct Cluster<S: Source> {
    pub enumerator: S::Enumerator,
    pub context: EnumeratorContext<S::Split>,
    pub readers: Vec<S::Reader>,
    pub max_rows: usize,
}

impl<S: Source> Cluster<S> {
    pub fn start(source: &S, host: &TestHost, parallelism: u32) -> Result<Self> {
        let enumerator = source.create_enumerator(None)?;
        Self::with_enumerator(source, host, parallelism, enumerator)
    }

    pub fn with_enumerator(
        source: &S,
        host: &TestHost,
        parallelism: u32,
        enumerator: S::Enumerator,
    ) -> Result<Self> {
        let host: Arc<dyn Host> = Arc::new(host.clone());
        let reader = |subtask| {
            let host = Arc::clone(&host);
            source.create_reader(&ReaderContext { subtask: SubtaskIndex(subtask), parallelism, host })
        };
        let readers = (0..parallelism).map(reader).collect::<Result<_>>()?;
        let context = EnumeratorContext::new(parallelism, Arc::clone(&host));
        Ok(Cluster { enumerator, context, readers, max_rows: 3 })
    }

    /// The source as it is after a checkpoint and a restart with another parallelism.
    pub fn restart(&mut self, source: &S, host: &TestHost, parallelism: u32) -> Result<Self> {
        let state = self.enumerator.snapshot_state()?;
        let splits = self.readers.iter_mut().map(SourceReader::snapshot_state).collect::<Result<Vec<_>>>()?;
        let enumerator = source.create_enumerator(Some(&state))?;
        let mut cluster = Self::with_enumerator(source, host, parallelism, enumerator)?;
        for (index, split) in splits.into_iter().flatten().enumerate() {
            let split = S::Split::from_bytes(&split.to_bytes())?;
            cluster.readers[index % parallelism as usize].add_splits(vec![split])?;
        }
        Ok(cluster)
    }

    pub fn discover(&mut self) -> Result<bool> {
        let mut cx = Context::from_waker(Waker::noop());
        let ended = match self.enumerator.poll_discover(&mut cx, &mut self.context) {
            Poll::Ready(result) => result.map(|()| true)?,
            Poll::Pending => false,
        };
        self.deliver()?;
        Ok(ended)
    }

    fn deliver(&mut self) -> Result<()> {
        for action in self.context.take_actions() {
            match action {
                EnumeratorAction::Assign(reader, split) => {
                    self.readers[reader.0 as usize].add_splits(vec![split])?;
                }
                EnumeratorAction::NoMoreSplits(reader) => self.readers[reader.0 as usize].no_more_splits(),
                EnumeratorAction::Event(..) => unreachable!("file sources send no events"),
            }
        }
        Ok(())
    }

    /// Up to `limit` batches, taken from the readers in turn, until nothing more comes. Gives the batches and
    /// whether all readers have ended.
    pub fn run(&mut self, limit: usize) -> Result<(Vec<Batch>, bool)> {
        self.discover()?;
        let mut batches = Vec::new();
        let mut active: VecDeque<usize> = (0..self.readers.len()).collect();
        let mut ended = 0;
        while let Some(index) = active.pop_front() {
            if batches.len() == limit {
                break;
            }
            let mut cx = Context::from_waker(Waker::noop());
            match self.readers[index].poll_next(&mut cx, self.max_rows) {
                Poll::Pending => continue,
                Poll::Ready(fetched) => match fetched? {
                    Fetched::Batch(_, batch) => batches.push(batch),
                    Fetched::SplitFinished(_) | Fetched::SourceEvent(_) => {}
                    Fetched::RequestSplit => {
                        let reader = SubtaskIndex(index as u32);
                        self.enumerator.handle_split_request(reader, &mut self.context)?;
                        self.deliver()?;
                    }
                    Fetched::EndOfInput => {
                        ended += 1;
                        continue;
                    }
                },
            }
            active.push_back(index);
        }
        Ok((batches, ended == self.readers.len()))
    }

    /// As [`Cluster::run`], as rows.
    pub fn rows<T: TypeInformation>(&mut self, limit: usize) -> Result<(Vec<T>, bool)> {
        let (batches, ended) = self.run(limit)?;
        let mut rows = Vec::new();
        for batch in batches {
            assert!((1..=self.max_rows).contains(&batch.len()));
            rows.extend(batch.into_rows::<T>()?.0);
        }
        Ok((rows, ended))
    }
}

/// Everything that a bounded source has.
pub fn read_all<T: TypeInformation>(source: &impl Source<Record = T>) -> Result<Vec<T>> {
    let (rows, ended) = Cluster::start(source, &TestHost::default(), 1)?.rows(usize::MAX)?;
    assert!(ended, "the source has not ended");
    Ok(rows)
}

pub fn writer_context(host: &TestHost, subtask: u32, attempt: u32) -> WriterContext {
    WriterContext { subtask: SubtaskIndex(subtask), parallelism: 2, attempt, host: Arc::new(host.clone()) }
}

pub const WRITE: WriteContext = WriteContext { timestamp: None, watermark: Watermark::MIN };

/// The names of all files below `folder`, hidden ones too, in order.
pub fn files(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    collect(folder, folder, &mut names);
    names.sort();
    names
}

fn collect(base: &Path, folder: &Path, names: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(base, &path, names);
        } else {
            names.push(path.strip_prefix(base).unwrap().to_str().unwrap().to_owned());
        }
    }
}

/// Commits everything, which must succeed.
pub fn commit_all(sink: &impl hurtig_connector::Sink, committables: &[Committable]) {
    use hurtig_connector::CommitOutcome;
    let outcomes = sink.create_committer().unwrap().unwrap().commit(committables).unwrap();
    assert_eq!(outcomes, vec![CommitOutcome::Done; committables.len()]);
}
