//! The `#[hurtig(..)]` attributes.
use syn::meta::ParseNestedMeta;
use syn::{Attribute, LitStr, Path, Result, parse_quote};

/// Where the code that comes out finds `hurtig-core`.
pub fn core_path(attributes: &[Attribute]) -> Result<Path> {
    let mut path = parse_quote!(::hurtig::core);
    for_each(attributes, |meta| {
        if !meta.path.is_ident("crate") {
            return Err(meta.error("a type knows no attribute but #[hurtig(crate = \"path\")]"));
        }
        path = meta.value()?.parse::<LitStr>()?.parse_with(Path::parse_mod_style)?;
        Ok(())
    })?;
    Ok(path)
}

/// The name that a field or a variant was given instead of its own.
pub fn rename(attributes: &[Attribute]) -> Result<Option<String>> {
    let mut name = None;
    for_each(attributes, |meta| {
        if !meta.path.is_ident("rename") {
            let message = "a field or a variant knows no attribute but #[hurtig(rename = \"name\")]";
            return Err(meta.error(message));
        }
        name = Some(meta.value()?.parse::<LitStr>()?.value());
        Ok(())
    })?;
    Ok(name)
}

fn for_each(
    attributes: &[Attribute],
    mut read: impl FnMut(&ParseNestedMeta<'_>) -> Result<()>,
) -> Result<()> {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("hurtig")) {
        attribute.parse_nested_meta(|meta| read(&meta))?;
    }
    Ok(())
}
