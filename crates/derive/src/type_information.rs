//! `impl TypeInformation`.
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{DeriveInput, Path, Result};

use crate::fields;
use crate::shape::{DISCRIMINANT, Field, Input, Shape, Variant, VariantData};

/// The implementation for a parsed type.
pub fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let input = Input::new(input)?;
    let core = &input.core;
    let body = match &input.shape {
        Shape::Row(fields) => row(core, fields),
        Shape::Names(variants) => names(core, variants),
        Shape::Variants(variants) => data_variants(core, variants),
    };
    let header = input.header(&quote!(#core::types::TypeInformation));
    Ok(implementation(core, &header, &body))
}

/// The bodies of the trait's items, written with `out`, `input`, `values` and `array` as their parameters.
struct Body {
    has_heap: TokenStream,
    min_bytes: TokenStream,
    logical_type: TokenStream,
    encode: TokenStream,
    decode: TokenStream,
    heap_bytes: TokenStream,
    to_array: TokenStream,
    from_array: TokenStream,
}

fn implementation(core: &Path, header: &TokenStream, body: &Body) -> TokenStream {
    let Body { has_heap, min_bytes, logical_type, encode, decode, heap_bytes, to_array, from_array } = body;
    quote! {
        #[automatically_derived]
        #[allow(unused_variables, unused_mut)]
        #header {
            const HAS_HEAP: bool = #has_heap;
            const MIN_BYTES: usize = #min_bytes;

            fn logical_type() -> #core::types::LogicalType {
                #logical_type
            }

            #[inline]
            fn encode(&self, out: &mut ::std::vec::Vec<u8>) {
                #encode
            }

            #[inline]
            fn decode(
                input: &mut #core::types::codec::Reader<'_>,
            ) -> ::core::result::Result<Self, #core::types::codec::DecodeError> {
                #decode
            }

            #[inline]
            fn heap_bytes(&self) -> usize {
                #heap_bytes
            }

            fn to_array(values: &[::core::option::Option<&Self>]) -> #core::types::row::ArrayRef {
                #to_array
            }

            fn from_array(
                array: &dyn #core::types::row::Array,
            ) -> ::core::result::Result<
                ::std::vec::Vec<::core::option::Option<Self>>,
                #core::types::codec::DecodeError,
            > {
                #from_array
            }
        }
    }
}

