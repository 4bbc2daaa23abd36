//! Joins of two streams by windows and by intervals of event time.
//!
//! Flink's window joins and co-groups are one window operator on the union of both streams; so they are here.
//! Its interval join is compared pair by pair. It was compared with Flink 2.3's operator, as far as that goes:
//! the outer kinds are not in Flink's DataStream API.
use super::assigner::Window;
use super::oracle::{Due, Windowing};
use super::outcome::{Element, Firing};
use super::steps::{Record, Step};

/// From which stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The first.
    Left,
    /// The second.
    Right,
}

/// One step of a script for an operator with two inputs. Times are in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinStep {
    /// An element arrives.
    Record(Side, Record),
    /// A watermark of one stream comes; the operator's is the smaller of the two.
    Watermark(Side, i64),
    /// The clock shows this.
    ProcessingTime(i64),
    /// Both inputs end.
    End,
}

/// A window of both streams fired: what `CoGroupFunction` is called with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoGroup {
    /// In which step of the script.
    pub step: usize,
    /// Of which key.
    pub key: u8,
    /// Which window.
    pub window: Window,
    /// The first stream's elements; one side may be empty.
    pub left: Vec<Element>,
    /// The second stream's.
    pub right: Vec<Element>,
    /// Whether their order is certain; see [`Firing`].
    pub in_order: bool,
}

/// Two elements of one key, or one that found no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Joined {
    /// In which step of the script it comes out.
    pub step: usize,
    /// Of which key.
    pub key: u8,
    /// Of the first stream.
    pub left: Option<Element>,
    /// Of the second.
    pub right: Option<Element>,
}

/// The co-groups of a script in the order of the windows' firings.
pub fn co_group(windowing: &Windowing, due: Due, script: &[JoinStep]) -> Vec<CoGroup> {
    let union: Vec<_> = union(script).collect();
    let is_left = |element: &Element| matches!(script[element.step], JoinStep::Record(Side::Left, _));
    let split = |Firing { step, key, window, elements, in_order, .. }| {
        let (left, right) = elements.into_iter().partition(is_left);
        CoGroup { step, key, window, left, right, in_order }
    };
    windowing.run(due, &union).firings.into_iter().map(split).collect()
}

/// Each element of the first stream with each of the second in the same window, whenever a window fires.
pub fn window_join(windowing: &Windowing, due: Due, script: &[JoinStep]) -> Vec<(Window, Joined)> {
    let mut joined = Vec::new();
    for CoGroup { step, key, window, left, right, .. } in co_group(windowing, due, script) {
        for &left in &left {
            for &right in &right {
                joined.push((window, Joined { step, key, left: Some(left), right: Some(right) }));
            }
        }
    }
    joined
}

/// The script for one operator behind the union: as many steps, so that their numbers mean the same.
fn union(script: &[JoinStep]) -> impl Iterator<Item = Step> {
    let mut watermarks = [i64::MIN; 2];
    script.iter().map(move |step| match *step {
        JoinStep::Record(_, record) => Step::Record(record),
        JoinStep::ProcessingTime(time) => Step::ProcessingTime(time),
        JoinStep::End => Step::End,
        JoinStep::Watermark(side, time) => {
            let watermark = &mut watermarks[side as usize];
            *watermark = time.max(*watermark);
            Step::Watermark(watermarks[0].min(watermarks[1]))
        }
    })
}

/// What becomes of an element that finds no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinKind {
    /// Nothing.
    Inner,
    /// Of the first stream, it comes out alone.
    LeftOuter,
    /// Of the second.
    RightOuter,
    /// Of either.
    FullOuter,
}

impl JoinKind {
    fn keeps(self, side: Side) -> bool {
        match side {
            Side::Left => matches!(self, JoinKind::LeftOuter | JoinKind::FullOuter),
            Side::Right => matches!(self, JoinKind::RightOuter | JoinKind::FullOuter),
        }
    }
}

/// An interval join: the second stream's element is between `lower` and `upper` milliseconds after the first's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IntervalJoin {
    /// How long after, at least; may be negative.
    pub lower: i64,
    /// Whether exactly so long counts.
    pub lower_inclusive: bool,
    /// How long after, at most.
    pub upper: i64,
    /// Whether exactly so long counts.
    pub upper_inclusive: bool,
    /// What becomes of an element that finds no other.
    pub kind: JoinKind,
}

