//! Options of a format as text.
use hurtig_core::config::{ConfigValue, MemorySize};
use hurtig_core::{Error, Result};

use crate::errors::OnParseError;

/// One key with its value.
pub(crate) struct FormatOption<'a> {
    format: &'static str,
    name: &'a str,
    value: &'a str,
}

impl<'a> FormatOption<'a> {
    /// An option of the format; `key` may begin with the format's name and a point.
    pub(crate) fn new(format: &'static str, key: &'a str, value: &'a str) -> Self {
        let name = key.strip_prefix(format).and_then(|rest| rest.strip_prefix('.')).unwrap_or(key);
        FormatOption { format, name, value }
    }

    /// The key without the format's name.
    pub(crate) fn name(&self) -> &'a str {
        self.name
    }

    pub(crate) fn boolean(&self) -> Result<bool> {
        bool::parse(self.value).map_err(|expected| self.error(expected))
    }

    pub(crate) fn on_parse_error(&self) -> Result<OnParseError> {
        Ok(if self.boolean()? { OnParseError::Ignore } else { OnParseError::Fail })
    }

    pub(crate) fn bytes(&self) -> Result<usize> {
        MemorySize::parse(self.value).map(MemorySize::bytes).map_err(|expected| self.error(expected))
    }

    /// A single character, or `\t`, as a tab is written in SQL.
    pub(crate) fn character(&self) -> Result<char> {
        let mut chars = self.value.chars();
        match (chars.next(), chars.next()) {
            (Some(char), None) => Ok(char),
            _ if self.value == "\\t" => Ok('\t'),
            _ => Err(self.error("a single character")),
        }
    }

    /// The value is not what it should be.
    pub(crate) fn error(&self, expected: &str) -> Error {
        let FormatOption { format, name, value } = self;
        Error::user(format!("option '{format}.{name}' has the value '{value}', expected {expected}"))
    }

    /// There is no such option.
    pub(crate) fn unknown(&self, known: &[&str]) -> Error {
        let FormatOption { format, name, .. } = self;
        Error::user(format!("there is no option '{format}.{name}'; there are {}", known.join(", ")))
    }
}

/// The character as the one byte that it must be.
pub(crate) fn ascii(key: &str, char: char) -> Result<u8> {
    match u8::try_from(char) {
        Ok(byte) if byte.is_ascii() && byte != b'\n' && byte != b'\r' => Ok(byte),
        _ => Err(Error::user(format!(
            "option '{key}' has the value '{}', expected an ASCII character other than the ends of lines",
            char.escape_debug()
        ))),
    }
}
