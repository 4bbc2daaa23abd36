//! The fields of one record as text.
use crate::problem::Problem;

/// The fields of a record: pieces of one text, with or without something between them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a> {
    bytes: &'a [u8],
    /// All of it, if it is UTF-8: then each field need not be looked at again.
    text: Option<&'a str>,
    ends: &'a [usize],
    gap: usize,
}

impl<'a> Fields<'a> {
    /// Fields that end at `ends` of `bytes`, with `gap` bytes between one and the next.
    #[inline]
    pub(super) fn new(bytes: &'a [u8], ends: &'a [usize], gap: usize) -> Self {
        Fields { bytes, text: std::str::from_utf8(bytes).ok(), ends, gap }
    }

    /// How many there are.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The field at `index`; `None` if there are not so many. Fails if it is not UTF-8.
    #[inline]
    pub(super) fn get(&self, index: usize) -> Result<Option<&'a str>, Problem> {
        let Some(&end) = self.ends.get(index) else { return Ok(None) };
        let start = if index == 0 { 0 } else { self.ends[index - 1] + self.gap };
        // Two halves of a character can lie in two fields: then all is UTF-8, and the fields are not.
        match self.text.and_then(|text| text.get(start..end)) {
            Some(text) => Ok(Some(text)),
            None => decode(&self.bytes[start..end]).map(Some),
        }
    }
}

#[cold]
fn decode(field: &[u8]) -> Result<&str, Problem> {
    std::str::from_utf8(field).map_err(|error| {
        let place = error.valid_up_to();
        let found = field.get(place).copied().unwrap_or_default();
        Problem::new(format!("expected UTF-8, found 0x{found:02x} at byte {}", place + 1))
    })
}
