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
mod key_by;
mod lifecycle;
mod map;
mod memory;
mod metrics;
mod partition;
mod process;
mod program;
mod restart;
mod seeds;
mod sources;
mod union;
mod watermarks;
mod windows;
