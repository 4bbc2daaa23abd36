//! q8, monitor new users: people that opened an auction in the 10 seconds in which they registered.
use hurtig::prelude::*;

/// A person that registered and sold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, TypeInformation)]
pub struct NewUser {
    pub id: i64,
    pub name: String,
    /// Where the 10 seconds start.
    #[hurtig(rename = "stime")]
    pub start_time: EventTime,
}
