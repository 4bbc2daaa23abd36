//! Records per second, under the mock clock.
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use hurtig_connector::Source;
use hurtig_connector_base::GeneratorSource;

use crate::drive::{Run, Step};
use crate::host::{CountingWaker, ManualHost};

fn drain<S: Source<Record = u64>>(run: &mut Run<S>, index: usize) {
    while !matches!(run.step(index, 1_000_000), Step::Waiting | Step::Ended) {}
}

#[test]
fn a_rate_is_kept_to_the_record_for_as_long_as_it_runs() {
    let host = ManualHost::new();
    let mut run =
        Run::start(&GeneratorSource::unbounded(|index| index).with_records_per_second(300), 1, &host);
    drain(&mut run, 0);
    assert_eq!(run.records[0].len(), 1, "the first is due at once");
    for step in 1..=10_000_usize {
        host.advance(Duration::from_millis(7));
        drain(&mut run, 0);
        // One more than the rate gives: the first came at the very start.
        assert_eq!(run.records[0].len(), step * 7 * 300 / 1_000 + 1, "after {} ms", step * 7);
    }
}

#[test]
fn subtasks_share_the_rate() {
    let host = ManualHost::new();
    let mut run =
        Run::start(&GeneratorSource::unbounded(|index| index).with_records_per_second(10), 3, &host);
    let mut counts = Vec::new();
    for _ in 0..10 {
        (0..3).for_each(|index| drain(&mut run, index));
        counts.push(run.records.iter().map(Vec::len).collect::<Vec<_>>());
        host.advance(Duration::from_millis(100));
    }
    assert_eq!(counts[0], [1, 0, 0]);
    assert_eq!(counts[1], [1, 1, 0]);
    assert_eq!(counts[2], [1, 1, 1]);
    assert_eq!(counts[3], [2, 1, 1]);
    assert_eq!(counts[9], [4, 3, 3]);
}

#[test]
fn a_reader_that_was_held_up_catches_up() {
    let host = ManualHost::new();
    let mut run =
        Run::start(&GeneratorSource::new(|index| index, 2_500).with_records_per_second(1_000), 1, &host);
    drain(&mut run, 0);
    host.advance(Duration::from_secs(2));
    drain(&mut run, 0);
    assert_eq!(run.records[0].len(), 2_001);
    host.advance(Duration::from_secs(2));
    drain(&mut run, 0);
    assert_eq!((run.records[0].len(), run.ended[0]), (2_500, true));
}

#[test]
fn the_task_is_woken_when_the_next_record_is_due() {
    let host = ManualHost::new();
    let mut run = Run::start(&GeneratorSource::unbounded(|index| index).with_records_per_second(2), 1, &host);
    drain(&mut run, 0);
    let counting = Arc::new(CountingWaker::default());
    let waker = Waker::from(counting.clone());
    assert_eq!(run.poll(0, &mut Context::from_waker(&waker), 10).unwrap(), Step::Waiting);
    host.advance(Duration::from_millis(500));
    assert_eq!(counting.count(), 1);
    assert_eq!(run.poll(0, &mut Context::from_waker(&waker), 10).unwrap(), Step::Records(1));
}

#[test]
fn a_high_rate_makes_batches_instead_of_wake_ups() {
    let host = ManualHost::new();
    let source = GeneratorSource::unbounded(|index| index).with_records_per_second(1_000_000);
    let mut run = Run::start(&source, 1, &host);
    drain(&mut run, 0);
    let before = run.records[0].len();
    host.advance(Duration::from_millis(1));
    assert_eq!(run.step(0, 10_000), Step::Records(1_000));
    assert_eq!(run.records[0].len() - before, 1_000);
    assert_eq!(run.step(0, 10_000), Step::Waiting);
}

#[test]
fn a_rate_of_nothing_is_refused() {
    let source = GeneratorSource::new(|index| index, 1).with_records_per_second(0);
    let error = source.create_reader(&ManualHost::new().reader(0, 1)).unwrap_err();
    assert_eq!(error.to_string(), "a rate of 0 records per second: expected at least 1");
}
