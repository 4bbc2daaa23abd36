//! Streams of Arrow columns: a source and a sink of the test's own, a function over batches, keys.
use std::collections::VecDeque;
use std::task::{Context, Poll};
use std::time::Duration;

use arrow_schema::SchemaRef;
use hurtig::connector::{
    Boundedness, ColumnSource, EnumeratorContext, Fetched, ReaderContext, Source, SourceReader, Split,
    SplitEnumerator, SplitId, VersionedBytes,
};
use hurtig::core::batch::ColumnBatch;
use hurtig::core::ids::SubtaskIndex;
use hurtig::core::types::{from_record_batch, record_schema, to_record_batch};
use hurtig::core::{Batch, LogicalType};
use hurtig::datastream::ColumnStream;
use hurtig::prelude::*;

use crate::functions::WithSubtask;
use crate::harness::{Run, Watchdog, expect_message, runs, sorted};
use crate::recorder::{Event, Recorder};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, TypeInformation)]
struct Order {
    id: i64,
    customer: String,
    amount: Option<i32>,
}

fn order(id: i64) -> Order {
    let amount = (id % 4 != 3).then_some(id as i32 * 100);
    Order { id, customer: format!("customer {}", id % 9), amount }
}

const ORDERS: i64 = 60;

/// Orders in batches of five, one split each; the time of an order is its id.
struct Orders;

/// The batch that begins with this id.
#[derive(Clone, Debug, TypeInformation)]
struct Five {
    first: i64,
}

impl Split for Five {
    fn split_id(&self) -> SplitId {
        SplitId::new(self.first.to_string())
    }
}

impl Source for Orders {
    type Record = ColumnBatch;
    type Split = Five;
    type Enumerator = Fives;
    type Reader = OrderReader;

    fn boundedness(&self) -> Boundedness {
        Boundedness::Bounded
    }

    fn create_enumerator(&self, _: Option<&VersionedBytes>) -> Result<Fives> {
        Ok(Fives((0..ORDERS).step_by(5).map(|first| Five { first }).collect()))
    }

    fn create_reader(&self, _: &ReaderContext) -> Result<OrderReader> {
        Ok(OrderReader { splits: VecDeque::new(), read: None, asked: false, complete: false })
    }
}

impl ColumnSource for Orders {
    fn row_type(&self) -> LogicalType {
        row_type()
    }

    fn schema(&self) -> SchemaRef {
        record_schema::<Order>()
    }
}

fn row_type() -> LogicalType {
    <Order as hurtig::core::TypeInformation>::logical_type()
}

/// Gives one split for each request.
struct Fives(VecDeque<Five>);

impl SplitEnumerator for Fives {
    type Split = Five;

    fn handle_split_request(
        &mut self,
        reader: SubtaskIndex,
        context: &mut EnumeratorContext<Five>,
    ) -> Result<()> {
        match self.0.pop_front() {
            Some(split) => context.assign_split(split, reader),
            None => context.signal_no_more_splits(reader),
        }
        Ok(())
    }

    fn add_splits_back(
        &mut self,
        splits: Vec<Five>,
        _: SubtaskIndex,
        _: &mut EnumeratorContext<Five>,
    ) -> Result<()> {
        self.0.extend(splits);
        Ok(())
    }

    fn snapshot_state(&self) -> Result<VersionedBytes> {
        Ok(VersionedBytes { version: 1, bytes: Vec::new() })
    }
}

/// Reads each split as one batch.
struct OrderReader {
    splits: VecDeque<Five>,
    read: Option<SplitId>,
    asked: bool,
    complete: bool,
}

impl SourceReader for OrderReader {
    type Split = Five;

    fn add_splits(&mut self, splits: Vec<Five>) -> Result<()> {
        self.asked = false;
        self.splits.extend(splits);
        Ok(())
    }

    fn no_more_splits(&mut self) {
        self.complete = true;
    }

    fn poll_next(&mut self, _: &mut Context<'_>, _: usize) -> Poll<Result<Fetched>> {
        if let Some(read) = self.read.take() {
            return Poll::Ready(Ok(Fetched::SplitFinished(read)));
        }
        let Some(split) = self.splits.pop_front() else {
            return match self.complete {
                true => Poll::Ready(Ok(Fetched::EndOfInput)),
                false if std::mem::replace(&mut self.asked, true) => Poll::Pending,
                false => Poll::Ready(Ok(Fetched::RequestSplit)),
            };
        };
        let ids = split.first..split.first + 5;
        let columns = to_record_batch(&ids.clone().map(order).collect::<Vec<_>>())?;
        let times = ids.map(EventTime::from_millis).collect();
        let batch = Batch::from_columns(columns).with_timestamps(times)?;
        self.read = Some(split.split_id());
        Poll::Ready(Ok(Fetched::Batch(split.split_id(), batch)))
    }

    fn snapshot_state(&mut self) -> Result<Vec<Five>> {
        Ok(self.splits.iter().cloned().collect())
    }
}

