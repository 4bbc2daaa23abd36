//! What the user set: Flink's keys, Flink's way of writing values, errors that name key and value.
mod option;
mod runtime_mode;
mod value;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

pub use option::{ConfigOption, options};
pub use runtime_mode::RuntimeExecutionMode;
pub use value::{ConfigValue, MemorySize};

use crate::error::{Error, Result};

/// Keys and values as text, in order of the key. Travels with the job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configuration {
    values: BTreeMap<String, String>,
}

impl Configuration {
    /// A configuration in which nothing is set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets `key`, whether or not it is known: a later piece may know it.
    pub fn set(&mut self, key: impl Into<String>, value: impl Into<String>) -> &mut Self {
        self.values.insert(key.into(), value.into());
        self
    }

    /// The same configuration with one option set.
    pub fn with<T: ConfigValue>(mut self, option: &ConfigOption<T>, value: T) -> Self {
        self.values.insert(option.key().to_owned(), value.to_text());
        self
    }

    /// The text under `key`, if it is set.
    pub fn raw(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }

    /// The value of an option: what is set, else its default. A value that cannot be read is an error that
    /// names key, value and what is expected.
    pub fn get<T: ConfigValue>(&self, option: &ConfigOption<T>) -> Result<T> {
        let text = self.raw(option.key()).unwrap_or(option.default_text());
        T::parse(text.trim()).map_err(|expected| {
            Error::user(format!("option '{}' has the value '{text}', expected {expected}", option.key()))
        })
    }

    /// Whether the user set the option.
    pub fn is_set<T: ConfigValue>(&self, option: &ConfigOption<T>) -> bool {
        self.values.contains_key(option.key())
    }

    /// All that is set, in order of the key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Takes everything that `other` sets over what this one says.
    pub fn merge(&mut self, other: &Configuration) {
        self.values.extend(other.values.iter().map(|(key, value)| (key.clone(), value.clone())));
    }

    /// Reads `-Dkey=value`, `-D key=value` pairs off a program's arguments, as `flink run` does; gives what
    /// is left of the arguments.
    pub fn from_args(args: impl IntoIterator<Item = String>) -> Result<(Configuration, Vec<String>)> {
        let (mut configuration, mut rest) = (Configuration::new(), Vec::new());
        let mut args = args.into_iter();
        while let Some(arg) = args.next() {
            let Some(pair) = arg.strip_prefix("-D") else {
                rest.push(arg);
                continue;
            };
            let pair = match pair {
                "" => args.next().ok_or_else(|| Error::user("-D without key=value behind it"))?,
                pair => pair.to_owned(),
            };
            match pair.split_once('=') {
                Some((key, value)) if !key.trim().is_empty() => configuration.set(key.trim(), value),
                _ => return Err(Error::user(format!("'-D{pair}' is not of the form -Dkey=value"))),
            };
        }
        Ok((configuration, rest))
    }
}

impl fmt::Display for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (key, value) in self.iter() {
            writeln!(f, "{key}: {value}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const TIMEOUT: ConfigOption<Duration> = ConfigOption::new("a.timeout", "100 ms", "for the test");

    fn check(text: &str, expect: Result<Duration, &str>) {
        let mut configuration = Configuration::new();
        configuration.set("a.timeout", text);
        match (configuration.get(&TIMEOUT), expect) {
            (Ok(found), Ok(expect)) => assert_eq!(found, expect, "{text}"),
            (Err(error), Err(expect)) => assert!(error.to_string().contains(expect), "{error}"),
            (found, _) => panic!("{text}: {found:?}"),
        }
    }

    #[test]
    fn durations_as_flink_writes_them() {
        check("5s", Ok(Duration::from_secs(5)));
        check("5 min", Ok(Duration::from_secs(300)));
        check("250", Ok(Duration::from_millis(250)));
        check("1 d", Ok(Duration::from_secs(86_400)));
        check("10 lightyears", Err("option 'a.timeout' has the value '10 lightyears'"));
        check("-1 s", Err("expected a duration"));
    }

    #[test]
    fn defaults_hold_until_something_is_set() {
        assert_eq!(Configuration::new().get(&TIMEOUT).unwrap(), Duration::from_millis(100));
        let set = Configuration::new().with(&TIMEOUT, Duration::from_secs(2));
        assert_eq!(set.get(&TIMEOUT).unwrap(), Duration::from_secs(2));
    }

    #[test]
    fn arguments_set_keys_and_leave_the_rest() {
        let args = ["-Da.b=c=d", "--input", "x", "-D", "e=1"].map(str::to_owned);
        let (configuration, rest) = Configuration::from_args(args).unwrap();
        assert_eq!((configuration.raw("a.b"), configuration.raw("e")), (Some("c=d"), Some("1")));
        assert_eq!(rest, ["--input", "x"]);
        assert!(Configuration::from_args(["-Dx".to_owned()]).is_err());
    }

    #[test]
    fn every_default_parses() {
        let text = options::documentation();
        assert!(text.contains("execution.buffer-timeout"), "{text}");
        let empty = Configuration::new();
        assert_eq!(empty.get(&options::BUFFER_TIMEOUT).unwrap(), Duration::from_millis(100));
        assert_eq!(empty.get(&options::SEGMENT_SIZE).unwrap(), MemorySize::from_kibibytes(32));
    }
}
