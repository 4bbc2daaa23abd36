//! Values as Flink prints them: what Java's `toString` gives for the external form of each logical type.
//!
//! | type | form |
//! |---|---|
//! | character strings, numbers, BOOLEAN | plain: `a b`, `1`, `1.0E10`, `12.50`, `true` |
//! | byte strings, RAW | the bytes, signed: `[1, -2]` |
//! | DATE, TIME, TIMESTAMP | `2020-01-01`, `10:00`, `2020-01-01T00:00:01.500` (seconds only where needed) |
//! | TIMESTAMP_LTZ | `1970-01-01T00:00:01Z` |
//! | intervals | `P14M`, `PT26H3M4.5S` |
//! | ARRAY, MAP, MULTISET | `[1, 2]`, `{k=v}`, `{element=count}` |
//! | ROW | `+I[1, a]` or `(1,a)`, see [`PrintStyle`] |
//! | NULL | `null` |
//!
//! - `number`: floats and decimals. - `moment`: dates, times and intervals.
mod moment;
mod number;

use hurtig_core::types::codec::{DecodeError, Reader};
use hurtig_core::types::{LogicalType, RowField, TypeRoot};
use hurtig_core::{Result, RowKind, TypeInformation};

/// How a ROW is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrintStyle {
    /// As Flink's `Row`: `+I[1, a]`.
    Row,
    /// As Flink's tuples: `(1,a)`.
    Tuple,
}

impl PrintStyle {
    /// A row whose fields are called `f0`, `f1` and so on is a tuple, every other one a row. Nothing else tells
    /// them apart; a tuple struct has these names too and prints as a tuple. Rows within rows go by their own
    /// names.
    pub fn of(fields: &[RowField]) -> PrintStyle {
        let numbered = |(index, field): (usize, &RowField)| {
            field.name.strip_prefix('f').is_some_and(|number| number == index.to_string())
        };
        if fields.iter().enumerate().all(numbered) { PrintStyle::Tuple } else { PrintStyle::Row }
    }
}

/// Prints values of one type. Knows the type's rows and their styles beforehand.
#[derive(Clone, Debug)]
pub struct Printer {
    shape: Shape,
    nullable: bool,
}

impl Printer {
    /// A printer for values of this logical type.
    pub fn new(logical: &LogicalType) -> Self {
        Printer { shape: Shape::of(logical), nullable: logical.is_nullable() }
    }

    /// Appends one value, read from its version-1 encoding. `text` may have part of it if that fails.
    pub fn print(&self, input: &mut Reader<'_>, text: &mut String) -> Result<(), DecodeError> {
        if self.nullable && !input.bool()? {
            text.push_str("null");
            return Ok(());
        }
        self.shape.print(input, text)
    }

    /// The fewest bits of an element of a collection: one in the bitmap, or a byte of its own. An element that
    /// takes up no space cannot be in a collection.
    fn bits_each(&self) -> usize {
        if self.nullable { 1 } else { 8 }
    }

    fn print_elements(&self, count: usize, input: &mut Reader<'_>) -> Result<Vec<String>, DecodeError> {
        let nulls = input.nulls(if self.nullable { count } else { 0 })?;
        let mut texts = Vec::new();
        for index in 0..count {
            let mut text = String::new();
            match nulls.is_null(index) {
                true => text.push_str("null"),
                false => self.shape.print(input, &mut text)?,
            }
            texts.push(text);
        }
        Ok(texts)
    }
}

/// One value in the form that Flink prints.
///
/// ```
/// use hurtig_connector_base::display::print;
///
/// assert_eq!(print(&(1_i64, String::from("a"))).unwrap(), "(1,a)");
/// assert_eq!(print(&vec![1.0_f64, 1e10]).unwrap(), "[1.0, 1.0E10]");
/// ```
pub fn print<T: TypeInformation>(value: &T) -> Result<String> {
    let (mut bytes, mut text) = (Vec::new(), String::new());
    value.encode(&mut bytes);
    Printer::new(&T::logical_type()).print(&mut Reader::new(&bytes), &mut text)?;
    Ok(text)
}

