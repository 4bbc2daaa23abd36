//! The engine's window operators against the oracle, on every windowing and on scripts that proptest makes up.
//!
//! [`trigger`] and [`assigner`] make the engine's parts of what the oracle's enums say, [`item`] has the records
//! and the functions, [`driver`] plays scripts. [`panes`] and [`joins`] look closer at some,
//! [`jobs`] runs whole jobs.
mod assigner;
mod driver;
mod item;
mod jobs;
mod joins;
mod panes;
mod trigger;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use hurtig::operator::route::{OwnedKey, Selector};
use hurtig::operator::window::contents::Buffering;
use hurtig::operator::window::operator::{WindowOperator, WindowOptions};
use hurtig::prelude::{EventTime, EventTimeSessionWindows, EventTimeTrigger};
use hurtig::state::keyed::StateSize;
use hurtig::test::KeyedOneInputOperatorTestHarness;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::assigner::Assigner;
use super::cases::{Case, all_windowings, cases, scripts};
use super::oracle::{Due, Late, Windowing};
use super::outcome::Firing;
use super::steps::{Step, script};
use super::timers::TimeDomain;
use super::trigger::Trigger;
use crate::harness::{Watchdog, expect_message};
use driver::{Contents, Pace, Seen, Way, counts, paces, played};
use item::{Fired, Item, Report, Span, span};
use trigger::nests_timeouts;

/// Plays a case on an operator and on the oracle, and compares all that comes out.
fn check(case: &Case, contents: Contents, way: Way, pace: Pace) {
    let Case { windowing, script } = case;
    let outcome = windowing.run(Due::After, script);
    let played = played(case, contents, way, pace);
    let what = || format!("{contents:?} {way:?} {pace:?} {windowing:?}\n{}", text(script));
    if everything_ends(windowing) {
        let left = StateSize { bytes: 0, ..played.left };
        assert_eq!(left, StateSize::default(), "left behind: {}", what());
        if contents != Contents::Sum && !windowing.assigner.merges() {
            assert_eq!(sorted(&played.cleared), expected_clears(case, &outcome.firings, way), "{}", what());
        }
    }
    if outcome.ambiguous {
        return;
    }
    let late: Vec<_> = outcome.late.iter().map(|(step, record)| (*step, record.timestamp)).collect();
    let to_output = if windowing.late == Late::SideOutput { late } else { Vec::new() };
    assert_eq!(played.late, to_output, "late: {}", what());
    assert_eq!(played.dropped, outcome.num_late_records_dropped as u64, "dropped: {}", what());
    let counts = counts(case, contents, way);
    let mut times = BTreeMap::new();
    let mut firings = outcome.firings.as_slice();
    for (steps, seen) in &played.chunks {
        let mut seen = seen.as_slice();
        while let Some(first) = firings.first().filter(|first| steps.contains(&first.step)) {
            // Those of one step and cause come in any order.
            let same = |firing: &&Firing| (firing.step, firing.cause) == (first.step, first.cause);
            let (now, then) = firings.split_at(firings.iter().take_while(same).count());
            firings = then;
            let expect = now.iter().map(|firing| {
                let times = times.entry((firing.key, firing.window)).or_insert(0);
                *times += 1;
                expected(firing, contents, if counts { *times } else { 0 })
            });
            let (found, rest) = seen.split_at(now.len().min(seen.len()));
            seen = rest;
            let in_any_order = |found: &Seen| {
                let out_of_order =
                    |firing: &&Firing| (firing.key, firing.window.max_timestamp()) == (found.key, found.time);
                let in_order =
                    way == Way::Windows && now.iter().find(out_of_order).is_none_or(|firing| firing.in_order);
                let content = if in_order { found.content.clone() } else { sorted(&found.content) };
                Seen { content, ..found.clone() }
            };
            let found = found.iter().map(in_any_order);
            assert_eq!(sorted_all(found), sorted_all(expect), "step {}: {}", first.step, what());
        }
        assert!(seen.is_empty(), "steps {steps:?}: {seen:?} besides: {}", what());
    }
    assert!(firings.is_empty(), "{firings:?} are missing: {}", what());
}

