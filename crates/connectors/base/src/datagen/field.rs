//! How each field of a row is made, by its logical type and its options.
use hurtig_core::ProcessingTime;
use hurtig_core::types::codec;

use super::random::Random;

/// Where a value is being made: in which row, and when.
pub(super) struct Place {
    random: Random,
    index: i64,
    now: ProcessingTime,
}

impl Place {
    /// Row `index` of the rows of `seed`.
    pub(super) fn new(seed: u64, index: i64, now: ProcessingTime) -> Self {
        Place { random: Random::of_row(seed, index), index, now }
    }
}

/// Makes the values of one field.
#[derive(Debug)]
pub(super) struct Field {
    /// Whether the encoding has room for NULL.
    pub(super) nullable: bool,
    /// The part of the values that is NULL.
    pub(super) null_rate: f64,
    pub(super) shape: Shape,
}

/// The kinds of values. Limits are included.
#[derive(Debug)]
pub(super) enum Shape {
    Boolean,
    Integer { width: usize, min: i64, max: i64 },
    Decimal { min: i128, max: i128 },
    Float { min: f64, max: f64 },
    Double { min: f64, max: f64 },
    Text(Length),
    Bytes(Length),
    Date,
    Time { unit_millis: i64 },
    Timestamp { unit_millis: i64, nanos: bool, max_past_millis: i64 },
    Array { length: u32, element: Box<Field> },
    Map { length: u32, key: Box<Field>, value: Box<Field> },
    Row(Vec<Field>),
    Sequence { start: i64, end: i64, form: Form },
}

/// How long a string is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Length {
    pub(super) min: u32,
    pub(super) max: u32,
}

/// What the numbers of a sequence are written as.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    Integer { width: usize },
    Decimal { one: i128 },
    Float,
    Double,
    Text,
}

impl Field {
    /// How many numbers the shortest sequence among the fields has.
    pub(super) fn sequence_length(&self) -> Option<u64> {
        match &self.shape {
            Shape::Sequence { start, end, .. } => Some(end.abs_diff(*start).saturating_add(1)),
            Shape::Row(fields) => fields.iter().filter_map(Field::sequence_length).min(),
            _ => None,
        }
    }

    /// Appends one value of a type that may be NULL at the top.
    pub(super) fn write(&self, place: &mut Place, out: &mut Vec<u8>) {
        if self.nullable {
            out.push(1);
        }
        self.shape.write(place, out);
    }

    /// Whether the next value is NULL.
    fn draws_null(&self, place: &mut Place) -> bool {
        self.null_rate > 0.0 && place.random.unit() < self.null_rate
    }
}

impl Length {
    fn draw(self, place: &mut Place) -> usize {
        // No draw where there is no choice.
        if self.min == self.max {
            self.max as usize
        } else {
            place.random.integer(self.min.into(), self.max.into()) as usize
        }
    }
}

