//! Integers that only a DECIMAL of scale 0 can hold.
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Decimal128Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, Decimal128Array};
use arrow_schema::DataType;

use crate::key::hash;
use crate::types::codec::{DecodeError, Reader};
use crate::types::impls::integers::{converted, out_of_range};
use crate::types::impls::read::{self, Values};
use crate::types::{Key, LogicalType, TypeInformation};

/// The values of a column of whole decimals, if it is one.
fn decimals<T: TypeInformation + TryFrom<i128>>(array: &dyn Array) -> Option<Values<T>> {
    match array.data_type() {
        DataType::Decimal128(_, 0) => converted::<Decimal128Type, T>(array),
        DataType::Decimal128(_, scale @ 1..) => {
            let unit = 10_i128.checked_pow(u32::from(scale.unsigned_abs()))?;
            let whole = |(row, value): (usize, Option<i128>)| {
                let Some(value) = value else { return Ok(None) };
                let rest = value % unit;
                let converted = T::try_from(value / unit).ok().filter(|_| rest == 0);
                converted.map(Some).ok_or_else(|| out_of_range::<T>(row, format!("{value}e-{scale}")))
            };
            Some(array.as_primitive_opt::<Decimal128Type>()?.iter().enumerate().map(whole).collect())
        }
        _ => None,
    }
}

macro_rules! wide_integer {
    ($rust:ty, $precision:literal) => {
        impl TypeInformation for $rust {
            const HAS_HEAP: bool = false;
            const MIN_BYTES: usize = 16;

            fn logical_type() -> LogicalType {
                LogicalType::decimal($precision, 0).not_null()
            }

            #[inline]
            fn encode(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&i128::from(*self).to_le_bytes());
            }

            #[inline]
            fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
                let value = i128::from_le_bytes(input.array()?);
                #[allow(irrefutable_let_patterns, clippy::useless_conversion)]
                let Ok(converted) = <$rust>::try_from(value) else {
                    let offset = input.offset() - 16;
                    return Err(DecodeError::unexpected(offset, stringify!($rust), value.to_string()));
                };
                Ok(converted)
            }

            fn to_array(values: &[Option<&Self>]) -> ArrayRef {
                let values = values.iter().map(|value| value.map(|value| i128::from(*value)));
                let data_type = DataType::Decimal128($precision, 0);
                Arc::new(values.collect::<Decimal128Array>().with_data_type(data_type))
            }

            fn from_array(array: &dyn Array) -> Values<Self> {
                read::values(array, |array| {
                    decimals(array)
                        .or_else(|| converted::<UInt64Type, Self>(array))
                        .or_else(|| converted::<Int64Type, Self>(array))
                        .or_else(|| converted::<UInt32Type, Self>(array))
                        .or_else(|| converted::<Int32Type, Self>(array))
                        .or_else(|| converted::<UInt16Type, Self>(array))
                        .or_else(|| converted::<Int16Type, Self>(array))
                        .or_else(|| converted::<UInt8Type, Self>(array))
                        .or_else(|| converted::<Int8Type, Self>(array))
                })
            }
        }

        impl Key for $rust {
            #[inline]
            fn key_hash(&self) -> u64 {
                hash::wide_integer(i128::from(*self))
            }

            #[inline]
            fn key_eq(&self, other: &Self) -> bool {
                self == other
            }
        }
    };
}

wide_integer!(u64, 20);
// Values of more than 38 digits are encoded and compared like all others, but SQL cannot show them.
wide_integer!(i128, 38);