/// What printing needs of a type.
#[derive(Clone, Debug)]
enum Shape {
    Boolean,
    TinyInt,
    SmallInt,
    Integer,
    BigInt,
    Float,
    Double,
    Decimal { scale: u32 },
    Text,
    Bytes,
    Date,
    Time,
    Timestamp { zone: &'static str, nanos: bool },
    Months,
    Millis,
    Array(Box<Printer>),
    Map(Box<Printer>, Box<Printer>),
    Row { style: PrintStyle, nullable: usize, fields: Vec<Printer> },
    Null,
}

impl Shape {
    fn of(logical: &LogicalType) -> Shape {
        let printer = |logical: &LogicalType| Box::new(Printer::new(logical));
        match logical.root() {
            TypeRoot::Char(_) | TypeRoot::Varchar(_) => Shape::Text,
            TypeRoot::Boolean => Shape::Boolean,
            TypeRoot::Binary(_) | TypeRoot::Varbinary(_) | TypeRoot::Raw { .. } => Shape::Bytes,
            TypeRoot::Decimal { scale, .. } => Shape::Decimal { scale: u32::from(*scale) },
            TypeRoot::TinyInt => Shape::TinyInt,
            TypeRoot::SmallInt => Shape::SmallInt,
            TypeRoot::Integer => Shape::Integer,
            TypeRoot::BigInt => Shape::BigInt,
            TypeRoot::Float => Shape::Float,
            TypeRoot::Double => Shape::Double,
            TypeRoot::Date => Shape::Date,
            TypeRoot::Time(_) => Shape::Time,
            TypeRoot::Timestamp(precision) => Shape::Timestamp { zone: "", nanos: *precision > 3 },
            TypeRoot::TimestampLtz(precision) | TypeRoot::TimestampTz(precision) => {
                Shape::Timestamp { zone: "Z", nanos: *precision > 3 }
            }
            TypeRoot::IntervalYearMonth => Shape::Months,
            TypeRoot::IntervalDayTime => Shape::Millis,
            TypeRoot::Array(element) => Shape::Array(printer(element)),
            TypeRoot::Multiset(element) => {
                Shape::Map(printer(element), printer(&LogicalType::integer().not_null()))
            }
            TypeRoot::Map(key, value) => Shape::Map(printer(key), printer(value)),
            TypeRoot::Row(fields) => Shape::Row {
                style: PrintStyle::of(fields),
                nullable: fields.iter().filter(|field| field.data_type.is_nullable()).count(),
                fields: fields.iter().map(|field| Printer::new(&field.data_type)).collect(),
            },
            TypeRoot::Null => Shape::Null,
        }
    }

    fn print(&self, input: &mut Reader<'_>, text: &mut String) -> Result<(), DecodeError> {
        match self {
            Shape::Boolean => text.push_str(if input.bool()? { "true" } else { "false" }),
            Shape::TinyInt => number::integer(i8::from_le_bytes(input.array()?).into(), text),
            Shape::SmallInt => number::integer(i16::from_le_bytes(input.array()?).into(), text),
            Shape::Integer => number::integer(i32::from_le_bytes(input.array()?).into(), text),
            Shape::BigInt => number::integer(i64::from_le_bytes(input.array()?), text),
            Shape::Float => number::float(f32::from_le_bytes(input.array()?), text),
            Shape::Double => number::float(f64::from_le_bytes(input.array()?), text),
            Shape::Decimal { scale } => number::decimal(i128::from_le_bytes(input.array()?), *scale, text),
            Shape::Text => text.push_str(input.length_and_str()?),
            Shape::Bytes => {
                let bytes = input.length_and_bytes()?;
                list(bytes.iter().map(|&byte| (byte as i8).to_string()), text);
            }
            Shape::Date => moment::date(i32::from_le_bytes(input.array()?).into(), text),
            Shape::Time => moment::time(i32::from_le_bytes(input.array()?), text),
            Shape::Timestamp { zone, nanos } => {
                let millis = i64::from_le_bytes(input.array()?);
                let nanos = if *nanos { u32::from_le_bytes(input.array()?) } else { 0 };
                moment::timestamp(millis, nanos, zone, text);
            }
            Shape::Months => moment::months(i32::from_le_bytes(input.array()?), text),
            Shape::Millis => moment::millis(i64::from_le_bytes(input.array()?), text),
            Shape::Array(element) => {
                let count = input.count(element.bits_each())?;
                list(element.print_elements(count, input)?, text);
            }
            Shape::Map(key, value) => {
                let count = input.count(key.bits_each())?;
                let keys = key.print_elements(count, input)?;
                let values = value.print_elements(count, input)?;
                text.push('{');
                separated(keys.iter().zip(values).map(|(key, value)| format!("{key}={value}")), ", ", text);
                text.push('}');
            }
            Shape::Row { style, nullable, fields } => print_row(*style, *nullable, fields, input, text)?,
            Shape::Null => text.push_str("null"),
        }
        Ok(())
    }
}

fn print_row(
    style: PrintStyle,
    nullable: usize,
    fields: &[Printer],
    input: &mut Reader<'_>,
    text: &mut String,
) -> Result<(), DecodeError> {
    let (separator, end) = match style {
        PrintStyle::Row => {
            text.push_str(RowKind::Insert.short_string());
            text.push('[');
            (", ", ']')
        }
        PrintStyle::Tuple => {
            text.push('(');
            (",", ')')
        }
    };
    let nulls = input.nulls(nullable)?;
    let mut bit = 0;
    for (index, field) in fields.iter().enumerate() {
        if index > 0 {
            text.push_str(separator);
        }
        if field.nullable && nulls.is_null(bit) {
            text.push_str("null");
        } else {
            field.shape.print(input, text)?;
        }
        bit += usize::from(field.nullable);
    }
    text.push(end);
    Ok(())
}

fn list(texts: impl IntoIterator<Item = String>, text: &mut String) {
    text.push('[');
    separated(texts, ", ", text);
    text.push(']');
}

fn separated(texts: impl IntoIterator<Item = String>, separator: &str, text: &mut String) {
    for (index, one) in texts.into_iter().enumerate() {
        if index > 0 {
            text.push_str(separator);
        }
        text.push_str(&one);
    }
}
