//! What every text format does: find records in bytes, turn them into rows, and turn rows into bytes.
use hurtig_core::Result;

/// The greatest length of one record in bytes, unless the options of a format say otherwise: 1 MiB.
pub const DEFAULT_MAX_RECORD_BYTES: usize = 1 << 20;

/// What follows the bytes at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputEnd {
    /// More bytes: a record that is not complete waits for them.
    More,
    /// Nothing: what is left is the last record.
    Last,
}

/// Finds records in bytes and turns them into rows. Flink's `StreamFormat.Reader` without the stream.
///
/// Errors are a user's mistake and name the line, counted from 1, the column, and the text that does not fit.
pub trait Decoder<T>: Send {
    /// Decodes records off the front of `input` and appends at most `max_rows` rows to `rows`. Gives how many
    /// bytes those records took: a record that is not complete takes none, and is offered again with more
    /// bytes behind it.
    fn decode(&mut self, input: &[u8], end: InputEnd, max_rows: usize, rows: &mut Vec<T>) -> Result<usize>;

    /// How many lines the records taken so far have ended.
    fn line(&self) -> u64;

    /// Goes on behind a record that ended after `line` lines: for a reader that resumes in the middle.
    fn resume_at(&mut self, line: u64);

    /// Whether the start of the file must be decoded, with `max_rows` = 0, before anything behind it can be:
    /// the header of a CSV file.
    fn needs_start(&self) -> bool {
        false
    }

    /// What has been passed over so far.
    fn parse_errors(&self) -> ParseErrors {
        ParseErrors::default()
    }
}

/// Turns rows into bytes. Flink's `Encoder`.
pub trait Encoder<T>: Send {
    /// Appends what stands at the start of a file: a header, or nothing.
    fn begin(&mut self, out: &mut Vec<u8>) {
        let _ = out;
    }

    /// Appends one row.
    fn encode(&mut self, row: &T, out: &mut Vec<u8>) -> Result<()>;
}

/// How much a decoder with `ignore-parse-errors` has passed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ParseErrors {
    /// Records left out as a whole.
    pub records: u64,
    /// Fields that became NULL instead.
    pub fields: u64,
}
