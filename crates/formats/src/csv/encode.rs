//! Rows of a type as records of CSV.
use std::marker::PhantomData;

use hurtig_core::types::codec::Reader;
use hurtig_core::{Error, Result, TypeInformation};

use super::{CsvOptions, Special, fields};
use crate::format::Encoder;
use crate::problem::shorten_bytes;
use crate::record::Layout;

/// Encodes values of `T` as CSV records that end in `\n`, with quotes where they are needed.
///
/// ```
/// use hurtig_formats::{CsvEncoder, CsvOptions, Encoder};
///
/// let mut encoder = CsvEncoder::<(i64, Option<String>)>::new(CsvOptions::new().with_header())?;
/// let mut out = Vec::new();
/// encoder.begin(&mut out);
/// encoder.encode(&(1, Some("one, \"two\"".to_owned())), &mut out)?;
/// encoder.encode(&(2, None), &mut out)?;
/// assert_eq!(String::from_utf8(out).unwrap(), "f0,f1\n1,\"one, \"\"two\"\"\"\n2,\n");
/// # Ok::<(), hurtig_core::Error>(())
/// ```
pub struct CsvEncoder<T> {
    layout: Layout,
    options: CsvOptions,
    special: Special,
    value: Vec<u8>,
    text: Vec<u8>,
    rows: PhantomData<fn(T)>,
}

impl<T: TypeInformation> CsvEncoder<T> {
    /// An encoder. Fails if a field of `T` has no form in CSV, or on options that contradict each other.
    pub fn new(options: CsvOptions) -> Result<Self> {
        let layout = Layout::of::<T>();
        fields::check(layout.fields())?;
        let special = options.special()?;
        Ok(CsvEncoder { layout, options, special, value: Vec::new(), text: Vec::new(), rows: PhantomData })
    }
}

impl<T: TypeInformation> Encoder<T> for CsvEncoder<T> {
    fn begin(&mut self, out: &mut Vec<u8>) {
        if !self.options.header {
            return;
        }
        for (index, field) in self.layout.fields().iter().enumerate() {
            if index > 0 {
                out.push(self.special.delimiter);
            }
            // Names that would need quotes where there are none are not worth failing for.
            write_quoted(self.special, field.name.as_bytes(), out);
        }
        out.push(b'\n');
    }

    fn encode(&mut self, row: &T, out: &mut Vec<u8>) -> Result<()> {
        let CsvEncoder { layout, options, special, value, text, .. } = self;
        value.clear();
        row.encode(value);
        let start = out.len();
        layout.read(&mut Reader::new(value), |index, field, value| {
            text.clear();
            fields::print(&field.data_type, value, options, text)
                .map_err(|error| error.context(format!("column '{}'", field.name)))?;
            if index > 0 {
                out.push(special.delimiter);
            }
            if !needs_quotes(*special, text) {
                out.extend_from_slice(text);
            } else if special.quote.is_some() {
                write_quoted(*special, text, out);
            } else {
                return Err(Error::user(format!(
                    "column '{}': without a quote character there is no way to write '{}'",
                    field.name,
                    shorten_bytes(text)
                )));
            }
            Ok(())
        })?;
        if let (true, Some(quote)) = (out.len() == start, special.quote) {
            // An empty line would be no record.
            out.extend_from_slice(&[quote, quote]);
        }
        out.push(b'\n');
        Ok(())
    }
}

fn needs_quotes(special: Special, text: &[u8]) -> bool {
    let delimiter = match special.quote {
        Some(quote) => memchr::memchr2(special.delimiter, quote, text),
        None => memchr::memchr(special.delimiter, text),
    };
    let comment = special.comment.is_some() && text.first().copied() == special.comment;
    delimiter.is_some() || memchr::memchr2(b'\n', b'\r', text).is_some() || comment
}

/// Appends the text, in quotes if it needs them; inside, quotes are doubled and escape characters escaped.
fn write_quoted(special: Special, text: &[u8], out: &mut Vec<u8>) {
    let Some(quote) = special.quote else {
        return out.extend_from_slice(text);
    };
    if !needs_quotes(special, text) {
        return out.extend_from_slice(text);
    }
    out.push(quote);
    for &byte in text {
        if byte == quote {
            out.push(quote);
        } else if Some(byte) == special.escape {
            out.push(byte);
        }
        out.push(byte);
    }
    out.push(quote);
}
