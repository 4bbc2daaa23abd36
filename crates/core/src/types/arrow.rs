//! Rust rows as an Arrow `RecordBatch` and back.
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{RecordBatch, RecordBatchOptions, StructArray};
use arrow_schema::{Schema, SchemaRef};

use crate::error::{Error, Result};
use crate::types::{TypeInformation, TypeRoot};

/// The name of the only column of values that are no rows. Flink's name for an atomic type's column.
const ATOMIC: &str = "f0";

/// Whether values of the type are spread over columns: a ROW is, unless it may itself be NULL.
fn is_row<T: TypeInformation>() -> bool {
    !T::NULLABLE && matches!(T::logical_type().root(), TypeRoot::Row(_))
}

/// The schema of the batches that [`to_record_batch`] gives.
pub fn record_schema<T: TypeInformation>() -> SchemaRef {
    let logical = T::logical_type();
    let fields = match logical.fields() {
        Some(fields) if is_row::<T>() => {
            fields.iter().map(|field| field.data_type.arrow_field(&field.name)).collect()
        }
        _ => vec![logical.arrow_field(ATOMIC)],
    };
    Arc::new(Schema::new(fields))
}

/// The values as columns: one for each field of a ROW, or a single one named `f0` for any other type.
///
/// Fails only if the type's own `to_array` does not give what its logical type promises.
///
/// ```
/// use hurtig_core::types::{from_record_batch, to_record_batch};
///
/// let rows = vec![(1_i64, Some("a".to_owned())), (2, None)];
/// let batch = to_record_batch(&rows)?;
/// assert_eq!(batch.schema().field(1).name(), "f1");
/// assert_eq!(from_record_batch::<(i64, Option<String>)>(&batch)?, rows);
/// # Ok::<(), hurtig_core::Error>(())
/// ```
pub fn to_record_batch<T: TypeInformation>(rows: &[T]) -> Result<RecordBatch> {
    let values: Vec<Option<&T>> = rows.iter().map(Some).collect();
    let array = T::to_array(&values);
    let columns = match array.as_struct_opt() {
        Some(array) if is_row::<T>() => array.columns().to_vec(),
        _ => vec![array],
    };
    let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
    RecordBatch::try_new_with_options(record_schema::<T>(), columns, &options).map_err(|error| {
        Error::bug(format!("the columns of {} are not of its type", std::any::type_name::<T>()))
            .caused_by(error)
    })
}

/// The values in a batch of columns.
///
/// The fields of a ROW are found by name, and columns that it does not have are passed over; any other type
/// is read from the only column, or from the one named `f0`. Integers may be narrower than their field,
/// timestamps of any unit, strings of any layout. Everything else that does not fit is a user's mistake: a
/// missing column, one of another type, NULL or a number out of range where the field cannot hold it.
pub fn from_record_batch<T: TypeInformation>(batch: &RecordBatch) -> Result<Vec<T>> {
    let values = if is_row::<T>() {
        T::from_array(&StructArray::from(batch.clone()))
    } else {
        let name = if batch.num_columns() == 1 { batch.schema_ref().field(0).name() } else { ATOMIC };
        let column = batch.column_by_name(name).ok_or_else(|| {
            Error::user(format!("column '{ATOMIC}': expected {}, found no such column", T::logical_type()))
        })?;
        T::from_array(column).map_err(|error| error.in_column(name))
    };
    let values = values.map_err(|error| Error::user(error.to_string()))?;
    let required = |(row, value): (usize, Option<T>)| {
        let null = || Error::user(format!("row {row}: expected {}, found NULL", T::logical_type()));
        value.or_else(T::null).ok_or_else(null)
    };
    values.into_iter().enumerate().map(required).collect()
}

#[cfg(test)]
mod tests {
    use arrow_array::{ArrayRef, Int32Array, StringArray};

    use super::*;

    fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))
            .unwrap()
    }

    #[test]
    fn columns_are_found_by_name_and_widened() {
        let batch = batch(vec![
            ("f1", Arc::new(StringArray::from(vec!["a", "b"])) as ArrayRef),
            ("other", Arc::new(Int32Array::from(vec![0, 0]))),
            ("f0", Arc::new(Int32Array::from(vec![1, 2]))),
        ]);
        let rows = from_record_batch::<(i64, String)>(&batch).unwrap();
        assert_eq!(rows, [(1, "a".to_owned()), (2, "b".to_owned())]);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let batch = batch(vec![("f0", Arc::new(Int32Array::from(vec![Some(1), None])) as ArrayRef)]);
        let check = |error: Error, expect: &str| assert_eq!(error.to_string(), expect);
        check(
            from_record_batch::<(String,)>(&batch).unwrap_err(),
            "column 'f0': expected STRING NOT NULL, found Int32",
        );
        check(
            from_record_batch::<(Option<i32>, i32)>(&batch).unwrap_err(),
            "column 'f1': expected INT NOT NULL, found no such column",
        );
        check(
            from_record_batch::<(i32,)>(&batch).unwrap_err(),
            "column 'f0': row 1: expected INT NOT NULL, found NULL",
        );
        check(from_record_batch::<i32>(&batch).unwrap_err(), "row 1: expected INT NOT NULL, found NULL");
        assert_eq!(from_record_batch::<Option<i32>>(&batch).unwrap(), [Some(1), None]);
    }
}
