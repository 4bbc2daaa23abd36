//! Finding lines in bytes.
use hurtig_core::{Error, Result};

use crate::format::InputEnd;

/// Cuts bytes at `\n` and `\r\n`, counts the lines, and refuses those that are too long.
#[derive(Debug)]
pub(crate) struct LineSplitter {
    max_bytes: usize,
    lines: u64,
}

impl LineSplitter {
    pub(crate) fn new(max_bytes: usize) -> Self {
        LineSplitter { max_bytes, lines: 0 }
    }

    /// Lines taken so far, which is also the number of the last one.
    pub(crate) fn lines(&self) -> u64 {
        self.lines
    }

    pub(crate) fn resume_at(&mut self, lines: u64) {
        self.lines = lines;
    }

    /// The line at `position`, which then stands behind it; `None` if there is no complete line.
    #[inline]
    pub(crate) fn next<'a>(
        &mut self,
        input: &'a [u8],
        position: &mut usize,
        end: InputEnd,
    ) -> Result<Option<&'a [u8]>> {
        let rest = &input[*position..];
        let (line, taken) = match memchr::memchr(b'\n', rest) {
            Some(length) => (&rest[..length], length + 1),
            None if end == InputEnd::Last && !rest.is_empty() => (rest, rest.len()),
            None if rest.len() > self.max_bytes => return Err(self.too_long()),
            None => return Ok(None),
        };
        if line.len() > self.max_bytes {
            return Err(self.too_long());
        }
        self.lines += 1;
        *position += taken;
        Ok(Some(line.strip_suffix(b"\r").unwrap_or(line)))
    }

    #[cold]
    fn too_long(&self) -> Error {
        Error::user(format!("line {}: longer than {} bytes", self.lines + 1, self.max_bytes))
    }
}

/// The text of a line, or an error that names the first byte, counted from 1, that is not UTF-8.
#[inline]
pub(crate) fn line_text(line: &[u8], number: u64) -> Result<&str> {
    std::str::from_utf8(line).map_err(|error| {
        let place = error.valid_up_to();
        let found = line.get(place).copied().unwrap_or_default();
        Error::user(format!("line {number}, byte {}: expected UTF-8, found 0x{found:02x}", place + 1))
    })
}
