//! What the pieces under every job cost, each beside the same work written by hand: sharing rows out by key,
//! handing batches to another thread, combining watermarks, driving a chain of operators.
//!
//! The allocator is the one that programs use.
use std::future::poll_fn;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BatchSize, BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use hurtig_core::ids::{OperatorId, SubtaskIndex};
use hurtig_core::key::hash::mix;
use hurtig_core::key::{KeyGroup, MaxParallelism};
use hurtig_core::{Batch, Configuration, EventTime, Result, StreamElement, Watermark};
use hurtig_derive::TypeInformation;
use hurtig_graph::{OutputName, Partitioner};
use hurtig_operator::context::OperatorPlace;
use hurtig_operator::filter::Filter;
use hurtig_operator::function::Closure;
use hurtig_operator::map::Map;
use hurtig_operator::metrics::MetricGroup;
use hurtig_operator::route::{OwnedKey, Route, RowKeys, Selector};
use hurtig_operator::{Input, Operator, OperatorContext, Output, OutputLimits, Progress};
use hurtig_runtime::exchange::partition::Partition;
use hurtig_runtime::exchange::{ChannelSender, EdgeWriter, Flow, Gate, GateLimits, Valve};
use hurtig_runtime::executor::block_on;
use hurtig_runtime::task::Chain;
use hurtig_runtime::task::chain::ChainStep;
use hurtig_runtime::{Executor, ThreadExecutor};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Records in a batch.
const ROWS: usize = 1024;
/// Batches in one iteration.
const BATCHES: usize = 64;
const LIMITS: OutputLimits = OutputLimits { rows: ROWS, bytes: 64 * ROWS };

fn group<'a>(criterion: &'a mut Criterion, name: &str, elements: usize) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(elements as u64)).measurement_time(Duration::from_secs(3));
    group
}

/// 64 bytes.
#[derive(Clone, TypeInformation)]
#[hurtig(crate = "hurtig_core")]
struct Row {
    key: i64,
    rest: [i64; 7],
}

fn rows() -> Vec<Vec<Row>> {
    let row = |index: usize| Row { key: mix(index as u64) as i64, rest: [index as i64; 7] };
    (0..BATCHES).map(|batch| (batch * ROWS..(batch + 1) * ROWS).map(row).collect()).collect()
}

fn key_groups() -> MaxParallelism {
    MaxParallelism::new(128).expect("128 is allowed")
}

/// The end of an edge by key, and the gates that it leads to.
fn edge_by_key(targets: usize) -> (EdgeWriter, Vec<Gate>) {
    let keys = RowKeys::<Row, _>::new(Selector::<_, i64>::new(OwnedKey(|row: &Row| row.key)));
    let route = Route::Keys(Arc::new(keys));
    let by_key = Partitioner::Hash { key_type: "BIGINT NOT NULL".to_owned() };
    let partition = Partition::new(&by_key, &route, targets, key_groups(), 0).expect("the keys are there");
    let limits = GateLimits { channel_bytes: usize::MAX, floating_bytes: 0 };
    let (gates, senders): (Vec<Gate>, Vec<Vec<ChannelSender>>) =
        (0..targets).map(|_| Gate::new(1, limits)).unzip();
    (EdgeWriter::new(senders.into_iter().flatten().collect(), partition, LIMITS, None), gates)
}

