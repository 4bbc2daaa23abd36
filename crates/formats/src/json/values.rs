//! The raw text of one JSON value as an encoded value, by its logical type.
use std::borrow::Cow;

use hurtig_core::types::codec;
use hurtig_core::types::{LogicalType, RowField, TypeRoot};
use serde_json::value::RawValue;

use super::{JsonOptions, MissingField, parse};
use crate::errors::Leniency;
use crate::problem::Problem;
use crate::record::{self, Presence};
use crate::value::scalar;

/// Appends the value that `text` stands for. As in Flink a number may be written as a string, and any value
/// can be read as a string.
pub(super) fn encode(
    logical: &LogicalType,
    text: &str,
    options: &JsonOptions,
    leniency: &mut Leniency,
    out: &mut Vec<u8>,
) -> Result<Presence, Problem> {
    if text == "null" {
        return Ok(Presence::Null);
    }
    let first = text.as_bytes().first().copied().unwrap_or_default();
    match logical.root() {
        TypeRoot::Row(fields) if first == b'{' => {
            let values = parse::object(text, fields)?;
            record::encode_row(fields, leniency, out, |index, field, leniency, out| {
                encode_field(field, values[index], options, leniency, out)
            })?;
        }
        TypeRoot::Array(element) if first == b'[' => {
            let elements = parse::array(text)?;
            codec::write_varint(out, elements.len() as u64);
            record::encode_elements(element, &elements, leniency, out, |index, raw, leniency, out| {
                encode(element, raw.get(), options, leniency, out)
                    .map_err(|problem| problem.in_element(index))
            })?;
        }
        TypeRoot::Map(key, value) if first == b'{' => {
            encode_map(key, value, text, options, leniency, out)?;
        }
        TypeRoot::Multiset(element) if first == b'{' => {
            encode_map(element, &LogicalType::integer().not_null(), text, options, leniency, out)?;
        }
        _ if !scalar::is_scalar(logical) => return Err(Problem::mismatch(logical, text)),
        _ if first == b'"' => scalar::parse(logical, &parse::string(text)?, out)?,
        _ if scalar::is_text(logical) => scalar::parse(logical, text, out)?,
        _ => scalar::parse_number(logical, text, out)?,
    }
    Ok(Presence::Value)
}

/// Appends the field of an object, of which there may be no value.
pub(super) fn encode_field(
    field: &RowField,
    value: Option<&RawValue>,
    options: &JsonOptions,
    leniency: &mut Leniency,
    out: &mut Vec<u8>,
) -> Result<Presence, Problem> {
    match value {
        Some(raw) => encode(&field.data_type, raw.get(), options, leniency, out),
        None if field.data_type.is_nullable() && options.missing_field == MissingField::Null => {
            Ok(Presence::Null)
        }
        None => Err(Problem::new(format!("the object has no such field of type {}", field.data_type))),
    }
}

fn encode_map(
    key: &LogicalType,
    value: &LogicalType,
    text: &str,
    options: &JsonOptions,
    leniency: &mut Leniency,
    out: &mut Vec<u8>,
) -> Result<(), Problem> {
    let entries: Vec<(Cow<'_, str>, &RawValue)> = parse::entries(text)?;
    codec::write_varint(out, entries.len() as u64);
    record::encode_elements(key, &entries, leniency, out, |_, (name, _), _, out| {
        scalar::parse(key, name, out).map(|()| Presence::Value).map_err(|problem| problem.in_field(name))
    })?;
    record::encode_elements(value, &entries, leniency, out, |_, (name, raw), leniency, out| {
        encode(value, raw.get(), options, leniency, out).map_err(|problem| problem.in_field(name))
    })
}
