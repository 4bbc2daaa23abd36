//! The text of one field: from text to the field's encoded value and back.
use hurtig_core::types::codec::{self, Reader};
use hurtig_core::types::{LogicalType, RowField, TypeRoot};
use hurtig_core::{Error, Result};

use super::CsvOptions;
use crate::errors::Leniency;
use crate::problem::Problem;
use crate::record::{self, Presence};
use crate::value::scalar;

/// Fails if a field of a record has no form in CSV: scalars have one, and so have arrays and rows of scalars.
pub(super) fn check(fields: &[RowField]) -> Result<()> {
    for field in fields {
        let logical = &field.data_type;
        let supported = match logical.root() {
            TypeRoot::Array(element) => scalar::is_scalar(element),
            TypeRoot::Row(fields) => fields.iter().all(|field| scalar::is_scalar(&field.data_type)),
            _ => scalar::is_scalar(logical),
        };
        if !supported {
            return Err(Error::user(format!("column '{}': CSV has no form for {logical}", field.name)));
        }
    }
    Ok(())
}

/// Appends the value that the text of a field stands for.
#[inline]
pub(super) fn encode(
    logical: &LogicalType,
    text: &str,
    options: &CsvOptions,
    leniency: &mut Leniency,
    out: &mut Vec<u8>,
) -> Result<Presence, Problem> {
    // In an array that cannot be NULL the literal is its only element.
    let array = matches!(logical.root(), TypeRoot::Array(_));
    if options.null_literal.as_deref() == Some(text) && (logical.is_nullable() || !array) {
        return Ok(Presence::Null);
    }
    match logical.root() {
        TypeRoot::Array(element) => encode_array(element, text, options, leniency, out)?,
        TypeRoot::Row(fields) if !text.is_empty() || !logical.is_nullable() => {
            encode_row(fields, text, options, leniency, out)?;
        }
        _ if logical.is_nullable() && !scalar::is_text(logical) && text.trim().is_empty() => {
            return Ok(Presence::Null);
        }
        _ => scalar::parse(logical, text, out)?,
    }
    Ok(Presence::Value)
}

fn encode_array(
    element: &LogicalType,
    text: &str,
    options: &CsvOptions,
    leniency: &mut Leniency,
    out: &mut Vec<u8>,
) -> Result<(), Problem> {
    let elements: Vec<&str> = match text {
        "" => Vec::new(),
        _ => text.split(options.array_element_delimiter.as_str()).collect(),
    };
    codec::write_varint(out, elements.len() as u64);
    record::encode_elements(element, &elements, leniency, out, |index, text, leniency, out| {
        encode(element, text, options, leniency, out).map_err(|problem| problem.in_element(index))
    })
}

fn encode_row(
    fields: &[RowField],
    text: &str,
    options: &CsvOptions,
    leniency: &mut Leniency,
    out: &mut Vec<u8>,
) -> Result<(), Problem> {
    let texts: Vec<&str> = text.split(options.array_element_delimiter.as_str()).collect();
    if texts.len() != fields.len() {
        let (expected, found) = (fields.len(), texts.len());
        return Err(Problem::new(format!("expected {expected} fields, found {found}: '{text}'")));
    }
    record::encode_row(fields, leniency, out, |index, field, leniency, out| {
        encode(&field.data_type, texts[index], options, leniency, out)
    })
}

/// Reads an encoded value and appends its text, not yet quoted.
pub(super) fn print(
    logical: &LogicalType,
    value: Option<&mut Reader<'_>>,
    options: &CsvOptions,
    out: &mut Vec<u8>,
) -> Result<()> {
    let Some(input) = value else {
        out.extend_from_slice(options.null_literal.as_deref().unwrap_or_default().as_bytes());
        return Ok(());
    };
    match logical.root() {
        TypeRoot::Array(element) => {
            let count = record::read_count(input)?;
            record::read_elements(element, count, input, |index, value| {
                print_part(index, element, value, options, out)
            })
        }
        TypeRoot::Row(fields) => record::read_row(fields, input, |index, field, value| {
            print_part(index, &field.data_type, value, options, out)
        }),
        _ => scalar::print(logical, options.timestamp_format, input, out),
    }
}

/// Appends one element with the delimiter before it. There is no way to quote a delimiter within an element.
fn print_part(
    index: usize,
    logical: &LogicalType,
    value: Option<&mut Reader<'_>>,
    options: &CsvOptions,
    out: &mut Vec<u8>,
) -> Result<()> {
    let delimiter = options.array_element_delimiter.as_bytes();
    if index > 0 {
        out.extend_from_slice(delimiter);
    }
    let start = out.len();
    print(logical, value, options, out)?;
    match memchr::memmem::find(&out[start..], delimiter) {
        Some(_) => Err(Error::user(format!(
            "an element contains the array-element-delimiter '{}': '{}'",
            options.array_element_delimiter,
            crate::problem::shorten_bytes(&out[start..])
        ))),
        None => Ok(()),
    }
}
