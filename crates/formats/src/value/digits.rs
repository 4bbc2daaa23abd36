//! Reading and writing runs of digits, byte by byte: dates and times are made of little else.

/// Reads digits and separators off the front of a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Digits<'a>(&'a [u8]);

impl<'a> Digits<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Digits(text.as_bytes())
    }

    /// Takes the next byte if it is this one.
    #[inline]
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        match self.0.split_first() {
            Some((&first, rest)) if first == byte => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    /// How many digits come next.
    #[inline]
    pub(super) fn count(&self) -> usize {
        self.0.iter().take_while(|byte| byte.is_ascii_digit()).count()
    }

    /// The number that the next `count` bytes, at most 18, are the digits of.
    #[inline]
    pub(super) fn number(&mut self, count: usize) -> Option<i64> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        let mut value = 0;
        for digit in digits {
            if !digit.is_ascii_digit() {
                return None;
            }
            value = value * 10 + i64::from(digit - b'0');
        }
        self.0 = rest;
        Some(value)
    }

    /// Two digits that are at most `max`.
    #[inline]
    pub(super) fn two(&mut self, max: i64) -> Option<i64> {
        self.number(2).filter(|&value| value <= max)
    }

    /// Whether nothing is left.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Appends a number from 0 to 99 as two digits.
#[inline]
pub(super) fn write_two(value: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(&[b'0' + (value / 10 % 10) as u8, b'0' + (value % 10) as u8]);
}
