//! Reading Arrow arrays whose physical type is one of several that can hold the values.
use std::ops::Deref;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;

use crate::types::TypeInformation;
use crate::types::codec::DecodeError;

/// What [`TypeInformation::from_array`] gives.
pub type Values<T> = Result<Vec<Option<T>>, DecodeError>;

/// An array that is no dictionary.
pub enum Plain<'a> {
    /// It was none.
    Given(&'a dyn Array),
    /// It was one, and these are the values that its keys point to.
    Resolved(ArrayRef),
}

impl<'a> Deref for Plain<'a> {
    type Target = dyn Array + 'a;

    fn deref(&self) -> &(dyn Array + 'a) {
        match self {
            Plain::Given(array) => *array,
            Plain::Resolved(array) => array.as_ref(),
        }
    }
}

/// The array itself, or its values in order if it is a dictionary.
pub fn plain(array: &dyn Array) -> Result<Plain<'_>, DecodeError> {
    match array.as_any_dictionary_opt() {
        None => Ok(Plain::Given(array)),
        Some(dictionary) => {
            let values = arrow_select::take::take(dictionary.values(), dictionary.keys(), None);
            let values = values.map_err(|error| DecodeError::column("a dictionary", error.to_string()))?;
            Ok(Plain::Resolved(values))
        }
    }
}

/// Reads `array` with `read`, which gives `None` for an array of a type that cannot hold a `T`. Dictionaries
/// and columns of bare NULLs are dealt with here.
pub fn values<T: TypeInformation>(
    array: &dyn Array,
    read: impl FnOnce(&dyn Array) -> Option<Values<T>>,
) -> Values<T> {
    let array = plain(array)?;
    if array.data_type() == &DataType::Null {
        return Ok((0..array.len()).map(|_| None).collect());
    }
    read(&*array).unwrap_or_else(|| {
        Err(DecodeError::column(T::logical_type().to_string(), array.data_type().to_string()))
    })
}
