//! Keys: the documented hash of a logical value, and the key groups that it falls into.
mod columns;
mod group;
pub mod hash;

pub use group::{KeyGroup, KeyGroupRange, MaxParallelism, table_slot_hash};
