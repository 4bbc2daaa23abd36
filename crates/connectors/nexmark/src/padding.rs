//! The column `extra`: a slice of one random buffer that fills an event up to its average size.
use crate::random::{Digits, Seed};

/// Bytes of the buffer, and so the longest padding.
pub(crate) const BUFFER_BYTES: usize = 1 << 20;
/// What a padding of usual length can be copied in: a length known to the compiler is a few moves.
pub(crate) const BLOCK_BYTES: usize = 96;
/// Characters made from one 32-bit number.
const GROUP: usize = 6;

/// How long paddings are: between 80 % and 120 % of what an event lacks of its average size.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PaddingLength {
    least: u64,
    choices: u64,
}

impl PaddingLength {
    /// For an event of `counted` bytes so far and `average` bytes in all: none if it is already longer.
    pub(crate) fn new(counted: u64, average: u64) -> PaddingLength {
        let wanted = average.saturating_sub(counted);
        // A fifth, rounded half up.
        let fifth = (2 * wanted + 5) / 10;
        PaddingLength { least: wanted - fifth, choices: (2 * fifth).max(1) }
    }

    /// The mean length in bytes, rounded up.
    pub(crate) fn mean(self) -> usize {
        (self.least + self.choices / 2) as usize
    }
}

/// A place in the buffer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Padding {
    pub(crate) start: usize,
    pub(crate) length: usize,
}

impl Padding {
    /// The padding that one draw gives, at an even place.
    #[inline]
    pub(crate) fn draw(mut digits: Digits, length: PaddingLength) -> Padding {
        let length = (length.least + digits.below(length.choices)) as usize;
        let start = digits.below((BUFFER_BYTES - length) as u64 + 1) as usize;
        Padding { start, length }
    }
}

/// The buffer. Its last [`BLOCK_BYTES`] only let every padding be read as a whole block.
pub(crate) struct PaddingBuffer(String);

impl PaddingBuffer {
    /// Six characters from each signed number: `a` plus its remainder by 26, which has its sign. So half the
    /// groups use `a`..`z` and half `H`..`a`, capitals and the characters in between.
    pub(crate) fn new(seed: Seed) -> PaddingBuffer {
        let length = BUFFER_BYTES + BLOCK_BYTES;
        let mut text = String::with_capacity(length + GROUP);
        for group in 0..length.div_ceil(GROUP) as u64 {
            let mut number = seed.draws_of(group).word(0) as i32;
            for _ in 0..GROUP {
                text.push(char::from((i32::from(b'a') + number % 26) as u8));
                number /= 26;
            }
        }
        text.truncate(length);
        PaddingBuffer(text)
    }

    /// The characters of `padding`.
    #[inline]
    pub(crate) fn text(&self, padding: Padding) -> &str {
        &self.0[padding.start..padding.start + padding.length]
    }

    /// The characters of `padding` and those after it, as a block, if it is no longer than one.
    #[inline]
    pub(crate) fn block(&self, padding: Padding) -> Option<&[u8; BLOCK_BYTES]> {
        if padding.length > BLOCK_BYTES {
            return None;
        }
        self.0.as_bytes().get(padding.start..)?.first_chunk()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_the_buffer_is_small_letters_and_half_goes_down_from_a() {
        let buffer = PaddingBuffer::new(Seed::new(1, 0));
        let mut counts = [0f64; 256];
        for byte in buffer.0.bytes() {
            counts[usize::from(byte)] += 52.0 / buffer.0.len() as f64;
        }
        for (byte, share) in counts.iter().enumerate() {
            let expected = match byte as u8 {
                b'a' => 2.0,
                b'H'..=b'z' => 1.0,
                _ => 0.0,
            };
            assert!((share - expected).abs() < 0.05, "{}: {share}", char::from(byte as u8));
        }
    }

    #[test]
    fn a_bid_is_padded_by_54_to_81_characters() {
        let length = PaddingLength::new(32, 100);
        let draw = |id| Padding::draw(Seed::new(2, 0).draws_of(id).digits(0), length).length;
        assert_eq!((0..5_000).map(draw).min(), Some(54));
        assert_eq!((0..5_000).map(draw).max(), Some(81));
        let mean = (0..50_000).map(draw).sum::<usize>() as f64 / 50_000.0;
        assert!((mean - 67.5).abs() < 0.2, "{mean}");
    }

    #[test]
    fn an_event_above_its_average_size_is_not_padded() {
        for (counted, average) in [(50, 40), (40, 40)] {
            let padding =
                Padding::draw(Seed::new(2, 0).draws_of(1).digits(0), PaddingLength::new(counted, average));
            assert_eq!(padding.length, 0);
        }
    }

    #[test]
    fn a_block_begins_with_the_text() {
        let buffer = PaddingBuffer::new(Seed::new(1, 0));
        let last = Padding { start: BUFFER_BYTES - 60, length: 60 };
        assert_eq!(&buffer.block(last).unwrap()[..60], buffer.text(last).as_bytes());
        assert!(buffer.block(Padding { start: 0, length: BLOCK_BYTES + 1 }).is_none());
    }
}
