//! The encoding of values, version 1: what lies in state, in savepoints and on the wire
//! (`docs/rfcs/0002-types-and-encoding.md`). [`Reader`] takes bytes that may be anything; the functions
//! `write_*` append to a buffer and cannot fail.
use std::fmt;

use crate::error::{BoxError, Error};

/// The version of the encoding written here. Whoever stores values stores it beside them.
pub const VERSION: u8 = 1;

/// Bytes that are not an encoded value, or a column that does not hold values of the wanted type.
#[derive(thiserror::Error)]
#[error("{problem}")]
pub struct DecodeError {
    // In a box, so that the result of every small read stays small.
    problem: Box<Problem>,
}

#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("at byte {offset}: expected {expected}, but only {left} bytes are left")]
    Short { offset: usize, expected: String, left: usize },
    #[error("at byte {offset}: expected {expected}, found {found}")]
    Unexpected { offset: usize, expected: String, found: String },
    #[error("expected {expected}, found {found}")]
    Column { expected: String, found: String },
    #[error("row {row}: expected {expected}, found {found}")]
    Row { row: usize, expected: String, found: String },
    #[error("column '{column}': {cause}")]
    In { column: String, cause: DecodeError },
    #[error("the codec '{codec}' cannot read its bytes: {cause}")]
    Opaque { codec: &'static str, cause: BoxError },
}

impl DecodeError {
    /// The bytes at `offset` are not what was expected there.
    pub fn unexpected(offset: usize, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Problem::Unexpected { offset, expected: expected.into(), found: found.into() }.into()
    }

    /// An Arrow array is not of a type that can be read.
    pub fn column(expected: impl Into<String>, found: impl Into<String>) -> Self {
        Problem::Column { expected: expected.into(), found: found.into() }.into()
    }

    /// The value of an Arrow array at `row` is not one of the wanted type.
    pub fn row(row: usize, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Problem::Row { row, expected: expected.into(), found: found.into() }.into()
    }

    /// The bytes of an opaque value are not what its codec wrote.
    pub fn opaque(codec: &'static str, cause: BoxError) -> Self {
        Problem::Opaque { codec, cause }.into()
    }

    /// This error, found in the column of this name.
    pub fn in_column(self, column: impl Into<String>) -> Self {
        Problem::In { column: column.into(), cause: self }.into()
    }

    #[cold]
    fn short(offset: usize, expected: impl Into<String>, left: usize) -> Self {
        Problem::Short { offset, expected: expected.into(), left }.into()
    }
}

impl From<Problem> for DecodeError {
    #[cold]
    fn from(problem: Problem) -> Self {
        DecodeError { problem: Box::new(problem) }
    }
}

impl fmt::Debug for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<DecodeError> for Error {
    fn from(error: DecodeError) -> Self {
        Error::corrupt(error.to_string())
    }
}

/// Reads encoded values off the front of a slice. Every read is checked: bytes that nobody wrote give a
/// [`DecodeError`], never a panic and never more memory than their number justifies.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
    length: usize,
}

impl<'a> Reader<'a> {
    /// A reader at the start of `input`.
    pub fn new(input: &'a [u8]) -> Self {
        Reader { rest: input, length: input.len() }
    }

    /// Bytes read so far.
    #[inline]
    pub fn offset(&self) -> usize {
        self.length - self.rest.len()
    }

    /// Bytes not read yet.
    #[inline]
    pub fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// Fails if anything is left: the value should have ended here.
    pub fn finish(&self) -> Result<(), DecodeError> {
        match self.remaining() {
            0 => Ok(()),
            left => Err(DecodeError::unexpected(self.offset(), "the end", format!("{left} more bytes"))),
        }
    }

