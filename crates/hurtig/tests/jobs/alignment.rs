//! Watermark alignment: a source that is ahead of its group waits for the others. On the mock clock.
use std::time::Duration;

use hurtig::prelude::*;

use crate::functions::{Observe, START, Seen};
use crate::harness::{Run, Watchdog};
use crate::script::{Script, Step};

/// More than what the fast one reads between two updates, or it would wait for itself.
const DRIFT: i64 = 200;

/// A record every millisecond, of which each is `pace` milliseconds of event time after the one before.
fn steps(sign: i64, pace: i64, count: i64) -> Vec<Step> {
    (1..=count).flat_map(|n| [Step::Record(sign * n, n * pace), Step::Wait(1)]).collect()
}

fn strategy(group: Option<&str>) -> WatermarkStrategy<i64> {
    let strategy = WatermarkStrategy::for_monotonous_timestamps();
    match group {
        Some(group) => strategy.with_watermark_alignment(
            group,
            Duration::from_millis(DRIFT as u64),
            Duration::from_millis(10),
        ),
        None => strategy,
    }
}

/// How far the fast one got ahead of the slow one at most, while the slow one had something to say.
fn greatest_lead(found: &[Seen]) -> i64 {
    let (mut slow, mut lead) = (0, 0);
    for seen in found {
        match seen {
            Seen::Record(-200, ..) => return lead,
            Seen::Record(value, Some(time), _) if *value < 0 => slow = *time,
            Seen::Record(_, Some(time), _) => lead = lead.max(time - slow),
            _ => {}
        }
    }
    lead
}

fn check(
    program: impl Fn(&StreamExecutionEnvironment, &Script) -> DataStream<i64>,
    script: impl Fn() -> Script,
    look: impl Fn(Run, i64, &Script),
) {
    let _watchdog = Watchdog::start();
    for seed in 0..30 {
        let run = Run::seeded(seed, 1);
        let script = script();
        let found = run.collect(&|env: &StreamExecutionEnvironment| {
            env.set("pipeline.auto-watermark-interval", "1 ms");
            program(env, &script).process(Observe).set_parallelism(1)
        });
        let records = found.iter().filter(|seen| matches!(seen, Seen::Record(..))).count();
        assert_eq!(records, 400, "{run}");
        look(run, greatest_lead(&found), &script);
    }
}

/// The drift, what the fast one reads between two updates, and some for the messages.
const ALIGNED: i64 = DRIFT + 100 + 100;

#[test]
fn a_source_ahead_of_its_group_waits() {
    let two = |group: Option<&'static str>| {
        move |env: &StreamExecutionEnvironment, fast: &Script| {
            let slow = Script::new([steps(-1, 1, 200)]);
            let fast = env.from_source(fast.clone(), strategy(group), "fast");
            fast.union([&env.from_source(slow, strategy(group), "slow")])
        }
    };
    let fast = || Script::new([steps(1, 10, 200)]);
    check(two(None), fast, |run, lead, fast| {
        assert!(lead > 1000, "{run}: without a group {lead}");
        assert!(fast.pauses().is_empty(), "{run}");
    });
    check(two(Some("group")), fast, |run, lead, fast| {
        assert!(lead <= ALIGNED, "{run}: {lead}");
        let pauses = fast.pauses();
        let paused: Vec<_> = pauses.iter().flat_map(|pause| &pause.pause).collect();
        let resumed: Vec<_> = pauses.iter().flat_map(|pause| &pause.resume).collect();
        assert!(!paused.is_empty() && paused.iter().all(|id| *id == "part 0"), "{run}: {pauses:?}");
        assert_eq!(paused.len(), resumed.len(), "{run}: {pauses:?}");
    });
}

#[test]
fn sources_of_different_groups_do_not_wait_for_each_other() {
    check(
        |env, fast| {
            let slow = Script::new([steps(-1, 1, 200)]);
            let fast = env.from_source(fast.clone(), strategy(Some("one")), "fast");
            fast.union([&env.from_source(slow, strategy(Some("other")), "slow")])
        },
        || Script::new([steps(1, 10, 200)]),
        |run, lead, fast| {
            assert!(lead > 1000, "{run}: {lead}");
            assert!(fast.pauses().is_empty(), "{run}: {:?}", fast.pauses());
        },
    );
}

#[test]
fn a_split_ahead_of_another_in_one_reader_waits() {
    check(
        |env, both| env.from_source(both.clone(), strategy(Some("group")), "both"),
        || Script::new([steps(1, 10, 200), steps(-1, 1, 200)]),
        |run, lead, both| {
            assert!(lead <= ALIGNED, "{run}: {lead}");
            let pauses = both.pauses();
            assert!(
                pauses.iter().all(|pause| !pause.pause.contains(&"part 1".to_owned())),
                "{run}: {pauses:?}"
            );
            assert!(!pauses.is_empty(), "{run}");
        },
    );
}

/// Each record with the milliseconds that the clock had run when it came.
#[derive(Clone)]
struct WithClock;

impl RichFunction for WithClock {}

impl ProcessFunction<i64, (i64, i64)> for WithClock {
    fn process_element(&mut self, value: i64, context: &mut ProcessContext<'_, (i64, i64)>) -> Result<()> {
        let now = context.current_processing_time().as_millis();
        context.collect((value, now - START))
    }
}

#[test]
fn an_idle_source_does_not_hold_its_group_back() {
    // The slow one says something, then nothing for ten seconds: the fast one needs not wait for that.
    let silence = || vec![Step::Record(-1, 1), Step::Wait(10_000)];
    let strategy = || strategy(Some("group")).with_idleness(Duration::from_millis(100));
    let _watchdog = Watchdog::start();
    for seed in 0..10 {
        let run = Run::seeded(seed, 1);
        let found = run.collect(&|env: &StreamExecutionEnvironment| {
            env.set("pipeline.auto-watermark-interval", "1 ms");
            let fast = env.from_source(Script::new([steps(1, 10, 200)]), strategy(), "fast");
            let slow = env.from_source(Script::new([silence()]), strategy(), "slow");
            fast.union([&slow]).process(WithClock).set_parallelism(1)
        });
        let last = found.iter().find(|(value, _)| *value == 200).unwrap();
        assert!(last.1 < 2000, "{run}: the last record came after {} ms", last.1);
    }
}