fn row(core: &Path, fields: &[Field]) -> Body {
    let this = quote!(Self);
    let pattern = fields::pattern(&this, fields);
    let logical_type = fields::logical_type(core, fields);
    let encode = fields::encode(core, fields, &quote!(out));
    let decode = fields::decode(core, &this, fields, &quote!(input));
    let heap_bytes = fields::heap_bytes(core, fields);
    let open = fields::open_columns(fields, &quote!(columns));
    let take = fields::take(fields);
    let construct = fields::construct(&this, fields);
    Body {
        has_heap: fields::has_heap(core, fields.iter()),
        min_bytes: fields::min_bytes(core, fields),
        logical_type: quote!(#logical_type.not_null()),
        encode: quote!(let #pattern = self; #encode),
        decode: quote!(::core::result::Result::Ok(#decode)),
        heap_bytes: quote!(let #pattern = self; #heap_bytes),
        to_array: fields::struct_array(core, &this, fields),
        from_array: from_rows(core, &open, &take, &construct),
    }
}

/// Reads a struct array: `open` its columns, `take` each row's values, `construct` the value of a row.
fn from_rows(core: &Path, open: &TokenStream, take: &TokenStream, construct: &TokenStream) -> TokenStream {
    quote! {
        let columns = #core::types::row::Columns::new(
            array,
            <Self as #core::types::TypeInformation>::logical_type,
        )?;
        #open
        let mut rows = ::std::vec::Vec::with_capacity(columns.len());
        for index in 0..columns.len() {
            #take
            rows.push(if columns.is_valid(index) {
                ::core::option::Option::Some(#construct)
            } else {
                ::core::option::Option::None
            });
        }
        ::core::result::Result::Ok(rows)
    }
}

fn names(core: &Path, variants: &[Variant]) -> Body {
    let paths: Vec<TokenStream> = variants.iter().map(Variant::path).collect();
    let names: Vec<&str> = variants.iter().map(|variant| variant.name.as_str()).collect();
    Body {
        has_heap: quote!(false),
        min_bytes: quote!(1),
        logical_type: quote!(#core::types::LogicalType::string().not_null()),
        encode: quote! {
            let name: &str = match self { #(#paths {} => #names,)* };
            #core::types::codec::write_bytes(out, name.as_bytes());
        },
        decode: quote! {
            let start = input.offset();
            match input.length_and_str()? {
                #(#names => ::core::result::Result::Ok(#paths {}),)*
                other => ::core::result::Result::Err(#core::types::row::unknown_variant(start, other)),
            }
        },
        heap_bytes: quote!(0),
        to_array: quote! {
            #core::types::row::names_to_array(values.iter().map(|value| match value {
                #(::core::option::Option::Some(#paths {}) => ::core::option::Option::Some(#names),)*
                ::core::option::Option::None => ::core::option::Option::None,
            }))
        },
        from_array: quote! {
            #core::types::row::names_from_array(array, |name| match name {
                #(#names => ::core::option::Option::Some(#paths {}),)*
                _ => ::core::option::Option::None,
            })
        },
    }
}

fn data_variants(core: &Path, variants: &[Variant]) -> Body {
    let with_data = variants.iter().filter(|variant| variant.has_data()).count();
    let heap_bytes = variants.iter().map(|variant| {
        let pattern = fields::pattern(&variant.path(), variant.fields());
        let bytes = fields::heap_bytes(core, variant.fields());
        quote!(#pattern => #bytes,)
    });
    Body {
        has_heap: fields::has_heap(core, variants.iter().flat_map(Variant::fields)),
        // The bitmap of the variants and the length of the discriminant.
        min_bytes: {
            let bytes = with_data.div_ceil(8) + 1;
            quote!(#bytes)
        },
        logical_type: variants_type(core, variants),
        encode: encode_variants(core, variants, with_data),
        decode: decode_variants(core, variants, with_data),
        heap_bytes: quote!(match self { #(#heap_bytes)* }),
        to_array: variants_to_array(core, variants),
        from_array: variants_from_array(core, variants),
    }
}

fn variants_type(core: &Path, variants: &[Variant]) -> TokenStream {
    let fields = variants.iter().filter_map(|variant| {
        let name = &variant.name;
        let data = match &variant.data {
            VariantData::None => return None,
            VariantData::Value(field) => {
                let type_information = field.type_information(core);
                quote!(#type_information::logical_type().nullable())
            }
            VariantData::Row(fields) => fields::logical_type(core, fields),
        };
        Some(quote!(#core::types::RowField::new(#name, #data)))
    });
    quote! {
        #core::types::LogicalType::row([
            #core::types::RowField::new(#DISCRIMINANT, #core::types::LogicalType::string().not_null()),
            #(#fields),*
        ])
        .not_null()
    }
}

fn encode_variants(core: &Path, variants: &[Variant], with_data: usize) -> TokenStream {
    let mut before = 0_usize;
    let arms = variants.iter().map(|variant| {
        let (name, pattern) = (&variant.name, fields::pattern(&variant.path(), variant.fields()));
        let data = match &variant.data {
            VariantData::None => quote!(),
            VariantData::Value(field) => {
                let local = &field.local;
                quote!(variants.nullable(#local);)
            }
            VariantData::Row(fields) => {
                let encode = fields::encode(core, fields, &quote!(variants.present()));
                quote!({ #encode })
            }
        };
        let nulls_before = std::iter::repeat_n(quote!(variants.null();), before);
        before += usize::from(variant.has_data());
        let after = with_data - before;
        let (nulls_before, nulls_after) = match variant.has_data() {
            true => (quote!(#(#nulls_before)*), repeat_null(after)),
            false => (repeat_null(with_data), quote!()),
        };
        // The bits do not depend on the order of the calls in which bytes are appended.
        quote!(#pattern => { variants.text(#name); #nulls_before #data #nulls_after })
    });
    quote! {
        let mut variants = #core::types::row::RowEncoder::new(out, #with_data);
        match self { #(#arms)* }
    }
}

fn repeat_null(count: usize) -> TokenStream {
    let nulls = std::iter::repeat_n(quote!(variants.null();), count);
    quote!(#(#nulls)*)
}

fn decode_variants(core: &Path, variants: &[Variant], with_data: usize) -> TokenStream {
    let mut before = 0_usize;
    let arms = variants.iter().map(|variant| {
        let (name, path) = (&variant.name, variant.path());
        let nulls_before = if variant.has_data() { before } else { with_data };
        before += usize::from(variant.has_data());
        let nulls_after = if variant.has_data() { with_data - before } else { 0 };
        let value = match &variant.data {
            VariantData::None => quote!(#path {}),
            VariantData::Value(field) => {
                let Field { member, ty, .. } = &**field;
                quote!(#path { #member: variants.nullable::<#ty>()? })
            }
            VariantData::Row(fields) => {
                let decode = fields::decode(core, &path, fields, &quote!(variants.required(#name)?));
                quote!(#decode)
            }
        };
        quote! {
            #name => {
                variants.nulls(#nulls_before)?;
                let value = #value;
                variants.nulls(#nulls_after)?;
                ::core::result::Result::Ok(value)
            }
        }
    });
    quote! {
        let start = input.offset();
        let mut variants = #core::types::row::RowDecoder::new(input, #with_data)?;
        match variants.text()? {
            #(#arms)*
            other => ::core::result::Result::Err(#core::types::row::unknown_variant(start, other)),
        }
    }
}

fn variants_to_array(core: &Path, variants: &[Variant]) -> TokenStream {
    let (paths, names) = (variants.iter().map(Variant::path), variants.iter().map(|variant| &variant.name));
    let columns = variants.iter().filter_map(|variant| {
        let (name, path) = (&variant.name, variant.path());
        match &variant.data {
            VariantData::None => None,
            VariantData::Value(field) => {
                let (local, ty, gather) = (&field.local, &field.ty, fields::gather(&path, field));
                Some(quote!({ #gather #core::types::row::nullable_column::<#ty>(#name, &#local) }))
            }
            VariantData::Row(fields) => {
                let array = fields::struct_array(core, &path, fields);
                Some(quote!(#core::types::row::named(#name, true, #array)))
            }
        }
    });
    quote! {
        let names = #core::types::row::names_to_array(values.iter().map(|value| match value {
            #(::core::option::Option::Some(#paths { .. }) => ::core::option::Option::Some(#names),)*
            ::core::option::Option::None => ::core::option::Option::None,
        }));
        let columns = ::std::vec![
            #core::types::row::named(#DISCRIMINANT, false, names),
            #(#columns),*
        ];
        let valid = values.iter().map(::core::option::Option::is_some).collect();
        #core::types::row::struct_array(columns, values.len(), valid)
    }
}

fn variants_from_array(core: &Path, variants: &[Variant]) -> TokenStream {
    let opened = variants.iter().enumerate().map(|(index, variant)| match &variant.data {
        VariantData::None => quote!(),
        VariantData::Value(field) => {
            let (Field { local, ty, .. }, name) = (&**field, &variant.name);
            quote!(let mut #local = (columns.column::<#ty>(#name)?, ::core::option::Option::None);)
        }
        VariantData::Row(fields) => {
            let (name, rows) = (&variant.name, rows_local(index));
            let (logical_type, open) =
                (fields::logical_type(core, fields), fields::open_columns(fields, &quote!(#rows)));
            quote!(let #rows = columns.columns(#name, || #logical_type)?; #open)
        }
    });
    let taken = variants.iter().map(|variant| fields::take(variant.fields()));
    let arms = variants.iter().enumerate().map(|(index, variant)| {
        let (name, value) = (&variant.name, fields::construct(&variant.path(), variant.fields()));
        let check = match &variant.data {
            VariantData::Row(_) => {
                let rows = rows_local(index);
                quote!(#rows.require(index, #name)?;)
            }
            _ => quote!(),
        };
        quote!(#name => { #check #value })
    });
    let open = quote! {
        let mut discriminant = columns.column::<#core::types::row::Name>(#DISCRIMINANT)?;
        #(#opened)*
    };
    let take = quote! {
        let name = discriminant.take();
        #(#taken)*
    };
    let construct = quote! {
        match discriminant.required(name, index)?.as_str() {
            #(#arms)*
            other => return ::core::result::Result::Err(discriminant.unknown_variant(index, other)),
        }
    };
    from_rows(core, &open, &take, &construct)
}

fn rows_local(variant: usize) -> proc_macro2::Ident {
    format_ident!("variant_{variant}_rows", span = proc_macro2::Span::mixed_site())
}

#[cfg(test)]
mod tests {
    fn check(program: &str, expect: Result<&str, &str>) {
        let input = syn::parse_str(program).unwrap();
        match (super::expand(&input), expect) {
            (Ok(code), Ok(part)) => {
                let code = code.to_string();
                assert!(code.contains(part), "{code}");
            }
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
            (Ok(code), Err(_)) => panic!("accepted {program}: {code}"),
            (Err(error), Ok(_)) => panic!("refused {program}: {error}"),
        }
    }

    #[test]
    fn paths_go_through_the_facade_unless_told_otherwise() {
        check("struct A { b: i32 }", Ok("impl :: hurtig :: core :: types :: TypeInformation for A"));
        check(
            r#"#[hurtig(crate = "hurtig_core")] struct A;"#,
            Ok("impl hurtig_core :: types :: TypeInformation"),
        );
        check(r#"struct A { #[hurtig(rename = "x y")] b: i32 }"#, Ok("\"x y\""));
        check("struct A { r#type: i32 }", Ok("\"type\""));
        check("struct A(i32, i64);", Ok("\"f1\""));
        check("struct A<T>(T);", Ok("impl < T : :: hurtig :: core :: types :: TypeInformation >"));
    }

    #[test]
    fn what_has_no_logical_type_is_refused() {
        check("union A { b: i32 }", Err("use an enum"));
        check("enum A {}", Err("no values"));
        check("struct A<'a>(&'a str);", Err("no lifetimes"));
        check(r#"struct A { b: i32, #[hurtig(rename = "b")] c: i32 }"#, Err("`b` is already taken"));
        check("enum A { r#type(i32) }", Err("`type` is taken"));
        check("struct A { #[hurtig(nmae = \"x\")] b: i32 }", Err("rename"));
        check("#[hurtig(rename = \"x\")] struct A;", Err("crate"));
    }
}
