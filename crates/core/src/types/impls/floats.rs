//! FLOAT and DOUBLE. As keys -0.0 is 0.0, and every NaN is the same one.
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowPrimitiveType, Float32Type, Float64Type};
use arrow_array::{Array, ArrayRef, PrimitiveArray};

use crate::key::hash;
use crate::types::codec::{DecodeError, Reader};
use crate::types::impls::read::{self, Values};
use crate::types::{Key, LogicalType, TypeInformation};

fn widened<A: ArrowPrimitiveType, T: From<A::Native>>(array: &dyn Array) -> Option<Values<T>> {
    let array = array.as_primitive_opt::<A>()?;
    Some(Ok(array.iter().map(|value| value.map(T::from)).collect()))
}

macro_rules! float {
    ($rust:ty, $arrow:ty, $logical:ident, reads $($from:ty)+) => {
        impl TypeInformation for $rust {
            const HAS_HEAP: bool = false;
            const MIN_BYTES: usize = size_of::<$rust>();

            fn logical_type() -> LogicalType {
                LogicalType::$logical().not_null()
            }

            #[inline]
            fn encode(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            #[inline]
            fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
                Ok(<$rust>::from_le_bytes(input.array()?))
            }

            fn to_array(values: &[Option<&Self>]) -> ArrayRef {
                Arc::new(values.iter().map(|value| value.copied()).collect::<PrimitiveArray<$arrow>>())
            }

            fn from_array(array: &dyn Array) -> Values<Self> {
                read::values(array, |array| None$(.or_else(|| widened::<$from, Self>(array)))+)
            }
        }

        impl Key for $rust {
            #[inline]
            fn key_hash(&self) -> u64 {
                hash::float(f64::from(*self))
            }

            #[inline]
            fn key_eq(&self, other: &Self) -> bool {
                self == other || self.is_nan() && other.is_nan()
            }
        }
    };
}

float!(f32, Float32Type, float, reads Float32Type);
float!(f64, Float64Type, double, reads Float64Type Float32Type);
