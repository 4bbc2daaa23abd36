//! Whole programs, one topic a file: each runs on threads and, in hundreds of orders, under seeds.
//!
//! [`harness`] says how; [`functions`] are functions that several tests use.
mod functions;
mod harness;

mod filter;
mod map;
