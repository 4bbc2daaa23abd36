//! The queries that the runner knows.
use hurtig::connectors::base::BlackHoleSink;
use hurtig::connectors::nexmark::{Event, Fields};
use hurtig::prelude::*;

use super::{q0, q1, q2, q3, q4, q5, q7, q8, q9, q11, q12, q18};

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
        Query::new("q3", q3::fields(), q3::query),
        Query::new("q4", q4::fields(), q4::query),
        Query::new("q5", q5::fields(), q5::query),
        Query::new("q7", q7::fields(), q7::query),
        Query::new("q8", q8::fields(), q8::query),
        Query::new("q9", q9::fields(), q9::query),
        Query::new("q11", q11::fields(), q11::query),
        Query::new("q12", q12::fields(), q12::query),
        Query::new("q18", q18::fields(), q18::query),
    ]
}
