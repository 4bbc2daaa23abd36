//! A fixed number of records per second, shared by all subtasks.
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hurtig_connector::{Host, ReaderContext, Sleep};
use hurtig_core::{Error, Instant, Result};

const SECOND_NANOS: u128 = 1_000_000_000;
const MILLI_NANOS: u64 = 1_000_000;

/// Says how many records a subtask may hand out by now.
///
/// Record k of subtask i of p is due `(k * p + i) / rate` seconds after the reader's first step: the subtasks
/// take turns, and together they keep the rate. Each due time is reckoned from the start, never from the record
/// before, so nothing drifts; a subtask that was held up catches up.
pub(crate) struct Pacer {
    host: Arc<dyn Host>,
    records_per_second: u64,
    subtask: u64,
    parallelism: u64,
    start: Option<Instant>,
    handed_out: u64,
    sleep: Option<Sleep>,
}

impl Pacer {
    /// A pacer for the subtask of `context`. Fails for a rate of 0.
    pub(crate) fn new(records_per_second: u64, context: &ReaderContext) -> Result<Self> {
        if records_per_second == 0 {
            return Err(Error::user("a rate of 0 records per second: expected at least 1"));
        }
        Ok(Pacer {
            host: context.host.clone(),
            records_per_second,
            subtask: u64::from(context.subtask.0),
            parallelism: u64::from(context.parallelism.max(1)),
            start: None,
            handed_out: 0,
            sleep: None,
        })
    }

    /// How many of `wanted` records may be handed out now, at least one; waits until one may.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, wanted: u64) -> Poll<u64> {
        loop {
            let now = self.host.instant();
            let start = *self.start.get_or_insert(now);
            let left = self.due_by(now.since(start)).saturating_sub(self.handed_out);
            if left > 0 {
                return Poll::Ready(left.min(wanted));
            }
            let sleep = match &mut self.sleep {
                Some(sleep) => sleep,
                None => {
                    let at = start + Duration::from_nanos(self.wake_nanos());
                    self.sleep.insert(self.host.sleep_until(at))
                }
            };
            std::task::ready!(sleep.as_mut().poll(cx));
            self.sleep = None;
        }
    }

    /// So many records have been handed out.
    pub(crate) fn handed_out(&mut self, count: u64) {
        self.handed_out += count;
    }

    /// How many records of this subtask are due once `elapsed` has passed.
    fn due_by(&self, elapsed: Duration) -> u64 {
        let last = elapsed.as_nanos() * u128::from(self.records_per_second) / SECOND_NANOS;
        match last.checked_sub(u128::from(self.subtask)) {
            Some(ahead) => u64::try_from(ahead / u128::from(self.parallelism) + 1).unwrap_or(u64::MAX),
            None => 0,
        }
    }

    /// When to look again, in nanoseconds after the start: when the next record is due, but on a whole
    /// millisecond, so that a high rate makes batches and not wake-ups.
    fn wake_nanos(&self) -> u64 {
        let place = u128::from(self.handed_out) * u128::from(self.parallelism) + u128::from(self.subtask);
        let due = (place * SECOND_NANOS).div_ceil(u128::from(self.records_per_second));
        u64::try_from(due).unwrap_or(u64::MAX).div_ceil(MILLI_NANOS).saturating_mul(MILLI_NANOS)
    }
}

impl fmt::Debug for Pacer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Pacer { records_per_second, subtask, parallelism, .. } = self;
        write!(f, "Pacer({records_per_second}/s, subtask {subtask} of {parallelism})")
    }
}
