//! Functions on keyed streams: state per key, timers per key.
//!
//! An operator holds [`KeyedStates`](hurtig_state::keyed::KeyedStates). A batch's keys are hashed and looked
//! for together, a [`CHUNK`] at a time ([`lookup`]); then the function sees one record after the other through
//! a [`context`]. [`subtask`] is what the operators have in common; [`process`] is the function of one input,
//! [`co`] of two, [`broadcast`] of one and of what every subtask gets.
pub mod broadcast;
pub mod co;
pub mod context;
pub mod lookup;
pub mod process;
pub mod subtask;
pub mod sweep;

pub use broadcast::{KeyedBroadcastContext, KeyedBroadcastProcess, KeyedBroadcastProcessFunction};
pub use co::{KeyedCoProcess, KeyedCoProcessFunction};

pub use context::KeyedContext;
pub use hurtig_state::timers::TimeDomain;
pub use process::{KeyedProcess, KeyedProcessFunction};

/// How many keys are looked for together: so many lines of memory stay near until they are used.
pub const CHUNK: usize = 128;
