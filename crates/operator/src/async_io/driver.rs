//! The half of the operator that runs on the I/O runtime: it polls the calls of one subtask.
use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use hurtig_core::Error;

use super::calls::{Call, Finished, Order, Outcome, Shared};
use super::woken::SlotWaker;

/// Runs calls until the task wants nothing any more; then it drops those that are left, and ends.
pub(super) struct Driver<O> {
    shared: Arc<Shared<O>>,
    slots: Vec<Slot<O>>,
    // Kept from one pass to the next for their memory.
    orders: Vec<Order<O>>,
    woken: Vec<usize>,
    finished: Vec<Finished<O>>,
}

struct Slot<O> {
    running: Option<(u64, Call<O>)>,
    signal: Arc<SlotWaker>,
    waker: Waker,
}

impl<O> Driver<O> {
    pub(super) fn new(shared: Arc<Shared<O>>) -> Self {
        let (slots, orders, woken, finished) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Driver { shared, slots, orders, woken, finished }
    }

    fn follow(&mut self, order: Order<O>) {
        match order {
            Order::Start { slot, ticket, call } => {
                while self.slots.len() <= slot {
                    let signal = SlotWaker::new(self.slots.len(), self.shared.woken.clone());
                    self.slots.push(Slot { running: None, waker: signal.clone().into(), signal });
                }
                discard(self.slots[slot].running.replace((ticket, call)));
                self.woken.push(slot);
            }
            Order::Stop { slot } => {
                if let Some(slot) = self.slots.get_mut(slot) {
                    discard(slot.running.take());
                }
            }
        }
    }

    fn poll_slot(&mut self, place: usize) {
        let slot = &mut self.slots[place];
        slot.signal.reset();
        let Some((ticket, call)) = &mut slot.running else { return };
        let mut cx = Context::from_waker(&slot.waker);
        let outcome = match catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(&mut cx))) {
            Ok(Poll::Pending) => return,
            Ok(Poll::Ready(Ok(results))) => Outcome::Results(results),
            Ok(Poll::Ready(Err(error))) => Outcome::Failed(error),
            Err(panic) => Outcome::Panicked(panic_error(panic.as_ref())),
        };
        self.finished.push(Finished { slot: place, ticket: *ticket, outcome });
        discard(slot.running.take());
    }
}

// Calls are pinned in boxes of their own, and everything else may move.
impl<O> Unpin for Driver<O> {}

impl<O> Future for Driver<O> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        // First, so that whatever comes from now on wakes the driver again.
        this.shared.woken.take(&mut this.woken, cx.waker());
        let mut orders = std::mem::take(&mut this.orders);
        let open = this.shared.take_orders(&mut orders);
        if !open {
            discard((orders, std::mem::take(&mut this.slots)));
            return Poll::Ready(());
        }
        orders.drain(..).for_each(|order| this.follow(order));
        this.orders = orders;
        // Those that wake themselves meanwhile have their turn in the next pass, after others have had theirs.
        let mut woken = std::mem::take(&mut this.woken);
        woken.drain(..).for_each(|slot| this.poll_slot(slot));
        this.woken = woken;
        if !this.finished.is_empty() {
            this.shared.finish(&mut this.finished);
        }
        Poll::Pending
    }
}

/// Drops the user's futures: should that panic, the other calls go on.
fn discard<T>(value: T) {
    let _ = catch_unwind(AssertUnwindSafe(|| drop(value)));
}

