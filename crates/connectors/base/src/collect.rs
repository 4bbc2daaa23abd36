//! Records handed to the program that started the job. Flink's `executeAndCollect` and `DataStreamUtils`.
//!
//! Writers append encoded records to one buffer of bounded size; the program's iterator takes the whole buffer
//! at a time. While the buffer is full the writers are not ready, so a program that is slow to iterate holds
//! the job back instead of filling the memory.
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use hurtig_connector::{Sink, SinkWriter, VersionedBytes, WriteContext, WriterContext};
use hurtig_core::types::codec::Reader;
use hurtig_core::{Error, Result, TypeInformation};

/// Hands its records to a [`CollectIterator`] in the same process.
///
/// Each record comes once or not at all: a job that starts again before anything was iterated begins anew, one
/// that starts again later ends the iteration with an error, as in Flink without checkpoints.
pub struct CollectSink<T> {
    shared: Arc<Shared>,
    record: PhantomData<fn(T)>,
}

/// The records of a [`CollectSink`], as they come. Waits, blocking the thread, while there are none.
///
/// It ends when every writer of the job has been closed after the end of its input, or when
/// [`CollectHandle::finish`] says so. Dropping it earlier makes the writers fail, which ends the job.
pub struct CollectIterator<T> {
    shared: Arc<Shared>,
    taken: Vec<u8>,
    offset: usize,
    left: usize,
    ended: bool,
    record: PhantomData<fn() -> T>,
}

/// Tells a [`CollectIterator`] from outside how the job ended.
#[derive(Clone)]
pub struct CollectHandle {
    shared: Arc<Shared>,
}

struct Shared {
    capacity_bytes: usize,
    state: Mutex<State>,
    /// There is something to iterate, or nothing will come.
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Encoded records, one after the other, and how many.
    records: Vec<u8>,
    count: usize,
    /// Writers that wait for room.
    waiting: Vec<Waker>,
    /// The newest attempt of the job that has a writer, and how many writers it is to have: 0 before the first.
    attempt: u32,
    parallelism: u32,
    /// Writers of this attempt that are open, and those that were closed after the end of their input.
    open: u32,
    finished: u32,
    /// Whether records have gone to the iterator.
    handed_out: bool,
    /// How the job ended, if anyone has said so.
    outcome: Option<Result<()>>,
    sink_dropped: bool,
    iterator_dropped: bool,
}

impl<T: TypeInformation> CollectSink<T> {
    /// A sink and the iterator over what it takes. `capacity_bytes` bounds the encoded records that wait; the
    /// iterator holds up to as many again.
    pub fn new(capacity_bytes: usize) -> (CollectSink<T>, CollectIterator<T>) {
        let state = Mutex::new(State::default());
        let shared = Arc::new(Shared { capacity_bytes, state, changed: Condvar::new() });
        let iterator = CollectIterator {
            shared: shared.clone(),
            taken: Vec::new(),
            offset: 0,
            left: 0,
            ended: false,
            record: PhantomData,
        };
        (CollectSink { shared, record: PhantomData }, iterator)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing of the user's runs under the lock, so what it guards is whole even after a panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What the iterator is to do once no record waits: `None` is to wait.
    fn end(&mut self) -> Option<Result<()>> {
        if let Some(outcome) = self.outcome.take() {
            return Some(outcome);
        }
        if self.parallelism > 0 && self.finished == self.parallelism {
            return Some(Ok(()));
        }
        if self.sink_dropped && self.open == 0 {
            return Some(Err(Error::restart("the job ended before all its results were collected")));
        }
        None
    }

    /// A writer of `attempt` is created. The first one of a later attempt starts over.
    fn open(&mut self, attempt: u32, parallelism: u32) {
        if self.parallelism == 0 || attempt > self.attempt {
            if self.handed_out && self.outcome.is_none() {
                self.outcome = Some(Err(Error::restart(format!(
                    "the job was started again (attempt {attempt}) after some of its results had been taken; \
                     they would come twice"
                ))));
            }
            self.records.clear();
            self.count = 0;
            (self.attempt, self.parallelism, self.open, self.finished) = (attempt, parallelism, 0, 0);
        }
        if attempt == self.attempt {
            self.open += 1;
        }
    }
}

impl<T: TypeInformation> Sink for CollectSink<T> {
    type Record = T;
    type Writer = CollectWriter<T>;

