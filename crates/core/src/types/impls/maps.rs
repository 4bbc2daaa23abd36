//! MAP. The entries of a `HashMap` are encoded in its own order, which is arbitrary; where equal maps must
//! have equal bytes, use a `BTreeMap`. Maps are no keys.
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, MapArray, StructArray};
use arrow_schema::{Field, Fields};

use crate::types::codec::{self, DecodeError, Reader};
use crate::types::impls::lists::{
    decode_elements, element_bits, elements_heap_bytes, encode_elements, offsets, required,
};
use crate::types::impls::read::{self, Values};
use crate::types::row::null_buffer;
use crate::types::{LogicalType, TypeInformation};

/// Arrow has no NULL among the keys of a map, so such a map could not become a column.
const fn check_key<K: TypeInformation>() {
    assert!(!K::NULLABLE, "the key of a map cannot be an Option");
}

fn logical_type<K: TypeInformation, V: TypeInformation>() -> LogicalType {
    const { check_key::<K>() };
    LogicalType::map(K::logical_type(), V::logical_type()).not_null()
}

fn decode_entries<K: TypeInformation, V: TypeInformation>(
    input: &mut Reader<'_>,
) -> Result<impl Iterator<Item = (K, V)>, DecodeError> {
    let count = input.count(const { element_bits::<K>() })?;
    let keys = decode_elements::<K>(count, input)?;
    let values = decode_elements::<V>(count, input)?;
    Ok(keys.into_iter().zip(values))
}

fn to_maps<'a, K: TypeInformation, V: TypeInformation>(
    lengths: Vec<Option<usize>>,
    entries: impl Iterator<Item = (&'a K, &'a V)>,
) -> ArrayRef {
    let (keys, values): (Vec<_>, Vec<_>) = entries.map(|(key, value)| (Some(key), Some(value))).unzip();
    let (keys, values) = (K::to_array(&keys), V::to_array(&values));
    let fields = Fields::from(vec![
        Field::new("key", keys.data_type().clone(), false),
        Field::new("value", values.data_type().clone(), V::NULLABLE),
    ]);
    let entries = StructArray::new(fields, vec![keys, values], None);
    let field = Field::new("entries", entries.data_type().clone(), false);
    let nulls = null_buffer(lengths.iter().map(Option::is_some).collect());
    let offsets = offsets(lengths.into_iter().map(Option::unwrap_or_default));
    Arc::new(MapArray::new(Arc::new(field), offsets, entries, nulls, false))
}

fn read_maps<K, V, M>(array: &MapArray) -> Values<M>
where
    K: TypeInformation,
    V: TypeInformation,
    M: FromIterator<(K, V)>,
{
    let ends = array.value_offsets();
    let (first, last) = (ends.first().copied().unwrap_or(0), ends.last().copied().unwrap_or(0));
    let (first, length) = (first as usize, (last - first) as usize);
    let mut keys = K::from_array(&array.keys().slice(first, length))?.into_iter();
    let mut values = V::from_array(&array.values().slice(first, length))?.into_iter();
    let mut maps = Vec::with_capacity(array.len());
    for (row, pair) in ends.windows(2).enumerate() {
        let length = (pair[1] - pair[0]) as usize;
        let (own_keys, own_values) = (keys.by_ref().take(length), values.by_ref().take(length));
        if array.is_null(row) {
            own_keys.for_each(drop);
            own_values.for_each(drop);
            maps.push(None);
        } else {
            let entries = required(own_keys, row)?.into_iter().zip(required(own_values, row)?);
            maps.push(Some(entries.collect()));
        }
    }
    Ok(maps)
}

macro_rules! map {
    ($map:ty, [$($generics:tt)*]) => {
        impl<$($generics)*> TypeInformation for $map {
            const HAS_HEAP: bool = true;

            fn logical_type() -> LogicalType {
                logical_type::<K, V>()
            }

            fn encode(&self, out: &mut Vec<u8>) {
                codec::write_varint(out, self.len() as u64);
                encode_elements(self.keys(), out);
                encode_elements(self.values(), out);
            }

            fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
                Ok(decode_entries(input)?.collect())
            }

            fn heap_bytes(&self) -> usize {
                // One byte of bookkeeping for each entry is right for a hash map and near for a tree.
                let own = self.room() * (size_of::<(K, V)>() + 1);
                own + elements_heap_bytes(self.keys()) + elements_heap_bytes(self.values())
            }

            fn to_array(values: &[Option<&Self>]) -> ArrayRef {
                let lengths = values.iter().map(|value| value.map(|map| map.len())).collect();
                to_maps::<K, V>(lengths, values.iter().copied().flatten().flatten())
            }

            fn from_array(array: &dyn Array) -> Values<Self> {
                read::values(array, |array| array.as_map_opt().map(read_maps::<K, V, Self>))
            }
        }
    };
}

map!(BTreeMap<K, V>, [K: TypeInformation + Ord, V: TypeInformation]);
map!(HashMap<K, V, S>, [
    K: TypeInformation + Hash + Eq,
    V: TypeInformation,
    S: BuildHasher + Default + Clone + Send + Sync + 'static
]);

/// How many entries a map has allocated for.
trait Room {
    fn room(&self) -> usize;
}

impl<K, V> Room for BTreeMap<K, V> {
    fn room(&self) -> usize {
        self.len()
    }
}

impl<K, V, S> Room for HashMap<K, V, S> {
    fn room(&self) -> usize {
        self.capacity()
    }
}
