//! Runs a query and gives what it puts out.
use std::collections::BTreeMap;

use hurtig::ProcessingTime;
use hurtig::connectors::base::CollectionSource;
use hurtig::connectors::nexmark::{Event, Fields, NexmarkSource};
use hurtig::prelude::*;
use hurtig::run::SEED;

use super::data::Data;
use crate::bench::nexmark::watermarks;

/// The rows of `query` over generated events, of which the columns `fields` alone are filled: a query that
/// reads another one is found out. At a parallelism above 1 rows come in any order.
pub fn run<R: TypeInformation>(
    query: impl Fn(DataStream<Event>) -> DataStream<R>,
    data: &Data,
    fields: Fields,
    parallelism: u32,
) -> Vec<R> {
    let env = StreamExecutionEnvironment::default();
    env.set_parallelism(parallelism);
    let source = NexmarkSource::with_fields(data.config(parallelism), fields).unwrap();
    collect(query(env.from_source(source, watermarks(), "nexmark")))
}

/// Where the clock of [`run_seeded`] starts: 2020-01-01T00:00:00Z, where a window of 10 s does too.
pub const MOCK_CLOCK_START: ProcessingTime = ProcessingTime::from_millis(1_577_836_800_000);

/// As [`run`] at a parallelism of 1, on one thread with a mock clock, in an order that the seed decides.
pub fn run_seeded<R: TypeInformation>(
    query: impl Fn(DataStream<Event>) -> DataStream<R>,
    data: &Data,
    fields: Fields,
    seed: u64,
) -> Vec<R> {
    let env = StreamExecutionEnvironment::default();
    env.set(SEED.key(), seed.to_string());
    env.set_parallelism(1);
    let source = NexmarkSource::with_fields(data.config(1), fields).unwrap();
    collect(query(env.from_source(source, watermarks(), "nexmark")))
}

/// The rows of `query` over these events, which come in this order.
pub fn run_given<R: TypeInformation>(
    query: impl Fn(DataStream<Event>) -> DataStream<R>,
    events: Vec<Event>,
) -> Vec<R> {
    let env = StreamExecutionEnvironment::default();
    let strategy = watermarks().with_timestamp_assigner(|event: &Event, _| event.date_time());
    collect(query(env.from_source(CollectionSource::new(events), strategy, "events")))
}

fn collect<R: TypeInformation>(rows: DataStream<R>) -> Vec<R> {
    rows.execute_and_collect("query").unwrap().collect::<Result<_>>().unwrap()
}

/// The query's rows with their timestamps: a window's results have that of its last possible event.
pub fn with_timestamps<R: TypeInformation>(
    query: impl Fn(DataStream<Event>) -> DataStream<R>,
) -> impl Fn(DataStream<Event>) -> DataStream<(EventTime, R)> {
    move |events| query(events).process(Timestamps)
}

/// Puts a record's timestamp beside it.
#[derive(Clone)]
struct Timestamps;

impl RichFunction for Timestamps {}

impl<R: TypeInformation> ProcessFunction<R, (EventTime, R)> for Timestamps {
    fn process_element(&mut self, row: R, context: &mut ProcessContext<'_, (EventTime, R)>) -> Result<()> {
        let time = context.timestamp().ok_or_else(|| Error::bug("a row of a window without timestamp"))?;
        context.collect((time, row))
    }
}

/// Rows in an order that does not depend on how they came.
pub fn sorted<R: Ord>(rows: impl IntoIterator<Item = R>) -> Vec<R> {
    let mut rows: Vec<R> = rows.into_iter().collect();
    rows.sort();
    rows
}

/// What is left of an updating result: of each key the row that came last.
pub fn last_per_key<K: Ord, R>(rows: impl IntoIterator<Item = R>, key: impl Fn(&R) -> K) -> BTreeMap<K, R> {
    rows.into_iter().map(|row| (key(&row), row)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::nexmark::testing::{bid, person};

    #[test]
    fn rows_come_with_timestamps_of_their_events() {
        let query = with_timestamps(|events: DataStream<Event>| events.map(|event| event.kind() as i32));
        let found = run_given(query, vec![bid(1, 2, 3, 40), person(1, "a", "OR", 30)]);
        let millis = EventTime::from_millis;
        assert_eq!(found, [(millis(40), 2), (millis(30), 0)]);
    }
}
