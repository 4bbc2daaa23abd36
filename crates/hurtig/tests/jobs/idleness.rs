//! Sources and splits that have nothing to say do not hold the watermark back, if they may be idle. On the
//! mock clock.
use std::time::Duration;

use hurtig::prelude::*;

use crate::functions::{Observe, Seen, watermarks};
use crate::harness::{Run, Watchdog};
use crate::script::{Script, Step};

/// A record every tenth of a second, for three seconds.
fn busy() -> Vec<Step> {
    (1..=30).flat_map(|n| [Step::Record(n, n * 10), Step::Wait(100)]).collect()
}

/// Nothing for ten seconds.
fn silent() -> Vec<Step> {
    vec![Step::Wait(10_000)]
}

fn strategy(idle_after: Option<u64>) -> WatermarkStrategy<i64> {
    let strategy = WatermarkStrategy::for_monotonous_timestamps();
    match idle_after {
        Some(millis) => strategy.with_idleness(Duration::from_millis(millis)),
        None => strategy,
    }
}

fn check(program: impl Fn(&StreamExecutionEnvironment) -> DataStream<i64>, look: impl Fn(Run, &[Seen])) {
    let _watchdog = Watchdog::start();
    for seed in 0..50 {
        for parallelism in [1, 4] {
            let run = Run::seeded(seed, parallelism);
            let observe = |env: &_| program(env).process(Observe).set_parallelism(1);
            look(run, &run.collect(&observe));
        }
    }
}

/// How many records came before the first watermark.
fn before_first_watermark(found: &[Seen]) -> usize {
    found.iter().take_while(|seen| matches!(seen, Seen::Record(..))).count()
}

/// The watermark begins to move once the silent one is idle: after half a second, seen within a fifth of one.
fn moves_early(run: Run, found: &[Seen]) {
    let before = before_first_watermark(found);
    assert!((3..=10).contains(&before), "{run}: {before} records, then {:?}", watermarks(found));
    assert!(watermarks(found).len() > 8, "{run}: {:?}", watermarks(found));
    assert!(watermarks(found).is_sorted(), "{run}: {:?}", watermarks(found));
}

#[test]
fn an_idle_source_does_not_hold_back() {
    check(
        |env| {
            let busy = env.from_source(Script::new([busy()]), strategy(Some(500)), "busy");
            busy.union([&env.from_source(Script::new([silent()]), strategy(Some(500)), "silent")])
        },
        moves_early,
    );
}

#[test]
fn a_silent_source_that_may_not_be_idle_holds_back() {
    check(
        |env| {
            let busy = env.from_source(Script::new([busy()]), strategy(Some(500)), "busy");
            busy.union([&env.from_source(Script::new([silent()]), strategy(None), "silent")])
        },
        |run, found| assert_eq!(before_first_watermark(found), 30, "{run}: {:?}", watermarks(found)),
    );
}

#[test]
fn an_idle_split_does_not_hold_back() {
    // At a parallelism of 1 both are in one reader, else in two.
    check(|env| env.from_source(Script::new([busy(), silent()]), strategy(Some(500)), "both"), moves_early);
    check(
        |env| env.from_source(Script::new([busy(), silent()]), strategy(None), "both"),
        |run, found| assert_eq!(before_first_watermark(found), 30, "{run}: {:?}", watermarks(found)),
    );
}

#[test]
fn a_reader_without_a_split_does_not_hold_back() {
    // Three of four readers have nothing to read, and are not told that it stays so.
    check(
        |env| {
            let source = Script::new([busy()]).open_for(10_000);
            env.from_source(source, strategy(Some(500)), "one split")
        },
        |run, found| {
            // With one reader nobody has to become idle.
            let before = before_first_watermark(found);
            assert!((1..=10).contains(&before), "{run}: {before} records, then {:?}", watermarks(found));
            assert!(watermarks(found).len() > 8, "{run}: {:?}", watermarks(found));
        },
    );
    check(
        |env| {
            let source = Script::new([busy()]).open_for(10_000);
            env.from_source(source, strategy(None), "one split").set_parallelism(4)
        },
        |run, found| assert_eq!(before_first_watermark(found), 30, "{run}: {:?}", watermarks(found)),
    );
}

#[test]
fn idleness_passes_through_operators_and_exchanges() {
    check(
        |env| {
            let silent = env.from_source(Script::new([silent()]), strategy(Some(500)), "silent");
            let silent = silent.map(|n| n).rebalance().filter(|_| true).key_by(|n| *n).map(|n| n);
            env.from_source(Script::new([busy()]), strategy(Some(500)), "busy").union([&silent])
        },
        moves_early,
    );
}

#[test]
fn idleness_in_the_middle_of_a_stream() {
    check(
        |env| {
            let source =
                |steps| env.from_source(Script::new([steps]), WatermarkStrategy::no_watermarks(), "s");
            let busy = source(busy()).assign_timestamps_and_watermarks(strategy(Some(500)));
            let silent = source(silent()).assign_timestamps_and_watermarks(strategy(Some(500)));
            busy.union([&silent])
        },
        moves_early,
    );
}

#[test]
fn a_source_that_speaks_again_counts_again_and_cannot_turn_time_back() {
    // Silent for two seconds, then it speaks of the past, often enough not to be idle, for five seconds.
    let late = || {
        let words = (1..=50).flat_map(|n| [Step::Record(-n, n), Step::Wait(100)]);
        [Step::Wait(2000)].into_iter().chain(words).collect()
    };
    check(
        |env| {
            let busy = env.from_source(Script::new([busy()]), strategy(Some(500)), "busy");
            busy.union([&env.from_source(Script::new([late()]), strategy(Some(500)), "late")])
        },
        |run, found| {
            assert!((3..=10).contains(&before_first_watermark(found)), "{run}: {found:?}");
            assert!(watermarks(found).is_sorted(), "{run}: {:?}", watermarks(found));
            let back = found.iter().position(|seen| matches!(seen, Seen::Record(-1, ..))).unwrap();
            let (before, after) = found.split_at(back);
            assert!(matches!(after[0], Seen::Record(_, Some(1), mark) if mark > 1), "{run}: {:?}", after[0]);
            // While it speaks of the past nothing moves; the other's last second was ahead of it.
            let last = watermarks(before).last().copied().unwrap();
            let end = after.iter().position(|seen| matches!(seen, Seen::Record(-50, ..))).unwrap();
            let during = watermarks(&after[1..end]);
            assert!(during.is_empty(), "{run}: {during:?} after {last}");
        },
    );
}
