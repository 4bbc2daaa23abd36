//! JSON lines: one value of a type `T` per line, an object for a ROW. Flink's format `json` in files.
//!
//! The line is parsed one level at a time: an object is cut into the raw text of its fields, and each field's
//! text becomes the field's encoded value (`values`), going down where the type does. So an error names the
//! field and quotes it, one bad field can be passed over, and the depth of the recursion is that of the
//! type, whatever the text. `decode` and `encode` are the two ways.
mod decode;
mod encode;
mod parse;
mod values;

pub use decode::JsonDecoder;
pub use encode::JsonEncoder;

use hurtig_core::types::{LogicalType, RowField, TypeRoot};
use hurtig_core::{Error, Result};

use crate::errors::OnParseError;
use crate::format::DEFAULT_MAX_RECORD_BYTES;
use crate::options::FormatOption;
use crate::value::{TimestampFormat, scalar};

/// How JSON is read and written. The options are those of Flink's format `json`.
///
/// ```
/// use hurtig_formats::JsonOptions;
///
/// let options = JsonOptions::new().with_ignore_parse_errors();
/// let same = JsonOptions::from_options([("json.ignore-parse-errors", "true")])?;
/// assert_eq!(format!("{options:?}"), format!("{same:?}"));
/// # Ok::<(), hurtig_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct JsonOptions {
    missing_field: MissingField,
    null_fields: NullFields,
    timestamp_format: TimestampFormat,
    on_parse_error: OnParseError,
    max_line_bytes: usize,
}

/// What a field is that the object does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MissingField {
    /// NULL, if the field is nullable.
    Null,
    /// An error.
    Fail,
}

/// What is written for a field that is NULL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NullFields {
    /// `null`.
    Written,
    /// Nothing.
    LeftOut,
}

impl Default for JsonOptions {
    fn default() -> Self {
        JsonOptions {
            missing_field: MissingField::Null,
            null_fields: NullFields::Written,
            timestamp_format: TimestampFormat::Sql,
            on_parse_error: OnParseError::Fail,
            max_line_bytes: DEFAULT_MAX_RECORD_BYTES,
        }
    }
}

impl JsonOptions {
    /// The default options: a missing field is NULL, errors fail.
    pub fn new() -> Self {
        Self::default()
    }

    /// `fail-on-missing-field`: a field that the object does not have is an error even if it is nullable.
    pub fn with_fail_on_missing_field(mut self) -> Self {
        self.missing_field = MissingField::Fail;
        self
    }

    /// `ignore-parse-errors`: a nullable field that cannot be read becomes NULL, a line with any other error
    /// is left out; both are counted.
    pub fn with_ignore_parse_errors(mut self) -> Self {
        self.on_parse_error = OnParseError::Ignore;
        self
    }

    /// `timestamp-format.standard`: how timestamps are written; both forms are read. The default is `SQL`.
    pub fn with_timestamp_format(mut self, format: TimestampFormat) -> Self {
        self.timestamp_format = format;
        self
    }

    /// `encode.ignore-null-fields`: fields that are NULL are not written.
    pub fn without_null_fields(mut self) -> Self {
        self.null_fields = NullFields::LeftOut;
        self
    }

    /// A line of more than `bytes` bytes is an error, whatever `ignore-parse-errors` says. The default is
    /// 1 MiB.
    pub fn with_max_line_bytes(mut self, bytes: usize) -> Self {
        self.max_line_bytes = bytes;
        self
    }

    /// Reads options as they stand behind `WITH` in SQL, with or without `json.` before them. Fails on an
    /// unknown key or a value that cannot be read, naming both.
    pub fn from_options<'a>(options: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self> {
        let mut json = JsonOptions::new();
        for (key, value) in options {
            let option = FormatOption::new("json", key, value);
            match option.name() {
                "fail-on-missing-field" => {
                    json.missing_field =
                        if option.boolean()? { MissingField::Fail } else { MissingField::Null };
                }
                "ignore-parse-errors" => json.on_parse_error = option.on_parse_error()?,
                "timestamp-format.standard" => {
                    json.timestamp_format = match value {
                        "SQL" => TimestampFormat::Sql,
                        "ISO-8601" => TimestampFormat::Iso8601,
                        _ => return Err(option.error("'SQL' or 'ISO-8601'")),
                    }
                }
                "encode.ignore-null-fields" => {
                    json.null_fields =
                        if option.boolean()? { NullFields::LeftOut } else { NullFields::Written };
                }
                "max-line-bytes" => json.max_line_bytes = option.bytes()?,
                _ => return Err(option.unknown(&KEYS)),
            }
        }
        if json.missing_field == MissingField::Fail && json.on_parse_error == OnParseError::Ignore {
            return Err(Error::user(
                "json.fail-on-missing-field and json.ignore-parse-errors cannot both be true",
            ));
        }
        Ok(json)
    }
}

const KEYS: [&str; 5] = [
    "encode.ignore-null-fields",
    "fail-on-missing-field",
    "ignore-parse-errors",
    "max-line-bytes",
    "timestamp-format.standard",
];

/// Fails if a field has no form in JSON: opaque values have none, and the keys of a map must be scalars.
fn check(fields: &[RowField]) -> Result<()> {
    for field in fields {
        if !is_supported(&field.data_type) {
            let logical = &field.data_type;
            return Err(Error::user(format!("field '{}': JSON has no form for {logical}", field.name)));
        }
    }
    Ok(())
}

fn is_supported(logical: &LogicalType) -> bool {
    match logical.root() {
        TypeRoot::Raw { .. } => false,
        TypeRoot::Array(element) => is_supported(element),
        TypeRoot::Multiset(element) => scalar::is_scalar(element),
        TypeRoot::Map(key, value) => scalar::is_scalar(key) && is_supported(value),
        TypeRoot::Row(fields) => fields.iter().all(|field| is_supported(&field.data_type)),
        _ => true,
    }
}

#[cfg(test)]
mod tests;
