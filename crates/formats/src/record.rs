//! How the fields of a record lie in the version-1 encoding, seen through the logical type alone.
use hurtig_core::types::codec::{self, Reader};
use hurtig_core::types::{LogicalType, RowField, TypeRoot};
use hurtig_core::{Result, TypeInformation};

use crate::errors::Leniency;
use crate::problem::Problem;

/// The name of the only field of a record that is no row. Flink's name for it.
const ATOMIC: &str = "f0";

/// Whether an encoder has found NULL or a value, of which it has then appended the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    Null,
    Value,
}

/// The fields of a record: those of a ROW, or a single one for any other type, also for a ROW that may itself
/// be NULL.
#[derive(Clone, Debug)]
pub(crate) enum Layout {
    Row(Vec<RowField>),
    Value(RowField),
}

impl Layout {
    /// The layout of `T`.
    pub(crate) fn of<T: TypeInformation>() -> Layout {
        let logical = T::logical_type();
        match logical.root() {
            TypeRoot::Row(fields) if !logical.is_nullable() => Layout::Row(fields.clone()),
            _ => Layout::Value(RowField::new(ATOMIC, logical)),
        }
    }

    /// The fields in order.
    pub(crate) fn fields(&self) -> &[RowField] {
        match self {
            Layout::Row(fields) => fields,
            Layout::Value(field) => std::slice::from_ref(field),
        }
    }

    /// Appends a record: `encode` appends the field at an index, as [`NullableWriter::put`] wants it.
    #[inline]
    pub(crate) fn encode(
        &self,
        leniency: &mut Leniency,
        out: &mut Vec<u8>,
        mut encode: impl FnMut(usize, &RowField, &mut Leniency, &mut Vec<u8>) -> Result<Presence, Problem>,
    ) -> Result<(), Problem> {
        match self {
            Layout::Row(fields) => encode_row(fields, leniency, out, encode),
            Layout::Value(field) => {
                let mark = out.len();
                let nullable = field.data_type.is_nullable();
                if nullable {
                    out.push(1);
                }
                let presence = match encode(0, field, leniency, out) {
                    Err(_) if nullable && leniency.ignores() => {
                        leniency.passed_over.fields += 1;
                        Presence::Null
                    }
                    result => result?,
                };
                match presence {
                    Presence::Value => {}
                    Presence::Null if nullable => {
                        out.truncate(mark);
                        out.push(0);
                    }
                    Presence::Null => return Err(Problem::null(&field.data_type)),
                }
                Ok(())
            }
        }
    }

    /// Reads a record field by field, in order; `None` stands for NULL.
    #[inline]
    pub(crate) fn read<'a>(
        &self,
        input: &mut Reader<'a>,
        mut visit: impl FnMut(usize, &RowField, Option<&mut Reader<'a>>) -> Result<()>,
    ) -> Result<()> {
        match self {
            Layout::Row(fields) => read_row(fields, input, visit),
            Layout::Value(field) => {
                let null = field.data_type.is_nullable() && !input.bool()?;
                visit(0, field, if null { None } else { Some(input) })
            }
        }
    }
}

/// Appends a ROW of these fields.
#[inline]
pub(crate) fn encode_row(
    fields: &[RowField],
    leniency: &mut Leniency,
    out: &mut Vec<u8>,
    mut encode: impl FnMut(usize, &RowField, &mut Leniency, &mut Vec<u8>) -> Result<Presence, Problem>,
) -> Result<(), Problem> {
    let nullable = fields.iter().filter(|field| field.data_type.is_nullable()).count();
    let mut writer = NullableWriter::new(nullable, out);
    for (index, field) in fields.iter().enumerate() {
        writer
            .put(&field.data_type, leniency, out, |leniency, out| encode(index, field, leniency, out))
            .map_err(|problem| problem.in_field(&field.name))?;
    }
    Ok(())
}

/// Appends an ARRAY's content without its count. `encode` adds the place to what it complains of.
#[inline]
pub(crate) fn encode_elements<E>(
    logical: &LogicalType,
    elements: &[E],
    leniency: &mut Leniency,
    out: &mut Vec<u8>,
    mut encode: impl FnMut(usize, &E, &mut Leniency, &mut Vec<u8>) -> Result<Presence, Problem>,
) -> Result<(), Problem> {
    let mut writer = NullableWriter::new(if logical.is_nullable() { elements.len() } else { 0 }, out);
    for (index, element) in elements.iter().enumerate() {
        writer.put(logical, leniency, out, |leniency, out| encode(index, element, leniency, out))?;
    }
    Ok(())
}

/// Reads what [`encode_row`] appended.
#[inline]
pub(crate) fn read_row<'a>(
    fields: &[RowField],
    input: &mut Reader<'a>,
    mut visit: impl FnMut(usize, &RowField, Option<&mut Reader<'a>>) -> Result<()>,
) -> Result<()> {
    let nulls = input.nulls(fields.iter().filter(|field| field.data_type.is_nullable()).count())?;
    let mut bit = 0;
    for (index, field) in fields.iter().enumerate() {
        let nullable = field.data_type.is_nullable();
        let null = nullable && nulls.is_null(bit);
        bit += usize::from(nullable);
        visit(index, field, if null { None } else { Some(&mut *input) })?;
    }
    Ok(())
}

/// Reads what [`encode_elements`] appended.
#[inline]
pub(crate) fn read_elements<'a>(
    logical: &LogicalType,
    count: usize,
    input: &mut Reader<'a>,
    mut visit: impl FnMut(usize, Option<&mut Reader<'a>>) -> Result<()>,
) -> Result<()> {
    let nulls = input.nulls(if logical.is_nullable() { count } else { 0 })?;
    for index in 0..count {
        visit(index, if nulls.is_null(index) { None } else { Some(&mut *input) })?;
    }
    Ok(())
}

/// Reads the count before the elements of an ARRAY or the entries of a MAP.
pub(crate) fn read_count(input: &mut Reader<'_>) -> Result<usize> {
    // The bytes are a value's own encoding: a count that lies is found when its elements are read.
    Ok(usize::try_from(input.varint()?).unwrap_or(usize::MAX))
}

/// Appends values behind a bitmap that says which of the nullable ones are NULL.
struct NullableWriter {
    place: usize,
    bit: usize,
}

impl NullableWriter {
    /// Appends the bitmap for `nullable` values, none of which is NULL so far.
    #[inline]
    fn new(nullable: usize, out: &mut Vec<u8>) -> Self {
        NullableWriter { place: codec::write_nulls(out, nullable), bit: 0 }
    }

    /// Lets `encode` append the next value. Where errors are ignored, one that is nullable becomes NULL.
    #[inline]
    fn put(
        &mut self,
        logical: &LogicalType,
        leniency: &mut Leniency,
        out: &mut Vec<u8>,
        encode: impl FnOnce(&mut Leniency, &mut Vec<u8>) -> Result<Presence, Problem>,
    ) -> Result<(), Problem> {
        let mark = out.len();
        let presence = match encode(leniency, out) {
            Err(_) if logical.is_nullable() && leniency.ignores() => {
                leniency.passed_over.fields += 1;
                Presence::Null
            }
            result => result?,
        };
        match (presence, logical.is_nullable()) {
            (Presence::Value, false) => return Ok(()),
            (Presence::Value, true) => {}
            (Presence::Null, true) => {
                out.truncate(mark);
                codec::set_null(out, self.place, self.bit);
            }
            (Presence::Null, false) => return Err(Problem::null(logical)),
        }
        self.bit += 1;
        Ok(())
    }
}
