//! Whole programs, one topic a file: each runs on threads and, in hundreds of orders, under seeds.
//!
//! [`harness`] says how. Several tests use the functions in [`functions`], the source in [`script`] that does
//! what it is told, the sink in [`recorder`] that remembers; what is in [`broken`] goes wrong.
#![allow(clippy::unwrap_used, reason = "helpers belong to tests too")]
mod broken;
mod functions;
mod harness;
mod recorder;
mod script;

mod aggregate;
mod alignment;
mod async_io;
mod batch;
mod broadcast_state;
mod columns;
mod commits;
mod connect;
mod contracts;
mod failures;
mod filter;
mod flat_map;
#[cfg(feature = "files")]
mod flights;
mod idleness;
mod interval_join;
mod key_by;
mod keyed_co;
mod keyed_process;
mod lifecycle;
mod map;
mod memory;
mod metrics;
mod operator_harness;
mod partition;
mod process;
mod program;
mod restart;
mod seeds;
mod sources;
mod ttl;
mod union;
mod watermarks;
mod windows;
mod windows_named;
