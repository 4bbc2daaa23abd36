//! A source that counts, in one split, and a `main` in the engine's place: it reads, stops in the middle as a
//! checkpoint does, and goes on from there with another reader.
use std::{future::Future, pin::Pin, sync::Arc, task::Context, task::Poll, task::Waker};

use hurtig_connector::enumerator::EnumeratorAction;
use hurtig_connector::*;
use hurtig_core::types::codec::Reader;
use hurtig_core::{Batch, Clock, Instant, ProcessingTime, Result, TypeInformation, ids::SubtaskIndex};
use hurtig_derive::TypeInformation;

/// The numbers from `next` up to, but not with, `end`. A split holds its position, so a checkpoint does too.
#[derive(Clone, Debug, PartialEq, TypeInformation)]
#[hurtig(crate = "hurtig_core")] // A program that depends on `hurtig` leaves this line out.
struct Numbers {
    next: i64,
    end: i64,
}
impl Split for Numbers {
    fn split_id(&self) -> SplitId {
        SplitId::new("numbers")
    }
}

/// The source itself is only a factory.
struct Counting;
impl Source for Counting {
    type Record = i64;
    type Split = Numbers;
    type Enumerator = Waiting;
    type Reader = Counter;

    fn boundedness(&self) -> Boundedness {
        Boundedness::Bounded
    }
    fn create_enumerator(&self, restored: Option<&VersionedBytes>) -> Result<Waiting> {
        Ok(Waiting(match restored {
            Some(state) => Option::decode(&mut Reader::new(&state.bytes))?,
            None => Some(Numbers { next: 0, end: 10 }),
        }))
    }
    fn create_reader(&self, _: &ReaderContext) -> Result<Counter> {
        Ok(Counter { split: None, asked: false, complete: false })
    }
}

type Wishes = EnumeratorContext<Numbers>;

/// Once per job: the split, while nobody has it.
struct Waiting(Option<Numbers>);
impl SplitEnumerator for Waiting {
    type Split = Numbers;

    fn handle_split_request(&mut self, reader: SubtaskIndex, cx: &mut Wishes) -> Result<()> {
        match self.0.take() {
            Some(split) => cx.assign_split(split, reader),
            None => cx.signal_no_more_splits(reader),
        }
        Ok(())
    }
    fn add_splits_back(&mut self, mut splits: Vec<Numbers>, _: SubtaskIndex, _: &mut Wishes) -> Result<()> {
        self.0 = splits.pop().or(self.0.take());
        Ok(())
    }
    fn snapshot_state(&self) -> Result<VersionedBytes> {
        let mut bytes = Vec::new();
        self.0.encode(&mut bytes);
        Ok(VersionedBytes { version: 1, bytes })
    }
}

/// In every subtask: the split, if it was given here.
struct Counter {
    split: Option<Numbers>,
    asked: bool,
    complete: bool,
}
impl SourceReader for Counter {
    type Split = Numbers;

    fn add_splits(&mut self, mut splits: Vec<Numbers>) -> Result<()> {
        self.split = splits.pop().or(self.split.take());
        Ok(())
    }
    fn no_more_splits(&mut self) {
        self.complete = true;
    }
    fn poll_next(&mut self, _: &mut Context<'_>, max_rows: usize) -> Poll<Result<Fetched>> {
        let Some(split) = &mut self.split else {
            return match self.complete {
                true => Poll::Ready(Ok(Fetched::EndOfInput)),
                // Having asked once, it waits: the engine comes again with an answer.
                false if std::mem::replace(&mut self.asked, true) => Poll::Pending,
                false => Poll::Ready(Ok(Fetched::RequestSplit)),
            };
        };
        let (id, first) = (split.split_id(), split.next);
        split.next = split.end.min(first + max_rows as i64);
        if first == split.end {
            (self.split, self.asked) = (None, false);
            return Poll::Ready(Ok(Fetched::SplitFinished(id)));
        }
        Poll::Ready(Ok(Fetched::Batch(id, Batch::from_rows((first..split.next).collect::<Vec<i64>>()))))
    }
    fn snapshot_state(&mut self) -> Result<Vec<Numbers>> {
        Ok(self.split.iter().cloned().collect())
    }
}

/// What the engine lends: this source needs neither time nor I/O.
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
    let place = ReaderContext { subtask: SubtaskIndex(0), parallelism: 1, host: Arc::new(NoHost) };
    let mut wishes = EnumeratorContext::new(1, place.host.clone());
    let mut enumerator = Counting.create_enumerator(None)?;
    let mut reader = Counting.create_reader(&place)?;
    let cx = &mut Context::from_waker(Waker::noop());

    // A reader with nothing to read asks, and the enumerator has something.
    assert!(matches!(reader.poll_next(cx, 4), Poll::Ready(Ok(Fetched::RequestSplit))));
    enumerator.handle_split_request(place.subtask, &mut wishes)?;
    for wish in wishes.take_actions() {
        if let EnumeratorAction::Assign(_, split) = wish {
            reader.add_splits(vec![split])?;
        }
    }
    let Poll::Ready(Ok(Fetched::Batch(_, batch))) = reader.poll_next(cx, 4) else { unreachable!() };
    assert_eq!(batch.rows::<i64>()?, [0, 1, 2, 3]);

    // A checkpoint keeps bytes of both halves. The job fails and goes on from them.
    let (split, state) = (reader.snapshot_state()?[0].to_bytes(), enumerator.snapshot_state()?);
    (reader, enumerator) = (Counting.create_reader(&place)?, Counting.create_enumerator(Some(&state))?);
    reader.add_splits(vec![Numbers::from_bytes(&split)?])?;
    let mut rest = Vec::new();
    while let Poll::Ready(Ok(Fetched::Batch(_, batch))) = reader.poll_next(cx, 4) {
        rest.extend(batch.into_rows::<i64>()?.0);
    }
    assert_eq!(rest, [4, 5, 6, 7, 8, 9]);

    // The split has been finished; the reader asks for another, and there is none.
    assert!(matches!(reader.poll_next(cx, 4), Poll::Ready(Ok(Fetched::RequestSplit))));
    enumerator.handle_split_request(place.subtask, &mut wishes)?;
    assert!(matches!(wishes.take_actions()[..], [EnumeratorAction::NoMoreSplits(_)]));
    reader.no_more_splits();
    assert!(matches!(reader.poll_next(cx, 4), Poll::Ready(Ok(Fetched::EndOfInput))));
    Ok(())
}
