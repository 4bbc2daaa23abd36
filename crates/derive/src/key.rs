//! `impl Key`.
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{DeriveInput, Path, Result};

use crate::fields;
use crate::shape::{Field, Input, Shape, Variant, VariantData};

/// The implementation for a parsed type.
pub fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let input = Input::new(input)?;
    let core = &input.core;
    let (key_hash, key_eq) = match &input.shape {
        Shape::Row(fields) => {
            let (this, hash) = (quote!(Self), fields::key_hash(core, fields));
            let pattern = fields::pattern(&this, fields);
            let arm = eq_arm(core, &this, fields);
            (quote!(let #pattern = self; #hash), quote!(match (self, other) { #arm }))
        }
        Shape::Names(variants) => (names_hash(core, variants), variants_eq(core, variants)),
        Shape::Variants(variants) => (variants_hash(core, variants), variants_eq(core, variants)),
    };
    let header = input.header(&quote!(#core::types::Key));
    Ok(quote! {
        #[automatically_derived]
        #[allow(unused_variables, unused_mut, unreachable_patterns)]
        #header {
            #[inline]
            fn key_hash(&self) -> u64 {
                #key_hash
            }

            #[inline]
            fn key_eq(&self, other: &Self) -> bool {
                #key_eq
            }
        }
    })
}

fn names_hash(core: &Path, variants: &[Variant]) -> TokenStream {
    let (paths, names) = (variants.iter().map(Variant::path), variants.iter().map(|variant| &variant.name));
    quote! {
        let name: &str = match self { #(#paths {} => #names,)* };
        #core::key::hash::bytes(name.as_bytes())
    }
}

/// The hash of the ROW: of the variant's name, and of one field for each variant with data.
fn variants_hash(core: &Path, variants: &[Variant]) -> TokenStream {
    let with_data = variants.iter().filter(|variant| variant.has_data()).count();
    let count = with_data + 1;
    let mut before = 0;
    let arms = variants.iter().map(|variant| {
        let (name, pattern) = (&variant.name, fields::pattern(&variant.path(), variant.fields()));
        let data = match &variant.data {
            VariantData::None => None,
            VariantData::Value(field) => Some(fields::field_hash(core, field)),
            VariantData::Row(fields) => Some(fields::key_hash(core, fields)),
        };
        let null = quote!(#core::key::hash::NULL);
        let own = data.is_some().then_some(before);
        before += usize::from(data.is_some());
        let hashes = (0..with_data).map(|place| match (&data, own == Some(place)) {
            (Some(data), true) => data,
            _ => &null,
        });
        quote! {
            #pattern => {
                composite.add(#core::key::hash::bytes(#name.as_bytes()));
                #(composite.add(#hashes);)*
            }
        }
    });
    quote! {
        let mut composite = #core::key::hash::Composite::new(#count);
        match self { #(#arms)* }
        composite.finish()
    }
}

fn variants_eq(core: &Path, variants: &[Variant]) -> TokenStream {
    let arms = variants.iter().map(|variant| eq_arm(core, &variant.path(), variant.fields()));
    quote!(match (self, other) { #(#arms)* _ => false })
}

/// `(Path { a: one .. }, Path { a: other .. }) => ..`.
fn eq_arm(core: &Path, path: &TokenStream, fields: &[Field]) -> TokenStream {
    let one = fields::pattern(path, fields);
    let others: Vec<_> = fields.iter().map(|field| format_ident!("other_{}", field.local)).collect();
    let members = fields.iter().map(|field| &field.member);
    let equal = fields.iter().zip(&others).map(|(field, other)| {
        let (local, key) = (&field.local, field.key(core));
        quote!(#key::key_eq(#local, #other))
    });
    quote! {
        (#one, #path { #(#members: #others),* }) => true #(&& #equal)*,
    }
}