/// A script as [`steps::script`](super::steps::script) reads it.
fn text(script: &[Step]) -> String {
    let word = |step: &Step| match step {
        Step::Record(record) => record.to_string(),
        Step::Watermark(time) => format!("w{time}"),
        Step::ProcessingTime(time) => format!("p{time}"),
        Step::End => "end".to_owned(),
    };
    script.iter().map(word).collect::<Vec<_>>().join(" ")
}

fn sorted<T: Ord + Clone>(values: &[T]) -> Vec<T> {
    sorted_all(values.iter().cloned())
}

fn sorted_all<T: Ord>(values: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut values: Vec<T> = values.into_iter().collect();
    values.sort();
    values
}

/// What a firing of the oracle looks like in the engine.
fn expected(firing: &Firing, contents: Contents, nth: u64) -> Seen {
    let Firing { key, window, elements, in_order, .. } = firing;
    let steps: Vec<_> = elements.iter().map(|element| element.step as i64).collect();
    let (span, content) = match contents {
        Contents::Sum => (None, vec![elements.iter().map(|element| element.value).sum()]),
        _ if *in_order => (Some(span(*window)), steps),
        _ => (Some(span(*window)), sorted(&steps)),
    };
    Seen { key: *key, time: window.max_timestamp(), span, content, nth }
}

/// Whether all windows are over when a script is, and the clock has gone on.
fn everything_ends(windowing: &Windowing) -> bool {
    let Windowing { assigner, allowed_lateness, .. } = windowing;
    let for_ever = assigner.domain() == TimeDomain::EventTime && *allowed_lateness == i64::MAX;
    *assigner != Assigner::Global && !for_ever
}

/// The windows that are cleared, for those that do not merge: once per key those that ever got an element, where
/// they share panes those that fired.
fn expected_clears(case: &Case, firings: &[Firing], way: Way) -> Vec<Span> {
    let Case { windowing: Windowing { assigner, allowed_lateness, .. }, script } = case;
    let (mut watermark, mut clock) = (i64::MIN, 0);
    let mut windows = BTreeSet::new();
    for step in script {
        match *step {
            Step::Record(record) => {
                let of_event_time = assigner.domain() == TimeDomain::EventTime;
                let over = |end: i64| of_event_time && end.saturating_add(*allowed_lateness) <= watermark;
                let open = assigner.windows(record, clock).into_iter().filter(|w| !over(w.max_timestamp()));
                windows.extend(open.map(|window| (record.key, window)));
            }
            Step::Watermark(time) => watermark = watermark.max(time),
            Step::ProcessingTime(time) => clock = time,
            Step::End => watermark = i64::MAX,
        }
    }
    if way == Way::Panes && assigner.domain() == TimeDomain::EventTime {
        assert_eq!(windows, firings.iter().map(|firing| (firing.key, firing.window)).collect());
    }
    sorted_all(windows.into_iter().map(|(_, window)| span(window)))
}

/// What a windowing can be played with.
fn ways(windowing: &Windowing) -> Vec<(Contents, Way)> {
    let mut ways = vec![(Contents::Elements, Way::Windows)];
    if windowing.evictor.is_none() {
        ways.extend([(Contents::Sum, Way::Windows), (Contents::Aggregate, Way::Windows)]);
        if shares_panes(windowing) {
            ways.extend([(Contents::Sum, Way::Panes), (Contents::Aggregate, Way::Panes)]);
        }
    }
    ways
}

/// Whether the DataStream API would take the operator with panes.
fn shares_panes(windowing: &Windowing) -> bool {
    let Windowing { assigner, trigger, evictor, allowed_lateness, .. } = windowing;
    let of_its_time = match assigner.domain() {
        TimeDomain::EventTime => *trigger == Trigger::EventTime,
        TimeDomain::ProcessingTime => *trigger == Trigger::ProcessingTime,
    };
    let slides = matches!(assigner, Assigner::Sliding { .. });
    slides && of_its_time && evictor.is_none() && *allowed_lateness == 0
}

