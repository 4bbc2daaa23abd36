//! The three graphs of a job, as plain data that prints and serialises: what the program wrote
//! ([`StreamGraph`]), what runs together ([`JobGraph`], after operator chaining), what runs where
//! ([`ExecutionGraph`]). Nothing here runs anything; the functions and operators that nodes stand for are
//! held elsewhere under the same [`NodeId`](hurtig_core::ids::NodeId).
//!
//! Files in the order of a job's way: `stream` is what the API fills in; `validate` refuses what cannot run;
//! `parallelism` and `slots` settle what the program left open; `chaining` decides which operators share a
//! task and makes the job graph, with the operators' ids from `identity` and their printed names from `name`;
//! `execution` lays subtasks out and `distribution` says which of them are joined by channels.
//! `fingerprint` is the number by which processes know that they built the same job; `explain` prints.
mod adjacency;
mod canonical;
mod chaining;
mod distribution;
mod execution;
mod explain;
mod fingerprint;
mod identity;
mod job;
mod name;
mod parallelism;
mod slots;
mod stream;
mod validate;

#[cfg(test)]
mod tests;

pub use execution::{ExecutionGraph, SubtaskId};
pub use explain::explain;
pub use job::{ChainTarget, ChainedOperator, EdgeId, JobEdge, JobGraph, JobVertex};
pub use slots::{DEFAULT_SLOT_SHARING_GROUP, Slot};
pub use stream::{ChainingStrategy, NodeRole, OutputName, Partitioner, StreamEdge, StreamGraph, StreamNode};
