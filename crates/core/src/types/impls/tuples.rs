//! Tuples: a ROW of `f0`, `f1` and so on, as Flink names the fields of its tuples.
use arrow_array::{Array, ArrayRef};

use crate::key::hash;
use crate::types::codec::{DecodeError, Reader};
use crate::types::impls::read::Values;
use crate::types::row::{self, Columns, RowDecoder, RowEncoder};
use crate::types::{Key, LogicalType, TypeInformation};

macro_rules! tuple {
    ($($type:ident $index:tt $name:literal)*) => {
        #[allow(unused_variables, unused_mut, non_snake_case, clippy::unused_unit)]
        impl<$($type: TypeInformation),*> TypeInformation for ($($type,)*) {
            const HAS_HEAP: bool = false $(|| $type::HAS_HEAP)*;
            const MIN_BYTES: usize = row::min_bytes(&[$($type::NULLABLE),*], &[$($type::MIN_BYTES),*]);

            fn logical_type() -> LogicalType {
                LogicalType::row([$(row::field::<$type>($name)),*]).not_null()
            }

            #[inline]
            fn encode(&self, out: &mut Vec<u8>) {
                let mut row = RowEncoder::new(out, const { row::nullable_count(&[$($type::NULLABLE),*]) });
                $(row.field(&self.$index);)*
            }

            #[inline]
            fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
                let nullable = const { row::nullable_count(&[$($type::NULLABLE),*]) };
                let mut row = RowDecoder::new(input, nullable)?;
                Ok(($(row.field::<$type>()?,)*))
            }

            #[inline]
            fn heap_bytes(&self) -> usize {
                0 $(+ self.$index.heap_bytes())*
            }

            fn to_array(values: &[Option<&Self>]) -> ArrayRef {
                $(let $type: Vec<_> = values.iter().map(|value| value.map(|tuple| &tuple.$index)).collect();)*
                let columns = vec![$(row::column::<$type>($name, &$type)),*];
                row::struct_array(columns, values.len(), values.iter().map(Option::is_some).collect())
            }

            fn from_array(array: &dyn Array) -> Values<Self> {
                let columns = Columns::new(array, Self::logical_type)?;
                $(let mut $type = (columns.column::<$type>($name)?, None);)*
                let mut values = Vec::with_capacity(columns.len());
                for row in 0..columns.len() {
                    $($type.1 = $type.0.take();)*
                    values.push(match columns.is_valid(row) {
                        true => Some(($($type.0.required($type.1.take(), row)?,)*)),
                        false => None,
                    });
                }
                Ok(values)
            }
        }

        #[allow(unused_variables, unused_mut)]
        impl<$($type: Key),*> Key for ($($type,)*) {
            #[inline]
            fn key_hash(&self) -> u64 {
                let mut composite = hash::Composite::new(<[&str]>::len(&[$($name),*]));
                $(composite.add(self.$index.key_hash());)*
                composite.finish()
            }

            #[inline]
            fn key_eq(&self, other: &Self) -> bool {
                true $(&& self.$index.key_eq(&other.$index))*
            }
        }
    };
}

tuple!();
tuple!(A 0 "f0");
tuple!(A 0 "f0" B 1 "f1");
tuple!(A 0 "f0" B 1 "f1" C 2 "f2");
tuple!(A 0 "f0" B 1 "f1" C 2 "f2" D 3 "f3");
tuple!(A 0 "f0" B 1 "f1" C 2 "f2" D 3 "f3" E 4 "f4");
tuple!(A 0 "f0" B 1 "f1" C 2 "f2" D 3 "f3" E 4 "f4" F 5 "f5");
tuple!(A 0 "f0" B 1 "f1" C 2 "f2" D 3 "f3" E 4 "f4" F 5 "f5" G 6 "f6");
tuple!(A 0 "f0" B 1 "f1" C 2 "f2" D 3 "f3" E 4 "f4" F 5 "f5" G 6 "f6" H 7 "f7");
