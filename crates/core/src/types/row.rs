//! Rows of fields as bytes and as Arrow columns: what the tuples, and the code that the derive writes, call.
use std::sync::Arc;

pub use arrow_array::{Array, ArrayRef};
use arrow_array::{BooleanArray, StringArray, StructArray, cast::AsArray};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, Field, Fields};
pub use compact_str::CompactString as Name;

use crate::types::codec::{self, DecodeError, Nulls, Reader};
use crate::types::impls::read::plain;
use crate::types::{LogicalType, RowField, TypeInformation};

/// How many of the fields with these [`TypeInformation::NULLABLE`] have a bit in the row's bitmap.
pub const fn nullable_count(nullable: &[bool]) -> usize {
    let (mut count, mut index) = (0, 0);
    while index < nullable.len() {
        count += nullable[index] as usize;
        index += 1;
    }
    count
}

/// The fewest bytes of a row whose fields are nullable or take at least so many bytes.
pub const fn min_bytes(nullable: &[bool], bytes: &[usize]) -> usize {
    let (mut sum, mut index) = (nullable_count(nullable).div_ceil(8), 0);
    while index < nullable.len() {
        if !nullable[index] {
            sum += bytes[index];
        }
        index += 1;
    }
    sum
}

/// The field of a row that holds values of `F`.
pub fn field<F: TypeInformation>(name: &str) -> RowField {
    RowField::new(name, F::logical_type())
}

/// Writes a row field by field. With a constant number of fields nothing of this struct is left after inlining.
pub struct RowEncoder<'a> {
    out: &'a mut Vec<u8>,
    place: usize,
    bit: usize,
}

impl<'a> RowEncoder<'a> {
    /// Starts a row that has so many nullable fields.
    #[inline(always)]
    pub fn new(out: &'a mut Vec<u8>, nullable: usize) -> Self {
        let place = codec::write_nulls(out, nullable);
        RowEncoder { out, place, bit: 0 }
    }

    /// The next field, nullable if its type is.
    #[inline(always)]
    pub fn field<F: TypeInformation>(&mut self, value: &F) {
        if F::NULLABLE { self.nullable(value) } else { value.encode_non_null(self.out) }
    }

    /// The next field, nullable whatever its type.
    #[inline(always)]
    pub fn nullable<F: TypeInformation>(&mut self, value: &F) {
        if value.is_null() { self.null() } else { value.encode_non_null(self.present()) }
    }

    /// The next field, a string that is not nullable.
    #[inline(always)]
    pub fn text(&mut self, value: &str) {
        codec::write_bytes(self.out, value.as_bytes());
    }

    /// The next field, nullable and NULL.
    #[inline(always)]
    pub fn null(&mut self) {
        codec::set_null(self.out, self.place, self.bit);
        self.bit += 1;
    }

    /// The next field, nullable but not NULL: the caller appends its bytes.
    #[inline(always)]
    pub fn present(&mut self) -> &mut Vec<u8> {
        self.bit += 1;
        self.out
    }
}

/// Reads what a [`RowEncoder`] wrote.
pub struct RowDecoder<'r, 'a> {
    input: &'r mut Reader<'a>,
    nulls: Nulls<'a>,
    bit: usize,
}

impl<'r, 'a> RowDecoder<'r, 'a> {
    /// Starts a row that has so many nullable fields.
    #[inline(always)]
    pub fn new(input: &'r mut Reader<'a>, nullable: usize) -> Result<Self, DecodeError> {
        let nulls = input.nulls(nullable)?;
        Ok(RowDecoder { input, nulls, bit: 0 })
    }

    /// The next field, nullable if its type is.
    #[inline(always)]
    pub fn field<F: TypeInformation>(&mut self) -> Result<F, DecodeError> {
        if F::NULLABLE { self.nullable() } else { F::decode_non_null(self.input) }
    }

    /// The next field, nullable whatever its type; NULL is an error if the type has none.
    #[inline(always)]
    pub fn nullable<F: TypeInformation>(&mut self) -> Result<F, DecodeError> {
        match self.present() {
            Some(input) => F::decode_non_null(input),
            None => F::null().ok_or_else(|| self.unexpected(F::logical_type().to_string(), "NULL")),
        }
    }

