//! `execution.runtime-mode`: the same programs as batches. One result per key, timers at the end, nothing late.
use std::time::Duration;

use hurtig::connector::WatermarkOutput;
use hurtig::connector::watermark::WatermarkGenerator;
use hurtig::core::config::options::RUNTIME_MODE;
use hurtig::prelude::*;

use crate::functions::{Observe, Seen, WithTime, timed};
use crate::harness::{Run, check, check_fails, check_in_order, check_per_key, expect_message};
use crate::script::{Script, Step};

/// The environment, for a batch.
fn batch(env: &StreamExecutionEnvironment) -> &StreamExecutionEnvironment {
    env.set_runtime_mode(RuntimeExecutionMode::Batch)
}

fn pairs() -> impl Iterator<Item = (i64, i64)> {
    (0..200).map(|n| (n % 23, n))
}

fn of_key(key: i64) -> impl Iterator<Item = i64> {
    pairs().filter(move |pair| pair.0 == key).map(|pair| pair.1)
}

#[test]
fn each_key_has_one_result() {
    let sums = || (0..23).map(|key| (key, of_key(key).sum()));
    check(|env| batch(env).from_collection(pairs()).key_by(|pair| pair.0).sum(|pair| &mut pair.1), sums());
    check(
        |env| batch(env).from_collection(pairs()).key_by(|pair| pair.0).max_by(|pair| (pair.1 * 7919) % 101),
        (0..23).map(|key| {
            let best = of_key(key).map(|n| (n * 7919) % 101).max();
            (key, of_key(key).find(|n| Some((n * 7919) % 101) == best).unwrap())
        }),
    );
    // With names, which own memory; and one aggregation behind another.
    check(
        |env| {
            let names = batch(env).from_collection(pairs()).map(|(key, n)| (format!("key {key}"), n));
            let sums = names.key_by_ref(|pair| &pair.0).reduce(|held, next| (next.0, held.1 + next.1));
            let tens = sums.map(|(name, sum)| (name.len() as i64, sum, 1)).key_by(|row| row.0);
            tens.reduce(|held, next| (next.0, held.1 + next.1, held.2 + next.2))
        },
        [
            (5, sums().filter(|(key, _)| *key < 10).map(|(_, sum): (i64, i64)| sum).sum(), 10),
            (6, sums().filter(|(key, _)| *key >= 10).map(|(_, sum): (i64, i64)| sum).sum(), 13),
        ],
    );
}

#[test]
fn the_same_program_is_a_stream_unless_it_is_told() {
    let program = |env: &StreamExecutionEnvironment| {
        let numbers = env.from_collection((1..=4).map(|n| (n % 2, n)));
        numbers.key_by(|pair| pair.0).sum(|pair| &mut pair.1)
    };
    check_per_key(program, |pair| pair.0, [(0, 2), (0, 6), (1, 1), (1, 4)]);
    for mode in ["BATCH", "automatic"] {
        let told = move |env: &StreamExecutionEnvironment| program(env.set(RUNTIME_MODE.key(), mode));
        check_per_key(told, |pair| pair.0, [(0, 6), (1, 4)]);
    }
}

#[test]
fn results_of_keys_have_the_last_time_there_is() {
    let input = timed([(1, 10), (1, 20)]);
    check(
        |env| {
            let numbers = batch(env).from_timestamped(input.clone());
            numbers.key_by(|n| *n).reduce(|held, next| held + next).process(WithTime)
        },
        [(2, Some(i64::MAX))],
    );
}

/// A generator that must not be asked.
#[derive(Clone)]
struct Never;

impl<T> WatermarkGenerator<T> for Never {
    fn on_event(&mut self, _: &T, _: EventTime, _: &mut WatermarkOutput) {
        panic!("a batch has no watermarks");
    }

    fn on_periodic_emit(&mut self, _: &mut WatermarkOutput) {
        panic!("a batch has no watermarks");
    }
}

