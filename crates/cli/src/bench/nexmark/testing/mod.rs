//! For tests of queries: events made by hand, data sets, and how a query is run.
//!
//! ```text
//! let found = run(q3::query, &Data::sparse(), q3::fields(), 2);
//! assert_eq!(sorted(found), sorted(naive::q3(&Data::sparse().events(2))));
//! ```
mod data;
mod handmade;
mod run;

pub use self::data::Data;
pub use self::handmade::{auction, bid, person};
pub use self::run::{MOCK_CLOCK_START, last_per_key, run, run_given, run_seeded, sorted, with_timestamps};