    /// The next field, a string that is not nullable.
    #[inline(always)]
    pub fn text(&mut self) -> Result<&'a str, DecodeError> {
        self.input.length_and_str()
    }

    /// The next field, nullable: `None` if it is NULL, else where the caller reads it.
    #[inline(always)]
    pub fn present(&mut self) -> Option<&mut Reader<'a>> {
        let null = self.nulls.is_null(self.bit);
        self.bit += 1;
        if null { None } else { Some(self.input) }
    }

    /// The next `count` fields, nullable, all of which must be NULL.
    pub fn nulls(&mut self, count: usize) -> Result<(), DecodeError> {
        for _ in 0..count {
            if self.present().is_none() {
                continue;
            }
            return Err(self.unexpected("NULL", "a value of another variant"));
        }
        Ok(())
    }

    /// The next field, nullable, which the variant of this name needs.
    #[inline(always)]
    pub fn required(&mut self, variant: &str) -> Result<&mut Reader<'a>, DecodeError> {
        let error = self.nulls.is_null(self.bit).then(|| self.unexpected(format!("a '{variant}'"), "NULL"));
        self.bit += 1;
        error.map_or(Ok(self.input), Err)
    }

    /// An error at the place where the next read would begin.
    #[cold]
    fn unexpected(&self, expected: impl Into<String>, found: impl Into<String>) -> DecodeError {
        DecodeError::unexpected(self.input.offset(), expected, found)
    }
}

/// The error for bytes at `offset` that are no variant's name.
#[cold]
pub fn unknown_variant(offset: usize, name: &str) -> DecodeError {
    DecodeError::unexpected(offset, "the name of a variant", format!("'{name}'"))
}

/// The column of these names.
pub fn names_to_array<'a>(names: impl Iterator<Item = Option<&'a str>>) -> ArrayRef {
    Arc::new(names.collect::<StringArray>())
}

/// The variants with the names in a column.
pub fn names_from_array<T: TypeInformation>(
    array: &dyn Array,
    variant: fn(&str) -> Option<T>,
) -> Result<Vec<Option<T>>, DecodeError> {
    let named = |(row, name): (usize, Option<Name>)| {
        let Some(name) = name else { return Ok(None) };
        variant(&name).map(Some).ok_or_else(|| unknown_variant_in_row(row, &name))
    };
    Name::from_array(array)?.into_iter().enumerate().map(named).collect()
}

#[cold]
fn unknown_variant_in_row(row: usize, name: &str) -> DecodeError {
    DecodeError::row(row, "the name of a variant", format!("'{name}'"))
}

/// The Arrow column of one field.
pub fn column<F: TypeInformation>(name: &str, values: &[Option<&F>]) -> (Field, ArrayRef) {
    named(name, F::NULLABLE, F::to_array(values))
}

/// The Arrow column of one field that is nullable whatever its type.
pub fn nullable_column<F: TypeInformation>(name: &str, values: &[Option<&F>]) -> (Field, ArrayRef) {
    named(name, true, F::to_array(values))
}

/// A column under its name. Its type is that of the array, so that the two always agree.
pub fn named(name: &str, nullable: bool, array: ArrayRef) -> (Field, ArrayRef) {
    (Field::new(name, array.data_type().clone(), nullable), array)
}

/// A struct array of `length` rows, of which those are NULL for which `valid` is false.
pub fn struct_array(columns: Vec<(Field, ArrayRef)>, length: usize, valid: Vec<bool>) -> ArrayRef {
    let nulls = null_buffer(valid);
    if columns.is_empty() {
        return Arc::new(StructArray::new_empty_fields(length, nulls));
    }
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = columns.into_iter().unzip();
    Arc::new(StructArray::new(Fields::from(fields), arrays, nulls))
}

