//! Cutting bytes up at a delimiter.
use hurtig_core::{Error, Result};

/// Bytes since the last delimiter.
#[derive(Debug)]
pub(super) struct LineCutter {
    delimiter: Vec<u8>,
    max_line_bytes: usize,
    rest: Vec<u8>,
}

impl LineCutter {
    /// Cuts at `delimiter`, which is not empty.
    pub(super) fn new(delimiter: &str, max_line_bytes: usize) -> Self {
        LineCutter { delimiter: delimiter.as_bytes().to_vec(), max_line_bytes, rest: Vec::new() }
    }

    /// Takes more bytes and appends the lines that they end to `lines`. Fails if a line is too long.
    pub(super) fn feed(&mut self, input: &[u8], lines: &mut Vec<String>) -> Result<()> {
        // A delimiter may have begun in the bytes before.
        let mut from = self.rest.len().saturating_sub(self.delimiter.len() - 1);
        self.rest.extend_from_slice(input);
        let mut start = 0;
        while let Some(place) = find(&self.rest[from..], &self.delimiter) {
            let end = from + place;
            lines.push(self.line(start, end)?);
            start = end + self.delimiter.len();
            from = start;
        }
        self.rest.drain(..start);
        // What may be the beginning of a delimiter is not yet part of the line.
        if self.rest.len() >= self.max_line_bytes.saturating_add(self.delimiter.len()) {
            return Err(self.too_long());
        }
        Ok(())
    }

    /// What follows the last delimiter, if anything does.
    pub(super) fn finish(&mut self) -> Result<Option<String>> {
        let line = if self.rest.is_empty() { None } else { Some(self.line(0, self.rest.len())?) };
        self.rest.clear();
        Ok(line)
    }

    fn line(&self, start: usize, end: usize) -> Result<String> {
        if end - start > self.max_line_bytes {
            return Err(self.too_long());
        }
        let line = &self.rest[start..end];
        let line = match self.delimiter.as_slice() {
            b"\n" => line.strip_suffix(b"\r").unwrap_or(line),
            _ => line,
        };
        Ok(String::from_utf8_lossy(line).into_owned())
    }

    #[cold]
    fn too_long(&self) -> Error {
        Error::user(format!("a line is longer than the allowed {} bytes", self.max_line_bytes))
    }
}

fn find(bytes: &[u8], delimiter: &[u8]) -> Option<usize> {
    match delimiter {
        [byte] => bytes.iter().position(|found| found == byte),
        _ => bytes.windows(delimiter.len()).position(|found| found == delimiter),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(delimiter: &str, input: &[&str], expect: &[&str]) {
        let mut cutter = LineCutter::new(delimiter, 8);
        let mut lines = Vec::new();
        for part in input {
            cutter.feed(part.as_bytes(), &mut lines).unwrap();
        }
        lines.extend(cutter.finish().unwrap());
        assert_eq!(lines, expect, "{input:?}");
    }

    #[test]
    fn lines_are_cut_wherever_the_bytes_come_apart() {
        check("\n", &["a\nb\r\n", "\nc"], &["a", "b", "", "c"]);
        check("\n", &["a", "b", "\r", "\n"], &["ab"]);
        check("\n", &["12345678\n", "12345678"], &["12345678", "12345678"]);
        check("--", &["a-", "-b--", "c-", "d"], &["a", "b", "c-d"]);
        check("---", &["a--", "-b-----"], &["a", "b", "--"]);
        check("--", &["12345678-", "-"], &["12345678"]);
        check("\n", &[], &[]);
    }

    #[test]
    fn text_that_is_not_utf8_is_replaced() {
        let mut lines = Vec::new();
        LineCutter::new(";", 8).feed(b"a\xffb\r;", &mut lines).unwrap();
        assert_eq!(lines, ["a\u{fffd}b\r"]);
    }

    #[test]
    fn a_line_has_a_greatest_length() {
        let feed = |input: &str| LineCutter::new("\n", 8).feed(input.as_bytes(), &mut Vec::new());
        assert!(feed("12345678").is_ok());
        let error = feed("123456789").unwrap_err();
        assert_eq!(error.to_string(), "a line is longer than the allowed 8 bytes");
        assert!(feed("123456789\n").is_err());
    }
}
