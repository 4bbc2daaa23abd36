//! Moments: `TIMESTAMP_LTZ(3)`.
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
};
use arrow_array::{Array, ArrayRef, TimestampMillisecondArray};
use arrow_schema::{DataType, TimeUnit};

use crate::key::hash;
use crate::time::{EventTime, ProcessingTime};
use crate::types::codec::{DecodeError, Reader};
use crate::types::impls::integers::out_of_range;
use crate::types::impls::read::{self, Values};
use crate::types::{Key, LogicalType, TypeInformation};

/// The moments of a timestamp column of whatever unit and zone, in milliseconds; finer fractions are dropped
/// towards the past.
fn moments<T: TypeInformation>(array: &dyn Array, from_millis: fn(i64) -> T) -> Option<Values<T>> {
    let DataType::Timestamp(unit, _) = array.data_type() else { return None };
    let parts = |per_milli: i64| move |value: i64| from_millis(value.div_euclid(per_milli));
    let values = match unit {
        TimeUnit::Second => {
            let millis = |(row, value): (usize, Option<i64>)| {
                let Some(seconds) = value else { return Ok(None) };
                let millis = seconds.checked_mul(1000).map(from_millis);
                millis.map(Some).ok_or_else(|| out_of_range::<T>(row, format!("{seconds} seconds")))
            };
            return Some(
                array.as_primitive_opt::<TimestampSecondType>()?.iter().enumerate().map(millis).collect(),
            );
        }
        TimeUnit::Millisecond => {
            let array = array.as_primitive_opt::<TimestampMillisecondType>()?;
            array.iter().map(|value| value.map(from_millis)).collect()
        }
        TimeUnit::Microsecond => {
            let array = array.as_primitive_opt::<TimestampMicrosecondType>()?;
            array.iter().map(|value| value.map(parts(1000))).collect()
        }
        TimeUnit::Nanosecond => {
            let array = array.as_primitive_opt::<TimestampNanosecondType>()?;
            array.iter().map(|value| value.map(parts(1_000_000))).collect()
        }
    };
    Some(Ok(values))
}

macro_rules! moment {
    ($rust:ty) => {
        impl TypeInformation for $rust {
            const HAS_HEAP: bool = false;
            const MIN_BYTES: usize = 8;

            fn logical_type() -> LogicalType {
                LogicalType::timestamp_ltz(3).not_null()
            }

            #[inline]
            fn encode(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.as_millis().to_le_bytes());
            }

            #[inline]
            fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
                Ok(<$rust>::from_millis(i64::from_le_bytes(input.array()?)))
            }

            fn to_array(values: &[Option<&Self>]) -> ArrayRef {
                let values = values.iter().map(|value| value.map(|value| value.as_millis()));
                Arc::new(values.collect::<TimestampMillisecondArray>().with_timezone("UTC"))
            }

            fn from_array(array: &dyn Array) -> Values<Self> {
                read::values(array, |array| moments(array, <$rust>::from_millis))
            }
        }

        impl Key for $rust {
            #[inline]
            fn key_hash(&self) -> u64 {
                hash::timestamp(self.as_millis(), 0)
            }

            #[inline]
            fn key_eq(&self, other: &Self) -> bool {
                self == other
            }
        }
    };
}

moment!(EventTime);
moment!(ProcessingTime);