#[test]
fn the_only_watermark_is_the_last() {
    let seen = |times: &[i64]| {
        let record = |(n, &time): (usize, &i64)| Seen::Record(n as i64, Some(time), i64::MIN);
        let records = times.iter().enumerate().map(record);
        records.chain([Seen::Watermark(i64::MAX), Seen::End]).collect::<Vec<_>>()
    };
    let times = [30, 10, 20, 40, 5];
    let input = || timed(times.iter().enumerate().map(|(n, time)| (n as i64, *time)));
    check_in_order(
        |env| batch(env).from_timestamped(input()).process(Observe).set_parallelism(1),
        seen(&times),
    );
    check_in_order(
        |env| {
            let strategy = WatermarkStrategy::for_generator(|| Never)
                .with_timestamp_assigner(|n: &i64, time: Option<EventTime>| {
                    EventTime::from_millis(time.map_or(0, EventTime::as_millis) * 2 + n)
                })
                .with_idleness(Duration::from_millis(1));
            let numbers = batch(env).from_timestamped(input());
            let numbers = numbers.assign_timestamps_and_watermarks(strategy).set_parallelism(1);
            numbers.process(Observe).set_parallelism(1)
        },
        seen(&[60, 21, 42, 83, 14]),
    );
    // Silence says nothing in a batch.
    let steps = || vec![Step::Record(0, 7), Step::Wait(300), Step::Record(1, 3)];
    for run in [Run::seeded(1, 1), Run::seeded(2, 4)] {
        let found = run.collect(&|env: &StreamExecutionEnvironment| {
            let strategy =
                WatermarkStrategy::for_generator(|| Never).with_idleness(Duration::from_millis(10));
            let numbers = batch(env).from_source(Script::new([steps()]), strategy, "script");
            numbers.set_parallelism(1).process(Observe).set_parallelism(1)
        });
        assert_eq!(found, seen(&[7, 3]), "{run}");
    }
}

/// Counts its records and says so at the end, when the watermark has long passed.
#[derive(Clone, Default)]
struct Count(i64);

impl RichFunction for Count {}

impl ProcessFunction<i64, i64> for Count {
    fn process_element(&mut self, _: i64, _: &mut ProcessContext<'_, i64>) -> Result<()> {
        self.0 += 1;
        Ok(())
    }

    fn finish(&mut self, context: &mut ProcessContext<'_, i64>) -> Result<()> {
        context.collect(self.0)
    }
}

#[test]
fn what_operators_put_out_at_their_end_belongs_to_the_input() {
    check(
        |env| {
            let counts = batch(env).from_collection(0..50i64).rebalance().process(Count::default());
            counts.key_by(|_| 0i64).reduce(|held, next| held + next).map(|sum| sum * 10)
        },
        [500],
    );
    check_in_order(
        |env| {
            let counts = batch(env).from_collection(0..50i64).process(Count::default()).set_parallelism(1);
            counts.process(Observe).set_parallelism(1)
        },
        [Seen::Record(50, None, i64::MIN), Seen::Watermark(i64::MAX), Seen::End],
    );
}

/// Sets timers of both clocks and tells what happens.
#[derive(Clone)]
struct Timers;

impl RichFunction for Timers {}

fn tell(what: &str, time: i64, context: &mut KeyedContext<'_, i64, String>) {
    let watermark = match context.current_watermark() {
        Watermark::MIN => "start",
        Watermark::MAX => "end",
        _ => "between",
    };
    context.collect(format!("{what} {time} {watermark}"));
}

impl KeyedProcessFunction<i64, i64, String> for Timers {
    fn process_element(&mut self, value: i64, context: &mut KeyedContext<'_, i64, String>) -> Result<()> {
        tell("record", value, context);
        let now = context.current_processing_time().as_millis();
        context
            .register_processing_time_timer(hurtig::ProcessingTime::from_millis(now - 1_000_000 + value))?;
        context.register_event_time_timer(EventTime::from_millis(100 - value))?;
        // One that is deleted does not fire.
        context.register_event_time_timer(EventTime::from_millis(1000 + value))?;
        context.delete_event_time_timer(EventTime::from_millis(1000 + value))
    }