    /// The next `N` bytes; a fixed-width number is `i64::from_le_bytes(input.array()?)`.
    #[inline]
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        match self.rest.split_first_chunk::<N>() {
            Some((chunk, rest)) => {
                self.rest = rest;
                Ok(*chunk)
            }
            None => Err(DecodeError::short(self.offset(), format!("{N} bytes"), self.remaining())),
        }
    }

    /// The next byte.
    #[inline]
    pub fn u8(&mut self) -> Result<u8, DecodeError> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    /// A byte that is 0 or 1.
    #[inline]
    pub fn bool(&mut self) -> Result<bool, DecodeError> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(DecodeError::unexpected(self.offset() - 1, "0 or 1", other.to_string())),
        }
    }

    /// The next `count` bytes, borrowed.
    #[inline]
    pub fn bytes(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        match self.rest.split_at_checked(count) {
            Some((bytes, rest)) => {
                self.rest = rest;
                Ok(bytes)
            }
            None => Err(DecodeError::short(self.offset(), format!("{count} bytes"), self.remaining())),
        }
    }

    /// An unsigned LEB128 number in its shortest form.
    #[inline]
    pub fn varint(&mut self) -> Result<u64, DecodeError> {
        match self.rest.split_first() {
            Some((&byte, rest)) if byte < 0x80 => {
                self.rest = rest;
                Ok(u64::from(byte))
            }
            _ => self.long_varint(),
        }
    }

    fn long_varint(&mut self) -> Result<u64, DecodeError> {
        let start = self.offset();
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            let part = u64::from(byte & 0x7f);
            if (part << shift) >> shift != part {
                return Err(DecodeError::unexpected(start, "a varint of 64 bits", "a longer one"));
            }
            value |= part << shift;
            if byte & 0x80 == 0 {
                return match byte {
                    0 if shift > 0 => {
                        Err(DecodeError::unexpected(start, "a varint in its shortest form", "a padded one"))
                    }
                    _ => Ok(value),
                };
            }
        }
        Err(DecodeError::unexpected(start, "a varint of 64 bits", "a longer one"))
    }

    /// Bytes with their length before them, borrowed.
    #[inline]
    pub fn length_and_bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = self.varint()?;
        self.bytes(usize::try_from(length).unwrap_or(usize::MAX))
    }

    /// A character string with its length in bytes before it, borrowed.
    #[inline]
    pub fn length_and_str(&mut self) -> Result<&'a str, DecodeError> {
        let bytes = self.length_and_bytes()?;
        std::str::from_utf8(bytes).map_err(|error| {
            let start = self.offset() - bytes.len();
            DecodeError::unexpected(start + error.valid_up_to(), "UTF-8", "other bytes")
        })
    }

    /// The number of elements that follow, of which each takes at least `bits_each` bits. Fails if what is
    /// left cannot hold so many: a count that passed can be allocated for.
    #[inline]
    pub fn count(&mut self, bits_each: usize) -> Result<usize, DecodeError> {
        let start = self.offset();
        let count = self.varint()?;
        let bits = u128::from(count) * bits_each as u128;
        match usize::try_from(count) {
            Ok(count) if bits <= self.remaining() as u128 * 8 => Ok(count),
            _ => Err(DecodeError::short(start, format!("{count} elements"), self.remaining())),
        }
    }

    /// The bitmap that says which of `count` values are NULL; no bytes for none.
    #[inline]
    pub fn nulls(&mut self, count: usize) -> Result<Nulls<'a>, DecodeError> {
        let bits = self.bytes(count.div_ceil(8))?;
        match bits.last() {
            Some(last) if !count.is_multiple_of(8) && last >> (count % 8) != 0 => {
                Err(DecodeError::unexpected(self.offset() - 1, format!("{count} NULL bits"), "more"))
            }
            _ => Ok(Nulls { bits }),
        }
    }
}

/// A NULL bitmap: bit `i % 8`, counted from the lowest, of byte `i / 8` is set if value `i` is NULL.
#[derive(Clone, Copy, Debug)]
pub struct Nulls<'a> {
    bits: &'a [u8],
}

impl Nulls<'_> {
    /// Whether the value at `index` is NULL.
    #[inline]
    pub fn is_null(&self, index: usize) -> bool {
        self.bits.get(index / 8).is_some_and(|byte| byte >> (index % 8) & 1 == 1)
    }
}

/// Appends an unsigned LEB128 number.
#[inline]
pub fn write_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends bytes with their length before them.
#[inline]
pub fn write_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    write_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Appends a bitmap in which none of `count` values is NULL, and gives its place for [`set_null`].
#[inline]
pub fn write_nulls(out: &mut Vec<u8>, count: usize) -> usize {
    let place = out.len();
    if count > 0 {
        out.resize(place + count.div_ceil(8), 0);
    }
    place
}

/// Marks the value at `index` as NULL in the bitmap that [`write_nulls`] put at `place`.
#[inline]
pub fn set_null(out: &mut [u8], place: usize, index: usize) {
    out[place + index / 8] |= 1 << (index % 8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_come_back_and_have_one_form() {
        for value in [0, 1, 127, 128, 16_383, 16_384, u64::from(u32::MAX), u64::MAX - 1, u64::MAX] {
            let mut bytes = Vec::new();
            write_varint(&mut bytes, value);
            let mut input = Reader::new(&bytes);
            assert_eq!(input.varint().unwrap(), value);
            input.finish().unwrap();
        }
        let refused: [&[u8]; 4] =
            [&[0x80, 0], &[0xff; 10], &[0x80], &[255, 255, 255, 255, 255, 255, 255, 255, 255, 2]];
        for bytes in refused {
            assert!(Reader::new(bytes).varint().is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn a_count_must_fit_what_is_left() {
        let mut bytes = Vec::new();
        write_varint(&mut bytes, 1 << 40);
        bytes.extend_from_slice(&[0; 16]);
        let error = Reader::new(&bytes).count(1).unwrap_err();
        assert_eq!(
            error.to_string(),
            "at byte 0: expected 1099511627776 elements, but only 16 bytes are left"
        );
        assert_eq!(Reader::new(&[16, 0, 0]).count(1).unwrap(), 16);
        assert!(Reader::new(&[17, 0, 0]).count(1).is_err());
    }

    #[test]
    fn nulls_are_counted_from_the_lowest_bit() {
        let mut bytes = vec![9];
        let place = write_nulls(&mut bytes, 10);
        set_null(&mut bytes, place, 1);
        set_null(&mut bytes, place, 9);
        assert_eq!(bytes, [9, 0b10, 0b10]);
        let nulls = Reader::new(&bytes[1..]).nulls(10).unwrap();
        let set: Vec<usize> = (0..10).filter(|&index| nulls.is_null(index)).collect();
        assert_eq!(set, [1, 9]);
        assert!(Reader::new(&[0, 0b100]).nulls(10).is_err());
    }
}
