//! Type information: what the engine must know of a Rust type that flows through streams or lies in state.
use arrow_array::{Array, ArrayRef};

use crate::types::LogicalType;
use crate::types::codec::{DecodeError, Reader};

/// A type that may flow through a stream or lie in state. Flink's `TypeInformation`.
///
/// Derive it: `#[derive(Clone, TypeInformation)]` on a struct maps it to a `ROW` of its fields, on an enum
/// without data to a `STRING`, on an enum with data to a `ROW` of a discriminant and one nullable field per
/// variant. A foreign type goes through [`crate::types::Opaque`].
pub trait TypeInformation: Clone + Send + Sync + 'static {
    /// Whether a value may own memory beyond `size_of::<Self>()`. Types without it skip all estimates.
    const HAS_HEAP: bool;

    /// Whether NULL is among the values, so that a ROW or an ARRAY of them needs a bitmap.
    #[doc(hidden)]
    const NULLABLE: bool = false;

    /// The fewest bytes that `encode_non_null` appends: what a corrupt count of elements is held against.
    #[doc(hidden)]
    const MIN_BYTES: usize = 1;

    /// The logical type, the same that a SQL column of these values would have: `NOT NULL`, as NULL is a
    /// value of `Option` alone.
    fn logical_type() -> LogicalType;

    /// Appends the value in version 1 of the encoding (`docs/rfcs/0002-types-and-encoding.md`).
    fn encode(&self, out: &mut Vec<u8>);

    /// Reads one value in version 1 of the encoding.
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError>;

    /// Bytes owned beyond `size_of::<Self>()`.
    fn heap_bytes(&self) -> usize {
        0
    }

    /// The values as an Arrow array; `None` is NULL.
    fn to_array(values: &[Option<&Self>]) -> ArrayRef;

    /// The values of an Arrow array of this type; NULL is `None`.
    fn from_array(array: &dyn Array) -> Result<Vec<Option<Self>>, DecodeError>;

    /// Whether this value is NULL.
    #[doc(hidden)]
    #[inline]
    fn is_null(&self) -> bool {
        false
    }

    /// The value that is NULL, if the type has one.
    #[doc(hidden)]
    fn null() -> Option<Self> {
        None
    }

    /// Appends a value that is not NULL where a bitmap has already said so.
    #[doc(hidden)]
    #[inline]
    fn encode_non_null(&self, out: &mut Vec<u8>) {
        self.encode(out);
    }

    /// Reads a value of which a bitmap has already said that it is not NULL.
    #[doc(hidden)]
    #[inline]
    fn decode_non_null(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Self::decode(input)
    }
}

/// A type that can be a key: its hash is that of the logical value (`docs/rfcs/0003-key-groups.md`) and its
/// equality agrees with the hash (-0.0 equals 0.0, one NaN equals another).
///
/// Derive it beside [`TypeInformation`]: `#[derive(Clone, TypeInformation, Key)]`.
pub trait Key: TypeInformation {
    /// The documented hash of the logical value. Never Rust's `Hash`, whose results may change.
    fn key_hash(&self) -> u64;

    /// Whether both are the same key.
    fn key_eq(&self, other: &Self) -> bool;
}
