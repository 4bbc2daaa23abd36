//! STRING: the usual owned string types.
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, StringArray};
use compact_str::CompactString;

use crate::key::hash;
use crate::types::codec::{self, DecodeError, Reader};
use crate::types::impls::read::{self, Values};
use crate::types::{Key, LogicalType, TypeInformation};

fn strings<'a, T: From<&'a str>>(values: impl Iterator<Item = Option<&'a str>>) -> Values<T> {
    Ok(values.map(|value| value.map(T::from)).collect())
}

macro_rules! text {
    ($rust:ty, $heap_bytes:expr) => {
        impl TypeInformation for $rust {
            const HAS_HEAP: bool = true;

            fn logical_type() -> LogicalType {
                LogicalType::string().not_null()
            }

            #[inline]
            fn encode(&self, out: &mut Vec<u8>) {
                codec::write_bytes(out, self.as_bytes());
            }

            #[inline]
            fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
                Ok(<$rust>::from(input.length_and_str()?))
            }

            #[inline]
            fn heap_bytes(&self) -> usize {
                let heap_bytes: fn(&Self) -> usize = $heap_bytes;
                heap_bytes(self)
            }

            fn to_array(values: &[Option<&Self>]) -> ArrayRef {
                let values = values.iter().map(|value| value.map(|value| -> &str { value }));
                Arc::new(values.collect::<StringArray>())
            }

            fn from_array(array: &dyn Array) -> Values<Self> {
                read::values(array, |array| {
                    if let Some(array) = array.as_string_opt::<i32>() {
                        return Some(strings(array.iter()));
                    }
                    if let Some(array) = array.as_string_opt::<i64>() {
                        return Some(strings(array.iter()));
                    }
                    array.as_string_view_opt().map(|array| strings(array.iter()))
                })
            }
        }

        impl Key for $rust {
            #[inline]
            fn key_hash(&self) -> u64 {
                hash::bytes(self.as_bytes())
            }

            #[inline]
            fn key_eq(&self, other: &Self) -> bool {
                self == other
            }
        }
    };
}

text!(String, |text| text.capacity());
text!(CompactString, |text| if text.is_heap_allocated() { text.capacity() } else { 0 });
text!(Box<str>, |text| text.len());
// Two counters lie before the characters. Shared text counts wherever it is held.
text!(Arc<str>, |text| text.len() + 2 * size_of::<usize>());