/// Rows through the writer of an edge into the gates behind it, against one vector per target.
fn partition(criterion: &mut Criterion) {
    let rows = rows();
    for targets in [2, 16] {
        let mut group = group(criterion, &format!("64-byte rows by key to {targets}"), ROWS * BATCHES);
        let (mut edge, mut gates) = edge_by_key(targets);
        let mut cx = Context::from_waker(Waker::noop());
        group.bench_function("engine", |bencher| {
            let batches = || rows.iter().map(|rows| Batch::from_rows(rows.clone())).collect::<Vec<_>>();
            let share_out = |batches: Vec<Batch>| {
                let mut received = 0;
                for batch in batches {
                    edge.write(StreamElement::Batch(batch)).expect("every target exists");
                    assert_eq!(edge.poll_send(&mut cx), Flow::Open);
                    for gate in &mut gates {
                        while let Poll::Ready(next) = gate.poll_next(&mut cx) {
                            received += next.element.bytes();
                        }
                    }
                }
                received
            };
            bencher.iter_batched(batches, share_out, BatchSize::PerIteration);
        });
        let owner = |group: KeyGroup| group.subtask(key_groups(), targets as u32).0 as usize;
        let owners: Vec<usize> = key_groups().groups().map(owner).collect();
        let mut buffers: Vec<Vec<Row>> = vec![Vec::with_capacity(ROWS); targets];
        group.bench_function("by hand", |bencher| {
            let share_out = |batches: Vec<Vec<Row>>| {
                let mut received = 0;
                for row in batches.into_iter().flatten() {
                    let group = KeyGroup::of(mix(row.key as u64), key_groups());
                    let buffer = &mut buffers[owners[usize::from(group.0)]];
                    buffer.push(row);
                    if buffer.len() == ROWS {
                        received += size_of_val(
                            black_box(std::mem::replace(buffer, Vec::with_capacity(ROWS))).as_slice(),
                        );
                    }
                }
                received
            };
            bencher.iter_batched(|| rows.clone(), share_out, BatchSize::PerIteration);
        });
        group.finish();
    }
}

/// Batches of numbers from a task on another thread, against a bounded channel of vectors of the standard
/// library. Starting the thread is part of both.
fn hand_over(criterion: &mut Criterion) {
    const HANDED: usize = 16 * BATCHES;
    let mut group = group(criterion, "batches to another thread", HANDED);
    let executor = ThreadExecutor::new();
    let limits = GateLimits { channel_bytes: 64 << 10, floating_bytes: 256 << 10 };
    group.bench_function("engine", |bencher| {
        bencher.iter(|| {
            let (mut gate, senders) = Gate::new(1, limits);
            let produce = async move {
                for mut sender in senders {
                    for number in 0..HANDED as u64 {
                        let mut element = Some(StreamElement::Batch(Batch::from_rows(vec![number; ROWS])));
                        poll_fn(|cx| sender.poll_send(cx, &mut element)).await.expect("the gate is open");
                    }
                }
            };
            executor.spawn("producer", Box::pin(produce)).expect("a thread");
            let receive = async {
                let mut sum = 0;
                for _ in 0..HANDED {
                    if let StreamElement::Batch(batch) = poll_fn(|cx| gate.poll_next(cx)).await.element {
                        sum += batch.rows::<u64>().expect("numbers")[0];
                    }
                }
                sum
            };
            block_on(executor.as_ref(), receive)
        });
    });
    group.bench_function("by hand", |bencher| {
        let in_flight = (limits.channel_bytes + limits.floating_bytes) / (ROWS * size_of::<u64>());
        bencher.iter(|| {
            let (sender, receiver) = mpsc::sync_channel::<Vec<u64>>(in_flight);
            std::thread::scope(|scope| {
                scope
                    .spawn(move || (0..HANDED as u64).try_for_each(|number| sender.send(vec![number; ROWS])));
                receiver.iter().map(|batch| batch[0]).sum::<u64>()
            })
        });
    });
    group.finish();
}

/// Watermarks of channels in turn, against the least of an array.
fn valve(criterion: &mut Criterion) {
    const ROUNDS: usize = 64;
    for channels in [2, 16] {
        let mut group = group(criterion, &format!("watermarks of {channels} channels"), ROUNDS * channels);
        group.bench_function("engine", |bencher| {
            let (mut valve, mut round, mut advanced) = (Valve::new(channels), 0, 0u64);
            bencher.iter(|| {
                for _ in 0..ROUNDS {
                    round += 1;
                    for channel in 0..channels {
                        let mark = Watermark(EventTime::from_millis(black_box(round)));
                        advanced += u64::from(valve.watermark(channel, mark).watermark.is_some());
                    }
                }
                advanced
            });
        });
        group.bench_function("by hand", |bencher| {
            let (mut marks, mut least, mut round, mut advanced) = (vec![0i64; channels], 0, 0, 0u64);
            bencher.iter(|| {
                for _ in 0..ROUNDS {
                    round += 1;
                    for channel in 0..channels {
                        marks[channel] = black_box(round);
                        let now = marks.iter().copied().min().unwrap_or(least);
                        if now > least {
                            least = now;
                            advanced += 1;
                        }
                    }
                }
                advanced
            });
        });
        group.finish();
    }
}

