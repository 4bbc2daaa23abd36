//! ARRAY: `Vec<T>`, and `[T; N]` where every array has the same number of elements.
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, GenericListArray, ListArray, OffsetSizeTrait};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::Field;

use crate::key::hash;
use crate::types::codec::{self, DecodeError, Reader};
use crate::types::impls::read::{self, Values};
use crate::types::row::null_buffer;
use crate::types::{Key, LogicalType, TypeInformation};

/// The fewest bits that an element takes. One that took none would let a few bytes claim any count.
pub(super) const fn element_bits<T: TypeInformation>() -> usize {
    assert!(T::NULLABLE || T::MIN_BYTES > 0, "an element of a collection must take up space when encoded");
    if T::NULLABLE { 1 } else { T::MIN_BYTES * 8 }
}

/// Appends the elements without their count: the bitmap if they are nullable, then those that are not NULL.
#[inline]
pub(super) fn encode_elements<'a, T: TypeInformation>(
    elements: impl ExactSizeIterator<Item = &'a T>,
    out: &mut Vec<u8>,
) {
    if !T::NULLABLE {
        elements.for_each(|element| element.encode_non_null(out));
        return;
    }
    let place = codec::write_nulls(out, elements.len());
    for (index, element) in elements.enumerate() {
        if element.is_null() { codec::set_null(out, place, index) } else { element.encode_non_null(out) }
    }
}

/// Reads what [`encode_elements`] wrote.
#[inline]
pub(super) fn decode_elements<T: TypeInformation>(
    count: usize,
    input: &mut Reader<'_>,
) -> Result<Vec<T>, DecodeError> {
    let nulls = input.nulls(if T::NULLABLE { count } else { 0 })?;
    // Room for as many as there are bytes for; should the elements be larger in memory, the vector grows
    // while they are really read.
    let mut elements = Vec::with_capacity(count.min(input.remaining() / size_of::<T>().max(1)));
    for index in 0..count {
        let null = if nulls.is_null(index) { T::null() } else { None };
        elements.push(match null {
            Some(null) => null,
            None => T::decode_non_null(input)?,
        });
    }
    Ok(elements)
}

/// Bytes that the elements own beyond their own size.
#[inline]
pub(super) fn elements_heap_bytes<'a, T: TypeInformation>(elements: impl Iterator<Item = &'a T>) -> usize {
    if T::HAS_HEAP { elements.map(T::heap_bytes).sum() } else { 0 }
}

/// Where each of a column's lists begins and ends in the column of their elements.
pub(super) fn offsets(lengths: impl Iterator<Item = usize>) -> OffsetBuffer<i32> {
    OffsetBuffer::from_lengths(lengths)
}

fn to_lists<T: TypeInformation>(lists: &[Option<&[T]>]) -> ArrayRef {
    let elements: Vec<Option<&T>> = lists.iter().copied().flatten().flatten().map(Some).collect();
    let elements = T::to_array(&elements);
    let field = Field::new("item", elements.data_type().clone(), T::NULLABLE);
    let offsets = offsets(lists.iter().map(|list| list.map_or(0, <[T]>::len)));
    let nulls = null_buffer(lists.iter().map(Option::is_some).collect());
    Arc::new(ListArray::new(Arc::new(field), offsets, elements, nulls))
}

/// A column of lists, whatever its physical type.
struct Lists {
    elements: ArrayRef,
    lengths: Vec<usize>,
    nulls: Option<NullBuffer>,
}

impl Lists {
    fn new(array: &dyn Array) -> Option<Lists> {
        if let Some(lists) = array.as_list_opt::<i32>() {
            return Some(Lists::with_offsets(lists));
        }
        if let Some(lists) = array.as_list_opt::<i64>() {
            return Some(Lists::with_offsets(lists));
        }
        let lists = array.as_fixed_size_list_opt()?;
        let length = usize::try_from(lists.value_length()).unwrap_or(0);
        let lengths = vec![length; lists.len()];
        Some(Lists { elements: lists.values().clone(), lengths, nulls: lists.nulls().cloned() })
    }

    fn with_offsets<O: OffsetSizeTrait>(lists: &GenericListArray<O>) -> Lists {
        let offsets = lists.value_offsets();
        let first = offsets.first().map_or(0, |offset| offset.as_usize());
        let last = offsets.last().map_or(0, |offset| offset.as_usize());
        let lengths = offsets.windows(2).map(|pair| (pair[1] - pair[0]).as_usize()).collect();
        let elements = lists.values().slice(first, last - first);
        Lists { elements, lengths, nulls: lists.nulls().cloned() }
    }

