//! Timestamps and watermarks: at sources and in the middle of a stream.
use std::time::Duration;

use hurtig::connector::{WatermarkGenerator, WatermarkOutput};
use hurtig::connectors::base::GeneratorSource;
use hurtig::prelude::*;

use crate::functions::{Observe, START, Seen, timed, watermarks};
use crate::harness::{Run, check_each, check_in_order, runs};
use crate::script::{Script, Step};

const EVERY_BATCH: (&str, &str) = ("pipeline.auto-watermark-interval", "0 ms");

/// Times that go up and down by up to 7.
fn uneven() -> impl Iterator<Item = i64> {
    (0..40).map(|n| n * 3 + n * 5 % 8)
}

/// A stream of one subtask with these times instead of any, seen by one subtask.
fn observed(env: &StreamExecutionEnvironment, strategy: WatermarkStrategy<i64>) -> DataStream<Seen> {
    env.set(EVERY_BATCH.0, EVERY_BATCH.1);
    let numbers = env.from_collection(uneven()).set_parallelism(1);
    let timed = numbers.assign_timestamps_and_watermarks(strategy).set_parallelism(1);
    timed.process(Observe).set_parallelism(1)
}

/// Each number is its own time.
fn own_time(value: &i64, _: Option<EventTime>) -> EventTime {
    EventTime::from_millis(*value)
}

/// All records are there with their own times; each watermark but the last stands `bound` and one behind the
/// greatest time so far, and the last is the end of time.
fn check_behind(run: Run, found: &[Seen], bound: i64) {
    let (mut greatest, mut last, mut values) = (i64::MIN, i64::MIN, Vec::new());
    for seen in found {
        match *seen {
            Seen::Record(value, time, watermark) => {
                assert_eq!((time, watermark), (Some(value), last), "{run}: {value}");
                greatest = greatest.max(value);
                values.push(value);
            }
            Seen::Watermark(i64::MAX) | Seen::End => {}
            Seen::Watermark(mark) => {
                assert_eq!(mark, greatest - bound - 1, "{run}");
                assert!(mark > last, "{run}: {mark} after {last}");
                last = mark;
            }
        }
    }
    assert_eq!(values, Vec::from_iter(uneven()), "{run}");
    assert_eq!(found[found.len() - 2..], [Seen::Watermark(i64::MAX), Seen::End], "{run}");
}

#[test]
fn bounded_out_of_orderness() {
    let strategy = || {
        WatermarkStrategy::for_bounded_out_of_orderness(Duration::from_millis(10))
            .with_timestamp_assigner(own_time)
    };
    check_each(
        |env| observed(env, strategy()),
        |run, found| {
            check_behind(run, &found, 10);
            assert!(watermarks(&found).len() > 1, "{run}: {found:?}");
            let late = |seen: &Seen| matches!(seen, Seen::Record(_, Some(time), mark) if time <= mark);
            assert!(!found.iter().any(late), "{run}");
        },
    );
}

#[test]
fn monotonous_timestamps() {
    let strategy = || WatermarkStrategy::for_monotonous_timestamps().with_timestamp_assigner(own_time);
    check_each(
        |env| observed(env, strategy()),
        |run, found| {
            check_behind(run, &found, 0);
            assert!(watermarks(&found).len() > 1, "{run}: {found:?}");
        },
    );
}

#[test]
fn no_watermarks_but_the_end() {
    let strategy = || WatermarkStrategy::no_watermarks().with_timestamp_assigner(own_time);
    check_each(
        |env| observed(env, strategy()),
        |run, found| {
            check_behind(run, &found, 0);
            assert_eq!(watermarks(&found), [i64::MAX], "{run}");
        },
    );
}

/// Every record that raises the greatest time raises the watermark, whatever the batches.
fn punctuated(bound: i64) -> Vec<Seen> {
    let (mut greatest, mut last, mut expect) = (i64::MIN, i64::MIN, Vec::new());
    for value in uneven() {
        expect.push(Seen::Record(value, Some(value), last));
        if value > greatest {
            greatest = value;
            last = value - bound - 1;
            expect.push(Seen::Watermark(last));
        }
    }
    expect.extend([Seen::Watermark(i64::MAX), Seen::End]);
    expect
}

#[test]
fn punctuated_out_of_orderness() {
    let strategy = || {
        WatermarkStrategy::for_punctuated_out_of_orderness(Duration::from_millis(4))
            .with_timestamp_assigner(own_time)
    };
    check_in_order(|env| observed(env, strategy()), punctuated(4));
}

/// A watermark at each multiple of eight.
struct AtMarkers;

impl WatermarkGenerator<i64> for AtMarkers {
    fn on_event(&mut self, event: &i64, timestamp: EventTime, output: &mut WatermarkOutput) {
        assert_eq!(timestamp.as_millis(), *event);
        if event % 8 == 0 {
            output.emit_watermark(Watermark(timestamp));
        }
    }

    fn on_periodic_emit(&mut self, _: &mut WatermarkOutput) {}
}

#[test]
fn a_punctuated_generator_of_ones_own() {
    let (mut last, mut expect) = (i64::MIN, Vec::new());
    for value in uneven() {
        expect.push(Seen::Record(value, Some(value), last));
        if value % 8 == 0 && value > last {
            last = value;
            expect.push(Seen::Watermark(value));
        }
    }
    expect.extend([Seen::Watermark(i64::MAX), Seen::End]);
    assert!(expect.len() > 44, "some watermarks: {expect:?}");
    let strategy = || WatermarkStrategy::for_generator(|| AtMarkers).with_timestamp_assigner(own_time);
    check_in_order(|env| observed(env, strategy()), expect);
}

