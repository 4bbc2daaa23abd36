//! `Option`, the only type that has NULL, and `Box`, which changes nothing.
use arrow_array::{Array, ArrayRef};

use crate::key::hash;
use crate::types::codec::{DecodeError, Reader};
use crate::types::impls::read::Values;
use crate::types::{Key, LogicalType, TypeInformation};

/// SQL knows one NULL: in an `Option<Option<T>>` a `Some(None)` is NULL as well and comes back as `None`.
impl<T: TypeInformation> TypeInformation for Option<T> {
    const HAS_HEAP: bool = T::HAS_HEAP;
    const NULLABLE: bool = true;
    const MIN_BYTES: usize = T::MIN_BYTES;

    fn logical_type() -> LogicalType {
        T::logical_type().nullable()
    }

    #[inline]
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::from(!self.is_null()));
        self.encode_non_null(out);
    }

    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        if input.bool()? { Self::decode_non_null(input) } else { Ok(None) }
    }

    #[inline]
    fn heap_bytes(&self) -> usize {
        self.as_ref().map_or(0, T::heap_bytes)
    }

    fn to_array(values: &[Option<&Self>]) -> ArrayRef {
        let values: Vec<Option<&T>> = values.iter().map(|value| value.and_then(Option::as_ref)).collect();
        T::to_array(&values)
    }

    fn from_array(array: &dyn Array) -> Values<Self> {
        Ok(T::from_array(array)?.into_iter().map(|value| value.map(Some)).collect())
    }

    #[inline]
    fn is_null(&self) -> bool {
        self.as_ref().is_none_or(T::is_null)
    }

    fn null() -> Option<Self> {
        Some(None)
    }

    #[inline]
    fn encode_non_null(&self, out: &mut Vec<u8>) {
        if let Some(value) = self.as_ref().filter(|value| !value.is_null()) {
            value.encode_non_null(out);
        }
    }

    #[inline]
    fn decode_non_null(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        T::decode_non_null(input).map(Some)
    }
}

impl<T: Key> Key for Option<T> {
    #[inline]
    fn key_hash(&self) -> u64 {
        self.as_ref().map_or(hash::NULL, T::key_hash)
    }

    #[inline]
    fn key_eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Some(one), Some(other)) => one.key_eq(other),
            _ => self.is_null() && other.is_null(),
        }
    }
}

impl<T: TypeInformation> TypeInformation for Box<T> {
    const HAS_HEAP: bool = true;
    const NULLABLE: bool = T::NULLABLE;
    const MIN_BYTES: usize = T::MIN_BYTES;

    fn logical_type() -> LogicalType {
        T::logical_type()
    }

    #[inline]
    fn encode(&self, out: &mut Vec<u8>) {
        T::encode(self, out);
    }

    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        T::decode(input).map(Box::new)
    }

    #[inline]
    fn heap_bytes(&self) -> usize {
        size_of::<T>() + T::heap_bytes(self)
    }

    fn to_array(values: &[Option<&Self>]) -> ArrayRef {
        let values: Vec<Option<&T>> = values.iter().map(|value| value.map(Box::as_ref)).collect();
        T::to_array(&values)
    }

    fn from_array(array: &dyn Array) -> Values<Self> {
        Ok(T::from_array(array)?.into_iter().map(|value| value.map(Box::new)).collect())
    }

    #[inline]
    fn is_null(&self) -> bool {
        T::is_null(self)
    }

    fn null() -> Option<Self> {
        T::null().map(Box::new)
    }

    #[inline]
    fn encode_non_null(&self, out: &mut Vec<u8>) {
        T::encode_non_null(self, out);
    }

    #[inline]
    fn decode_non_null(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        T::decode_non_null(input).map(Box::new)
    }
}

impl<T: Key> Key for Box<T> {
    #[inline]
    fn key_hash(&self) -> u64 {
        T::key_hash(self)
    }

    #[inline]
    fn key_eq(&self, other: &Self) -> bool {
        T::key_eq(self, other)
    }
}
