//! The oracles against definitions that know of no timers, triggers or state, on scripts that proptest makes up;
//! and whether those scripts meet what they are made for.
use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::assigner::{Assigner, Gap, Window};
use super::cases::{all_windowings, cases, event_time_cases, scripts};
use super::join_cases::{interval_joins, join_scripts, join_windowings};
use super::joins_oracle::{IntervalJoin, JoinKind, JoinStep, Side, window_join};
use super::oracle::{Due, Late, Windowing};
use super::outcome::{Cause, Element, Outcome};
use super::steps::{Record, Step};
use super::timers::TimeDomain::EventTime;
use super::trigger::Trigger;

/// Event-time windows that fire once and keep nothing.
fn plain(assigner: Assigner) -> Windowing {
    Windowing { assigner, trigger: Trigger::EventTime, evictor: None, allowed_lateness: 0, late: Late::Drop }
}

/// The records of a script, each with its step and the watermark that it meets.
fn records(script: &[Step]) -> Vec<(Element, Record, i64)> {
    let mut watermark = i64::MIN;
    let mut records = Vec::new();
    for (step, what) in script.iter().enumerate() {
        match *what {
            Step::Watermark(time) => watermark = watermark.max(time),
            Step::Record(record) => {
                let Record { value, timestamp, .. } = record;
                records.push((Element { step, value, timestamp }, record, watermark));
            }
            Step::ProcessingTime(_) | Step::End => {}
        }
    }
    records
}

/// The contents of each key and window that fired. None may have fired twice.
fn contents(outcome: Outcome) -> BTreeMap<(u8, Window), Vec<Element>> {
    let firings = outcome.firings.len();
    let windows: BTreeMap<_, _> =
        outcome.firings.into_iter().map(|firing| ((firing.key, firing.window), firing.elements)).collect();
    assert_eq!(windows.len(), firings);
    windows
}

