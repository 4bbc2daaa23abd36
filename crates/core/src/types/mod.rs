//! Types: Flink's logical types, one versioned encoding of their values, and how Rust types map to them.
//!
//! - [`LogicalType`]: what a value means. - [`TypeInformation`]: how a Rust type says what it means.
//! - [`codec`]: values as bytes. - [`to_record_batch`], [`from_record_batch`]: values as Arrow columns.
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
