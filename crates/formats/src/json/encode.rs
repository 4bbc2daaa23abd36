//! Rows of a type as lines of JSON.
use std::marker::PhantomData;

use hurtig_core::types::codec::Reader;
use hurtig_core::types::{LogicalType, RowField, TypeRoot};
use hurtig_core::{Error, Result, TypeInformation};

use super::{JsonOptions, NullFields, check};
use crate::format::Encoder;
use crate::record::{self, Layout};
use crate::value::scalar;

/// Encodes values of `T` as lines of JSON.
///
/// ```
/// use hurtig_formats::{Encoder, JsonEncoder, JsonOptions};
///
/// let mut encoder = JsonEncoder::<(i64, Option<String>)>::new(JsonOptions::new())?;
/// let mut out = Vec::new();
/// encoder.encode(&(1, Some("one".to_owned())), &mut out)?;
/// assert_eq!(String::from_utf8(out).unwrap(), "{\"f0\":1,\"f1\":\"one\"}\n");
/// # Ok::<(), hurtig_core::Error>(())
/// ```
pub struct JsonEncoder<T> {
    layout: Layout,
    options: JsonOptions,
    value: Vec<u8>,
    text: Vec<u8>,
    rows: PhantomData<fn(T)>,
}

impl<T: TypeInformation> JsonEncoder<T> {
    /// An encoder. Fails if a field of `T` has no form in JSON.
    pub fn new(options: JsonOptions) -> Result<Self> {
        let layout = Layout::of::<T>();
        check(layout.fields())?;
        Ok(JsonEncoder { layout, options, value: Vec::new(), text: Vec::new(), rows: PhantomData })
    }
}

impl<T: TypeInformation> Encoder<T> for JsonEncoder<T> {
    fn encode(&mut self, row: &T, out: &mut Vec<u8>) -> Result<()> {
        self.value.clear();
        row.encode(&mut self.value);
        let mut input = Reader::new(&self.value);
        let mut printer = Printer { options: &self.options, text: &mut self.text, out };
        match &self.layout {
            Layout::Row(fields) => printer.row(fields, &mut input)?,
            Layout::Value(_) => {
                self.layout.read(&mut input, |_, field, value| printer.value(&field.data_type, value))?;
            }
        }
        out.push(b'\n');
        Ok(())
    }
}

/// Appends JSON to `out`; `text` is a place to print scalars in.
struct Printer<'p> {
    options: &'p JsonOptions,
    text: &'p mut Vec<u8>,
    out: &'p mut Vec<u8>,
}

impl Printer<'_> {
    fn value(&mut self, logical: &LogicalType, value: Option<&mut Reader<'_>>) -> Result<()> {
        let Some(input) = value else {
            self.out.extend_from_slice(b"null");
            return Ok(());
        };
        match logical.root() {
            TypeRoot::Row(fields) => self.row(fields, input),
            TypeRoot::Array(element) => self.array(element, input),
            TypeRoot::Map(key, value) => self.map(key, value, input),
            TypeRoot::Multiset(element) => self.map(element, &LogicalType::integer().not_null(), input),
            _ => self.scalar(logical, input),
        }
    }

    fn row(&mut self, fields: &[RowField], input: &mut Reader<'_>) -> Result<()> {
        let mut separator = b'{';
        record::read_row(fields, input, |_, field, value| {
            if value.is_none() && self.options.null_fields == NullFields::LeftOut {
                return Ok(());
            }
            self.out.push(std::mem::replace(&mut separator, b','));
            self.string(&field.name)?;
            self.out.push(b':');
            self.value(&field.data_type, value)
                .map_err(|error| error.context(format!("field '{}'", field.name)))
        })?;
        if separator == b'{' {
            self.out.push(b'{');
        }
        self.out.push(b'}');
        Ok(())
    }

    fn array(&mut self, element: &LogicalType, input: &mut Reader<'_>) -> Result<()> {
        let count = record::read_count(input)?;
        self.out.push(b'[');
        record::read_elements(element, count, input, |index, value| {
            if index > 0 {
                self.out.push(b',');
            }
            self.value(element, value)
        })?;
        self.out.push(b']');
        Ok(())
    }

    fn map(&mut self, key: &LogicalType, value: &LogicalType, input: &mut Reader<'_>) -> Result<()> {
        let count = record::read_count(input)?;
        let mut names = Vec::new();
        record::read_elements(key, count, input, |_, key_value| {
            let Some(input) = key_value else {
                return Err(Error::user("JSON has no NULL among the keys of a map"));
            };
            self.text.clear();
            scalar::print(key, self.options.timestamp_format, input, self.text)?;
            names.push(String::from_utf8_lossy(self.text).into_owned());
            Ok(())
        })?;
        self.out.push(b'{');
        record::read_elements(value, count, input, |index, entry| {
            if index > 0 {
                self.out.push(b',');
            }
            self.string(&names[index])?;
            self.out.push(b':');
            self.value(value, entry)
        })?;
        self.out.push(b'}');
        Ok(())
    }

    fn scalar(&mut self, logical: &LogicalType, input: &mut Reader<'_>) -> Result<()> {
        match logical.root() {
            TypeRoot::Char(_) | TypeRoot::Varchar(_) => {
                let text = input.length_and_str()?;
                self.string(text)
            }
            TypeRoot::Float | TypeRoot::Double => {
                self.text.clear();
                scalar::print(logical, self.options.timestamp_format, input, self.text)?;
                // JSON has no infinity and no NaN; Flink writes them as strings.
                let finite = self.text.last().is_some_and(u8::is_ascii_digit);
                if finite {
                    self.out.extend_from_slice(self.text)
                } else {
                    self.quote()
                }
                Ok(())
            }
            TypeRoot::Boolean
            | TypeRoot::TinyInt
            | TypeRoot::SmallInt
            | TypeRoot::Integer
            | TypeRoot::BigInt
            | TypeRoot::Decimal { .. }
            | TypeRoot::IntervalYearMonth
            | TypeRoot::IntervalDayTime => {
                scalar::print(logical, self.options.timestamp_format, input, self.out)
            }
            _ => {
                self.text.clear();
                scalar::print(logical, self.options.timestamp_format, input, self.text)?;
                self.quote();
                Ok(())
            }
        }
    }

    /// Appends the printed text in quotes. None of the types that come here has anything to escape.
    fn quote(&mut self) {
        self.out.push(b'"');
        self.out.extend_from_slice(self.text);
        self.out.push(b'"');
    }

    fn string(&mut self, text: &str) -> Result<()> {
        serde_json::to_writer(&mut *self.out, text)
            .map_err(|error| Error::bug("a string cannot be written as JSON").caused_by(error))
    }
}
