//! Order, positions and restarts of the sources that need no clock.
use hurtig_connector::{Boundedness, Source, SourceReader};
use hurtig_connector_base::{CollectionSource, CollectionSplit, GeneratorSource, SequenceSource};
use hurtig_core::EventTime;

use crate::drive::{Run, Step, check_restarts, read};
use crate::host::ManualHost;

#[test]
fn a_sequence_comes_in_order_and_in_contiguous_runs() {
    assert_eq!(read(&SequenceSource::new(-2, 5), 1, 3), [(-2..=5).collect::<Vec<i64>>()]);
    assert_eq!(read(&SequenceSource::new(1, 7), 3, 2), [vec![1, 2, 3], vec![4, 5], vec![6, 7]]);
    assert_eq!(read(&SequenceSource::new(1, 2), 3, 9), [vec![1], vec![2], vec![]]);
    assert_eq!(read(&SequenceSource::new(2, 1), 2, 9), [vec![], vec![]]);
    let end = i64::MAX;
    assert_eq!(read(&SequenceSource::new(end - 1, end), 1, usize::MAX), [vec![end - 1, end]]);
}

#[test]
fn the_whole_range_of_numbers_can_be_begun() {
    let mut run = Run::start(&SequenceSource::new(i64::MIN, i64::MAX), 2, &ManualHost::new());
    for _ in 0..2 {
        run.step(0, 2);
        run.step(1, 2);
    }
    assert_eq!(run.records, [[i64::MIN, i64::MIN + 1], [0, 1]]);
}

#[test]
fn sequences_go_on_where_they_stood() {
    let expect: Vec<i64> = (1..=20).collect();
    for (parallelism, restored) in [(1, 1), (1, 3), (2, 1), (3, 2), (2, 5)] {
        check_restarts(&SequenceSource::new(1, 20), parallelism, restored, &expect);
    }
}

#[test]
fn a_generator_makes_each_record_once() {
    let squares = GeneratorSource::new(|index| index * index, 10);
    assert_eq!(squares.boundedness(), Boundedness::Bounded);
    let expect: Vec<u64> = (0..10).map(|index| index * index).collect();
    assert_eq!(read(&squares, 1, 4), std::slice::from_ref(&expect));
    assert_eq!(read(&squares, 2, 4), [expect[..5].to_vec(), expect[5..].to_vec()]);
    check_restarts(&squares, 2, 3, &expect);
    assert_eq!(read(&GeneratorSource::new(|index| index, 0), 2, 4), [vec![], vec![]]);
}

#[test]
fn a_generator_without_end_has_none() {
    let source = GeneratorSource::unbounded(|index| index);
    assert_eq!(source.boundedness(), Boundedness::Unbounded);
    let mut run = Run::start(&source, 2, &ManualHost::new());
    for _ in 0..100 {
        run.step(0, 1_000);
        run.step(1, 1_000);
    }
    assert_eq!(run.records[0], (0..99_000).collect::<Vec<u64>>());
    assert_eq!(run.records[1][0], 1 << 62);
}

#[test]
fn a_collection_comes_in_order_from_one_reader() {
    let words = CollectionSource::new(["a", "b", "c", "d"].map(String::from).to_vec());
    assert_eq!(read(&words, 2, 3), [vec!["a", "b", "c", "d"], vec![]]);
    assert_eq!(read(&CollectionSource::new(Vec::<i64>::new()), 2, 3), [[], []]);
    let numbers: Vec<i64> = (0..10).collect();
    check_restarts(&CollectionSource::new(numbers.clone()), 2, 1, &numbers);
    check_restarts(&CollectionSource::new(numbers.clone()), 1, 3, &numbers);
}

#[test]
fn a_collection_keeps_its_timestamps() {
    use hurtig_connector::Fetched;
    use std::task::{Context, Poll, Waker};

    let elements = (0..5).map(|number| (number, EventTime::from_millis(number * 10))).collect();
    let source = CollectionSource::with_timestamps(elements);
    let mut reader = source.create_reader(&ManualHost::new().reader(0, 1)).unwrap();
    reader.add_splits(vec![CollectionSplit { next: 1 }]).unwrap();
    match reader.poll_next(&mut Context::from_waker(Waker::noop()), 2) {
        Poll::Ready(Ok(Fetched::Batch(_, batch))) => {
            assert_eq!(batch.rows::<i64>().unwrap(), [1, 2]);
            assert_eq!(batch.timestamps().unwrap(), [10, 20].map(EventTime::from_millis));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(reader.snapshot_state().unwrap(), [CollectionSplit { next: 3 }]);
}

#[test]
fn a_position_outside_the_collection_is_refused() {
    let source = CollectionSource::new(vec![1_i64, 2]);
    let mut reader = source.create_reader(&ManualHost::new().reader(0, 1)).unwrap();
    let error = reader.add_splits(vec![CollectionSplit { next: 3 }]).unwrap_err();
    assert!(error.to_string().contains("2 elements cannot go on at element 3"), "{error}");
}

#[test]
fn a_digest_tells_collections_apart() {
    let stamped = |millis| CollectionSource::with_timestamps(vec![(1_i64, EventTime::from_millis(millis))]);
    let digests = [
        CollectionSource::new(vec![1_i64, 2]).digest(),
        CollectionSource::new(vec![2_i64, 1]).digest(),
        CollectionSource::new(vec![1_i64]).digest(),
        CollectionSource::new(vec![1_i32, 2]).digest(),
        stamped(0).digest(),
        stamped(1).digest(),
    ];
    for (index, digest) in digests.iter().enumerate() {
        assert!(!digests[..index].contains(digest), "{index}");
    }
    assert_eq!(CollectionSource::new(vec![1_i64, 2]).digest(), digests[0]);
}

#[test]
fn a_reader_without_splits_asks_once_and_then_waits() {
    let source = SequenceSource::new(1, 1);
    let mut reader = source.create_reader(&ManualHost::new().reader(0, 1)).unwrap();
    let mut run = Run::start(&source, 1, &ManualHost::new());
    assert_eq!(run.step(0, 1), Step::Other);
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(reader.poll_next(&mut cx, 1).is_ready());
    assert!(reader.poll_next(&mut cx, 1).is_pending());
    reader.no_more_splits();
    assert!(reader.poll_next(&mut cx, 1).is_ready());
}