    /// The lists, each turned into a `C` by `build`; NULL stays `None`.
    fn read<T: TypeInformation, C>(
        self,
        build: impl Fn(Vec<T>, usize) -> Result<C, DecodeError>,
    ) -> Values<C> {
        let mut elements = T::from_array(&self.elements)?.into_iter();
        let mut lists = Vec::with_capacity(self.lengths.len());
        for (row, &length) in self.lengths.iter().enumerate() {
            let own = elements.by_ref().take(length);
            if self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                own.for_each(drop);
                lists.push(None);
            } else {
                lists.push(Some(build(required(own, row)?, row)?));
            }
        }
        Ok(lists)
    }
}

/// Elements of which none may be NULL unless their type has a NULL.
pub(super) fn required<T: TypeInformation>(
    elements: impl Iterator<Item = Option<T>>,
    row: usize,
) -> Result<Vec<T>, DecodeError> {
    let null = || DecodeError::row(row, format!("elements of {}", T::logical_type()), "NULL");
    elements.map(|element| element.or_else(T::null).ok_or_else(null)).collect()
}

fn hash_elements<T: Key>(elements: &[T]) -> u64 {
    let mut composite = hash::Composite::new(elements.len());
    for element in elements {
        composite.add(element.key_hash());
    }
    composite.finish()
}

fn elements_eq<T: Key>(one: &[T], other: &[T]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.key_eq(other))
}

impl<T: TypeInformation> TypeInformation for Vec<T> {
    const HAS_HEAP: bool = true;

    fn logical_type() -> LogicalType {
        LogicalType::array(T::logical_type()).not_null()
    }

    #[inline]
    fn encode(&self, out: &mut Vec<u8>) {
        codec::write_varint(out, self.len() as u64);
        encode_elements(self.iter(), out);
    }

    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let count = input.count(const { element_bits::<T>() })?;
        decode_elements(count, input)
    }

    #[inline]
    fn heap_bytes(&self) -> usize {
        self.capacity() * size_of::<T>() + elements_heap_bytes(self.iter())
    }

    fn to_array(values: &[Option<&Self>]) -> ArrayRef {
        let lists: Vec<Option<&[T]>> = values.iter().map(|value| value.map(Vec::as_slice)).collect();
        to_lists(&lists)
    }

    fn from_array(array: &dyn Array) -> Values<Self> {
        read::values(array, |array| Some(Lists::new(array)?.read(|elements, _| Ok(elements))))
    }
}

impl<T: Key> Key for Vec<T> {
    #[inline]
    fn key_hash(&self) -> u64 {
        hash_elements(self)
    }

    #[inline]
    fn key_eq(&self, other: &Self) -> bool {
        elements_eq(self, other)
    }
}

impl<T: TypeInformation, const N: usize> TypeInformation for [T; N] {
    const HAS_HEAP: bool = T::HAS_HEAP;
    // The count is written although N is known: the bytes are those of any other ARRAY.
    const MIN_BYTES: usize = 1 + if T::NULLABLE { N.div_ceil(8) } else { N * T::MIN_BYTES };

    fn logical_type() -> LogicalType {
        LogicalType::array(T::logical_type()).not_null()
    }

    #[inline]
    fn encode(&self, out: &mut Vec<u8>) {
        codec::write_varint(out, N as u64);
        encode_elements(self.iter(), out);
    }

    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let start = input.offset();
        let count = input.count(const { element_bits::<T>() })?;
        if count != N {
            return Err(DecodeError::unexpected(start, format!("{N} elements"), format!("{count}")));
        }
        let elements = decode_elements(count, input)?;
        elements.try_into().map_err(|_| DecodeError::unexpected(start, format!("{N} elements"), "others"))
    }

    #[inline]
    fn heap_bytes(&self) -> usize {
        elements_heap_bytes(self.iter())
    }

    fn to_array(values: &[Option<&Self>]) -> ArrayRef {
        let lists: Vec<Option<&[T]>> = values.iter().map(|value| value.map(<[T; N]>::as_slice)).collect();
        to_lists(&lists)
    }

    fn from_array(array: &dyn Array) -> Values<Self> {
        let build = |elements: Vec<T>, row| {
            let other = |elements: Vec<T>| {
                DecodeError::row(row, format!("{N} elements"), format!("{}", elements.len()))
            };
            <[T; N]>::try_from(elements).map_err(other)
        };
        read::values(array, |array| Some(Lists::new(array)?.read(build)))
    }
}

impl<T: Key, const N: usize> Key for [T; N] {
    #[inline]
    fn key_hash(&self) -> u64 {
        hash_elements(self)
    }

    #[inline]
    fn key_eq(&self, other: &Self) -> bool {
        elements_eq(self, other)
    }
}
