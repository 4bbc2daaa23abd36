//! The sources and sinks of this crate, driven by hand under a clock that stands still until it is told to move.
#![allow(clippy::unwrap_used)]
mod collect;
mod datagen;
mod drive;
mod host;
mod print;
mod rates;
mod socket;
mod sources;
