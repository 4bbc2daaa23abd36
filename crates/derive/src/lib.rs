//! Derives type information for Rust types that flow through streams.
//!
//! The way of a type through these files: `attributes` and `shape` turn what the compiler parsed into
//! the shape of a ROW or of an enum, with all complaints; `fields` writes what is common to every row of
//! fields; `type_information` and `key` put the implementations together.
//!
//! The code that comes out calls `hurtig::core`, what a program that depends on `hurtig` sees; a crate that
//! depends on `hurtig-core` alone says `#[hurtig(crate = "hurtig_core")]`.
mod attributes;
mod fields;
mod key;
mod shape;
mod type_information;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Derives `TypeInformation`.
///
/// | Rust | SQL |
/// |---|---|
/// | a struct with named fields | a `ROW` of them |
/// | a tuple struct, also of one field | a `ROW` of `f0`, `f1` and so on |
/// | an enum without data | `STRING`: the name of the variant |
/// | an enum with data | a `ROW` of the variant's name, `type STRING NOT NULL`, and one nullable field per variant with data, named like it: the data's own type if it is one unnamed field, else a `ROW` of the fields |
///
/// Type parameters are bound by `TypeInformation`; a type with lifetimes is refused, as what flows through a
/// stream owns what it holds.
///
/// Attributes: `#[hurtig(rename = "name")]` on a field or a variant gives its name in the `ROW`;
/// `#[hurtig(crate = "path")]` on the type says where `hurtig-core` is found, by default `::hurtig::core`.
///
/// ```
/// use hurtig_core::TypeInformation as _;
/// use hurtig_derive::TypeInformation;
///
/// #[derive(Clone, TypeInformation)]
/// # #[hurtig(crate = "hurtig_core")]
/// struct Bid {
///     auction: i64,
///     #[hurtig(rename = "user")]
///     bidder: Option<String>,
/// }
///
/// #[derive(Clone, TypeInformation)]
/// # #[hurtig(crate = "hurtig_core")]
/// enum Event {
///     Closed,
///     Placed(Bid),
/// }
///
/// assert_eq!(Bid::logical_type().to_string(), "ROW<`auction` BIGINT NOT NULL, `user` STRING> NOT NULL");
/// assert_eq!(
///     Event::logical_type().to_string(),
///     "ROW<`type` STRING NOT NULL, `Placed` ROW<`auction` BIGINT NOT NULL, `user` STRING>> NOT NULL",
/// );
/// ```
#[proc_macro_derive(TypeInformation, attributes(hurtig))]
pub fn derive_type_information(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    type_information::expand(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Derives `Key`, beside `TypeInformation`: the hash and the equality of the `ROW` or the `STRING` that
/// `TypeInformation` makes of the type. Type parameters are bound by `Key`; the attributes are the same.
///
/// ```
/// use hurtig_core::Key as _;
/// use hurtig_derive::{Key, TypeInformation};
///
/// #[derive(Clone, TypeInformation, Key)]
/// # #[hurtig(crate = "hurtig_core")]
/// struct Place {
///     x: i32,
///     y: i64,
/// }
///
/// assert_eq!(Place { x: 1, y: 2 }.key_hash(), (1_i64, 2_u8).key_hash());
/// ```
#[proc_macro_derive(Key, attributes(hurtig))]
pub fn derive_key(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    key::expand(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}
