//! One level of JSON: an object or an array as the raw text of what it holds.
use std::borrow::Cow;
use std::fmt;

use hurtig_core::types::RowField;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::problem::{Problem, shorten};

/// The raw values of an object's fields, in the order of `fields`; of a name that occurs twice the last one,
/// as in Flink. Names that are no field are passed over.
pub(super) fn object<'a>(text: &'a str, fields: &[RowField]) -> Result<Vec<Option<&'a RawValue>>, Problem> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let values = ObjectVisitor(fields);
    let values = deserializer.deserialize_map(values).map_err(|error| syntax(&error, text))?;
    deserializer.end().map_err(|error| syntax(&error, text))?;
    Ok(values)
}

/// The text of a single value, which must be all there is.
pub(super) fn value(text: &str) -> Result<&str, Problem> {
    serde_json::from_str::<&RawValue>(text).map(RawValue::get).map_err(|error| syntax(&error, text))
}

/// The raw elements of an array.
pub(super) fn array(text: &str) -> Result<Vec<&RawValue>, Problem> {
    serde_json::from_str(text).map_err(|error| syntax(&error, text))
}

/// The names and raw values of an object, in the order of the text.
pub(super) fn entries(text: &str) -> Result<Vec<(Cow<'_, str>, &RawValue)>, Problem> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    deserializer.deserialize_map(EntriesVisitor).map_err(|error| syntax(&error, text))
}

/// The content of a JSON string, quotes included in `text`.
pub(super) fn string(text: &str) -> Result<Cow<'_, str>, Problem> {
    // The text is one whole value, so that a quote inside has a backslash before it.
    match text.get(1..text.len().max(2) - 1) {
        Some(inner) if memchr::memchr(b'\\', inner.as_bytes()).is_none() => Ok(Cow::Borrowed(inner)),
        _ => serde_json::from_str(text).map(Cow::Owned).map_err(|error| syntax(&error, text)),
    }
}

/// The parser's error, with the place as a byte of the text.
#[cold]
fn syntax(error: &serde_json::Error, text: &str) -> Problem {
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or(&message);
    let place = match error.column() {
        0 => String::new(),
        column => format!(" at byte {column}"),
    };
    Problem::new(format!("expected JSON, found '{}': {message}{place}", shorten(text)))
}

struct ObjectVisitor<'f>(&'f [RowField]);

impl<'de> Visitor<'de> for ObjectVisitor<'_> {
    type Value = Vec<Option<&'de RawValue>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut values = vec![None; self.0.len()];
        // Most writers keep the order of the fields, so the next name is most likely that of the next field.
        let mut guess = 0;
        while let Some(place) = map.next_key_seed(FieldName { fields: self.0, guess })? {
            match place {
                Some(index) => {
                    values[index] = Some(map.next_value()?);
                    guess = index + 1;
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(values)
    }
}

/// Finds the field of a name without keeping the name.
struct FieldName<'f> {
    fields: &'f [RowField],
    guess: usize,
}

impl<'de> DeserializeSeed<'de> for FieldName<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for FieldName<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field's name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        if self.fields.get(self.guess).is_some_and(|field| field.name == name) {
            return Ok(Some(self.guess));
        }
        Ok(self.fields.iter().position(|field| field.name == name))
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(entries)
    }
}