fn without_watermarks<S: Clone>(script: &[S], is_watermark: impl Fn(&S) -> bool) -> Vec<S> {
    script.iter().filter(|step| !is_watermark(step)).cloned().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn windows_hold_what_came_before_their_end(
        script in scripts(60),
        size in 1..20_i64,
        slide in 1..20_i64,
        offset in 0..20_i64,
    ) {
        let assigner = Assigner::Sliding { domain: EventTime, size, slide, offset: offset % slide };
        let mut expect = BTreeMap::<_, Vec<Element>>::new();
        for (element, record, watermark) in records(&script) {
            // Every start there could be.
            for start in record.timestamp - size + 1..=record.timestamp {
                let window = Window::Time { start, end: start + size };
                if (start - offset % slide) % slide == 0 && window.max_timestamp() > watermark {
                    expect.entry((record.key, window)).or_default().push(element);
                }
            }
        }
        prop_assert_eq!(contents(plain(assigner).run(Due::At, &script)), expect);
    }

    #[test]
    fn sessions_are_islands_between_gaps(script in scripts(60), gap in 1..12_i64) {
        let script = without_watermarks(&script, |step| matches!(step, Step::Watermark(_)));
        let mut times = BTreeMap::<u8, Vec<Element>>::new();
        for (element, record, _) in records(&script) {
            times.entry(record.key).or_default().push(element);
        }
        let mut expect = BTreeMap::new();
        for (key, mut elements) in times {
            elements.sort_by_key(|element| (element.timestamp, element.value, element.step));
            for island in elements.chunk_by(|one, next| next.timestamp - one.timestamp <= gap) {
                let (start, end) = (island[0].timestamp, island[island.len() - 1].timestamp + gap);
                expect.insert((key, Window::Time { start, end }), island.to_vec());
            }
        }
        let windowing = plain(Assigner::Session { domain: EventTime, gap: Gap::Static(gap) });
        let mut found = contents(windowing.run(Due::At, &script));
        for elements in found.values_mut() {
            elements.sort_by_key(|element| (element.timestamp, element.value, element.step));
        }
        prop_assert_eq!(found, expect);
    }

    #[test]
    fn count_windows_are_chunks(script in scripts(60), size in 1..6_usize, slide in 1..6_usize) {
        let mut of_keys = BTreeMap::<u8, Vec<Element>>::new();
        for (element, record, _) in records(&script) {
            of_keys.entry(record.key).or_default().push(element);
        }
        let fired = |windowing: Windowing| -> BTreeSet<_> {
            let firings = windowing.run(Due::At, &script).firings;
            firings.into_iter().map(|firing| (firing.key, firing.elements)).collect()
        };
        let chunks = |(key, elements): (&u8, &Vec<Element>)| -> Vec<_> {
            elements.chunks_exact(size).map(|chunk| (*key, chunk.to_vec())).collect()
        };
        prop_assert_eq!(fired(Windowing::count(size as i64)), of_keys.iter().flat_map(chunks).collect());
        let slides = |(key, elements): (&u8, &Vec<Element>)| -> Vec<_> {
            let ends = (slide..=elements.len()).step_by(slide);
            ends.map(|end| (*key, elements[end.saturating_sub(size)..end].to_vec())).collect()
        };
        prop_assert_eq!(fired(Windowing::sliding_count(size, slide as i64)), of_keys.iter().flat_map(slides).collect());
    }

    #[test]
    fn firings_hold_what_belongs_to_them(case in cases(), due in prop_oneof![Just(Due::At), Just(Due::After)]) {
        let records: BTreeMap<_, _> =
            records(&case.script).into_iter().map(|(element, record, _)| (element, record)).collect();
        let outcome = case.windowing.run(due, &case.script);
        for firing in &outcome.firings {
            for element in &firing.elements {
                prop_assert_eq!(records[element].key, firing.key);
                prop_assert!(element.step <= firing.step, "{} holds the future", firing);
                if let Window::Time { start, end } = firing.window && case.windowing.assigner.domain() == EventTime {
                    prop_assert!((start..end).contains(&element.timestamp), "{} holds {:?}", firing, element);
                }
            }
            let in_order = firing.elements.is_sorted_by_key(|element| element.step);
            prop_assert!(in_order || !firing.in_order);
            prop_assert_eq!(firing.cause == Cause::Element, matches!(case.script[firing.step], Step::Record(_)));
        }
        // What is late is in no window, what is purged in no window again.
        let fired = outcome.firings.iter().flat_map(|firing| &firing.elements);
        let late: BTreeSet<_> = outcome.late.iter().map(|late| late.0).collect();
        prop_assert!(fired.clone().all(|element| !late.contains(&element.step)));
        if matches!(case.windowing.trigger, Trigger::Purging(_)) {
            let mut seen = BTreeSet::new();
            for firing in &outcome.firings {
                let merges = case.windowing.assigner.merges();
                let window = if merges { Window::Global } else { firing.window };
                prop_assert!(firing.elements.iter().all(|element| seen.insert((window, *element))), "{} again", firing);
            }
        }
    }

    #[test]
    fn event_time_knows_no_clock(case in event_time_cases()) {
        let mut later = case.script.clone();
        later.insert(0, Step::ProcessingTime(1000));
        let (outcome, later) = (case.windowing.run(Due::At, &case.script), case.windowing.run(Due::After, &later));
        prop_assert_eq!(outcome.firings.len(), later.firings.len());
        for (firing, later) in outcome.firings.iter().zip(&later.firings) {
            prop_assert_eq!(firing.step + 1, later.step);
            prop_assert_eq!(firing.elements.len(), later.elements.len());
        }
    }

    #[test]
    fn window_joins_are_joins_by_window(windowing in join_windowings(), script in join_scripts(40)) {
        prop_assume!(!windowing.assigner.merges());
        let script = without_watermarks(&script, |step| matches!(step, JoinStep::Watermark(..)));
        let of = |wanted| script.iter().enumerate().filter_map(move |(step, what)| match what {
            JoinStep::Record(side, record) if *side == wanted => Some((step, *record)),
            _ => None,
        });
        let mut expect = Vec::new();
        for (left_step, left) in of(Side::Left) {
            for (right_step, right) in of(Side::Right).filter(|right| right.1.key == left.key) {
                let windows = windowing.assigner.windows(right, 0);
                let shared = windowing.assigner.windows(left, 0).into_iter().filter(|window| windows.contains(window));
                expect.extend(shared.map(|window| (window, left_step, right_step)));
            }
        }
        expect.sort();
        let joined = window_join(&windowing, Due::At, &script);
        let step = |element: Option<Element>| element.map_or(0, |element| element.step);
        let mut found: Vec<_> =
            joined.iter().map(|(window, joined)| (*window, step(joined.left), step(joined.right))).collect();
        found.sort();
        prop_assert_eq!(found, expect);
    }

    #[test]
    fn outer_joins_add_what_inner_joins_leave(join in interval_joins(), script in join_scripts(40)) {
        let inner = IntervalJoin { kind: JoinKind::Inner, ..join }.run(&script);
        let outer = join.run(&script);
        prop_assert_eq!(&inner.late, &outer.late);
        let (pairs, alone): (Vec<_>, Vec<_>) =
            outer.joined.into_iter().partition(|joined| joined.left.is_some() && joined.right.is_some());
        prop_assert_eq!(&pairs, &inner.joined);
        let late: BTreeSet<_> = inner.late.iter().map(|late| late.0).collect();
        for (step, what) in script.iter().enumerate() {
            let JoinStep::Record(side, _) = what else { continue };
            let is = |element: Option<Element>| element.is_some_and(|element| element.step == step);
            let paired = pairs.iter().any(|joined| is(joined.left) || is(joined.right));
            let kept = match side {
                Side::Left => matches!(join.kind, JoinKind::LeftOuter | JoinKind::FullOuter),
                Side::Right => matches!(join.kind, JoinKind::RightOuter | JoinKind::FullOuter),
            };
            let times = alone.iter().filter(|joined| is(joined.left) || is(joined.right)).count();
            prop_assert_eq!(times, usize::from(kept && !paired && !late.contains(&step)));
        }
    }

    #[test]
    fn without_watermarks_all_pairs_in_the_interval_join(join in interval_joins(), script in join_scripts(40)) {
        let script = without_watermarks(&script, |step| matches!(step, JoinStep::Watermark(..)));
        let pairs = IntervalJoin { kind: JoinKind::Inner, ..join }.run(&script).joined.len();
        let in_interval = |left: Record, right: Record| {
            let after = right.timestamp - left.timestamp;
            let ends = after == join.lower && !join.lower_inclusive || after == join.upper && !join.upper_inclusive;
            left.key == right.key && (join.lower..=join.upper).contains(&after) && !ends
        };
        let count = script.iter().map(|left| {
            let JoinStep::Record(Side::Left, left) = left else { return 0 };
            let joins = |right: &&JoinStep| matches!(right, JoinStep::Record(Side::Right, right) if in_interval(*left, *right));
            script.iter().filter(joins).count()
        });
        prop_assert_eq!(pairs, count.sum::<usize>());
    }
}

