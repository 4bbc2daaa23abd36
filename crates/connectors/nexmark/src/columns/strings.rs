//! Text columns of the rare kinds.
//!
//! Arrow's own builder: in the combined table nearly all rows of such a column are NULL, and an array made of
//! bare buffers would be checked row by row.
use std::fmt::Write;
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::StringBuilder;

/// A `Utf8` array in the making, which may not be wanted.
pub(crate) struct TextColumn {
    builder: Option<StringBuilder>,
    rows: usize,
}

impl TextColumn {
    /// A column that will have `rows` rows and about `bytes` bytes. One that is not wanted takes texts and
    /// forgets them.
    pub(crate) fn new(wanted: bool, rows: usize, bytes: usize) -> TextColumn {
        TextColumn { builder: wanted.then(|| StringBuilder::with_capacity(rows, bytes)), rows }
    }

    pub(crate) fn is_wanted(&self) -> bool {
        self.builder.is_some()
    }

    /// Makes row `row` of the pieces of a text; rows before it that were passed over are NULL.
    pub(crate) fn push<const N: usize>(&mut self, row: usize, text: Option<[&str; N]>) {
        if let (Some(builder), Some(pieces)) = (&mut self.builder, text) {
            skip_to(builder, row);
            for piece in pieces {
                // Text before a value is the value's beginning; writing to memory does not fail.
                let _ = builder.write_str(piece);
            }
            builder.append_value("");
        }
    }

    /// Appends the column, if it is wanted.
    pub(crate) fn finish(self, columns: &mut Vec<ArrayRef>) {
        if let Some(mut builder) = self.builder {
            skip_to(&mut builder, self.rows);
            columns.push(Arc::new(builder.finish()));
        }
    }
}

fn skip_to(builder: &mut StringBuilder, row: usize) {
    let rows = builder.offsets_slice().len() - 1;
    if rows < row {
        builder.append_nulls(row - rows);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::cast::AsArray;

    #[test]
    fn rows_in_between_and_behind_are_null() {
        let mut column = TextColumn::new(true, 6, 10);
        column.push(1, Some(["a", "bc"]));
        column.push(2, Some(["de"]));
        column.push(4, Some(["h"]));
        let mut columns = Vec::new();
        column.finish(&mut columns);
        let values: Vec<_> = columns[0].as_string::<i32>().iter().collect();
        assert_eq!(values, [None, Some("abc"), Some("de"), None, Some("h"), None]);
    }

    #[test]
    fn a_column_that_is_not_wanted_is_none() {
        let mut column = TextColumn::new(false, 1, 10);
        column.push(0, Some(["a"]));
        let mut columns = Vec::new();
        column.finish(&mut columns);
        assert!(columns.is_empty());
    }
}
