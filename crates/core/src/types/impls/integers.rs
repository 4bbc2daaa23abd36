//! Booleans and the integers that have an Arrow type of their own width or the next wider one.
use std::fmt::Display;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type,
};
use arrow_array::{Array, ArrayRef, BooleanArray, PrimitiveArray};

use crate::key::hash;
use crate::types::codec::{DecodeError, Reader};
use crate::types::impls::read::{self, Values};
use crate::types::{Key, LogicalType, TypeInformation};

/// The values of a column of `A`, if it is one; a value that `T` cannot hold is an error.
pub(super) fn converted<A, T>(array: &dyn Array) -> Option<Values<T>>
where
    A: ArrowPrimitiveType<Native: Display>,
    T: TypeInformation + TryFrom<A::Native>,
{
    let convert = |(row, value): (usize, Option<A::Native>)| {
        value.map(|value| T::try_from(value).map_err(|_| out_of_range::<T>(row, value))).transpose()
    };
    Some(array.as_primitive_opt::<A>()?.iter().enumerate().map(convert).collect())
}

#[cold]
pub(super) fn out_of_range<T: TypeInformation>(row: usize, value: impl Display) -> DecodeError {
    DecodeError::row(row, T::logical_type().to_string(), value.to_string())
}

impl TypeInformation for bool {
    const HAS_HEAP: bool = false;

    fn logical_type() -> LogicalType {
        LogicalType::boolean().not_null()
    }

    #[inline]
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.bool()
    }

    fn to_array(values: &[Option<&Self>]) -> ArrayRef {
        Arc::new(values.iter().map(|value| value.copied()).collect::<BooleanArray>())
    }

    fn from_array(array: &dyn Array) -> Values<Self> {
        read::values(array, |array| Some(Ok(array.as_boolean_opt()?.iter().collect())))
    }
}

impl Key for bool {
    #[inline]
    fn key_hash(&self) -> u64 {
        hash::integer(i64::from(*self))
    }

    #[inline]
    fn key_eq(&self, other: &Self) -> bool {
        self == other
    }
}

/// `$rust` is kept as `$kept`, which is itself or the next wider signed type, in an Arrow array of `$arrow`.
macro_rules! integer {
    ($rust:ty, $kept:ty, $arrow:ty, $logical:ident, reads $($from:ty)+) => {
        impl TypeInformation for $rust {
            const HAS_HEAP: bool = false;
            const MIN_BYTES: usize = size_of::<$kept>();

            fn logical_type() -> LogicalType {
                LogicalType::$logical().not_null()
            }

            #[inline]
            fn encode(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&<$kept>::from(*self).to_le_bytes());
            }

            #[inline]
            fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
                let value = <$kept>::from_le_bytes(input.array()?);
                #[allow(irrefutable_let_patterns, clippy::useless_conversion)]
                let Ok(converted) = <$rust>::try_from(value) else {
                    let offset = input.offset() - size_of::<$kept>();
                    return Err(DecodeError::unexpected(offset, stringify!($rust), value.to_string()));
                };
                Ok(converted)
            }

            fn to_array(values: &[Option<&Self>]) -> ArrayRef {
                let values = values.iter().map(|value| value.map(|value| <$kept>::from(*value)));
                Arc::new(values.collect::<PrimitiveArray<$arrow>>())
            }

            fn from_array(array: &dyn Array) -> Values<Self> {
                read::values(array, |array| None$(.or_else(|| converted::<$from, Self>(array)))+)
            }
        }

        impl Key for $rust {
            #[inline]
            fn key_hash(&self) -> u64 {
                hash::integer(i64::from(*self))
            }

            #[inline]
            fn key_eq(&self, other: &Self) -> bool {
                self == other
            }
        }
    };
}

integer!(i8, i8, Int8Type, tiny_int, reads Int8Type);
integer!(i16, i16, Int16Type, small_int, reads Int16Type Int8Type UInt8Type);
integer!(i32, i32, Int32Type, integer, reads Int32Type Int16Type Int8Type UInt16Type UInt8Type);
integer!(i64, i64, Int64Type, big_int,
    reads Int64Type Int32Type Int16Type Int8Type UInt32Type UInt16Type UInt8Type);
integer!(u8, i16, Int16Type, small_int, reads Int16Type UInt8Type Int8Type);
integer!(u16, i32, Int32Type, integer, reads Int32Type UInt16Type Int16Type UInt8Type Int8Type);
integer!(u32, i64, Int64Type, big_int,
    reads Int64Type UInt32Type Int32Type UInt16Type Int16Type UInt8Type Int8Type);
