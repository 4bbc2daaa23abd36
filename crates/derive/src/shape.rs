//! What a derived type looks like as a logical type, and what cannot be one.
use std::collections::HashSet;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Data, DataEnum, DeriveInput, Error, Fields, GenericParam, Generics, Member, Path, Result, Type};

use crate::attributes;

/// The name of the field that says which variant a value is.
pub const DISCRIMINANT: &str = "type";

/// A type to derive for.
pub struct Input<'a> {
    pub ident: &'a Ident,
    pub generics: &'a Generics,
    /// The path of `hurtig-core`.
    pub core: Path,
    pub shape: Shape,
}

/// What the type becomes.
pub enum Shape {
    /// A struct: a ROW.
    Row(Vec<Field>),
    /// An enum without data: a STRING.
    Names(Vec<Variant>),
    /// An enum with data: a ROW of a discriminant and the variants that have some.
    Variants(Vec<Variant>),
}

/// A field of a ROW.
pub struct Field {
    /// How Rust reaches it.
    pub member: Member,
    /// The local variable that holds it.
    pub local: Ident,
    /// What SQL calls it.
    pub name: String,
    pub ty: Type,
}

/// A variant of an enum.
pub struct Variant {
    pub ident: Ident,
    /// What SQL calls it.
    pub name: String,
    pub data: VariantData,
}

/// The data of a variant.
pub enum VariantData {
    None,
    /// One unnamed field, kept as it is.
    Value(Box<Field>),
    /// Anything else, kept as a ROW.
    Row(Vec<Field>),
}

impl Field {
    /// `<Type as TypeInformation>`, placed where the type stands in the program: there an error is shown.
    pub fn type_information(&self, core: &Path) -> TokenStream {
        let ty = &self.ty;
        quote_spanned!(ty.span()=> <#ty as #core::types::TypeInformation>)
    }

    /// `<Type as Key>`, placed likewise.
    pub fn key(&self, core: &Path) -> TokenStream {
        let ty = &self.ty;
        quote_spanned!(ty.span()=> <#ty as #core::types::Key>)
    }
}

impl Variant {
    /// The pattern and the constructor's path.
    pub fn path(&self) -> TokenStream {
        let ident = &self.ident;
        quote!(Self::#ident)
    }

    /// The fields, however they are kept.
    pub fn fields(&self) -> &[Field] {
        match &self.data {
            VariantData::None => &[],
            VariantData::Value(field) => std::slice::from_ref(field),
            VariantData::Row(fields) => fields,
        }
    }

    /// Whether the variant has a field in the ROW.
    pub fn has_data(&self) -> bool {
        !matches!(self.data, VariantData::None)
    }
}

impl<'a> Input<'a> {
    /// The shape of a parsed type, or what is wrong with it.
    pub fn new(input: &'a DeriveInput) -> Result<Self> {
        let core = attributes::core_path(&input.attrs)?;
        if let Some(lifetime) = input.generics.lifetimes().next() {
            let message = "what flows through a stream owns what it holds: there can be no lifetimes";
            return Err(Error::new(lifetime.span(), message));
        }
        let shape = match &input.data {
            Data::Struct(data) => Shape::Row(fields(&data.fields, "")?),
            Data::Enum(data) => enum_shape(&input.ident, data)?,
            Data::Union(data) => {
                let message = "a union does not say which of its fields holds the value; use an enum";
                return Err(Error::new(data.union_token.span(), message));
            }
        };
        Ok(Input { ident: &input.ident, generics: &input.generics, core, shape })
    }

    /// `impl<T: bound> bound for Type<T>`, to be followed by the body.
    pub fn header(&self, bound: &TokenStream) -> TokenStream {
        let mut generics = self.generics.clone();
        for parameter in &mut generics.params {
            if let GenericParam::Type(parameter) = parameter {
                parameter.bounds.push(syn::parse_quote!(#bound));
            }
        }
        let ident = self.ident;
        let (parameters, _, _) = generics.split_for_impl();
        let (_, arguments, predicates) = self.generics.split_for_impl();
        quote!(impl #parameters #bound for #ident #arguments #predicates)
    }
}

fn enum_shape(ident: &Ident, data: &DataEnum) -> Result<Shape> {
    if data.variants.is_empty() {
        return Err(Error::new(ident.span(), "an enum without variants has no values"));
    }
    let variants = data.variants.iter().enumerate().map(|(index, parsed)| {
        let name = attributes::rename(&parsed.attrs)?.unwrap_or_else(|| parsed.ident.unraw().to_string());
        let fields = fields(&parsed.fields, &format!("variant_{index}_"))?;
        let data = match (&parsed.fields, fields.len()) {
            (_, 0) => VariantData::None,
            (Fields::Unnamed(_), 1) => fields
                .into_iter()
                .next()
                .map_or(VariantData::None, |field| VariantData::Value(Box::new(field))),
            _ => VariantData::Row(fields),
        };
        Ok(Variant { ident: parsed.ident.clone(), name, data })
    });
    let variants = variants.collect::<Result<Vec<_>>>()?;
    let with_data = variants.iter().any(Variant::has_data);
    check_names(variants.iter().map(|variant| (variant.name.as_str(), variant.ident.span())))?;
    if !with_data {
        return Ok(Shape::Names(variants));
    }
    if let Some(variant) = variants.iter().find(|variant| variant.has_data() && variant.name == DISCRIMINANT)
    {
        let message = "the name `type` is taken by the field that says which variant a value is; rename this";
        return Err(Error::new(variant.ident.span(), message));
    }
    Ok(Shape::Variants(variants))
}

fn fields(parsed: &Fields, local_prefix: &str) -> Result<Vec<Field>> {
    let fields = parsed.iter().zip(parsed.members()).enumerate().map(|(index, (field, member))| {
        let name = match (attributes::rename(&field.attrs)?, &field.ident) {
            (Some(name), _) => name,
            (None, Some(ident)) => ident.unraw().to_string(),
            (None, None) => format!("f{index}"),
        };
        let local = format_ident!("{local_prefix}field_{index}", span = Span::mixed_site());
        Ok(Field { member, local, name, ty: field.ty.clone() })
    });
    let fields = fields.collect::<Result<Vec<_>>>()?;
    check_names(fields.iter().map(|field| (field.name.as_str(), field.member.span())))?;
    Ok(fields)
}

fn check_names<'a>(names: impl Iterator<Item = (&'a str, Span)>) -> Result<()> {
    let mut seen = HashSet::new();
    for (name, span) in names {
        if !seen.insert(name) {
            return Err(Error::new(span, format!("the name `{name}` is already taken")));
        }
    }
    Ok(())
}
