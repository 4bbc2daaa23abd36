//! Looking for work a little longer before sleeping. Waking a sleeping thread takes tens of microseconds, more
//! than a record's whole way; so a task whose records come closer together than that stays awake for them.
//!
//! Three things keep this from costing others their time: a task whose last wait was long sleeps almost at
//! once; only half of the processors may be kept awake so; and a thread that notices that others wanted its
//! processor stops.
#![expect(clippy::disallowed_methods, reason = "waiting is measured where it is done")]
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How long every wait begins awake.
const SHORT: Duration = Duration::from_micros(10);
/// A look at the clock that comes so much later than the one before: another thread has run in between.
const DISTURBED: Duration = Duration::from_micros(50);
/// How many waits a disturbed thread sleeps at once.
const CALM_WAITS: u32 = 8;

/// Threads that look for longer than [`SHORT`].
static AWAKE: AtomicUsize = AtomicUsize::new(0);

/// One thread's way of waiting.
pub(super) struct Spin {
    max: Duration,
    /// The last wait was short: the next one probably is too.
    hopeful: bool,
    calm: u32,
}

impl Spin {
    pub(super) fn new(max: Duration) -> Self {
        Spin { max, hopeful: false, calm: 0 }
    }

    /// Looks at `notified` for a while and takes the notice if one comes.
    pub(super) fn until_notified(&mut self, start: Instant, notified: &AtomicBool) -> bool {
        if self.look(start, SHORT.min(self.max), notified) {
            return true;
        }
        if self.calm > 0 {
            self.calm -= 1;
            return false;
        }
        if !self.hopeful || self.max <= SHORT || AWAKE.fetch_add(1, Ordering::Relaxed) >= allowed() {
            if self.hopeful && self.max > SHORT {
                AWAKE.fetch_sub(1, Ordering::Relaxed);
            }
            return false;
        }
        let found = self.look(start, self.max, notified);
        AWAKE.fetch_sub(1, Ordering::Relaxed);
        found
    }

    fn look(&mut self, start: Instant, limit: Duration, notified: &AtomicBool) -> bool {
        let mut last = start;
        loop {
            for _ in 0..16 {
                if notified.swap(false, Ordering::SeqCst) {
                    return true;
                }
                std::hint::spin_loop();
            }
            std::thread::yield_now();
            let now = Instant::now();
            if now - last > DISTURBED {
                self.calm = CALM_WAITS;
                return notified.swap(false, Ordering::SeqCst);
            }
            if now - start >= limit {
                return false;
            }
            last = now;
        }
    }

    /// The thread slept; the wait took so long in all.
    pub(super) fn slept(&mut self, waited: Duration) {
        self.hopeful = waited <= self.max;
    }
}

/// How many threads may stay awake: half of the processors, one at least.
fn allowed() -> usize {
    static ALLOWED: OnceLock<usize> = OnceLock::new();
    *ALLOWED.get_or_init(|| std::thread::available_parallelism().map_or(1, |count| (count.get() / 2).max(1)))
}