/// The rows for which `valid` is false as an Arrow bitmap, none if there are none.
pub fn null_buffer(valid: Vec<bool>) -> Option<NullBuffer> {
    let buffer = NullBuffer::from(valid);
    if buffer.null_count() == 0 { None } else { Some(buffer) }
}

/// The columns of a struct array, found by their names.
pub struct Columns {
    length: usize,
    // None for a column of bare NULLs.
    rows: Option<StructArray>,
}

impl Columns {
    /// Fails if `array` is not a struct array; `logical_type` is what it should have been.
    pub fn new(array: &dyn Array, logical_type: fn() -> LogicalType) -> Result<Columns, DecodeError> {
        let array = plain(array)?;
        let length = array.len();
        if array.data_type() == &DataType::Null {
            return Ok(Columns { length, rows: None });
        }
        match array.as_struct_opt() {
            Some(rows) => Ok(Columns { length, rows: Some(rows.clone()) }),
            None => Err(DecodeError::column(logical_type().to_string(), array.data_type().to_string())),
        }
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Whether this row is not NULL.
    pub fn is_valid(&self, row: usize) -> bool {
        self.rows.as_ref().is_some_and(|rows| rows.is_valid(row))
    }

    /// Fails if this row is NULL, which the variant of this name needs.
    pub fn require(&self, row: usize, variant: &'static str) -> Result<(), DecodeError> {
        match self.is_valid(row) {
            true => Ok(()),
            false => Err(DecodeError::row(row, format!("a '{variant}'"), "NULL").in_column(variant)),
        }
    }

    /// The values of the column of this name.
    pub fn column<F: TypeInformation>(&self, name: &'static str) -> Result<Column<F>, DecodeError> {
        let values = match self.array(name, F::logical_type)? {
            Some(array) => F::from_array(&array).map_err(|error| error.in_column(name))?,
            None => (0..self.length).map(|_| None).collect(),
        };
        Ok(Column { name, values: values.into_iter() })
    }

    /// The columns of the struct column of this name.
    pub fn columns(
        &self,
        name: &'static str,
        logical_type: fn() -> LogicalType,
    ) -> Result<Columns, DecodeError> {
        match self.array(name, logical_type)? {
            Some(array) => Columns::new(&array, logical_type).map_err(|error| error.in_column(name)),
            None => Ok(Columns { length: self.length, rows: None }),
        }
    }

    /// The column of this name, NULL wherever the row is.
    fn array(
        &self,
        name: &'static str,
        logical_type: fn() -> LogicalType,
    ) -> Result<Option<ArrayRef>, DecodeError> {
        let Some(rows) = &self.rows else { return Ok(None) };
        let missing = || DecodeError::column(logical_type().to_string(), "no such column").in_column(name);
        let column = rows.column_by_name(name).ok_or_else(missing)?;
        let Some(nulls) = rows.nulls().filter(|nulls| nulls.null_count() > 0) else {
            return Ok(Some(column.clone()));
        };
        // Under a NULL row a column may hold anything, also what its type does not allow.
        let masked = arrow_select::nullif::nullif(column, &BooleanArray::new(!nulls.inner(), None));
        let masked = masked.map_err(|error| DecodeError::column("a column", error.to_string()))?;
        Ok(Some(masked))
    }
}

/// The values of one column, handed out from the first row to the last.
pub struct Column<F> {
    name: &'static str,
    values: std::vec::IntoIter<Option<F>>,
}

impl<F: TypeInformation> Column<F> {
    /// The value of the next row, `None` if it is NULL.
    #[inline]
    pub fn take(&mut self) -> Option<F> {
        self.values.next().flatten()
    }

    /// The error for a name in this column that no variant has.
    pub fn unknown_variant(&self, row: usize, name: &str) -> DecodeError {
        unknown_variant_in_row(row, name).in_column(self.name)
    }

    /// `value`, or the type's own NULL; an error if it has none.
    #[inline]
    pub fn required(&self, value: Option<F>, row: usize) -> Result<F, DecodeError> {
        value
            .or_else(F::null)
            .ok_or_else(|| DecodeError::row(row, F::logical_type().to_string(), "NULL").in_column(self.name))
    }
}
