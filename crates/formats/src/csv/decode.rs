//! Records of CSV as rows of a type.
use std::marker::PhantomData;

use hurtig_core::types::codec::Reader;
use hurtig_core::{Error, Result, TypeInformation};

use super::CsvOptions;
use super::fields as field_text;
use super::tokenizer::{Token, Tokenizer};
use crate::errors::{Leniency, OnParseError};
use crate::format::{Decoder, InputEnd, ParseErrors};
use crate::problem::{Problem, shorten_bytes};
use crate::record::{Layout, Presence};

/// Decodes CSV records into values of `T` by its logical type.
///
/// ```
/// use hurtig_formats::{CsvDecoder, CsvOptions, Decoder, InputEnd};
///
/// let mut decoder = CsvDecoder::<(i64, Option<String>)>::new(CsvOptions::new())?;
/// let mut rows = Vec::new();
/// decoder.decode(b"1,one\n2,\"two, too\"\n", InputEnd::Last, 10, &mut rows)?;
/// assert_eq!(rows, [(1, Some("one".to_owned())), (2, Some("two, too".to_owned()))]);
///
/// let error = decoder.decode(b"x,one\n", InputEnd::Last, 10, &mut rows).unwrap_err();
/// assert_eq!(error.to_string(), "line 3, column 'f0': expected BIGINT, found 'x'");
/// # Ok::<(), hurtig_core::Error>(())
/// ```
pub struct CsvDecoder<T> {
    layout: Layout,
    options: CsvOptions,
    tokenizer: Tokenizer,
    columns: Columns,
    leniency: Leniency,
    bytes: Vec<u8>,
    rows: PhantomData<fn() -> T>,
}

/// Which column of the file holds which field.
enum Columns {
    /// The header has not been read.
    Unknown,
    /// The first column holds the first field, and so on.
    InOrder,
    /// For each field its column, if there is one.
    Named(Vec<Option<usize>>),
}

impl<T: TypeInformation> CsvDecoder<T> {
    /// A decoder at the start of a file. Fails if a field of `T` has no form in CSV, or on options that
    /// contradict each other.
    pub fn new(options: CsvOptions) -> Result<Self> {
        let layout = Layout::of::<T>();
        field_text::check(layout.fields())?;
        Ok(CsvDecoder {
            layout,
            tokenizer: Tokenizer::new(&options, options.special()?),
            columns: if options.header { Columns::Unknown } else { Columns::InOrder },
            leniency: Leniency::new(options.on_parse_error),
            options,
            bytes: Vec::new(),
            rows: PhantomData,
        })
    }

    /// Takes the record at hand as the header.
    fn read_header(&mut self, record: &[u8]) -> Result<()> {
        let fields = self.tokenizer.fields(record);
        let mut names = Vec::with_capacity(fields.len());
        for index in 0..fields.len() {
            let name = fields.get(index).map_err(|problem| self.error(&problem))?;
            names.push(name.unwrap_or_default().trim());
        }
        let mut columns = Vec::new();
        for field in self.layout.fields() {
            let column = names.iter().position(|name| *name == field.name);
            if column.is_none() && !field.data_type.is_nullable() {
                let header = shorten_bytes(names.join(",").as_bytes());
                return Err(Error::user(format!(
                    "line {}: no column '{}' of type {} in the header '{header}'",
                    self.tokenizer.record_line(),
                    field.name,
                    field.data_type
                )));
            }
            columns.push(column);
        }
        self.columns = Columns::Named(columns);
        Ok(())
    }

    /// Decodes the record at hand.
    fn read_row(&mut self, record: &[u8]) -> Result<T, Problem> {
        let CsvDecoder { layout, options, tokenizer, columns, leniency, bytes, .. } = self;
        bytes.clear();
        let fields = tokenizer.fields(record);
        if let Columns::InOrder = columns {
            let (expected, found) = (layout.fields().len(), fields.len());
            if found > expected || (found < expected && !leniency.ignores()) {
                return Err(Problem::new(format!(
                    "expected {expected} columns, found {found}: '{}'",
                    shorten_bytes(record.trim_ascii_end())
                )));
            }
        }
        layout.encode(leniency, bytes, |index, field, leniency, out| {
            let column = match columns {
                Columns::Named(columns) => columns[index],
                _ => Some(index),
            };
            let text = match column {
                Some(column) => fields.get(column)?,
                None => return Ok(Presence::Null),
            };
            match text {
                Some(text) => field_text::encode(&field.data_type, text, options, leniency, out),
                // With a header a record may be short as well, but not silently.
                None => Err(Problem::new("the record has no such column")),
            }
        })?;
        T::decode(&mut Reader::new(bytes)).map_err(|error| Problem::new(error.to_string()))
    }

    fn error(&self, problem: &Problem) -> Error {
        Error::user(format!("line {}{}", self.tokenizer.record_line(), problem.describe("column")))
    }
}

impl<T: TypeInformation> Decoder<T> for CsvDecoder<T> {
    fn decode(&mut self, input: &[u8], end: InputEnd, max_rows: usize, rows: &mut Vec<T>) -> Result<usize> {
        let (mut position, full) = (0, rows.len() + max_rows);
        while rows.len() < full || self.needs_start() {
            let record = match self.tokenizer.next(&input[position..], end)? {
                Token::Record(from, to) => {
                    let record = &input[position + from..position + to];
                    position += to;
                    record
                }
                Token::Nothing(bytes) => return Ok(position + bytes),
            };
            if self.needs_start() {
                self.read_header(record)?;
                continue;
            }
            let fields = self.leniency.passed_over.fields;
            match self.read_row(record) {
                Ok(row) => rows.push(row),
                Err(problem) if self.leniency.on_error == OnParseError::Fail => {
                    return Err(self.error(&problem));
                }
                Err(_) => {
                    self.leniency.passed_over.fields = fields;
                    self.leniency.passed_over.records += 1;
                }
            }
        }
        Ok(position)
    }

    fn line(&self) -> u64 {
        self.tokenizer.lines()
    }

    fn resume_at(&mut self, line: u64) {
        self.tokenizer.resume_at(line);
    }

    fn needs_start(&self) -> bool {
        matches!(self.columns, Columns::Unknown)
    }

    fn parse_errors(&self) -> ParseErrors {
        self.leniency.passed_over
    }
}
