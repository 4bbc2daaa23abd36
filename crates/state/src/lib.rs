//! State: what functions remember for a key or for a subtask, on the heap.
//!
//! A record's key is looked for once and gets a row ([`rows`], [`index`]); each state of the key lies at that
//! row in a column of real Rust values ([`columns`]), and functions get at it by handles ([`handles`]) that
//! they have registered with descriptors ([`descriptor`]) in a [`store::StateStore`]. [`keyed`] holds the
//! three parts of a keyed operator together: keys, states, timers ([`timers`]). All of it lies in segments
//! that a snapshot can hold on to while records change them ([`segments`], [`slab`]). [`operator_state`] is
//! what belongs to a subtask and no key; [`ttl`] forgets.
pub mod columns;
pub mod descriptor;
pub mod functions;
pub mod handles;
pub mod index;
pub mod keyed;
pub mod operator_state;
pub mod rows;
pub mod segments;
pub mod slab;
pub mod small_keys;
pub mod store;
pub mod timers;
pub mod ttl;

pub use descriptor::{
    AggregatingStateDescriptor, ListStateDescriptor, MapStateDescriptor, ReducingStateDescriptor,
    ValueStateDescriptor,
};
pub use functions::{AggregateFunction, ReduceFunction};
pub use handles::{AggregatingState, ListState, MapState, ReducingState, ValueState};
pub use index::RowId;
pub use store::{StateAccess, StateStore};
pub use ttl::StateTtlConfig;
