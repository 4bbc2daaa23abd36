//! BYTES.
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BinaryArray};
use serde::{Deserialize, Serialize};

use crate::key::hash;
use crate::types::codec::{self, DecodeError, Reader};
use crate::types::impls::read::{self, Values};
use crate::types::{Key, LogicalType, TypeInformation};

/// A byte string, SQL's `BYTES`. A bare `Vec<u8>` is an `ARRAY` of small numbers, as every other `Vec` is.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Bytes(pub Vec<u8>);

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes(bytes)
    }
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        Bytes(bytes.to_vec())
    }
}

impl From<Bytes> for Vec<u8> {
    fn from(bytes: Bytes) -> Self {
        bytes.0
    }
}

impl Deref for Bytes {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl DerefMut for Bytes {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

/// The byte strings of a column, if it is one of byte strings.
pub(in crate::types) fn byte_strings(array: &dyn Array) -> Option<Vec<Option<&[u8]>>> {
    if let Some(array) = array.as_binary_opt::<i32>() {
        return Some(array.iter().collect());
    }
    if let Some(array) = array.as_binary_opt::<i64>() {
        return Some(array.iter().collect());
    }
    if let Some(array) = array.as_binary_view_opt() {
        return Some(array.iter().collect());
    }
    array.as_fixed_size_binary_opt().map(|array| array.iter().collect())
}

impl TypeInformation for Bytes {
    const HAS_HEAP: bool = true;

    fn logical_type() -> LogicalType {
        LogicalType::bytes().not_null()
    }

    #[inline]
    fn encode(&self, out: &mut Vec<u8>) {
        codec::write_bytes(out, &self.0);
    }

    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Bytes::from(input.length_and_bytes()?))
    }

    #[inline]
    fn heap_bytes(&self) -> usize {
        self.0.capacity()
    }

    fn to_array(values: &[Option<&Self>]) -> ArrayRef {
        Arc::new(values.iter().map(|value| value.map(|bytes| bytes.as_slice())).collect::<BinaryArray>())
    }

    fn from_array(array: &dyn Array) -> Values<Self> {
        read::values(array, |array| {
            let values = byte_strings(array)?;
            Some(Ok(values.into_iter().map(|value| value.map(Bytes::from)).collect()))
        })
    }
}

impl Key for Bytes {
    #[inline]
    fn key_hash(&self) -> u64 {
        hash::bytes(&self.0)
    }

    #[inline]
    fn key_eq(&self, other: &Self) -> bool {
        self == other
    }
}