#[test]
fn scripts_meet_what_they_are_made_for() {
    let mut runner = TestRunner::deterministic();
    let strategy = cases();
    let mut met = BTreeMap::<&str, usize>::new();
    for _ in 0..500 {
        let case = strategy.new_tree(&mut runner).unwrap().current();
        let outcome = case.windowing.run(Due::After, &case.script);
        let mut meet = |what, times| *met.entry(what).or_default() += times;
        meet("late", outcome.late.len());
        meet("dropped", outcome.num_late_records_dropped);
        meet("merged", outcome.firings.iter().filter(|firing| !firing.in_order).count());
        meet("ambiguous", usize::from(outcome.ambiguous));
        meet("emptied", outcome.firings.iter().filter(|firing| firing.elements.is_empty()).count());
        meet("by elements", outcome.firings.iter().filter(|firing| firing.cause == Cause::Element).count());
        meet("by timers", outcome.firings.iter().filter(|firing| firing.cause != Cause::Element).count());
        let windows: BTreeSet<_> = outcome.firings.iter().map(|firing| (firing.key, firing.window)).collect();
        meet("again", outcome.firings.len() - windows.len());
    }
    let least = [
        ("late", 100),
        ("dropped", 50),
        ("merged", 5),
        ("ambiguous", 1),
        ("emptied", 50),
        ("by elements", 500),
        ("by timers", 500),
        ("again", 500),
    ];
    for (what, least) in least {
        assert!(met[what] >= least, "{what}: {met:?}");
    }
}

#[test]
fn every_windowing_fires_unless_it_never_does() {
    let mut runner = TestRunner::deterministic();
    let strategy = scripts(120);
    let scripts: Vec<_> = std::iter::repeat_with(|| strategy.new_tree(&mut runner).unwrap().current())
        .filter(|script| script.len() > 60)
        .take(4)
        .collect();
    for windowing in all_windowings() {
        let fires = scripts.iter().any(|script| !windowing.run(Due::At, script).firings.is_empty());
        let never = matches!(&windowing.trigger, Trigger::Never)
            || matches!(&windowing.trigger, Trigger::Purging(nested) if **nested == Trigger::Never);
        assert_eq!(fires, !never, "{windowing:?}");
    }
}
