//! Foreign types, kept as bytes that only their own codec reads.
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BinaryArray};

use crate::error::BoxError;
use crate::types::codec::{self, DecodeError, Reader};
use crate::types::impls::byte_strings;
use crate::types::impls::read::{self, Values};
use crate::types::{LogicalType, TypeInformation};

/// How values of a foreign type become bytes. Flink's `TypeSerializer` behind a `RAW` type.
///
/// What has been written must stay readable for as long as state with it lives: a codec that changes its
/// format must go on reading the old one.
pub trait OpaqueCodec<T>: Send + Sync + 'static {
    /// The name in `RAW('name')`. Two codecs of one name are taken for the same.
    const NAME: &'static str;

    /// Appends the value's bytes; what is already in `out` belongs to others.
    fn encode(value: &T, out: &mut Vec<u8>);

    /// The value with exactly these bytes.
    fn decode(bytes: &[u8]) -> Result<T, BoxError>;

    /// Bytes that the value owns beyond `size_of::<T>()`.
    fn heap_bytes(_value: &T) -> usize {
        0
    }
}

/// A value of a foreign type: it flows through streams and lies in state as `RAW`, opaque to SQL.
///
/// ```
/// use std::net::Ipv4Addr;
///
/// use hurtig_core::types::codec::Reader;
/// use hurtig_core::types::{Opaque, OpaqueCodec, TypeInformation};
/// use hurtig_core::BoxError;
///
/// struct Octets;
///
/// impl OpaqueCodec<Ipv4Addr> for Octets {
///     const NAME: &'static str = "ipv4";
///
///     fn encode(address: &Ipv4Addr, out: &mut Vec<u8>) {
///         out.extend_from_slice(&address.octets());
///     }
///
///     fn decode(bytes: &[u8]) -> Result<Ipv4Addr, BoxError> {
///         Ok(Ipv4Addr::from(<[u8; 4]>::try_from(bytes)?))
///     }
/// }
///
/// type Address = Opaque<Ipv4Addr, Octets>;
///
/// let address = Address::new(Ipv4Addr::new(10, 0, 0, 7));
/// assert_eq!(Address::logical_type().to_string(), "RAW('ipv4') NOT NULL");
/// assert!(address.is_private());
///
/// let mut bytes = Vec::new();
/// address.encode(&mut bytes);
/// assert_eq!(Address::decode(&mut Reader::new(&bytes)).unwrap(), address);
/// ```
pub struct Opaque<T, C> {
    value: T,
    codec: PhantomData<fn() -> C>,
}

impl<T, C: OpaqueCodec<T>> Opaque<T, C> {
    /// Wraps a value.
    pub fn new(value: T) -> Self {
        Opaque { value, codec: PhantomData }
    }

    /// The value itself.
    pub fn into_inner(self) -> T {
        self.value
    }

    fn read(bytes: &[u8]) -> Result<Self, DecodeError> {
        C::decode(bytes).map(Opaque::new).map_err(|error| DecodeError::opaque(C::NAME, error))
    }
}

impl<T, C: OpaqueCodec<T>> From<T> for Opaque<T, C> {
    fn from(value: T) -> Self {
        Opaque::new(value)
    }
}

impl<T, C> Deref for Opaque<T, C> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T, C> DerefMut for Opaque<T, C> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T: Clone, C> Clone for Opaque<T, C> {
    fn clone(&self) -> Self {
        Opaque { value: self.value.clone(), codec: PhantomData }
    }
}

impl<T: fmt::Debug, C> fmt::Debug for Opaque<T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl<T: PartialEq, C> PartialEq for Opaque<T, C> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq, C> Eq for Opaque<T, C> {}

impl<T, C> TypeInformation for Opaque<T, C>
where
    T: Clone + Send + Sync + 'static,
    C: OpaqueCodec<T>,
{
    const HAS_HEAP: bool = true;

    fn logical_type() -> LogicalType {
        LogicalType::raw(C::NAME).not_null()
    }

    fn encode(&self, out: &mut Vec<u8>) {
        // The length is known only afterwards: it is appended and then turned to the front.
        let start = out.len();
        C::encode(&self.value, out);
        let end = out.len();
        codec::write_varint(out, (end - start) as u64);
        let length_bytes = out.len() - end;
        out[start..].rotate_right(length_bytes);
    }

    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Self::read(input.length_and_bytes()?)
    }

    fn heap_bytes(&self) -> usize {
        C::heap_bytes(&self.value)
    }

    fn to_array(values: &[Option<&Self>]) -> ArrayRef {
        let bytes = values.iter().map(|value| {
            value.map(|opaque| {
                let mut bytes = Vec::new();
                C::encode(&opaque.value, &mut bytes);
                bytes
            })
        });
        Arc::new(bytes.collect::<BinaryArray>())
    }

    fn from_array(array: &dyn Array) -> Values<Self> {
        read::values(array, |array| {
            let values = byte_strings(array)?;
            Some(values.into_iter().map(|bytes| bytes.map(Self::read).transpose()).collect())
        })
    }
}