    fn on_timer(&mut self, time: i64, context: &mut KeyedContext<'_, i64, String>) -> Result<()> {
        match context.time_domain() {
            TimeDomain::EventTime => {
                assert_eq!(context.timestamp().map(EventTime::as_millis), Some(time));
                tell("event", time, context);
            }
            // By the order in which they were set.
            TimeDomain::ProcessingTime => tell("clock", 0, context),
        }
        // It would go on for ever.
        context.register_event_time_timer(EventTime::from_millis(time + 1))?;
        context.register_processing_time_timer(context.current_processing_time())
    }
}

#[test]
fn timers_fire_at_the_end_those_of_event_time_first() {
    let program = |env: &StreamExecutionEnvironment| {
        let numbers = batch(env).from_timestamped(timed([(3, 300), (1, 100), (2, 200)]));
        numbers.key_by(|_| 7i64).process(Timers).set_parallelism(1)
    };
    check_in_order(
        program,
        [
            "record 3 start",
            "record 1 start",
            "record 2 start",
            "event 97 end",
            "event 98 end",
            "event 99 end",
            "clock 0 end",
            "clock 0 end",
            "clock 0 end",
        ]
        .map(str::to_owned),
    );
    // Time may pass, and a time to live may want to be looked after: the clock's timers wait nevertheless.
    let steps = || vec![Step::Record(3, 300), Step::Wait(5000), Step::Record(1, 100)];
    for seed in 0..20 {
        let run = Run::seeded(seed, 1);
        let found = run.collect(&|env: &StreamExecutionEnvironment| {
            let strategy = WatermarkStrategy::for_monotonous_timestamps();
            let numbers = batch(env).from_source(Script::new([steps()]), strategy, "script");
            numbers.key_by(|_| 7i64).process(Timers)
        });
        let expect = [
            "record 3 start",
            "record 1 start",
            "event 97 end",
            "event 99 end",
            "clock 0 end",
            "clock 0 end",
        ];
        assert_eq!(found, expect, "{run}");
    }
}

#[test]
fn windows_fire_at_the_end_and_nothing_is_late() {
    const LATE: OutputTag<(i64, i64)> = OutputTag::new("late");
    let second = Duration::from_secs(1);
    // In no order at all.
    let input = (0..120).map(|n| ((n % 3, 1), EventTime::from_millis((n * 7919) % 3000))).collect::<Vec<_>>();
    let count = |key: i64, from: i64| {
        let inside = |time: i64| (from..from + 1000).contains(&time);
        input.iter().filter(|(pair, time)| pair.0 == key && inside(time.as_millis())).count() as i64
    };
    let sums = (0..3).flat_map(|key| [0, 1000, 2000].map(|from| (key, count(key, from)))).collect::<Vec<_>>();
    check(
        |env| {
            let pairs = batch(env).from_timestamped(input.clone()).key_by(|pair: &(i64, i64)| pair.0);
            let windows = pairs.window(TumblingEventTimeWindows::of(second)).side_output_late_data(&LATE);
            let sums = windows.reduce(|held: (i64, i64), next: (i64, i64)| (held.0, held.1 + next.1));
            let late = sums.side_output(&LATE).map(|pair| (pair.0, -1));
            sums.union([&late])
        },
        sums,
    );
    // The clock runs on, and the window of the wall clock does not end before the input does.
    let steps = || vec![Step::Record(1, 0), Step::Wait(3000), Step::Record(2, 0)];
    let sums = |mode: RuntimeExecutionMode, seed: u64| {
        Run::seeded(seed, 1).collect(&move |env: &StreamExecutionEnvironment| {
            env.set_runtime_mode(mode);
            let strategy = WatermarkStrategy::no_watermarks();
            let numbers = env.from_source(Script::new([steps()]), strategy, "script");
            let windows = numbers.key_by(|_| 7i64).window(TumblingProcessingTimeWindows::of(second));
            let sums = windows.reduce(|held: i64, next: i64| held + next).process(Observe);
            let is_record = |seen: &Seen| matches!(seen, Seen::Record(..));
            sums.filter(is_record).union([&numbers.process(Observe).filter(is_record)])
        })
    };
    for seed in 0..20 {
        let value = |seen: &Seen| if let Seen::Record(value, ..) = seen { *value } else { 0 };
        let batch: Vec<i64> = sums(RuntimeExecutionMode::Batch, seed).iter().map(value).collect();
        // Both are seen before the first window comes out, which in a stream is different.
        assert_eq!(batch.iter().rposition(|n| *n == 2), Some(3), "{batch:?}");
        assert_eq!(batch.iter().position(|n| *n == 1).map(|at| at < 2), Some(true), "{batch:?}");
        let stream: Vec<i64> = sums(RuntimeExecutionMode::Streaming, seed).iter().map(value).collect();
        assert_eq!(stream, [1, 1, 2], "the last window of a stream is not over");
    }
}