fn panic_error(panic: &(dyn Any + Send)) -> Error {
    let message = match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (_, Some(text)) => text.as_str(),
        _ => "(without a message)",
    };
    Error::restart(format!("panic: {message}"))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::super::calls::Calls;
    use super::*;

    fn poll(driver: &mut Driver<i64>) -> Poll<()> {
        Pin::new(driver).poll(&mut Context::from_waker(Waker::noop()))
    }

    /// What has ended: slot, ticket, and the results or the error.
    fn finished(calls: &mut Calls<i64>) -> Vec<(usize, u64, Result<Vec<i64>, String>)> {
        let mut finished = Vec::new();
        calls.take_finished(&mut finished, None);
        let outcome = |outcome| match outcome {
            Outcome::Results(results) => Ok(results),
            Outcome::Failed(error) => Err(format!("failed: {error}")),
            Outcome::Panicked(error) => Err(format!("panicked: {error}")),
        };
        finished.into_iter().map(|call| (call.slot, call.ticket, outcome(call.outcome))).collect()
    }

    /// Waits for ever, and counts itself when it is dropped.
    fn endless(dropped: &Arc<AtomicUsize>) -> Call<i64> {
        struct Counted(Arc<AtomicUsize>);
        impl Drop for Counted {
            fn drop(&mut self) {
                self.0.fetch_add(1, Ordering::SeqCst);
            }
        }
        let counted = Counted(dropped.clone());
        Box::pin(async move {
            let _counted = counted;
            std::future::pending().await
        })
    }

    #[test]
    fn calls_end_with_results_errors_and_panics() {
        let (mut calls, mut driver) = Calls::<i64>::pair();
        calls.call(0, 10, Box::pin(async { Ok(vec![1, 2]) }));
        calls.call(1, 11, Box::pin(async { Err(Error::user("no")) }));
        calls.call(2, 12, Box::pin(async { panic!("oh {}", 1) }));
        calls.send();
        assert!(poll(&mut driver).is_pending());
        assert_eq!(
            finished(&mut calls),
            [
                (0, 10, Ok(vec![1, 2])),
                (1, 11, Err("failed: no".to_owned())),
                (2, 12, Err("panicked: panic: oh 1".to_owned())),
            ]
        );
    }

    #[test]
    fn a_call_that_is_stopped_or_replaced_is_dropped() {
        let (mut calls, mut driver) = Calls::<i64>::pair();
        let dropped = Arc::default();
        (0..3).for_each(|slot| calls.call(slot, slot as u64, endless(&dropped)));
        calls.send();
        assert!(poll(&mut driver).is_pending());
        calls.stop(1);
        calls.call(2, 3, Box::pin(async { Ok(vec![7]) }));
        calls.send();
        assert!(poll(&mut driver).is_pending());
        assert_eq!(dropped.load(Ordering::SeqCst), 2);
        assert_eq!(finished(&mut calls), [(2, 3, Ok(vec![7]))]);
    }

    #[test]
    fn a_call_that_is_stopped_before_it_started_never_starts() {
        let (mut calls, mut driver) = Calls::<i64>::pair();
        let dropped = Arc::default();
        calls.call(0, 0, endless(&dropped));
        calls.send();
        calls.stop(0);
        assert_eq!(dropped.load(Ordering::SeqCst), 1);
        assert!(poll(&mut driver).is_pending());
        assert!(driver.slots.is_empty());
    }

    #[test]
    fn the_driver_ends_with_the_task_and_drops_everything() {
        let (mut calls, mut driver) = Calls::<i64>::pair();
        let dropped = Arc::default();
        calls.call(0, 0, endless(&dropped));
        calls.send();
        assert!(poll(&mut driver).is_pending());
        calls.call(1, 1, endless(&dropped));
        calls.send();
        drop(calls);
        assert!(poll(&mut driver).is_ready());
        assert_eq!(dropped.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn a_call_that_wakes_itself_gives_way_to_others() {
        let (mut calls, mut driver) = Calls::<i64>::pair();
        let mut left = 3;
        calls.call(
            0,
            0,
            Box::pin(std::future::poll_fn(move |cx| {
                left -= 1;
                cx.waker().wake_by_ref();
                if left == 0 { Poll::Ready(Ok(vec![])) } else { Poll::Pending }
            })),
        );
        calls.send();
        for _ in 0..2 {
            assert!(poll(&mut driver).is_pending());
            assert_eq!(finished(&mut calls), []);
        }
        assert!(poll(&mut driver).is_pending());
        assert_eq!(finished(&mut calls), [(0, 0, Ok(vec![]))]);
    }
}
