//! What the task and the driver of its calls share: calls one way, results the other, a batch at a time.
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use hurtig_connector::Host;
use hurtig_core::{Error, Result};

use super::driver::Driver;
use super::woken::Woken;

/// A call on its way. Boxed, as nobody can name the type of the user's futures.
pub(super) type Call<O> = Pin<Box<dyn Future<Output = Result<Vec<O>>> + Send>>;

/// What the driver is to do with a slot.
pub(super) enum Order<O> {
    /// Run this call, instead of any that is there.
    Start { slot: usize, ticket: u64, call: Call<O> },
    /// Drop the call.
    Stop { slot: usize },
}

impl<O> Order<O> {
    fn slot(&self) -> usize {
        match self {
            Order::Start { slot, .. } | Order::Stop { slot } => *slot,
        }
    }
}

/// A call that has come to its end.
pub(super) struct Finished<O> {
    pub(super) slot: usize,
    /// Which call it was: the slot may have another by now.
    pub(super) ticket: u64,
    pub(super) outcome: Outcome<O>,
}

/// How a call ended.
pub(super) enum Outcome<O> {
    Results(Vec<O>),
    Failed(Error),
    /// A mistake in the function's code: no retry strategy is asked.
    Panicked(Error),
}

/// Held by both sides. Each list has at most two entries per slot.
pub(super) struct Shared<O> {
    state: Mutex<State<O>>,
    pub(super) woken: Arc<Woken>,
}

struct State<O> {
    orders: Vec<Order<O>>,
    finished: Vec<Finished<O>>,
    /// The task, while it waits for results.
    task: Option<Waker>,
    /// The task wants nothing any more.
    closed: bool,
}

impl<O> Shared<O> {
    fn lock(&self) -> MutexGuard<'_, State<O>> {
        // Nothing in here panics half way, so what a poisoned lock guards is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For the driver: takes what it is to do, into a vector that is empty. `false` once it should end.
    pub(super) fn take_orders(&self, orders: &mut Vec<Order<O>>) -> bool {
        let mut state = self.lock();
        std::mem::swap(&mut state.orders, orders);
        !state.closed
    }

    /// For the driver: hands calls that have ended over and wakes the task if it waits for them.
    pub(super) fn finish(&self, finished: &mut Vec<Finished<O>>) {
        let mut state = self.lock();
        state.finished.append(finished);
        let task = state.task.take();
        drop(state);
        if let Some(task) = task {
            task.wake();
        }
    }
}

/// The task's side. Dropping it drops all calls.
pub(super) struct Calls<O> {
    shared: Arc<Shared<O>>,
    /// Not handed over yet.
    starting: Vec<Order<O>>,
}

impl<O: Send + 'static> Calls<O> {
    /// Starts a driver on the host's background I/O.
    pub(super) fn start(host: &dyn Host) -> Self {
        let (calls, driver) = Self::pair();
        host.spawn_io(Box::pin(driver));
        calls
    }

    /// Both sides.
    pub(super) fn pair() -> (Self, Driver<O>) {
        let state = State { orders: Vec::new(), finished: Vec::new(), task: None, closed: false };
        let shared = Arc::new(Shared { state: Mutex::new(state), woken: Arc::default() });
        (Calls { shared: shared.clone(), starting: Vec::new() }, Driver::new(shared))
    }
}

impl<O> Calls<O> {
    /// A call to be started with the next [`Calls::send`].
    pub(super) fn call(&mut self, slot: usize, ticket: u64, call: Call<O>) {
        self.starting.push(Order::Start { slot, ticket, call });
    }

    /// Starts the calls that have been gathered.
    pub(super) fn send(&mut self) {
        if self.starting.is_empty() {
            return;
        }
        self.shared.lock().orders.append(&mut self.starting);
        self.shared.woken.wake_driver();
    }

    /// Drops the call of `slot`.
    pub(super) fn stop(&mut self, slot: usize) {
        let mut state = self.shared.lock();
        // Should the driver be stuck, orders that are void must not pile up.
        let (void, orders) =
            std::mem::take(&mut state.orders).into_iter().partition(|order| order.slot() == slot);
        state.orders = orders;
        state.orders.push(Order::Stop { slot });
        drop(state);
        self.shared.woken.wake_driver();
        // After the lock, as the user's futures are dropped here.
        let void: Vec<Order<O>> = void;
        drop(void);
    }

    /// Takes the calls that have ended, into a vector that is empty. If there are none, `waiting` is woken at
    /// the next.
    pub(super) fn take_finished(&mut self, finished: &mut Vec<Finished<O>>, waiting: Option<&Waker>) {
        let mut state = self.shared.lock();
        std::mem::swap(&mut state.finished, finished);
        if let Some(waker) = waiting
            && finished.is_empty()
            && !state.task.as_ref().is_some_and(|task| task.will_wake(waker))
        {
            state.task = Some(waker.clone());
        }
    }
}

impl<O> Drop for Calls<O> {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.woken.wake_driver();
    }
}
