//! Events in time with the wall clock.
use std::ops::Range;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hurtig_connector::{Host, Sleep};
use hurtig_core::{EventTime, Instant};

use crate::timeline::Timeline;

/// Holds events back until as much time has passed since the reader's first event as event time lies between
/// them.
///
/// The published source counts from the base time instead, so after a recovery it waits once more for all the
/// time that it had already run.
pub(crate) struct Pace {
    host: Arc<dyn Host>,
    timeline: Timeline,
    /// When the first event was due, and its time.
    first: Option<(Instant, EventTime)>,
    sleep: Option<Sleep>,
}

impl Pace {
    pub(crate) fn new(host: Arc<dyn Host>, timeline: Timeline) -> Pace {
        Pace { host, timeline, first: None, sleep: None }
    }

    /// The part of `numbers` that is due, at least its first event; waits for that. `numbers` is not empty.
    pub(crate) fn poll_due(&mut self, cx: &mut Context<'_>, numbers: Range<u64>) -> Poll<Range<u64>> {
        loop {
            let now = self.host.instant();
            let next = self.timeline.at(numbers.start);
            let (start, first) = *self.first.get_or_insert((now, next));
            let due_by = first.saturating_add(now.since(start));
            if next <= due_by {
                let end = self.timeline.first_after(due_by, numbers.clone());
                self.sleep = None;
                return Poll::Ready(numbers.start..end);
            }
            let sleep = match &mut self.sleep {
                Some(sleep) => sleep,
                None => {
                    let after = next.as_millis().saturating_sub(first.as_millis());
                    let at = start + Duration::from_millis(after.unsigned_abs());
                    self.sleep.insert(self.host.sleep_until(at))
                }
            };
            ready!(sleep.as_mut().poll(cx));
            self.sleep = None;
        }
    }
}
