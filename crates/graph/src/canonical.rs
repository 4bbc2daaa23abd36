//! One way to turn data into bytes for a hash: every value after the one before it, with nothing left to
//! guess. Numbers are little endian; a text has its length before it; an option and an enum begin with a
//! number that says which.
use xxhash_rust::xxh3::Xxh3;

/// Takes values and gives the XXH3-128 (seed 0) of their encoding.
pub(crate) struct Canonical {
    hasher: Xxh3,
}

impl Canonical {
    /// An encoding that begins with the name of what it is for: two purposes never share a hash.
    pub(crate) fn new(purpose: &str) -> Self {
        let mut canonical = Canonical { hasher: Xxh3::new() };
        canonical.text(purpose);
        canonical
    }

    pub(crate) fn u8(&mut self, value: u8) {
        self.hasher.update(&[value]);
    }

    pub(crate) fn u32(&mut self, value: u32) {
        self.hasher.update(&value.to_le_bytes());
    }

    pub(crate) fn u64(&mut self, value: u64) {
        self.hasher.update(&value.to_le_bytes());
    }

    pub(crate) fn u128(&mut self, value: u128) {
        self.hasher.update(&value.to_le_bytes());
    }

    /// The number of elements of the list that follows.
    pub(crate) fn count(&mut self, count: usize) {
        self.u64(count as u64);
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.count(text.len());
        self.hasher.update(text.as_bytes());
    }

    pub(crate) fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        match value {
            None => self.u8(0),
            Some(value) => {
                self.u8(1);
                write(self, value);
            }
        }
    }

    pub(crate) fn finish(self) -> u128 {
        self.hasher.digest128()
    }
}