/// The greatest time less seven, but only when asked.
struct Periodic {
    greatest: i64,
}

impl WatermarkGenerator<i64> for Periodic {
    fn on_event(&mut self, _: &i64, timestamp: EventTime, _: &mut WatermarkOutput) {
        self.greatest = self.greatest.max(timestamp.as_millis());
    }

    fn on_periodic_emit(&mut self, output: &mut WatermarkOutput) {
        if self.greatest > i64::MIN {
            output.emit_watermark(Watermark(EventTime::from_millis(self.greatest - 7)));
        }
    }
}

#[test]
fn a_periodic_generator_of_ones_own() {
    let strategy = || {
        WatermarkStrategy::for_generator(|| Periodic { greatest: i64::MIN }).with_timestamp_assigner(own_time)
    };
    check_each(
        |env| observed(env, strategy()),
        |run, found| {
            check_behind(run, &found, 6);
            assert!(watermarks(&found).len() > 1, "{run}: {found:?}");
        },
    );
}

#[test]
fn an_assigner_sees_the_time_that_a_record_has() {
    let input = || timed((1..=5).map(|n| (n, n * 10)));
    let strategy = || {
        let later = |_: &i64, time: Option<EventTime>| {
            time.unwrap_or(EventTime::MIN).saturating_add(Duration::from_millis(1000))
        };
        WatermarkStrategy::no_watermarks().with_timestamp_assigner(later)
    };
    // The watermarks of before are forgotten, all but the end.
    check_in_order(
        |env| {
            let shifted = env.from_timestamped(input()).assign_timestamps_and_watermarks(strategy());
            shifted.set_parallelism(1).process(Observe).set_parallelism(1)
        },
        (1..=5)
            .map(|n| Seen::Record(n, Some(1000 + n * 10), i64::MIN))
            .chain([Seen::Watermark(i64::MAX), Seen::End]),
    );
}

#[test]
fn watermarks_come_at_the_interval() {
    // Twenty times a record and a tenth of a second: two seconds, with a watermark every fifth of one.
    let steps = || (0..20).flat_map(|n| [Step::Record(n, n * 10), Step::Wait(100)]).collect();
    for run in runs().filter(|run| run.seed.is_some_and(|seed| seed < 50)) {
        let found = run.collect(&|env: &StreamExecutionEnvironment| {
            let strategy = WatermarkStrategy::for_monotonous_timestamps();
            let numbers = env.from_source(Script::new([steps()]), strategy, "script").set_parallelism(1);
            numbers.process(Observe).set_parallelism(1)
        });
        let marks = watermarks(&found);
        assert!((9..=12).contains(&marks.len()), "{run}: {marks:?}");
        assert!(marks.iter().all(|mark| *mark == i64::MAX || mark % 10 == 9), "{run}: {marks:?}");
    }
}

#[test]
fn the_splits_of_a_reader_have_a_watermark_each() {
    // One split is far ahead of the other; records of either are never late.
    let split = |sign: i64, pace: i64| (1..=15).map(|n| Step::Record(sign * n, n * pace)).collect();
    let script = Script::new([split(1, 100), split(-1, 2)]);
    check_each(
        |env| {
            let strategy = WatermarkStrategy::for_punctuated_out_of_orderness(Duration::ZERO);
            let numbers = env.from_source(script.clone(), strategy, "script").set_parallelism(1);
            numbers.process(Observe).set_parallelism(1)
        },
        |run, found| {
            let late = |seen: &Seen| matches!(seen, Seen::Record(_, Some(time), mark) if time <= mark);
            assert!(!found.iter().any(late), "{run}: {found:?}");
            assert!(watermarks(&found).iter().any(|mark| *mark > 0 && *mark < 30), "{run}: {found:?}");
            assert!(watermarks(&found).is_sorted(), "{run}: {found:?}");
        },
    );
}

#[test]
fn ingestion_time_is_the_wall_clock_at_the_source() {
    // Ten records, one every ten milliseconds.
    let source = || GeneratorSource::new(|index| index as i64, 10).with_records_per_second(100);
    for run in runs().filter(|run| run.seed.is_some_and(|seed| seed < 50)) {
        let found = run.collect(&|env: &StreamExecutionEnvironment| {
            env.set(EVERY_BATCH.0, EVERY_BATCH.1);
            let strategy = WatermarkStrategy::for_ingestion_time();
            let numbers = env.from_source(source(), strategy, "generator").set_parallelism(1);
            numbers.process(Observe).set_parallelism(1)
        });
        let mut records = 0;
        for seen in &found {
            if let Seen::Record(value, Some(time), mark) = seen {
                let passed = time - START - value * 10;
                assert!((0..10).contains(&passed), "{run}: record {value} came after {passed} ms");
                assert!(time > mark, "{run}: {value} is late");
                records += 1;
            }
        }
        assert_eq!(records, 10, "{run}");
        assert!(watermarks(&found).len() > 5, "{run}: {found:?}");
    }
}

#[test]
fn ingestion_time_in_the_middle_of_a_stream_is_the_wall_clock_there() {
    let input = || timed((1..=10).map(|n| (n, n)));
    for run in runs().filter(|run| run.seed.is_some_and(|seed| seed < 50)) {
        let found = run.collect(&|env: &StreamExecutionEnvironment| {
            let numbers = env.from_timestamped(input());
            let now = numbers.assign_timestamps_and_watermarks(WatermarkStrategy::for_ingestion_time());
            now.set_parallelism(1).process(Observe).set_parallelism(1)
        });
        let early = |seen: &Seen| matches!(seen, Seen::Record(_, Some(time), _) if *time < START);
        assert!(!found.iter().any(early), "{run}: {found:?}");
    }
}
