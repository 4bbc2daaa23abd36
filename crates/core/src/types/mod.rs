//! Types: Flink's logical types, one versioned encoding of their values, and how Rust types map to them.
//!
//! - [`LogicalType`]: what a value means. - [`TypeInformation`]: how a Rust type says what it means.
//! - [`codec`]: values as bytes. - [`to_record_batch`], [`from_record_batch`]: values as Arrow columns.
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
//!
//! A type cannot contain itself, not even in a `Box` or a `Vec`: SQL has no recursive types.
mod arrow;
pub mod codec;
mod impls;
mod info;
mod logical;
mod opaque;
#[doc(hidden)]
pub mod row;

pub use arrow::{from_record_batch, record_schema, to_record_batch};
pub use impls::Bytes;
pub use info::{Key, TypeInformation};
pub use logical::{LogicalType, RowField, TypeRoot};
pub use opaque::{Opaque, OpaqueCodec};
