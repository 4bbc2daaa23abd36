//! Text, one record per line.
use std::fmt::Display;
use std::io::Write;

use hurtig_core::{Error, Result};

use crate::format::{DEFAULT_MAX_RECORD_BYTES, Decoder, Encoder, InputEnd};
use crate::line_splitter::{LineSplitter, line_text};

/// How lines are read.
#[derive(Clone, Debug)]
pub struct LineOptions {
    max_line_bytes: usize,
}

impl Default for LineOptions {
    fn default() -> Self {
        LineOptions { max_line_bytes: DEFAULT_MAX_RECORD_BYTES }
    }
}

impl LineOptions {
    /// The default options.
    pub fn new() -> Self {
        Self::default()
    }

    /// A line of more than `bytes` bytes is an error. The default is 1 MiB.
    pub fn with_max_line_bytes(mut self, bytes: usize) -> Self {
        self.max_line_bytes = bytes;
        self
    }
}

/// Lines of UTF-8 that end in `\n` or `\r\n`; the last need not. Flink's `TextLineInputFormat`.
///
/// ```
/// use hurtig_formats::{Decoder, InputEnd, LineDecoder, LineOptions};
///
/// let mut decoder = LineDecoder::new(&LineOptions::new());
/// let mut lines = Vec::new();
/// let taken = decoder.decode(b"one\r\ntwo\nthr", InputEnd::More, 10, &mut lines)?;
/// assert_eq!((lines, taken), (vec!["one".to_owned(), "two".to_owned()], 9));
/// # Ok::<(), hurtig_core::Error>(())
/// ```
#[derive(Debug)]
pub struct LineDecoder {
    splitter: LineSplitter,
}

impl LineDecoder {
    /// A decoder at the start of a file.
    pub fn new(options: &LineOptions) -> Self {
        LineDecoder { splitter: LineSplitter::new(options.max_line_bytes) }
    }
}

impl Decoder<String> for LineDecoder {
    fn decode(
        &mut self,
        input: &[u8],
        end: InputEnd,
        max_rows: usize,
        rows: &mut Vec<String>,
    ) -> Result<usize> {
        let (mut position, full) = (0, rows.len() + max_rows);
        while rows.len() < full {
            let Some(line) = self.splitter.next(input, &mut position, end)? else { break };
            rows.push(line_text(line, self.splitter.lines())?.to_owned());
        }
        Ok(position)
    }

    fn line(&self) -> u64 {
        self.splitter.lines()
    }

    fn resume_at(&mut self, line: u64) {
        self.splitter.resume_at(line);
    }
}

/// Each record as its `Display` prints it, with `\n` behind it. Flink's `SimpleStringEncoder`.
#[derive(Clone, Copy, Debug, Default)]
pub struct LineEncoder;

impl<T: Display> Encoder<T> for LineEncoder {
    fn encode(&mut self, row: &T, out: &mut Vec<u8>) -> Result<()> {
        writeln!(out, "{row}").map_err(|error| Error::user("a record cannot be printed").caused_by(error))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(input: &[u8], expect: Result<&[&str], &str>) {
        let mut decoder = LineDecoder::new(&LineOptions::new().with_max_line_bytes(10));
        let mut lines = Vec::new();
        match (decoder.decode(input, InputEnd::Last, 100, &mut lines), expect) {
            (Ok(taken), Ok(expect)) => {
                assert_eq!(lines, expect);
                assert_eq!((taken, decoder.line()), (input.len(), expect.len() as u64));
            }
            (Err(error), Err(expect)) => assert_eq!(error.to_string(), expect),
            (found, _) => panic!("{found:?}"),
        }
    }

    #[test]
    fn lines_end_in_newlines_or_with_the_file() {
        check(b"", Ok(&[]));
        check(b"\n", Ok(&[""]));
        check(b"a\r\n\nb\xc3\xa4\n c", Ok(&["a", "", "b\u{e4}", " c"]));
        check(b"a\rb\r", Ok(&["a\rb"]));
        check(b"a\nbc\xffd", Err("line 2, byte 3: expected UTF-8, found 0xff"));
        check(b"a\n0123456789\n0123456789x\n", Err("line 3: longer than 10 bytes"));
        check(b"0123456789x", Err("line 1: longer than 10 bytes"));
    }

    #[test]
    fn no_more_rows_than_wanted() {
        let mut decoder = LineDecoder::new(&LineOptions::new());
        let mut lines = Vec::new();
        assert_eq!(decoder.decode(b"a\nb\nc\n", InputEnd::Last, 2, &mut lines).unwrap(), 4);
        assert_eq!(lines, ["a", "b"]);
    }

    #[test]
    fn what_is_displayed_is_a_line() {
        let mut out = Vec::new();
        LineEncoder.encode(&"a", &mut out).unwrap();
        LineEncoder.encode(&7, &mut out).unwrap();
        assert_eq!(out, b"a\n7\n");
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_pieces(bytes: Vec<u8>, pieces in proptest::collection::vec(0..20_usize, 0..20)) {
            crate::test_support::same_in_pieces(
                || Box::new(LineDecoder::new(&LineOptions::new().with_max_line_bytes(30))), &bytes, &pieces,
            );
        }
    }
}