/// So many scripts of some length, always the same.
fn some_scripts(count: usize) -> Vec<Vec<Step>> {
    let mut runner = TestRunner::deterministic();
    let strategy = scripts(80);
    let script = || strategy.new_tree(&mut runner).unwrap().current();
    std::iter::repeat_with(script).filter(|script| script.len() > 40).take(count).collect()
}

#[test]
fn every_windowing_does_what_the_oracle_says() {
    let _watchdog = Watchdog::start();
    let scripts = some_scripts(7);
    let mut which = 0;
    for windowing in all_windowings() {
        for (contents, way) in ways(&windowing) {
            let case = Case { windowing: windowing.clone(), script: scripts[which % scripts.len()].clone() };
            let pace = Pace { output: 1 + which % 3, input: 1 + which % 5, batch: 1 + which % 4 };
            check(&case, contents, way, pace);
            which += 1;
        }
    }
    assert!(which > 5000, "{which}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_windowing_does_what_the_oracle_says(
        case in cases().prop_filter("states by name", |case| !nests_timeouts(&case.windowing.trigger)),
        pace in paces(),
    ) {
        for (contents, way) in ways(&case.windowing) {
            check(&case, contents, way, pace);
        }
    }
}

/// What is left of a windowing after a script.
fn left_of(windowing: Windowing, contents: Contents, text: &str) -> StateSize {
    let case = Case { windowing, script: script(text) };
    let pace = Pace { output: 1, input: 1, batch: 1 };
    check(&case, contents, Way::Windows, pace);
    StateSize { bytes: 0, ..played(&case, contents, Way::Windows, pace).left }
}

#[test]
fn a_window_without_end_that_holds_nothing_is_gone() {
    let nothing = StateSize::default();
    assert_eq!(
        left_of(Windowing::count(3), Contents::Sum, "1:1@0 2:2@0 1:3@0 2:4@0 1:5@0 2:6@0 end"),
        nothing
    );
    let left = left_of(Windowing::count(3), Contents::Sum, "1:1@0 2:2@0 1:3@0 1:5@0 end");
    assert_eq!(left, StateSize { keys: 1, entries: 2, ..nothing }, "a window and its sum");

    let nested = Box::new(Trigger::Count(2));
    let timeout = Trigger::ProcessingTimeout {
        nested,
        timeout: 7,
        reset_timer_on_new_record: false,
        should_clear_on_timeout: true,
    };
    let trigger = Trigger::Purging(Box::new(timeout));
    let count_or_time = || Windowing { trigger: trigger.clone(), ..Windowing::count(2) };
    let by_count = "p1 1:1@0 1:2@0 2:3@0 2:4@0 end";
    let by_time = "p1 1:1@0 2:2@0 p9 end";
    let by_both = "p1 1:1@0 p9 1:2@0 p10 1:3@0 1:4@0 p30 end";
    for script in [by_count, by_time, by_both] {
        for contents in [Contents::Elements, Contents::Sum] {
            assert_eq!(left_of(count_or_time(), contents, script), nothing, "{contents:?} {script}");
        }
    }
}

#[test]
fn windows_that_merge_have_no_state_of_their_own() {
    let operator = WindowOperator::new(
        Selector::new(OwnedKey(|item: &Item| item.key)),
        EventTimeSessionWindows::with_gap(Duration::from_millis(5)),
        EventTimeTrigger,
        Buffering::<Item, Fired, _>::new(Report::that_counts()),
        WindowOptions::default(),
    );
    let mut harness = KeyedOneInputOperatorTestHarness::<Item, Fired>::for_operator(operator);
    harness.open().unwrap();
    let item = Item { key: 1, value: 2, step: 0, gap: 0 };
    harness.process_element(item, EventTime::from_millis(3)).unwrap();
    let Err(error) = harness.process_watermark(EventTime::MAX) else { panic!("it has written state") };
    expect_message("sessions", &error, &["windows that merge have no state each", "global_state"]);
}
