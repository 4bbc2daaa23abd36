//! A state of all keys of a subtask: its values by row.
//!
//! [`value`]: one value a row. [`list`]: a run of elements a row, in chunks. [`map`]: entries a row, each found
//! by its own hash. [`sorted`]: elements a row by their times, for joins. None of them knows the type of the keys.
pub mod list;
pub mod map;
#[cfg(test)]
mod model;
pub mod sorted;
pub mod value;

use std::any::Any;

use crate::index::RowId;
use crate::rows::RowHolds;
use crate::ttl::{StateTime, StateTtlConfig};

/// What is done with a state whose type is not known.
pub trait StateColumn: Any + Send {
    /// Looks at these rows, so that they are near when they are wanted. The number has no meaning but keeps the
    /// loop from being left out.
    fn touch(&self, rows: &[RowId]) -> usize;

    /// Whether it holds something for a row, over or not.
    fn holds_row(&self, row: RowId) -> bool;

    /// Values, elements or entries held.
    fn len(&self) -> usize;

    /// Whether it holds nothing.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes held, without what values own elsewhere.
    fn bytes(&self) -> usize;

    /// Forgets what it holds for a row.
    fn clear_row(&mut self, row: RowId, holds: &mut RowHolds);

    /// An empty one of the same types and time to live.
    fn twin(&self) -> Box<dyn StateColumn>;

    /// Gives its memory back. Called when it holds nothing for any row.
    fn reset(&mut self);

    /// Its time to live.
    fn ttl(&self) -> Option<&StateTtlConfig>;

    /// Looks at up to `budget` rows or entries, after those of the last call, and removes what is over. Gives
    /// how many it has looked at; fewer than `budget` means that it has been through.
    fn sweep(&mut self, budget: usize, now: &StateTime, holds: &mut RowHolds) -> usize;

    /// What it holds now.
    fn freeze(&mut self) -> Box<dyn FrozenColumn>;
}

/// A state as it was, to be written on any thread.
pub trait FrozenColumn: Send + Sync {
    /// Appends what the row holds, in version 1 of the encoding: for lists and maps their length first, with
    /// time to live each value's stamp before it. `false` if the row holds nothing.
    fn encode_row(&self, row: RowId, out: &mut Vec<u8>) -> bool;
}

/// Puts `value` at `place`, which may be beyond the end.
pub(crate) fn set_stamp(stamps: &mut crate::segments::Segments<Stamp>, place: usize, stamp: i64) {
    stamps.grow(place + 1, &Stamp(0));
    if let Some(present) = stamps.get_mut(place) {
        present.0 = stamp;
    }
}

/// When a value was last touched, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stamp(pub(crate) i64);

impl crate::segments::Stored for Stamp {
    const DEEP: bool = false;
}
