//! How the types of the standard library map to logical types; the table stands above, in `types`.
mod bytes;
mod floats;
mod integers;
mod lists;
mod maps;
mod nullable;
pub(super) mod read;
mod text;
mod time;
mod tuples;
mod wide;

pub use bytes::Bytes;
pub(super) use bytes::byte_strings;
