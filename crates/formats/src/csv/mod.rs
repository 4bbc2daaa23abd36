//! Comma-separated values (RFC 4180), one record of a type `T` per record of the file. Flink's format `csv`.
//!
//! A record is cut into fields (`tokenizer`, `record_fields`), each field's text becomes the field's encoded
//! value (`fields`), and `T` is decoded from those (`decode`); `encode` is the way back.
mod decode;
mod encode;
mod fields;
mod record_fields;
mod tokenizer;

pub use decode::CsvDecoder;
pub use encode::CsvEncoder;

use hurtig_core::{Error, Result};

use crate::errors::OnParseError;
use crate::format::DEFAULT_MAX_RECORD_BYTES;
use crate::options::{self, FormatOption};
use crate::value::TimestampFormat;

/// How CSV is read and written. The options are those of Flink's format `csv`, with `header` beside them.
///
/// ```
/// use hurtig_formats::CsvOptions;
///
/// let options = CsvOptions::new().with_header().with_field_delimiter(';').with_null_literal("NULL");
/// let same = CsvOptions::from_options([
///     ("csv.header", "true"), ("csv.field-delimiter", ";"), ("csv.null-literal", "NULL"),
/// ])?;
/// assert_eq!(format!("{options:?}"), format!("{same:?}"));
/// # Ok::<(), hurtig_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct CsvOptions {
    field_delimiter: char,
    quote_character: Option<char>,
    escape_character: Option<char>,
    array_element_delimiter: String,
    null_literal: Option<String>,
    allow_comments: bool,
    header: bool,
    on_parse_error: OnParseError,
    max_record_bytes: usize,
    timestamp_format: TimestampFormat,
}

impl Default for CsvOptions {
    fn default() -> Self {
        CsvOptions {
            field_delimiter: ',',
            quote_character: Some('"'),
            escape_character: None,
            array_element_delimiter: ";".to_owned(),
            null_literal: None,
            allow_comments: false,
            header: false,
            on_parse_error: OnParseError::Fail,
            max_record_bytes: DEFAULT_MAX_RECORD_BYTES,
            timestamp_format: TimestampFormat::Sql,
        }
    }
}

impl CsvOptions {
    /// The default options: fields between commas, quotes where needed, no header, errors fail.
    pub fn new() -> Self {
        Self::default()
    }

    /// The first record names the columns, which are then found by their names: columns that the type does
    /// not have are passed over, nullable fields without a column are NULL. Writing begins with such a record.
    pub fn with_header(mut self) -> Self {
        self.header = true;
        self
    }

    /// `field-delimiter`: what stands between fields, an ASCII character. The default is `,`.
    pub fn with_field_delimiter(mut self, delimiter: char) -> Self {
        self.field_delimiter = delimiter;
        self
    }

    /// `quote-character`: what encloses a field with special characters, an ASCII character. The default is
    /// `"`; inside a quoted field it is written twice.
    pub fn with_quote_character(mut self, quote: char) -> Self {
        self.quote_character = Some(quote);
        self
    }

    /// `disable-quote-character`: quotes are text like any other.
    pub fn without_quote_character(mut self) -> Self {
        self.quote_character = None;
        self
    }

    /// `escape-character`: in a quoted field, takes the next character as it is. The default is none.
    pub fn with_escape_character(mut self, escape: char) -> Self {
        self.escape_character = Some(escape);
        self
    }

    /// `array-element-delimiter`: what stands between the elements of an array or a nested row. The default
    /// is `;`.
    pub fn with_array_element_delimiter(mut self, delimiter: impl Into<String>) -> Self {
        self.array_element_delimiter = delimiter.into();
        self
    }

    /// `null-literal`: the text that stands for NULL. The default is none: NULL is then written as an empty
    /// field, and an empty field of a nullable type is read as NULL unless that type is a string or an array.
    pub fn with_null_literal(mut self, literal: impl Into<String>) -> Self {
        self.null_literal = Some(literal.into());
        self
    }

    /// `allow-comments`: lines that start with `#` are passed over.
    pub fn with_comments(mut self) -> Self {
        self.allow_comments = true;
        self
    }

    /// `ignore-parse-errors`: a nullable field that cannot be read becomes NULL, a record with any other
    /// error is left out; both are counted.
    pub fn with_ignore_parse_errors(mut self) -> Self {
        self.on_parse_error = OnParseError::Ignore;
        self
    }

    /// A record of more than `bytes` bytes is an error, whatever `ignore-parse-errors` says. The default is
    /// 1 MiB.
    pub fn with_max_record_bytes(mut self, bytes: usize) -> Self {
        self.max_record_bytes = bytes;
        self
    }

    /// How timestamps are written. The default is Flink's `SQL` form.
    pub fn with_timestamp_format(mut self, format: TimestampFormat) -> Self {
        self.timestamp_format = format;
        self
    }

    /// Reads options as they stand behind `WITH` in SQL, with or without `csv.` before them. Fails on an
    /// unknown key or a value that cannot be read, naming both.
    pub fn from_options<'a>(options: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self> {
        let mut csv = CsvOptions::new();
        for (key, value) in options {
            let option = FormatOption::new("csv", key, value);
            match option.name() {
                "field-delimiter" => csv.field_delimiter = option.character()?,
                "quote-character" => csv.quote_character = Some(option.character()?),
                "disable-quote-character" if option.boolean()? => csv.quote_character = None,
                "disable-quote-character" => {}
                "escape-character" => csv.escape_character = Some(option.character()?),
                "array-element-delimiter" => csv.array_element_delimiter = value.to_owned(),
                "null-literal" => csv.null_literal = Some(value.to_owned()),
                "allow-comments" => csv.allow_comments = option.boolean()?,
                "ignore-parse-errors" => csv.on_parse_error = option.on_parse_error()?,
                "header" => csv.header = option.boolean()?,
                "max-record-bytes" => csv.max_record_bytes = option.bytes()?,
                _ => return Err(option.unknown(&KEYS)),
            }
        }
        Ok(csv)
    }

    /// The special characters as bytes, if all are ASCII and none has two meanings.
    fn special(&self) -> Result<Special> {
        let delimiter = options::ascii("csv.field-delimiter", self.field_delimiter)?;
        let ascii = |key, char: Option<char>| char.map(|char| options::ascii(key, char)).transpose();
        let quote = ascii("csv.quote-character", self.quote_character)?;
        let escape = ascii("csv.escape-character", self.escape_character)?;
        if quote == Some(delimiter) || escape == Some(delimiter) || (escape.is_some() && escape == quote) {
            return Err(Error::user(
                "csv.field-delimiter, csv.quote-character and csv.escape-character must differ",
            ));
        }
        if self.array_element_delimiter.is_empty() {
            return Err(Error::user("option 'csv.array-element-delimiter' is empty"));
        }
        let comment = self.allow_comments.then_some(b'#');
        Ok(Special { delimiter, quote, escape, comment })
    }
}

const KEYS: [&str; 10] = [
    "allow-comments",
    "array-element-delimiter",
    "disable-quote-character",
    "escape-character",
    "field-delimiter",
    "header",
    "ignore-parse-errors",
    "max-record-bytes",
    "null-literal",
    "quote-character",
];

/// The characters with a meaning.
#[derive(Clone, Copy, Debug)]
struct Special {
    delimiter: u8,
    quote: Option<u8>,
    escape: Option<u8>,
    /// What a line begins with that is no record.
    comment: Option<u8>,
}

#[cfg(test)]
mod tests;
