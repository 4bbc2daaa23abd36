//! Code for a row of fields, be it a struct or the data of a variant.
use proc_macro2::TokenStream;
use quote::quote;
use syn::Path;

use crate::shape::Field;

/// `Path { member: local, .. }`: takes a value apart.
pub fn pattern(path: &TokenStream, fields: &[Field]) -> TokenStream {
    let fields = fields.iter().map(|Field { member, local, .. }| quote!(#member: #local));
    quote!(#path { #(#fields),* })
}

/// The ROW type, nullable.
pub fn logical_type(core: &Path, fields: &[Field]) -> TokenStream {
    let fields = fields.iter().map(|field| {
        let (name, type_information) = (&field.name, field.type_information(core));
        quote!(#core::types::RowField::new(#name, #type_information::logical_type()))
    });
    quote!(#core::types::LogicalType::row([#(#fields),*]))
}

/// How many of the fields are nullable, a constant.
fn nullable_count(core: &Path, fields: &[Field]) -> TokenStream {
    let nullable = nullable(core, fields);
    quote!(const { #core::types::row::nullable_count(&[#(#nullable),*]) })
}

fn nullable(core: &Path, fields: &[Field]) -> impl Iterator<Item = TokenStream> {
    fields.iter().map(|field| {
        let type_information = field.type_information(core);
        quote!(#type_information::NULLABLE)
    })
}

/// The fewest bytes of the row, a constant.
pub fn min_bytes(core: &Path, fields: &[Field]) -> TokenStream {
    let nullable = nullable(core, fields);
    let bytes = fields.iter().map(|field| {
        let type_information = field.type_information(core);
        quote!(#type_information::MIN_BYTES)
    });
    quote!(#core::types::row::min_bytes(&[#(#nullable),*], &[#(#bytes),*]))
}

/// Whether any field may own memory, a constant.
pub fn has_heap<'a>(core: &Path, fields: impl Iterator<Item = &'a Field>) -> TokenStream {
    let has_heap = fields.map(|field| {
        let type_information = field.type_information(core);
        quote!(#type_information::HAS_HEAP)
    });
    quote!(false #(|| #has_heap)*)
}

/// The sum of what the local variables own.
pub fn heap_bytes(core: &Path, fields: &[Field]) -> TokenStream {
    let bytes = fields.iter().map(|field| {
        let (local, type_information) = (&field.local, field.type_information(core));
        quote!(#type_information::heap_bytes(#local))
    });
    quote!(0 #(+ #bytes)*)
}

/// Appends the local variables to the expression `out`.
pub fn encode(core: &Path, fields: &[Field], out: &TokenStream) -> TokenStream {
    let (count, locals) = (nullable_count(core, fields), fields.iter().map(|field| &field.local));
    quote! {
        let mut row = #core::types::row::RowEncoder::new(#out, #count);
        #(row.field(#locals);)*
    }
}

/// Reads the fields from the expression `input` and puts the value together.
pub fn decode(core: &Path, path: &TokenStream, fields: &[Field], input: &TokenStream) -> TokenStream {
    let count = nullable_count(core, fields);
    let fields = fields.iter().map(|Field { member, ty, .. }| quote!(#member: row.field::<#ty>()?));
    quote! {{
        let mut row = #core::types::row::RowDecoder::new(#input, #count)?;
        #path { #(#fields),* }
    }}
}

/// The references to one field of all `values` of the shape `path`.
pub fn gather(path: &TokenStream, field: &Field) -> TokenStream {
    let Field { member, local, ty, .. } = field;
    quote! {
        let #local: ::std::vec::Vec<::core::option::Option<&#ty>> = values
            .iter()
            .map(|value| match value {
                ::core::option::Option::Some(#path { #member: #local, .. }) => {
                    ::core::option::Option::Some(#local)
                }
                _ => ::core::option::Option::None,
            })
            .collect();
    }
}

/// A block that gives the struct array of those `values` that have the shape `path`.
pub fn struct_array(core: &Path, path: &TokenStream, fields: &[Field]) -> TokenStream {
    let gathered = fields.iter().map(|field| gather(path, field));
    let columns = fields
        .iter()
        .map(|Field { name, local, ty, .. }| quote!(#core::types::row::column::<#ty>(#name, &#local)));
    quote! {{
        #(#gathered)*
        let valid = values
            .iter()
            .map(|value| ::core::matches!(value, ::core::option::Option::Some(#path { .. })))
            .collect();
        #core::types::row::struct_array(::std::vec![#(#columns),*], values.len(), valid)
    }}
}

/// Opens the columns of the struct array `columns`, each in the local variable of its field.
pub fn open_columns(fields: &[Field], columns: &TokenStream) -> TokenStream {
    let opened = fields.iter().map(|Field { local, name, ty, .. }| {
        quote!(let mut #local = (#columns.column::<#ty>(#name)?, ::core::option::Option::None);)
    });
    quote!(#(#opened)*)
}

/// Takes the next row's values from the opened columns.
pub fn take(fields: &[Field]) -> TokenStream {
    let locals = fields.iter().map(|field| &field.local);
    quote!(#(#locals.1 = #locals.0.take();)*)
}

/// The value of which the fields have been taken from the row `index`.
pub fn construct(path: &TokenStream, fields: &[Field]) -> TokenStream {
    let fields = fields
        .iter()
        .map(|Field { member, local, .. }| quote!(#member: #local.0.required(#local.1.take(), index)?));
    quote!(#path { #(#fields),* })
}

/// The hash of the local variables as one composite.
pub fn key_hash(core: &Path, fields: &[Field]) -> TokenStream {
    let count = fields.len();
    let hashes = fields.iter().map(|field| field_hash(core, field));
    quote! {{
        let mut composite = #core::key::hash::Composite::new(#count);
        #(composite.add(#hashes);)*
        composite.finish()
    }}
}

/// The hash of one local variable.
pub fn field_hash(core: &Path, field: &Field) -> TokenStream {
    let (local, key) = (&field.local, field.key(core));
    quote!(#key::key_hash(#local))
}
