//! Runs one job, the same in every deployment: a process of its own in a cluster, a thread beside the tasks
//! in one process. It speaks with tasks in [`messages`](hurtig_runtime::messages) only.
//!
//! [`master`] is the loop; [`status`] the states of a job and which may follow which; [`restart`] decides
//! whether a failed job is started again; [`sources`] holds the enumerators, [`alignment`] the groups of
//! sources that wait for each other, [`sinks`] the committers. [`client`] is what a program holds of a job
//! that it has started, [`local`] starts one in this process.
pub mod alignment;
pub mod client;
pub mod local;
pub mod master;
pub mod restart;
pub mod sinks;
pub mod sources;
pub mod status;

pub use client::{JobClient, JobExecutionResult};
pub use local::submit;
pub use status::JobStatus;
