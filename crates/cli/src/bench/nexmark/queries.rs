//! The queries that the runner knows.
use hurtig::connectors::base::BlackHoleSink;
use hurtig::connectors::nexmark::{Event, Fields};
use hurtig::prelude::*;

use super::{q0, q1, q2, q18};

/// A query of the benchmark.
pub struct Query {
    /// As it is called, `q0`.
    pub name: &'static str,
    /// What it reads.
    pub fields: Fields,
    /// Writes it down behind the events, into a black hole as the published ones.
    pub build: Box<dyn Fn(DataStream<Event>)>,
}

impl Query {
    fn new<R: TypeInformation>(
        name: &'static str,
        fields: Fields,
        query: fn(DataStream<Event>) -> DataStream<R>,
    ) -> Query {
        let build = move |events| {
            query(events).sink_to(BlackHoleSink::new());
        };
        Query { name, fields, build: Box::new(build) }
    }
}

/// All of them, by number.
pub fn queries() -> Vec<Query> {
    vec![
        Query::new("q0", q0::fields(), q0::query),
        Query::new("q1", q1::fields(), q1::query),
        Query::new("q2", q2::fields(), q2::query),
        Query::new("q18", q18::fields(), q18::query),
    ]
}
