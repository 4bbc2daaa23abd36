//! Text columns copied in blocks of fixed size, for the texts of bids.
//!
//! A copy whose size the compiler knows is a few moves without a branch. Copied by their own lengths, which
//! vary, the texts of bids would cost a mispredicted branch every other time.
use std::sync::Arc;

use arrow_array::{ArrayRef, StringArray};
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::ArrowError;

/// A `Utf8` array in the making.
pub(crate) struct BlockColumn {
    values: Vec<u8>,
    offsets: Vec<i32>,
}

impl BlockColumn {
    /// An empty column with room for `rows` rows and `bytes` bytes.
    pub(crate) fn new(rows: usize, bytes: usize) -> BlockColumn {
        let mut offsets = Vec::with_capacity(rows + 1);
        offsets.push(0);
        BlockColumn { values: Vec::with_capacity(bytes), offsets }
    }

    /// Appends empty rows up to row `row`.
    #[inline]
    pub(crate) fn skip_to(&mut self, row: usize) {
        let end = self.values.len() as i32;
        self.offsets.resize(self.offsets.len().max(row + 1), end);
    }

    /// Appends the first `length` bytes of `block` as a row: copies all of it and cuts off what is too much.
    #[inline]
    pub(crate) fn push<const N: usize>(&mut self, block: &[u8; N], length: usize) {
        let end = self.values.len() + length;
        self.values.extend_from_slice(block);
        self.values.truncate(end);
        self.offsets.push(end as i32);
    }

    /// Appends a row that no block holds.
    pub(crate) fn push_long(&mut self, text: &str) {
        self.values.extend_from_slice(text.as_bytes());
        self.offsets.push(self.values.len() as i32);
    }

    /// The column, with empty rows at the end up to `rows`, and NULL where `validity` says so. Fails if it is
    /// not text.
    pub(crate) fn finish(
        mut self,
        rows: usize,
        validity: Option<NullBuffer>,
    ) -> Result<ArrayRef, ArrowError> {
        self.skip_to(rows);
        let offsets = OffsetBuffer::new(ScalarBuffer::from(self.offsets));
        Ok(Arc::new(StringArray::try_new(offsets, Buffer::from_vec(self.values), validity)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::cast::AsArray;

    #[test]
    fn a_block_is_cut_to_its_length() {
        let mut column = BlockColumn::new(5, 0);
        column.push(b"abcd", 3);
        column.skip_to(2);
        column.push_long("efghijkl");
        column.push(b"mnop", 4);
        let array = column.finish(5, None).unwrap();
        let values: Vec<_> = array.as_string::<i32>().iter().flatten().collect();
        assert_eq!(values, ["abc", "", "efghijkl", "mnop", ""]);
    }
}
