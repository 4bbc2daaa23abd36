//! Cutting bytes into records, and records into fields.
use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use hurtig_core::{Error, Result};

use super::record_fields::Fields;
use super::{CsvOptions, Special};
use crate::format::InputEnd;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Finds the next record and knows where its fields are.
///
/// The state of the parser never outlives a call: a record that is not complete is parsed again from its
/// start, so that the place between two records is all there is to remember in a checkpoint.
pub(super) struct Tokenizer {
    reader: Reader,
    special: Special,
    max_bytes: usize,
    form: Form,
    /// Where the fields of a plain record end.
    cuts: Vec<usize>,
    /// The fields of a parsed record one after the other, and where each ends; both longer than they need be.
    text: Vec<u8>,
    ends: Vec<usize>,
    /// How many fields a parsed record has.
    fields: usize,
    lines: u64,
    record_line: u64,
    at_start: bool,
}

/// Where the fields of the last record are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// In the record itself, with a delimiter between them.
    Plain,
    /// In the tokenizer, without quotes, escapes and delimiters.
    Parsed,
}

/// What has been found at the front of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A record, whose fields are in the tokenizer: where it starts and ends.
    Record(usize, usize),
    /// So many bytes that belong to no record, and nothing complete behind them.
    Nothing(usize),
}

/// What stands behind the bytes that belong to no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ahead {
    /// A record, or the beginning of one.
    Record,
    /// Nothing that could be told yet.
    Unknown,
}

impl Tokenizer {
    pub(super) fn new(options: &CsvOptions, special: Special) -> Self {
        let mut builder = ReaderBuilder::new();
        builder.delimiter(special.delimiter).escape(special.escape);
        match special.quote {
            Some(quote) => builder.quote(quote),
            None => builder.quoting(false),
        };
        let mut tokenizer = Tokenizer {
            reader: builder.build(),
            special,
            max_bytes: options.max_record_bytes,
            form: Form::Plain,
            cuts: Vec::new(),
            text: vec![0; 1_024],
            ends: vec![0; 32],
            fields: 0,
            lines: 0,
            record_line: 0,
            at_start: true,
        };
        tokenizer.reset();
        tokenizer
    }

    /// Lines that have ended so far.
    pub(super) fn lines(&self) -> u64 {
        self.lines
    }

    pub(super) fn resume_at(&mut self, lines: u64) {
        self.lines = lines;
        self.at_start = false;
    }

    /// The line on which the last record starts.
    pub(super) fn record_line(&self) -> u64 {
        self.record_line
    }

    /// The fields of the last record, which stood in `record`.
    #[inline]
    pub(super) fn fields<'a>(&'a self, record: &'a [u8]) -> Fields<'a> {
        match self.form {
            Form::Plain => Fields::new(record, &self.cuts, 1),
            Form::Parsed => {
                let ends = &self.ends[..self.fields];
                Fields::new(&self.text[..ends.last().copied().unwrap_or(0)], ends, 0)
            }
        }
    }

    /// Looks for a record at the front of `input`.
    pub(super) fn next(&mut self, input: &[u8], end: InputEnd) -> Result<Token> {
        let (start, ahead) = self.skip_to_record(input, end)?;
        let input = &input[start..];
        if ahead == Ahead::Unknown {
            return Ok(Token::Nothing(start));
        }
        self.record_line = self.lines + 1;
        let plain = self.read_plain(input, end);
        match if plain.is_some() { plain } else { self.parse(input, end)? } {
            Some(bytes) => {
                let record = input[..bytes].strip_suffix(b"\n").unwrap_or(&input[..bytes]);
                if record.strip_suffix(b"\r").unwrap_or(record).len() > self.max_bytes {
                    return Err(self.too_long());
                }
                self.lines += match self.form {
                    Form::Plain => u64::from(input[bytes - 1] == b'\n'),
                    Form::Parsed => memchr::memchr_iter(b'\n', &input[..bytes]).count() as u64,
                };
                Ok(Token::Record(start, start + bytes))
            }
            None if input.len() > self.max_bytes => Err(self.too_long()),
            None => Ok(Token::Nothing(start)),
        }
    }

