//! How the futures of one driver say that they can go on.
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

/// The slots whose futures can go on, in the order in which they said so; and whom to wake for it.
#[derive(Default)]
pub(super) struct Woken(Mutex<State>);

#[derive(Default)]
struct State {
    /// Each slot once at most.
    slots: Vec<usize>,
    /// Gone once it has been woken, until it comes by again.
    driver: Option<Waker>,
}

impl Woken {
    /// Takes the slots, into a vector that is empty, and remembers the driver for the next.
    pub(super) fn take(&self, slots: &mut Vec<usize>, driver: &Waker) {
        let mut state = self.lock();
        std::mem::swap(&mut state.slots, slots);
        state.driver = Some(driver.clone());
    }

    /// Wakes the driver for another reason.
    pub(super) fn wake_driver(&self) {
        let driver = self.lock().driver.take();
        if let Some(driver) = driver {
            driver.wake();
        }
    }

    fn push(&self, slot: usize) {
        let mut state = self.lock();
        state.slots.push(slot);
        let driver = state.driver.take();
        drop(state);
        if let Some(driver) = driver {
            driver.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics half way, so what a poisoned lock guards is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes the future of one slot, whichever that is at the time: one woken for its predecessor only looks once
/// too often.
pub(super) struct SlotWaker {
    slot: usize,
    queued: AtomicBool,
    woken: Arc<Woken>,
}

impl SlotWaker {
    pub(super) fn new(slot: usize, woken: Arc<Woken>) -> Arc<Self> {
        Arc::new(SlotWaker { slot, queued: AtomicBool::new(false), woken })
    }

    /// Before the future is polled: from now on it can be woken again.
    pub(super) fn reset(&self) {
        self.queued.store(false, Ordering::SeqCst);
    }
}

impl Wake for SlotWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.queued.swap(true, Ordering::SeqCst) {
            self.woken.push(self.slot);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn slots_are_taken_in_order_and_each_once() {
        let (woken, count) = (Arc::new(Woken::default()), Arc::new(Count::default()));
        let driver = Waker::from(count.clone());
        let wakers = [0, 1, 2].map(|slot| SlotWaker::new(slot, woken.clone()));
        let mut slots = Vec::new();
        woken.take(&mut slots, &driver);
        for slot in [2, 0, 2, 0] {
            wakers[slot].wake_by_ref();
        }
        assert_eq!(count.0.load(Ordering::SeqCst), 1, "the driver is woken once for all of them");
        woken.take(&mut slots, &driver);
        assert_eq!(slots, [2, 0]);
        slots.clear();
        wakers[2].wake_by_ref();
        assert_eq!(count.0.load(Ordering::SeqCst), 1, "slot 2 has not been polled yet");
        wakers[2].reset();
        wakers[2].wake_by_ref();
        woken.wake_driver();
        assert_eq!(count.0.load(Ordering::SeqCst), 2);
        woken.take(&mut slots, &driver);
        assert_eq!(slots, [2]);
    }
}
