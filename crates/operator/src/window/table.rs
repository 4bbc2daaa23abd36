//! The windows of a subtask, each with a row: its key, its span, what its trigger remembers, its timers.
use hurtig_core::key::hash::mix;
use hurtig_core::{Result, TypeInformation};
use hurtig_state::RowId;
use hurtig_state::index::Index;
use hurtig_state::rows::RowHolds;
use hurtig_state::segments::Stored;
use hurtig_state::slab::Slab;
use hurtig_state::timers::{TimeDomain, TimerQueue};

use crate::window::trigger::NO_TIMER;
use crate::window::window::Window;

/// A window of a key.
#[derive(Clone, Debug)]
pub struct WindowRow<W, S> {
    /// The row of its key.
    pub key: RowId,
    /// Its span.
    pub window: W,
    /// What the trigger remembers.
    pub state: S,
    /// The timer that the trigger set last.
    pub last: i64,
    /// By which time it fires.
    pub last_domain: TimeDomain,
    /// The timer that ends it is set, and the trigger is to be called then.
    pub ends: bool,
    /// It is gone; only timers that nobody deleted hold the row.
    pub dead: bool,
    /// It holds nothing and remembers nothing, and goes when no timer and no state of its own holds the row.
    pub idle: bool,
    /// When it was last written, if windows have a time to live.
    pub stamp: i64,
}

impl<W, S> WindowRow<W, S> {
    /// The window is used again, if it had been let go.
    #[inline]
    pub fn take_back(&mut self, row: RowId, holds: &mut RowHolds) {
        if self.idle {
            self.idle = false;
            holds.hold(row);
        }
    }
}

impl<W: Window, S: TypeInformation> Stored for WindowRow<W, S> {
    const DEEP: bool = W::HAS_HEAP || S::HAS_HEAP;
}

/// Windows by key and span.
pub struct WindowTable<W, S> {
    /// The windows.
    pub rows: Slab<WindowRow<W, S>>,
    index: Index,
    /// Their timers of event time.
    pub event: TimerQueue,
    /// Their timers of processing time.
    pub processing: TimerQueue,
    /// How many are not dead.
    live: usize,
}

impl<W, S> Default for WindowTable<W, S> {
    fn default() -> Self {
        WindowTable {
            rows: Slab::default(),
            index: Index::default(),
            event: TimerQueue::default(),
            processing: TimerQueue::default(),
            live: 0,
        }
    }
}

#[inline]
fn hash<W: Window>(key: RowId, window: &W) -> u64 {
    mix(window.key_hash() ^ u64::from(key.0).wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

impl<W: Window, S: TypeInformation + Default> WindowTable<W, S> {
    /// How many windows there are.
    pub fn live(&self) -> usize {
        self.live
    }

    /// The window of a key, if it is there. `hint` may be its row.
    #[inline]
    pub fn find(&self, key: RowId, window: &W, hint: RowId) -> RowId {
        if self.is(hint, key, window) {
            return hint;
        }
        self.index.find(hash(key, window), |row| self.is(row, key, window))
    }

    #[inline]
    fn is(&self, row: RowId, key: RowId, window: &W) -> bool {
        self.rows.get(row.0).is_some_and(|held| held.key == key && held.window == *window && !held.dead)
    }

    /// Adds a window, which must not be there.
    pub fn insert(&mut self, key: RowId, window: W, holds: &mut RowHolds) -> Result<RowId> {
        let hash = hash(key, &window);
        let row = self.insert_apart(key, window, holds)?;
        self.index.insert(hash, row);
        Ok(row)
    }

    /// Adds a window that is never looked for by its span, and whose span may change.
    pub fn insert_apart(&mut self, key: RowId, window: W, holds: &mut RowHolds) -> Result<RowId> {
        let state = S::default();
        let held = WindowRow {
            key,
            window,
            state,
            last: NO_TIMER,
            last_domain: TimeDomain::EventTime,
            ends: false,
            dead: false,
            idle: false,
            stamp: i64::MIN,
        };
        let row = self.rows.insert(held).map(RowId).ok_or_else(|| {
            hurtig_core::Error::user("a subtask holds 4 294 967 295 windows: raise the parallelism")
        })?;
        holds.hold(row);
        self.live += 1;
        Ok(row)
    }

    /// The window is gone. Its row stays while timers hold it.
    pub fn kill(&mut self, row: RowId, holds: &mut RowHolds) {
        let Some(held) = self.rows.get_mut(row.0).filter(|held| !held.dead) else { return };
        held.dead = true;
        held.state = S::default();
        let hash = hash(held.key, &held.window);
        self.index.remove(hash, row);
        self.live -= 1;
        if !held.idle {
            holds.release(row);
        }
    }

    /// The window holds nothing: it goes unless it is used again or something holds the row.
    pub fn let_go(&mut self, row: RowId, holds: &mut RowHolds) {
        if let Some(held) = self.rows.get_mut(row.0).filter(|held| !held.idle && !held.dead) {
            held.idle = true;
            holds.release(row);
        }
    }

    /// Gives up the rows of dead and idle windows that nothing holds any more. `forgotten` gets the rows of the
    /// keys of windows that are gone by this.
    #[inline]
    pub fn collect(&mut self, holds: &mut RowHolds, mut forgotten: impl FnMut(RowId)) {
        if holds.has_released() {
            holds.give_up(|row| {
                let Some(held) = self.rows.get(row.0).filter(|held| held.dead || held.idle) else { return };
                if !held.dead {
                    self.index.remove(hash(held.key, &held.window), row);
                    self.live -= 1;
                    forgotten(held.key);
                }
                self.rows.remove(row.0);
            });
            if self.rows.is_empty() {
                holds.reset();
            }
        }
    }

    /// Looks at rows that are about to be used.
    #[inline]
    pub fn touch(&self, rows: &[RowId]) -> usize {
        rows.iter().filter(|row| self.rows.get(row.0).is_some_and(|held| held.ends)).count()
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.rows.bytes() + self.index.bytes() + self.event.bytes() + self.processing.bytes()
    }
}
