//! Scripts: what one operator instance is given.
use std::fmt;

/// What arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Record {
    /// Its key.
    pub key: u8,
    /// Its value.
    pub value: i64,
    /// Its event time, in milliseconds.
    pub timestamp: i64,
}

/// One step of a script. Times are in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// An element arrives.
    Record(Record),
    /// The watermark comes. One that does not advance is nothing.
    Watermark(i64),
    /// The clock shows this, not less than before. It begins at 0.
    ProcessingTime(i64),
    /// The input ends: the watermark is at the end of time. What waits for the clock is forgotten.
    End,
}

/// A script from text: `2:7@15` is a record with key 2, value 7 and event time 15; `w9` a watermark, `p9` a step
/// of the clock, `end` the end.
pub fn script(text: &str) -> Vec<Step> {
    text.split_whitespace().map(step).collect()
}

fn step(word: &str) -> Step {
    let number =
        |text: &str| text.parse::<i64>().unwrap_or_else(|_| panic!("'{word}' is no step of a script"));
    if word == "end" {
        return Step::End;
    }
    if let Some(time) = word.strip_prefix('w') {
        return Step::Watermark(number(time));
    }
    if let Some(time) = word.strip_prefix('p') {
        return Step::ProcessingTime(number(time));
    }
    let (key, rest) = word.split_once(':').unwrap_or((word, ""));
    let (value, time) = rest.split_once('@').unwrap_or((rest, ""));
    Step::Record(Record { key: number(key) as u8, value: number(value), timestamp: number(time) })
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}@{}", self.key, self.value, self.timestamp)
    }
}