    fn create_writer(&self, context: &WriterContext, _: Vec<VersionedBytes>) -> Result<CollectWriter<T>> {
        self.shared.lock().open(context.attempt, context.parallelism);
        self.shared.changed.notify_one();
        Ok(CollectWriter {
            shared: self.shared.clone(),
            attempt: context.attempt,
            finished: false,
            encoded: Vec::new(),
            record: PhantomData,
        })
    }
}

impl<T> Drop for CollectSink<T> {
    fn drop(&mut self) {
        self.shared.lock().sink_dropped = true;
        self.shared.changed.notify_one();
    }
}

/// The writer of a [`CollectSink`].
pub struct CollectWriter<T> {
    shared: Arc<Shared>,
    attempt: u32,
    finished: bool,
    encoded: Vec<u8>,
    record: PhantomData<fn(T)>,
}

impl<T: TypeInformation> SinkWriter for CollectWriter<T> {
    type Record = T;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let mut state = self.shared.lock();
        let full = state.records.len() >= self.shared.capacity_bytes.max(1);
        if full && !state.iterator_dropped && state.attempt == self.attempt {
            if !state.waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
                state.waiting.push(cx.waker().clone());
            }
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }

    fn write(&mut self, record: T, _: &WriteContext) -> Result<()> {
        self.encoded.clear();
        record.encode(&mut self.encoded);
        let mut state = self.shared.lock();
        if state.iterator_dropped {
            return Err(Error::user("nobody collects the results any more: their iterator was dropped"));
        }
        if state.attempt != self.attempt {
            return Err(Error::restart(format!(
                "a collecting writer of attempt {} is out of date",
                self.attempt
            )));
        }
        state.records.extend_from_slice(&self.encoded);
        state.count += 1;
        let first = state.count == 1;
        drop(state);
        if first {
            self.shared.changed.notify_one();
        }
        Ok(())
    }

    fn flush(&mut self, end_of_input: bool) -> Result<()> {
        self.finished |= end_of_input;
        Ok(())
    }
}

impl<T> Drop for CollectWriter<T> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        if state.attempt == self.attempt {
            state.open -= 1;
            state.finished += u32::from(self.finished);
            drop(state);
            self.shared.changed.notify_one();
        }
    }
}

impl<T> CollectIterator<T> {
    /// A handle that can end the iteration from outside.
    pub fn handle(&self) -> CollectHandle {
        CollectHandle { shared: self.shared.clone() }
    }

    /// Takes all records that wait, waiting for some; whether there are any.
    fn refill(&mut self) -> Result<bool> {
        self.taken.clear();
        self.offset = 0;
        let mut state = self.shared.lock();
        while state.count == 0 {
            if let Some(end) = state.end() {
                return end.map(|()| false);
            }
            state = self.shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        std::mem::swap(&mut state.records, &mut self.taken);
        self.left = std::mem::take(&mut state.count);
        state.handed_out = true;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
        Ok(true)
    }
}

impl<T: TypeInformation> Iterator for CollectIterator<T> {
    type Item = Result<T>;

    /// The next record, or once, as the last item, the error that the job ended with.
    fn next(&mut self) -> Option<Result<T>> {
        if self.ended {
            return None;
        }
        if self.left == 0 {
            match self.refill() {
                Ok(true) => {}
                Ok(false) => {
                    self.ended = true;
                    return None;
                }
                Err(error) => {
                    self.ended = true;
                    return Some(Err(error));
                }
            }
        }
        let mut input = Reader::new(&self.taken[self.offset..]);
        let record = T::decode(&mut input);
        self.offset += input.offset();
        self.left -= 1;
        self.ended = record.is_err();
        Some(record.map_err(Error::from))
    }
}

impl<T> Drop for CollectIterator<T> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.iterator_dropped = true;
        state.records = Vec::new();
        state.count = 0;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
    }
}

impl CollectHandle {
    /// The job has ended: the iterator yields what waits, then `outcome`'s error if it is one, then ends. Only
    /// the first outcome counts.
    pub fn finish(&self, outcome: Result<()>) {
        self.shared.lock().outcome.get_or_insert(outcome);
        self.shared.changed.notify_one();
    }
}

impl<T> fmt::Debug for CollectSink<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CollectSink({} bytes)", self.shared.capacity_bytes)
    }
}

impl<T> fmt::Debug for CollectIterator<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CollectIterator(ended: {})", self.ended)
    }
}

impl fmt::Debug for CollectHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CollectHandle")
    }
}
