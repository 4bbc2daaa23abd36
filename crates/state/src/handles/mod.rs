//! What a function holds of its states: handles, resolved once in `open`, that name a column.
//!
//! Each call takes the context that the function is called with, which knows the key at hand. A handle that was
//! never registered (`Default`) gives an error that says so.
mod aggregating;
mod list;
mod map;
mod reducing;
mod value;

pub use aggregating::AggregatingState;
pub use list::ListState;
pub use map::MapState;
pub use reducing::ReducingState;
pub use value::ValueState;
