//! Lines on their way from the connection to the task: a queue of bounded bytes that both sides wait at.
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use hurtig_core::Result;

/// The queue. The connection puts lines in, the reader takes them out.
#[derive(Debug)]
pub(super) struct Handover {
    capacity_bytes: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    lines: VecDeque<String>,
    bytes: usize,
    /// How the connection ended, until the reader has been told.
    ended: Option<Result<()>>,
    /// The reader has gone.
    closed: bool,
    reader: Option<Waker>,
    connection: Option<Waker>,
}

/// The reader has gone: the connection should go too.
#[derive(Debug)]
pub(super) struct Closed;

impl Handover {
    /// An empty queue that is full at `capacity_bytes`.
    pub(super) fn new(capacity_bytes: usize) -> Self {
        Handover { capacity_bytes: capacity_bytes.max(1), state: Mutex::default() }
    }

    /// Whether another line may be put in.
    pub(super) fn poll_room(&self, cx: &mut Context<'_>) -> Poll<Result<(), Closed>> {
        let mut state = self.lock();
        if state.closed {
            return Poll::Ready(Err(Closed));
        }
        if state.bytes < self.capacity_bytes {
            return Poll::Ready(Ok(()));
        }
        state.connection = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Ready once the reader has gone.
    pub(super) fn poll_closed(&self, cx: &mut Context<'_>) -> Poll<Closed> {
        let mut state = self.lock();
        if state.closed {
            return Poll::Ready(Closed);
        }
        state.connection = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Puts a line in.
    pub(super) fn put(&self, line: String) {
        let mut state = self.lock();
        state.bytes += cost(&line);
        state.lines.push_back(line);
        wake(state, |state| state.reader.take());
    }

    /// The connection is over: nothing follows, or this error does.
    pub(super) fn end(&self, outcome: Result<()>) {
        let mut state = self.lock();
        state.ended = Some(outcome);
        wake(state, |state| state.reader.take());
    }

    /// Takes up to `limit` lines out; `None` is the end.
    pub(super) fn poll_take(&self, cx: &mut Context<'_>, limit: usize) -> Poll<Result<Option<Vec<String>>>> {
        let mut state = self.lock();
        if state.lines.is_empty() {
            if let Some(outcome) = state.ended.take() {
                return Poll::Ready(outcome.map(|()| None));
            }
            state.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let count = limit.min(state.lines.len());
        let lines: Vec<String> = state.lines.drain(..count).collect();
        state.bytes -= lines.iter().map(|line| cost(line)).sum::<usize>();
        wake(state, |state| state.connection.take());
        Poll::Ready(Ok(Some(lines)))
    }

    /// Nobody will take anything out any more.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        wake(state, |state| state.connection.take());
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics half way, so what a poisoned lock guards is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An empty line is not free, lest any number of them fit.
fn cost(line: &str) -> usize {
    line.len() + size_of::<String>()
}

/// Wakes a side after the lock is given up, so that it does not wait for it at once.
fn wake(mut state: MutexGuard<'_, State>, side: impl FnOnce(&mut State) -> Option<Waker>) {
    let waker = side(&mut state);
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}
