//! The Nexmark benchmark's event generator as a source: people, auctions and bids of an auction house.
//!
//! It makes the events that the published generator makes (nexmark/nexmark, commit 6b3646c): the same kinds,
//! ids and times, and values of the same distributions. Unlike there every value is a pure function of the
//! seed and the event's id, so an event is the same whoever makes it, in whatever order, after whatever
//! failure.
//!
//! An event's way through the files: [`config`] and [`options`] say what the data set is; [`range`] cuts it
//! for parallel readers, `span` cuts a range into runs of one kind, `timeline` gives each event its time.
//! `random` turns an id into draws, from which `bid`, `auction` and `person` make values, with the help of
//! `price`, `text`, `padding`, `channels` and `people`. [`rows`] puts the values into the Rust types of
//! [`model`], [`columns`] into Arrow columns; [`fields`] says which of them are wanted. [`generator`] holds
//! it all together and [`source`] reads it as a stream.
//!
//! Most of the work is text that many queries never read. With [`Fields::ALL`] all of it is made, as by the
//! published source; with less the figures of a benchmark are not comparable and must say so.
mod auction;
mod bid;
mod channels;
pub mod columns;
pub mod config;
pub mod fields;
pub mod generator;
pub mod model;
pub mod options;
mod padding;
mod people;
mod person;
mod price;
mod random;
pub mod range;
pub mod rows;
pub mod source;
mod span;
mod text;
mod timeline;

pub use columns::{ColumnGenerator, Table};
pub use config::GeneratorConfig;
pub use fields::Fields;
pub use generator::Generator;
pub use model::{Auction, Bid, Event, Kind, Person};
pub use range::EventRange;
pub use rows::RowGenerator;
pub use source::{NexmarkColumnSource, NexmarkSource};
