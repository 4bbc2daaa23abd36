//! Joins of two keyed streams by time.
//!
//! [`interval`] is the operator; [`interval::Interval`] says how far apart partners may be. Each of its two
//! sides (`side`) buffers its records by time, looks through the other's buffer for partners, and forgets
//! what can have none any more. [`function`] is what pairs are handed to, [`context`] what it is called with.
pub mod context;
pub mod function;
pub mod interval;
mod side;

pub use context::JoinContext;
pub use function::{ProcessJoinFunction, ProcessOuterJoinFunction};
pub use interval::{Interval, IntervalJoin, JoinType, LateOutputs, RelativeTime};