/// What comes out of an interval join.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IntervalOutcome {
    /// Pairs as soon as both are there, with the later of their times; elements alone when none can come any
    /// more. Sorted: within a step the order is nobody's promise.
    pub joined: Vec<Joined>,
    /// What was behind the watermark when it came, with the step: dropped, or in its stream's side output. It
    /// is in no pair and does not come out alone. Flink does not count it.
    pub late: Vec<(usize, Side, Record)>,
}

/// An element that was not late.
struct Accepted {
    side: Side,
    key: u8,
    element: Element,
    /// The step in which a watermark removes it.
    removed: usize,
}

impl IntervalJoin {
    /// Plays a script.
    pub fn run(&self, script: &[JoinStep]) -> IntervalOutcome {
        let watermarks = watermarks(script);
        let mut outcome = IntervalOutcome::default();
        let mut accepted: Vec<Accepted> = Vec::new();
        for (step, what) in script.iter().enumerate() {
            let JoinStep::Record(side, record) = *what else { continue };
            // Flink's operator takes an element at the watermark itself for one that is not late.
            if record.timestamp < watermarks[step] {
                outcome.late.push((step, side, record));
                continue;
            }
            let Record { key, value, timestamp } = record;
            let element = Element { step, value, timestamp };
            let removed = self.removed(side, element, &watermarks);
            accepted.push(Accepted { side, key, element, removed });
        }
        for left in accepted.iter().filter(|one| one.side == Side::Left) {
            for right in accepted.iter().filter(|one| one.side == Side::Right) {
                if self.joins(left, right) {
                    let step = left.element.step.max(right.element.step);
                    let (key, left, right) = (left.key, Some(left.element), Some(right.element));
                    outcome.joined.push(Joined { step, key, left, right });
                }
            }
        }
        for one in &accepted {
            let partner = |joined: &Joined| [joined.left, joined.right].contains(&Some(one.element));
            if self.kind.keeps(one.side) && one.removed < script.len() && !outcome.joined.iter().any(partner)
            {
                let (left, right) = match one.side {
                    Side::Left => (Some(one.element), None),
                    Side::Right => (None, Some(one.element)),
                };
                outcome.joined.push(Joined { step: one.removed, key: one.key, left, right });
            }
        }
        outcome.joined.sort();
        outcome
    }

    /// Whether they are as far apart as they should be, and the first is still there when the second comes. At
    /// the watermark's own time an element may find that the one it belongs to is gone.
    fn joins(&self, left: &Accepted, right: &Accepted) -> bool {
        let after = right.element.timestamp - left.element.timestamp;
        let (lower, upper) = self.bounds();
        let in_time = left.removed > right.element.step && right.removed > left.element.step;
        left.key == right.key && lower <= after && after <= upper && in_time
    }

    /// The step whose watermark says that no element can come any more that would be joined with this one; the
    /// script's length if there is none. It is a step after the element's own.
    fn removed(&self, side: Side, element: Element, watermarks: &[i64]) -> usize {
        let (lower, upper) = self.bounds();
        let wait = match side {
            Side::Left => upper,
            Side::Right => -lower,
        };
        let until = element.timestamp + wait.max(0);
        let advances = |&step: &usize| watermarks[step] > watermarks[step - 1] && watermarks[step] >= until;
        (element.step + 1..watermarks.len()).find(advances).unwrap_or(watermarks.len())
    }

    /// The bounds with both ends included.
    fn bounds(&self) -> (i64, i64) {
        (self.lower + i64::from(!self.lower_inclusive), self.upper - i64::from(!self.upper_inclusive))
    }
}

/// The operator's watermark after each step.
fn watermarks(script: &[JoinStep]) -> Vec<i64> {
    let mut watermark = i64::MIN;
    let after = |step| {
        match step {
            Step::Watermark(time) => watermark = watermark.max(time),
            Step::End => watermark = i64::MAX,
            Step::Record(_) | Step::ProcessingTime(_) => {}
        }
        watermark
    };
    union(script).map(after).collect()
}
