//! Lines of JSON as rows of a type.
use std::marker::PhantomData;

use hurtig_core::types::codec::Reader;
use hurtig_core::{Error, Result, TypeInformation};

use super::{JsonOptions, check, parse, values};
use crate::errors::{Leniency, OnParseError};
use crate::format::{Decoder, InputEnd, ParseErrors};
use crate::line_splitter::{LineSplitter, line_text};
use crate::problem::Problem;
use crate::record::Layout;

/// Decodes lines of JSON into values of `T` by its logical type. Lines of white space are passed over.
///
/// ```
/// use hurtig_formats::{Decoder, InputEnd, JsonDecoder, JsonOptions};
///
/// let mut decoder = JsonDecoder::<(i64, Option<String>)>::new(JsonOptions::new())?;
/// let mut rows = Vec::new();
/// decoder.decode(br#"{"f0": 1, "f1": "one", "other": []}"#, InputEnd::Last, 10, &mut rows)?;
/// assert_eq!(rows, [(1, Some("one".to_owned()))]);
///
/// let error = decoder.decode(br#"{"f0": "x"}"#, InputEnd::Last, 10, &mut rows).unwrap_err();
/// assert_eq!(error.to_string(), "line 2, field 'f0': expected BIGINT, found 'x'");
/// # Ok::<(), hurtig_core::Error>(())
/// ```
pub struct JsonDecoder<T> {
    layout: Layout,
    options: JsonOptions,
    splitter: LineSplitter,
    leniency: Leniency,
    bytes: Vec<u8>,
    rows: PhantomData<fn() -> T>,
}

impl<T: TypeInformation> JsonDecoder<T> {
    /// A decoder at the start of a file. Fails if a field of `T` has no form in JSON.
    pub fn new(options: JsonOptions) -> Result<Self> {
        let layout = Layout::of::<T>();
        check(layout.fields())?;
        Ok(JsonDecoder {
            layout,
            splitter: LineSplitter::new(options.max_line_bytes),
            leniency: Leniency::new(options.on_parse_error),
            options,
            bytes: Vec::new(),
            rows: PhantomData,
        })
    }

    fn read_row(&mut self, text: &str) -> Result<T, Problem> {
        let JsonDecoder { layout, options, leniency, bytes, .. } = self;
        bytes.clear();
        let text = text.trim();
        match layout {
            Layout::Row(fields) => {
                let found = parse::object(text, fields)?;
                layout.encode(leniency, bytes, |index, field, leniency, out| {
                    values::encode_field(field, found[index], options, leniency, out)
                })?;
            }
            Layout::Value(_) => {
                let found = parse::value(text)?;
                layout.encode(leniency, bytes, |_, field, leniency, out| {
                    values::encode(&field.data_type, found, options, leniency, out)
                })?;
            }
        }
        T::decode(&mut Reader::new(bytes)).map_err(|error| Problem::new(error.to_string()))
    }
}

impl<T: TypeInformation> Decoder<T> for JsonDecoder<T> {
    fn decode(&mut self, input: &[u8], end: InputEnd, max_rows: usize, rows: &mut Vec<T>) -> Result<usize> {
        let (mut position, full) = (0, rows.len() + max_rows);
        while rows.len() < full {
            let Some(line) = self.splitter.next(input, &mut position, end)? else { break };
            let number = self.splitter.lines();
            let fields = self.leniency.passed_over.fields;
            let failed = match line_text(line, number) {
                Ok(text) if text.trim().is_empty() => continue,
                Ok(text) => match self.read_row(text) {
                    Ok(row) => {
                        rows.push(row);
                        continue;
                    }
                    Err(problem) => Error::user(format!("line {number}{}", problem.describe("field"))),
                },
                Err(error) => error,
            };
            if self.leniency.on_error == OnParseError::Fail {
                return Err(failed);
            }
            self.leniency.passed_over.fields = fields;
            self.leniency.passed_over.records += 1;
        }
        Ok(position)
    }

    fn line(&self) -> u64 {
        self.splitter.lines()
    }

    fn resume_at(&mut self, line: u64) {
        self.splitter.resume_at(line);
    }

    fn parse_errors(&self) -> ParseErrors {
        self.leniency.passed_over
    }
}
