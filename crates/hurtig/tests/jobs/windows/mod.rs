//! What windows and joins must answer, computed the slow and plain way, and scripts to compare on.
//!
//! [`oracle`] does what Flink's `WindowOperator` and `EvictingWindowOperator` do, with lists and linear
//! searches: a [`Windowing`](oracle::Windowing) says what is windowed how, and its `run` plays a script of
//! [`steps`] and gives an [`outcome`]. Its parts are the [`assigner`], the [`trigger`], the [`evictor`] and the
//! [`timers`]. [`joins_oracle`] has window joins, co-groups and interval joins. [`cases`] makes up windowings
//! and scripts. [`examples`] and [`joins_examples`] are computed by hand; [`relations`] compares with
//! definitions that know of no timers. [`compare`] compares the engine.
#![allow(dead_code, reason = "strategies and helpers are for every test of windows, also for those to come")]
pub mod assigner;
pub mod cases;
pub mod evictor;
pub mod join_cases;
pub mod joins_oracle;
pub mod oracle;
pub mod outcome;
pub mod steps;
pub mod timers;
pub mod trigger;

mod compare;
mod examples;
mod joins_examples;
mod relations;
