//! Reading options by name, and telling those that nobody asked for.
use std::collections::BTreeSet;

use hurtig_core::config::ConfigValue;
use hurtig_core::{Configuration, Error, Result};

/// The options as they were given. Every key that is asked for is a known one, as in Flink, so that which keys
/// are known hangs on the fields and their kinds.
pub(super) struct Options<'a> {
    given: &'a Configuration,
    known: BTreeSet<String>,
}

impl<'a> Options<'a> {
    pub(super) fn new(given: &'a Configuration) -> Self {
        Options { given, known: BTreeSet::new() }
    }

    /// The text under `key`, if it is set.
    pub(super) fn raw(&mut self, key: &str) -> Option<&'a str> {
        self.known.insert(key.to_owned());
        self.given.raw(key).map(str::trim)
    }

    /// The value under `key`, if it is set.
    pub(super) fn get<T: ConfigValue>(&mut self, key: &str) -> Result<Option<T>> {
        match self.raw(key).map(T::parse) {
            None => Ok(None),
            Some(Ok(value)) => Ok(Some(value)),
            Some(Err(expected)) => Err(self.bad_value(key, expected)),
        }
    }

    /// The error of an option whose value is not as expected.
    pub(super) fn bad_value(&self, key: &str, expected: &str) -> Error {
        let value = self.given.raw(key).unwrap_or_default();
        Error::user(format!("option '{key}' has the value '{value}', expected {expected}"))
    }

    /// Fails if anything is set that nobody has asked for.
    pub(super) fn finish(self) -> Result<()> {
        let Some((unknown, _)) = self.given.iter().find(|(key, _)| !self.known.contains(*key)) else {
            return Ok(());
        };
        let nearest = self.known.iter().min_by_key(|known| distance(known, unknown));
        let nearest = nearest.map(|known| format!(": did you mean '{known}'?")).unwrap_or_default();
        Err(Error::user(format!("datagen has no option '{unknown}' for these fields{nearest}")))
    }
}

/// How many letters are to be inserted, removed or replaced to make one text of the other (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut costs: Vec<usize> = (0..=to.len()).collect();
    for (row, letter) in from.chars().enumerate() {
        let mut diagonal = costs[0];
        costs[0] = row + 1;
        for (column, &other) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != other);
            diagonal = costs[column + 1];
            costs[column + 1] = replaced.min(diagonal + 1).min(costs[column] + 1);
        }
    }
    costs[to.len()]
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn distances() {
        for (from, to, expect) in [
            ("", "abc", 3),
            ("abc", "abc", 0),
            ("number-of-rowz", "number-of-rows", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!((distance(from, to), distance(to, from)), (expect, expect), "{from} {to}");
        }
    }
}
