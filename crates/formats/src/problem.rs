//! What is wrong with a piece of text, and where in its record.
use hurtig_core::types::LogicalType;

/// The most characters of a text that a message quotes.
const QUOTED_CHARS: usize = 80;

/// A value that could not be read: what was expected and what was found, below which field.
#[derive(Debug)]
pub(crate) struct Problem(Box<Inner>);

#[derive(Debug)]
struct Inner {
    path: String,
    message: String,
}

impl Problem {
    /// `message` says it all.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Problem(Box::new(Inner { path: String::new(), message: message.into() }))
    }

    /// `text` is no value of the type.
    #[cold]
    pub(crate) fn mismatch(expected: &LogicalType, text: &str) -> Self {
        let expected = expected.clone().nullable().to_string();
        Problem::new(format!("expected {}, found '{}'", shorten(&expected), shorten(text)))
    }

    /// NULL where the type has none.
    #[cold]
    pub(crate) fn null(expected: &LogicalType) -> Self {
        Problem::new(format!("expected {}, found NULL", shorten(&expected.to_string())))
    }

    /// The same problem, inside the field of this name.
    pub(crate) fn in_field(mut self, name: &str) -> Self {
        let dot = if self.0.path.is_empty() || self.0.path.starts_with('[') { "" } else { "." };
        self.0.path = format!("{name}{dot}{}", self.0.path);
        self
    }

    /// The same problem, inside the element at `index` of an array.
    pub(crate) fn in_element(self, index: usize) -> Self {
        self.in_field(&format!("[{index}]"))
    }

    /// The message, with the path to the field called by what the format calls a field.
    pub(crate) fn describe(&self, field: &str) -> String {
        let Inner { path, message } = &*self.0;
        if path.is_empty() { format!(": {message}") } else { format!(", {field} '{path}': {message}") }
    }
}

/// At most the first 80 characters of `text`, with control characters made visible.
pub(crate) fn shorten(text: &str) -> String {
    let mut short = String::new();
    for (count, char) in text.chars().enumerate() {
        if count == QUOTED_CHARS {
            short.push_str("...");
            break;
        }
        if char.is_control() { short.extend(char.escape_default()) } else { short.push(char) }
    }
    short
}

/// [`shorten`] for bytes that may be no text.
pub(crate) fn shorten_bytes(bytes: &[u8]) -> String {
    // Four bytes per character at most, and one more character to see that there are more.
    shorten(&String::from_utf8_lossy(&bytes[..bytes.len().min(4 * (QUOTED_CHARS + 1))]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_leads_to_the_value() {
        let problem = Problem::mismatch(&LogicalType::integer().not_null(), "x");
        assert_eq!(problem.describe("column"), ": expected INT, found 'x'");
        let problem = problem.in_field("c").in_element(2).in_field("b").in_field("a");
        assert_eq!(problem.describe("field"), ", field 'a.b[2].c': expected INT, found 'x'");
    }

    #[test]
    fn long_and_invisible_text_is_made_fit_to_print() {
        assert_eq!(shorten("a\nb"), "a\\nb");
        assert_eq!(shorten(&"x".repeat(81)), format!("{}...", "x".repeat(80)));
        assert_eq!(shorten_bytes(&[b'a', 0xff]), "a\u{fffd}");
    }
}