#[test]
fn interval_joins_find_all_partners() {
    let side = |apart: i64| {
        (0..40).map(move |n| ((n, 0), EventTime::from_millis((n * 7919) % 40 * apart))).collect::<Vec<_>>()
    };
    let near = |left: i64, right: i64| ((right * 7919) % 40 * 10 - (left * 7919) % 40 * 10).abs() <= 10;
    let ten = Duration::from_millis(10);
    check(
        |env| {
            let env = batch(env);
            let left = env.from_timestamped(side(10)).key_by(|pair: &(i64, i64)| pair.1);
            let right = env.from_timestamped(side(10)).key_by(|pair: &(i64, i64)| pair.1);
            let join = left.interval_join(&right);
            join.between(RelativeTime::Before(ten), RelativeTime::After(ten))
                .apply(|left, right| (left.0, right.0))
        },
        (0..40).flat_map(|left| (0..40).map(move |right| (left, right))).filter(|pair| near(pair.0, pair.1)),
    );
}

#[test]
fn unbounded_sources_are_for_streams() {
    let endless = |env: &StreamExecutionEnvironment| {
        let steps = vec![Step::Record(1, 1), Step::Hang];
        let strategy = WatermarkStrategy::no_watermarks();
        env.from_source(Script::new([steps]), strategy, "endless").union([&env.from_collection([1i64])])
    };
    check_fails(
        |env| endless(batch(env)),
        &["option 'execution.runtime-mode' is BATCH, and these sources are unbounded: 'endless'"],
    );
    check_fails(
        |env| env.set(RUNTIME_MODE.key(), "batchy").from_collection([1i64]),
        &["execution.runtime-mode", "'batchy'", "STREAMING, BATCH or AUTOMATIC"],
    );
    let mode = |env: &StreamExecutionEnvironment| {
        env.program(None).unwrap().configuration.get(&RUNTIME_MODE).unwrap()
    };
    let env = StreamExecutionEnvironment::default();
    env.from_collection([1i64]).print();
    assert_eq!(mode(&env), RuntimeExecutionMode::Streaming);
    env.set_runtime_mode(RuntimeExecutionMode::Automatic);
    assert_eq!(mode(&env), RuntimeExecutionMode::Batch);
    endless(&env).print();
    assert_eq!(mode(&env), RuntimeExecutionMode::Streaming);
    let failed = batch(&env).execute("fails").err().unwrap();
    expect_message("a batch", &failed, &["'endless'"]);
}

#[test]
fn a_reduction_that_fails_names_the_record() {
    check_fails(
        |env| batch(env).from_collection([100i8, 27, 1]).key_by(|_| 0i64).sum(|n| n),
        &["Keyed Aggregation", "the sum of 127 and 1 does not fit i8"],
    );
}
