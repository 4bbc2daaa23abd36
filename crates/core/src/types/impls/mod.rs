//! How the types of the standard library map to logical types.
//!
//! | Rust | SQL |
//! |---|---|
//! | `bool` | `BOOLEAN` |
//! | `i8`, `i16`, `i32`, `i64` | `TINYINT`, `SMALLINT`, `INT`, `BIGINT` |
//! | `u8`, `u16`, `u32`, `u64` | `SMALLINT`, `INT`, `BIGINT`, `DECIMAL(20, 0)`: the next that holds all values |
//! | `i128` | `DECIMAL(38, 0)` |
//! | `f32`, `f64` | `FLOAT`, `DOUBLE` |
//! | `String`, `CompactString`, `Box<str>`, `Arc<str>` | `STRING` |
//! | [`Bytes`] | `BYTES` |
//! | `EventTime`, `ProcessingTime` | `TIMESTAMP_LTZ(3)` |
//! | `Vec<T>`, `[T; N]` | `ARRAY<T>`; so `Vec<u8>` is `ARRAY<SMALLINT NOT NULL>` |
//! | `BTreeMap<K, V>`, `HashMap<K, V>` | `MAP<K, V>` |
//! | `()`, tuples of up to eight | `ROW<f0, f1, ..>` |
//! | `Option<T>` | the type of `T`, nullable; everything else is `NOT NULL` |
//! | `Box<T>` | the type of `T` |
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
