//! Words without meaning: names of items, descriptions, mail addresses.
use crate::random::Draws;

/// The longest text there is: a description has up to 99 characters; whole draws are written.
const BYTES_MAX: usize = 100;
/// Characters made of one 64-bit draw, 16 bits each.
const LANES: usize = 4;
const WORDS_MAX: usize = BYTES_MAX / LANES;

/// Draws that a text takes at most: one for the length, the rest for the characters.
pub(crate) const DRAWS_MAX: u64 = 1 + WORDS_MAX as u64;

/// A text on the stack.
pub(crate) struct Text {
    bytes: [u8; BYTES_MAX],
    start: usize,
    end: usize,
}

impl Text {
    /// A text of 3 to `bound - 1` characters, each a blank with probability 1/13, else a letter `a`..`z`;
    /// blanks at both ends are then cut off, so it can be shorter and even empty. Takes the draws from
    /// `number` on.
    pub(crate) fn draw(draws: Draws, number: u64, bound: usize) -> Text {
        debug_assert!(bound > 3 && bound <= BYTES_MAX, "text({bound})");
        let length = 3 + draws.digits(number).below(bound as u64 - 3) as usize;
        let mut bytes = [0; BYTES_MAX];
        let mut lanes = [[0; LANES]; WORDS_MAX];
        let words = length.div_ceil(LANES).min(WORDS_MAX);
        for (lanes, number) in lanes[..words].iter_mut().zip(number + 1..) {
            let word = draws.word(number);
            *lanes = [word as u16, (word >> 16) as u16, (word >> 32) as u16, (word >> 48) as u16];
        }
        // A loop of its own, which the compiler turns into vector instructions.
        for (byte, &lane) in bytes.iter_mut().zip(lanes[..words].as_flattened()) {
            *byte = character(lane);
        }
        let drawn = &bytes[..length];
        let start = drawn.iter().position(|&byte| byte != b' ').unwrap_or(length);
        let end = drawn.iter().rposition(|&byte| byte != b' ').map_or(start, |last| last + 1);
        Text { bytes, start, end }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    pub(crate) fn as_str(&self) -> &str {
        // Letters and blanks are always text.
        str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    pub(crate) fn len(&self) -> usize {
        self.end - self.start
    }
}

/// The character that 16 bits make. Times 26 they give the letter above and a remainder below, which decides
/// on the blank: 2521 of its 32768 values are 1/13 to within 0.02 %.
#[inline]
fn character(lane: u16) -> u8 {
    const BLANK_BELOW: u16 = 5042;
    let letter = (u32::from(lane) * 26) >> 16;
    if lane.wrapping_mul(26) < BLANK_BELOW { b' ' } else { b'a' + letter as u8 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Seed;

    /// The mean length of `text(bound)`.
    fn mean_length(bound: usize) -> f64 {
        let seed = Seed::new(3, 0);
        let lengths = (0..20_000).map(|id| Text::draw(seed.draws_of(id), 9, bound).len());
        lengths.sum::<usize>() as f64 / 20_000.0
    }

    #[test]
    fn lengths_have_the_published_means() {
        assert!((mean_length(20) - 10.8).abs() < 0.1, "{}", mean_length(20));
        assert!((mean_length(100) - 50.9).abs() < 0.5, "{}", mean_length(100));
    }

    #[test]
    fn characters_are_even_and_one_in_thirteen_is_a_blank() {
        let mut counts = [0u32; 256];
        for lane in 0..=u16::MAX {
            counts[usize::from(character(lane))] += 1;
        }
        // 65,536 / 13, and 26 letters share the rest.
        assert_eq!(counts[usize::from(b' ')], 5_042);
        for letter in b'a'..=b'z' {
            let count = counts[usize::from(letter)];
            assert!((2_320..2_335).contains(&count), "{}: {count}", char::from(letter));
        }
        assert_eq!(counts.iter().sum::<u32>(), 65_536);
    }

    #[test]
    fn no_blank_is_left_at_either_end() {
        for id in 0..10_000 {
            let text = Text::draw(Seed::new(4, 0).draws_of(id), 0, 7);
            assert!(text.as_bytes().first() != Some(&b' ') && text.as_bytes().last() != Some(&b' '));
            assert!(text.len() <= 6);
        }
    }
}