    /// Passes over ends of lines, comments, and the mark that may stand at the start of a file.
    fn skip_to_record(&mut self, input: &[u8], end: InputEnd) -> Result<(usize, Ahead)> {
        let mut position = 0;
        if self.at_start {
            if input.len() < 3 && end == InputEnd::More && BYTE_ORDER_MARK.starts_with(input) {
                return Ok((0, Ahead::Unknown));
            }
            self.at_start = false;
            position = if input.starts_with(BYTE_ORDER_MARK) { 3 } else { 0 };
        }
        while let Some(&byte) = input.get(position) {
            match byte {
                b'\n' => self.lines += 1,
                b'\r' => {}
                _ if Some(byte) == self.special.comment => {
                    let end_of_line = memchr::memchr(b'\n', &input[position..]);
                    let length = end_of_line.unwrap_or(input.len() - position);
                    if length > self.max_bytes {
                        self.record_line = self.lines + 1;
                        return Err(self.too_long());
                    }
                    match end_of_line {
                        Some(_) => position += length,
                        None if end == InputEnd::Last => return Ok((input.len(), Ahead::Unknown)),
                        None => return Ok((position, Ahead::Unknown)),
                    }
                    continue;
                }
                _ => return Ok((position, Ahead::Record)),
            }
            position += 1;
        }
        Ok((position, Ahead::Unknown))
    }

    /// How many bytes the record at the front of `input` takes if it is a plain line, one without quotes, as
    /// most are: its fields are then where the delimiters are, and need not be copied.
    #[inline]
    fn read_plain(&mut self, input: &[u8], end: InputEnd) -> Option<usize> {
        let (line, taken) = match memchr::memchr(b'\n', input) {
            Some(length) => (&input[..length], length + 1),
            None if end == InputEnd::Last => (input, input.len()),
            None => return None,
        };
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let special = match self.special.quote {
            Some(quote) => memchr::memchr2(quote, b'\r', line),
            None => memchr::memchr(b'\r', line),
        };
        if special.is_some() {
            return None;
        }
        self.form = Form::Plain;
        self.cuts.clear();
        self.cuts.extend(memchr::memchr_iter(self.special.delimiter, line));
        self.cuts.push(line.len());
        Some(taken)
    }

    /// How many bytes the record at the front of `input` takes; `None` if it is not complete.
    fn parse(&mut self, input: &[u8], end: InputEnd) -> Result<Option<usize>> {
        let (mut read, mut written) = (0, 0);
        self.form = Form::Parsed;
        self.fields = 0;
        let mut closing: Option<&[u8]> = None;
        loop {
            let rest = closing.unwrap_or(&input[read..]);
            let (result, taken, text, ends) =
                self.reader.read_record(rest, &mut self.text[written..], &mut self.ends[self.fields..]);
            if closing.is_none() {
                read += taken;
            }
            written += text;
            self.fields += ends;
            match result {
                ReadRecordResult::Record => return Ok(Some(read)),
                ReadRecordResult::OutputFull => self.text.resize(2 * self.text.len(), 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(2 * self.ends.len(), 0),
                // The end of the file ends the record as the end of a line does, unless a quote is open.
                ReadRecordResult::InputEmpty if end == InputEnd::Last && closing.is_none() => {
                    closing = Some(b"\n");
                }
                ReadRecordResult::InputEmpty if end == InputEnd::Last && input.len() <= self.max_bytes => {
                    let line = self.record_line;
                    return Err(Error::user(format!("line {line}: a quoted field does not end")));
                }
                ReadRecordResult::InputEmpty | ReadRecordResult::End => {
                    self.reset();
                    return Ok(None);
                }
            }
        }
    }

    fn reset(&mut self) {
        self.reader.reset();
        // The parser passes over a byte order mark in the first bytes that it sees. Those are these.
        self.reader.read_record(b"\n", &mut self.text, &mut self.ends);
    }

    #[cold]
    fn too_long(&self) -> Error {
        Error::user(format!("line {}: a record longer than {} bytes", self.record_line, self.max_bytes))
    }
}
