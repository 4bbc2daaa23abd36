//! What comes out of a script.
use std::fmt;

use super::assigner::Window;
use super::steps::Record;

/// An element of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Element {
    /// The step of the script that brought it.
    pub step: usize,
    /// Its value.
    pub value: i64,
    /// Its event time, in milliseconds.
    pub timestamp: i64,
}

/// Why a window fired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// An element was added.
    Element,
    /// A timer of this time came due.
    Timer(i64),
}

/// The function saw a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firing {
    /// In which step of the script.
    pub step: usize,
    /// Why.
    pub cause: Cause,
    /// Of which key.
    pub key: u8,
    /// Which window. What comes out has its last time as its event time.
    pub window: Window,
    /// What it held, in the order of arrival as far as `in_order` says.
    pub elements: Vec<Element>,
    /// Whether that order is certain. Where sessions with elements became one it is not: one's come after the
    /// other's, and which is first is anybody's choice.
    pub in_order: bool,
}

/// What comes out of a script.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The firings. The order of those of one step and cause is nobody's promise.
    pub firings: Vec<Firing>,
    /// What was too late, with the step that brought it: what is dropped or in the side output.
    pub late: Vec<(usize, Record)>,
    /// Flink's counter of that name. It does not count what goes to the side output.
    pub num_late_records_dropped: usize,
    /// Whether an evictor asked for the order of elements that have none. What it then evicts, and what fires
    /// after it in this window, may differ from here.
    pub ambiguous: bool,
}

impl Outcome {
    /// The same with everything sorted whose order is nobody's promise.
    pub fn normalized(mut self) -> Outcome {
        for firing in self.firings.iter_mut().filter(|firing| !firing.in_order) {
            firing.elements.sort_by_key(|element| (element.timestamp, element.value, element.step));
        }
        self.firings.sort_by_key(|firing| (firing.step, firing.cause, firing.key, firing.window));
        self
    }
}

/// The step, the key, the window and the values: `4: 1 [0, 10) 5 6`.
impl fmt::Display for Firing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {}", self.step, self.key, self.window)?;
        self.elements.iter().try_for_each(|element| write!(f, " {}", element.value))
    }
}
