//! Joins computed by hand.
use super::assigner::{Assigner, Gap};
use super::joins_oracle::{IntervalJoin, JoinKind, JoinStep, Joined, Side, co_group, window_join};
use super::oracle::{Due, Late, Windowing};
use super::outcome::Element;
use super::steps::{Step, script};
use super::timers::TimeDomain::EventTime;
use super::trigger::Trigger;

/// A script from text: each word begins with its stream, `l` or `r`; `end` ends both.
fn both(text: &str) -> Vec<JoinStep> {
    let step = |word: &str| {
        let (side, rest) = match word.split_at(1) {
            ("l", rest) => (Side::Left, rest),
            ("r", rest) => (Side::Right, rest),
            _ => return JoinStep::End,
        };
        match script(rest)[0] {
            Step::Record(record) => JoinStep::Record(side, record),
            Step::Watermark(time) => JoinStep::Watermark(side, time),
            other => panic!("{other:?} is of both streams"),
        }
    };
    text.split_whitespace().map(step).collect()
}

fn windows(assigner: Assigner) -> Windowing {
    Windowing { assigner, trigger: Trigger::EventTime, evictor: None, allowed_lateness: 0, late: Late::Drop }
}

fn values(elements: &[Element]) -> Vec<i64> {
    elements.iter().map(|element| element.value).collect()
}

fn show(joined: &Joined) -> String {
    let value = |element: Option<Element>| element.map_or("-".into(), |element| element.value.to_string());
    format!("{}: {} {} {}", joined.step, joined.key, value(joined.left), value(joined.right))
}

/// Joins by windows and compares: the step, the key, the two values.
fn check_windows<const N: usize>(assigner: Assigner, text: &str, expect: [&str; N]) {
    let joined = window_join(&windows(assigner), Due::At, &both(text));
    let mut lines: Vec<_> = joined.iter().map(|(_, joined)| show(joined)).collect();
    lines.sort();
    assert_eq!(lines, expect, "{assigner:?} of {text}");
}

/// Joins by an interval with both ends included and compares.
fn check<const N: usize>(lower: i64, upper: i64, kind: JoinKind, text: &str, expect: [&str; N]) {
    let join = IntervalJoin { lower, lower_inclusive: true, upper, upper_inclusive: true, kind };
    check_interval(join, text, expect);
}

fn check_interval<const N: usize>(join: IntervalJoin, text: &str, expect: [&str; N]) {
    let outcome = join.run(&both(text));
    let late = outcome.late.iter().map(|(step, side, record)| format!("{step}: late {side:?} {record}"));
    let lines: Vec<_> = outcome.joined.iter().map(show).chain(late).collect();
    assert_eq!(lines, expect, "{join:?} of {text}");
}

#[test]
fn windows_join_what_they_both_hold() {
    check_windows(
        Assigner::Tumbling { domain: EventTime, size: 10, offset: 0 },
        "l1:1@1 l1:2@9 r1:3@5 r1:4@10 l2:5@3 r2:6@4 end",
        ["6: 1 1 3", "6: 1 2 3", "6: 2 5 6"],
    );
    // 4 and 6 are in one of the two windows each, together in the one from 0.
    check_windows(
        Assigner::Sliding { domain: EventTime, size: 10, slide: 5, offset: 0 },
        "l1:1@4 r1:2@6 r1:3@3 end",
        ["3: 1 1 2", "3: 1 1 3", "3: 1 1 3"],
    );
    // A session is of both streams: 1 and 3 meet because of 2.
    check_windows(
        Assigner::Session { domain: EventTime, gap: Gap::Static(10) },
        "l1:1@0 l1:2@8 r1:3@17 r1:4@40 end",
        ["4: 1 1 3", "4: 1 2 3"],
    );
}

#[test]
fn a_window_waits_for_the_slower_watermark() {
    let tumbling = Assigner::Tumbling { domain: EventTime, size: 10, offset: 0 };
    check_windows(tumbling, "l1:1@1 lw20 r1:2@2 rw8 l1:3@4 rw9 l1:4@5 end", ["5: 1 1 2", "5: 1 3 2"]);
}

#[test]
fn co_groups_may_have_one_side() {
    let tumbling = Assigner::Tumbling { domain: EventTime, size: 10, offset: 0 };
    let groups = co_group(&windows(tumbling), Due::At, &both("l1:1@1 r1:2@3 l1:3@2 r2:4@5 end"));
    let sides: Vec<_> =
        groups.iter().map(|group| (group.key, values(&group.left), values(&group.right))).collect();
    assert_eq!(sides, [(1, vec![1, 3], vec![2]), (2, vec![], vec![4])]);
}

#[test]
fn intervals_are_about_the_left_element() {
    // From 2 before to 5 after.
    check(
        -2,
        5,
        JoinKind::Inner,
        "l1:1@10 r1:2@7 r1:3@8 r1:4@15 r1:5@16 r2:6@10 l1:7@3 end",
        ["2: 1 1 3", "3: 1 1 4", "6: 1 7 2", "6: 1 7 3"],
    );
}

#[test]
fn ends_of_intervals_are_in_or_out() {
    let join = |lower_inclusive, upper_inclusive| IntervalJoin {
        lower: 1,
        lower_inclusive,
        upper: 3,
        upper_inclusive,
        kind: JoinKind::Inner,
    };
    let text = "l1:1@10 r1:11@11 r1:12@12 r1:13@13 end";
    check_interval(join(true, true), text, ["1: 1 1 11", "2: 1 1 12", "3: 1 1 13"]);
    check_interval(join(false, true), text, ["2: 1 1 12", "3: 1 1 13"]);
    check_interval(join(true, false), text, ["1: 1 1 11", "2: 1 1 12"]);
    check_interval(join(false, false), text, ["2: 1 1 12"]);
}

#[test]
fn what_is_behind_the_slower_watermark_is_late() {
    // At the watermark is not behind it; nor is anything before both streams have one.
    check(
        -5,
        5,
        JoinKind::FullOuter,
        "lw20 l1:1@11 rw10 r1:2@9 r1:3@10 l1:4@8 end",
        ["4: 1 1 3", "3: late Right 1:2@9", "5: late Left 1:4@8"],
    );
}

#[test]
fn an_element_at_the_watermark_may_come_too_late_for_its_partner() {
    // The left element waits for 15 and goes at watermark 15; what comes then at 15 is not late, and alone.
    let text = "l1:1@10 lw15 rw14 r1:2@15 rw15 r1:3@15 end";
    check(0, 5, JoinKind::Inner, text, ["3: 1 1 2"]);
    check(0, 5, JoinKind::RightOuter, text, ["3: 1 1 2", "6: 1 - 3"]);
}

#[test]
fn outer_joins_give_up_when_the_watermark_does() {
    // A left element waits until 5 after it, a right one only for its own time.
    let text = "l1:1@10 r1:2@10 r2:3@12 lw11 rw11 lw12 rw12 lw14 rw14 lw15 rw15 end";
    check(1, 5, JoinKind::FullOuter, text, ["4: 1 - 2", "6: 2 - 3", "10: 1 1 -"]);
    check(1, 5, JoinKind::LeftOuter, text, ["10: 1 1 -"]);
    check(1, 5, JoinKind::RightOuter, text, ["4: 1 - 2", "6: 2 - 3"]);
    check(1, 5, JoinKind::Inner, text, []);
    check(0, 5, JoinKind::FullOuter, text, ["1: 1 1 2", "6: 2 - 3"]);
}
