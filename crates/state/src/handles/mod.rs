//! What a function holds of its states: handles, resolved once in `open`, that name a column.
//!
//! Each call takes the context that the function is called with, which knows the key at hand. A handle that was
//! never registered (`Default`) gives an error that says so.
mod aggregating;
mod list;
mod map;
mod reducing;
mod value;

use crate::store::StateId;

pub use aggregating::AggregatingState;
pub use list::ListState;
pub use map::MapState;
pub use reducing::ReducingState;
pub use value::ValueState;

/// A handle of a state of keys, whatever its kind.
pub trait KeyedState {
    /// Which state it is.
    fn id(&self) -> StateId;
}

impl<T> KeyedState for ValueState<T> {
    fn id(&self) -> StateId {
        self.id
    }
}

impl<T> KeyedState for ListState<T> {
    fn id(&self) -> StateId {
        self.id
    }
}

impl<K, V> KeyedState for MapState<K, V> {
    fn id(&self) -> StateId {
        self.id
    }
}

impl<T, F> KeyedState for ReducingState<T, F> {
    fn id(&self) -> StateId {
        self.id
    }
}

impl<I, A> KeyedState for AggregatingState<I, A> {
    fn id(&self) -> StateId {
        self.id
    }
}