impl Shape {
    /// Appends one value in version 1 of the encoding.
    fn write(&self, place: &mut Place, out: &mut Vec<u8>) {
        let random = &mut place.random;
        match self {
            Shape::Boolean => out.push((random.next_u64() >> 63) as u8),
            Shape::Integer { width, min, max } => {
                out.extend_from_slice(&random.integer(*min, *max).to_le_bytes()[..*width]);
            }
            Shape::Decimal { min, max } => out.extend_from_slice(&random.wide(*min, *max).to_le_bytes()),
            Shape::Float { min, max } => {
                out.extend_from_slice(&(random.fraction(*min, *max) as f32).to_le_bytes());
            }
            Shape::Double { min, max } => out.extend_from_slice(&random.fraction(*min, *max).to_le_bytes()),
            Shape::Text(length) => {
                let length = length.draw(place);
                codec::write_varint(out, length as u64);
                hexadecimal(length, &mut place.random, out);
            }
            Shape::Bytes(length) => {
                let length = length.draw(place);
                codec::write_varint(out, length as u64);
                bytes(length, &mut place.random, out);
            }
            Shape::Date => out.extend_from_slice(&(days(place.now) as i32).to_le_bytes()),
            Shape::Time { unit_millis } => {
                let millis = place.now.as_millis().rem_euclid(DAY_MILLIS);
                out.extend_from_slice(&((millis - millis % unit_millis) as i32).to_le_bytes());
            }
            Shape::Timestamp { unit_millis, nanos, max_past_millis } => {
                let millis = place.now.as_millis().saturating_sub(random.integer(0, *max_past_millis));
                out.extend_from_slice(&(millis - millis.rem_euclid(*unit_millis)).to_le_bytes());
                if *nanos {
                    out.extend_from_slice(&0_u32.to_le_bytes());
                }
            }
            Shape::Array { length, element } => {
                codec::write_varint(out, u64::from(*length));
                elements(element, *length, place, out);
            }
            Shape::Map { length, key, value } => {
                let keys = distinct(key, *length, place);
                codec::write_varint(out, keys.len() as u64);
                if key.nullable {
                    codec::write_nulls(out, keys.len());
                }
                out.extend(keys.iter().flatten());
                elements(value, keys.len() as u32, place, out);
            }
            Shape::Row(fields) => row(fields, place, out),
            Shape::Sequence { start, form, .. } => form.write(start.wrapping_add(place.index), out),
        }
    }
}

impl Form {
    fn write(self, number: i64, out: &mut Vec<u8>) {
        match self {
            Form::Integer { width } => out.extend_from_slice(&number.to_le_bytes()[..width]),
            Form::Decimal { one } => out.extend_from_slice(&(i128::from(number) * one).to_le_bytes()),
            Form::Float => out.extend_from_slice(&(number as f32).to_le_bytes()),
            Form::Double => out.extend_from_slice(&(number as f64).to_le_bytes()),
            Form::Text => codec::write_bytes(out, number.to_string().as_bytes()),
        }
    }
}

fn row(fields: &[Field], place: &mut Place, out: &mut Vec<u8>) {
    let bitmap = codec::write_nulls(out, fields.iter().filter(|field| field.nullable).count());
    let mut bit = 0;
    for field in fields {
        if field.draws_null(place) {
            codec::set_null(out, bitmap, bit);
        } else {
            field.shape.write(place, out);
        }
        bit += usize::from(field.nullable);
    }
}

/// The elements of a collection without their count.
fn elements(element: &Field, count: u32, place: &mut Place, out: &mut Vec<u8>) {
    let bitmap = codec::write_nulls(out, if element.nullable { count as usize } else { 0 });
    for index in 0..count as usize {
        if element.draws_null(place) {
            codec::set_null(out, bitmap, index);
        } else {
            element.shape.write(place, out);
        }
    }
}

/// Up to `count` keys, each once and none NULL.
fn distinct(key: &Field, count: u32, place: &mut Place) -> Vec<Vec<u8>> {
    let mut keys: Vec<Vec<u8>> = Vec::new();
    for _ in 0..count {
        let mut bytes = Vec::new();
        key.shape.write(place, &mut bytes);
        if !keys.contains(&bytes) {
            keys.push(bytes);
        }
    }
    keys
}

const DAY_MILLIS: i64 = 86_400_000;

fn days(now: ProcessingTime) -> i64 {
    now.as_millis().div_euclid(DAY_MILLIS)
}

fn hexadecimal(length: usize, random: &mut Random, out: &mut Vec<u8>) {
    let end = out.len() + length;
    while out.len() < end {
        let draw = random.next_u64();
        let digits = (0..16.min(end - out.len()))
            .map(|digit| b"0123456789abcdef"[(draw >> (digit * 4) & 15) as usize]);
        out.extend(digits);
    }
}

fn bytes(length: usize, random: &mut Random, out: &mut Vec<u8>) {
    let end = out.len() + length;
    while out.len() < end {
        let draw = random.next_u64().to_le_bytes();
        out.extend_from_slice(&draw[..8.min(end - out.len())]);
    }
}