/// The end of the chain: looks at what comes and drops it.
struct Drain;

impl Operator for Drain {
    fn process(&mut self, input: &mut Input, _: &mut Output, _: &mut OperatorContext) -> Result<Progress> {
        let (numbers, _) = input.batch.take_rows::<u64>(input.limit)?;
        black_box(sum(&numbers));
        Ok(Progress::Done)
    }
}

fn sum(numbers: &[u64]) -> u64 {
    numbers.iter().fold(0, |sum, number| sum ^ number)
}

fn first(x: u64) -> u64 {
    x.wrapping_mul(3).wrapping_add(1)
}

fn keep(x: &u64) -> bool {
    !x.is_multiple_of(10)
}

fn second(x: u64) -> u64 {
    x ^ (x >> 7)
}

fn chain_of(executor: &Arc<ThreadExecutor>) -> Chain {
    let operators: [(&str, Box<dyn Operator>); 4] = [
        ("first", Box::new(Map::<u64, u64, _>::new(Closure(first)))),
        ("keep", Box::new(Filter::<u64, _>::new(Closure(keep)))),
        ("second", Box::new(Map::<u64, u64, _>::new(Closure(second)))),
        ("drain", Box::new(Drain)),
    ];
    let mut chain = Chain::new(Vec::new(), ROWS);
    for (index, (name, operator)) in operators.into_iter().enumerate() {
        let place = OperatorPlace {
            operator: OperatorId(index as u128),
            name: name.to_owned(),
            subtask: SubtaskIndex(0),
            parallelism: 1,
            max_parallelism: 128,
            attempt: 0,
        };
        let configuration = Arc::new(Configuration::new());
        let context =
            OperatorContext::new(place, configuration, executor.clone().host(), MetricGroup::unregistered());
        chain.push(operator, context, Output::new(LIMITS, []), 1);
        if index > 0 {
            chain.connect(index - 1, &OutputName::Main, index);
        }
    }
    chain.open().expect("nothing here can fail to open");
    chain
}

/// map, filter, map on numbers, against a loop over each batch: one that makes a vector of what is left, and
/// one that does not even do that.
fn chain(criterion: &mut Criterion) {
    let numbers: Vec<Vec<u64>> =
        (0..BATCHES).map(|batch| (0..ROWS).map(|row| mix((batch * ROWS + row) as u64)).collect()).collect();
    let mut group = group(criterion, "map, filter, map in a chain", ROWS * BATCHES);
    let executor = ThreadExecutor::new();
    let mut chain = chain_of(&executor);
    let mut cx = Context::from_waker(Waker::noop());
    group.bench_function("engine", |bencher| {
        let batches = || numbers.iter().map(|batch| Batch::from_rows(batch.clone())).collect::<Vec<_>>();
        let drive = |batches: Vec<Batch>| {
            for batch in batches {
                chain.push_input(0, StreamElement::Batch(batch));
                while chain.step(&mut cx, executor.as_ref()).expect("nothing here can fail")
                    != ChainStep::Empty
                {}
            }
        };
        bencher.iter_batched(batches, drive, BatchSize::PerIteration);
    });
    group.bench_function("by hand, a vector", |bencher| {
        let drive = |batches: Vec<Vec<u64>>| {
            for batch in batches {
                let left: Vec<u64> = batch.into_iter().map(first).filter(keep).map(second).collect();
                black_box(sum(&left));
            }
        };
        bencher.iter_batched(|| numbers.clone(), drive, BatchSize::PerIteration);
    });
    group.bench_function("by hand, one loop", |bencher| {
        let drive = |batches: Vec<Vec<u64>>| {
            for batch in batches {
                let left = batch.into_iter().map(first).filter(keep).map(second);
                black_box(left.fold(0, |sum, number| sum ^ number));
            }
        };
        bencher.iter_batched(|| numbers.clone(), drive, BatchSize::PerIteration);
    });
    group.finish();
}

criterion_group!(benches, partition, hand_over, valve, chain);
criterion_main!(benches);