/// Runs the program in all ways and looks at the orders that reached the sink, with their subtasks.
fn check(program: impl Fn(ColumnStream) -> ColumnStream, look: impl Fn(Run, Vec<(u32, Order)>)) {
    let _watchdog = Watchdog::start();
    for run in runs() {
        let env = run.environment();
        let recorder = Recorder::<ColumnBatch>::new();
        program(env.from_column_source(Orders, None, "orders")).sink_to(recorder.clone());
        env.execute("columns").unwrap_or_else(|error| panic!("{run}: {error}"));
        let orders = |(subtask, columns): (u32, ColumnBatch)| {
            let orders = from_record_batch::<Order>(columns.batch()).unwrap();
            orders.into_iter().map(move |order| (subtask, order))
        };
        look(run, recorder.records().into_iter().flat_map(orders).collect());
    }
}

fn orders(found: &[(u32, Order)]) -> Vec<Order> {
    sorted(found.iter().map(|(_, order)| order.clone()))
}

#[test]
fn columns_reach_the_sink_as_they_are() {
    check(
        |orders| orders.rebalance(),
        |run, found| assert_eq!(orders(&found), Vec::from_iter((0..ORDERS).map(order)), "{run}"),
    );
}

/// The orders with the amount doubled.
fn double(columns: ColumnBatch) -> Result<ColumnBatch> {
    let mut orders = from_record_batch::<Order>(columns.batch())?;
    orders.iter_mut().for_each(|order| order.amount = order.amount.map(|amount| amount * 2));
    Ok(to_record_batch(&orders)?.into())
}

#[test]
fn a_function_changes_whole_batches() {
    check(
        |orders| orders.map_columns(row_type(), record_schema::<Order>(), double).name("Double"),
        |run, found| {
            let doubled = |id| Order { amount: order(id).amount.map(|amount| amount * 2), ..order(id) };
            assert_eq!(orders(&found), Vec::from_iter((0..ORDERS).map(doubled)), "{run}");
        },
    );
}

/// Where `key_by` sends the orders as rows, by the same key.
fn places_of_rows<K: hurtig::core::Key>(run: Run, key: fn(&Order) -> K) -> Vec<(u32, Order)> {
    let by_key = move |env: &StreamExecutionEnvironment| {
        env.from_collection((0..ORDERS).map(order)).key_by(key).map_with(WithSubtask::default())
    };
    sorted(run.collect(&by_key))
}

#[test]
fn keys_in_columns_go_where_keys_in_rows_go() {
    let (one, four) = (Run::threads(1), Run::threads(4));
    let by_text = [1, 4].map(|parallelism| match parallelism {
        1 => places_of_rows(one, |order| order.customer.clone()),
        _ => places_of_rows(four, |order| order.customer.clone()),
    });
    check(
        |orders| orders.map_columns(row_type(), record_schema::<Order>(), Ok).key_by_columns(&[1]),
        |run, found| assert_eq!(sorted(found), by_text[usize::from(run.parallelism == 4)], "{run}"),
    );
    let by_row = [one, four].map(|run| places_of_rows(run, |order| (order.amount, order.id)));
    check(
        |orders| orders.key_by_columns(&[2, 0]),
        |run, found| assert_eq!(sorted(found), by_row[usize::from(run.parallelism == 4)], "{run}"),
    );
}

#[test]
fn watermarks_follow_the_times_beside_the_columns() {
    let _watchdog = Watchdog::start();
    for run in runs().filter(|run| run.parallelism == 1) {
        let env = run.environment();
        env.set("pipeline.auto-watermark-interval", "0 ms");
        let recorder = Recorder::<ColumnBatch>::new();
        let orders = env.from_column_source(Orders, Some(Duration::from_millis(3)), "orders");
        orders.map_columns(row_type(), record_schema::<Order>(), double).sink_to(recorder.clone());
        env.execute("columns").unwrap();
        let mut latest = i64::MIN;
        let mut marks = Vec::new();
        for (_, event) in recorder.events() {
            match event {
                Event::Write(columns, _, _) => {
                    let orders = from_record_batch::<Order>(columns.batch()).unwrap();
                    latest = orders.iter().map(|order| order.id).fold(latest, i64::max);
                }
                Event::Watermark(mark) => {
                    assert!(mark == i64::MAX || mark <= latest - 4, "{run}: {mark} after {latest}");
                    marks.push(mark);
                }
                Event::Flush(end) => assert!(end, "{run}"),
            }
        }
        assert!(marks.is_sorted() && marks.len() > 5, "{run}: {marks:?}");
        assert_eq!(marks.last(), Some(&i64::MAX), "{run}");
    }
}

#[test]
fn a_failing_function_names_the_operator() {
    let fails = |_: ColumnBatch| -> Result<ColumnBatch> { Err(Error::user("no columns today")) };
    for run in [Run::threads(1), Run::threads(4), Run::seeded(1, 4)] {
        let env = run.environment();
        let orders = env.from_column_source(Orders, None, "orders");
        let mapped = orders.map_columns(row_type(), record_schema::<Order>(), fails).name("Calculate");
        mapped.sink_to(Recorder::new());
        let error = env.execute("columns").unwrap_err();
        expect_message(run, &error, &["operator 'Calculate' (", "no columns today"]);
    }
}
