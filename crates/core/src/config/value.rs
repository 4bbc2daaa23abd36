//! How values are written, as in Flink: `100 ms`, `32kb`, `true`.
use std::fmt;
use std::time::Duration;

/// A type that an option can have.
pub trait ConfigValue: Sized {
    /// Reads the text; the error says what was expected.
    fn parse(text: &str) -> Result<Self, &'static str>;

    /// Text that [`ConfigValue::parse`] reads as the same value.
    fn to_text(&self) -> String;
}

macro_rules! number {
    ($type:ty, $expected:literal) => {
        impl ConfigValue for $type {
            fn parse(text: &str) -> Result<Self, &'static str> {
                text.parse().map_err(|_| $expected)
            }
            fn to_text(&self) -> String {
                self.to_string()
            }
        }
    };
}
number!(u16, "a whole number from 0 to 65535");
number!(u32, "a whole number from 0 to 4294967295");
number!(u64, "a whole number, at least 0");
number!(i64, "a whole number");
number!(f64, "a number");

impl ConfigValue for bool {
    fn parse(text: &str) -> Result<Self, &'static str> {
        match text.to_ascii_lowercase().as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err("true or false"),
        }
    }
    fn to_text(&self) -> String {
        self.to_string()
    }
}

impl ConfigValue for String {
    fn parse(text: &str) -> Result<Self, &'static str> {
        Ok(text.to_owned())
    }
    fn to_text(&self) -> String {
        self.clone()
    }
}

/// An option without a default: empty text stands for "not set".
impl<T: ConfigValue> ConfigValue for Option<T> {
    fn parse(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() { Ok(None) } else { T::parse(text).map(Some) }
    }
    fn to_text(&self) -> String {
        self.as_ref().map(T::to_text).unwrap_or_default()
    }
}

impl ConfigValue for Duration {
    fn parse(text: &str) -> Result<Self, &'static str> {
        const EXPECTED: &str = "a duration such as '100 ms', '5 s', '1 min', '2 h' or '1 d'";
        let (count, unit) = split_number(text).ok_or(EXPECTED)?;
        let nanos: u64 = match unit {
            "ns" | "nano" | "nanosecond" | "nanoseconds" => 1,
            "us" | "µs" | "micro" | "microsecond" | "microseconds" => 1_000,
            "" | "ms" | "milli" | "millisecond" | "milliseconds" => 1_000_000,
            "s" | "sec" | "second" | "seconds" => 1_000_000_000,
            "m" | "min" | "minute" | "minutes" => 60_000_000_000,
            "h" | "hour" | "hours" => 3_600_000_000_000,
            "d" | "day" | "days" => 86_400_000_000_000,
            _ => return Err(EXPECTED),
        };
        count.checked_mul(nanos).map(Duration::from_nanos).ok_or(EXPECTED)
    }
    fn to_text(&self) -> String {
        match self.as_nanos() {
            nanos if nanos % 1_000_000 == 0 => format!("{} ms", nanos / 1_000_000),
            nanos => format!("{nanos} ns"),
        }
    }
}

/// An amount of memory in bytes, written `64mb`, `32 kb` or plain bytes. Flink's `MemorySize`: units are
/// powers of 1024.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MemorySize(u64);

impl MemorySize {
    /// `bytes` bytes.
    pub const fn from_bytes(bytes: u64) -> Self {
        MemorySize(bytes)
    }

    /// `kibibytes` times 1024 bytes.
    pub const fn from_kibibytes(kibibytes: u64) -> Self {
        MemorySize(kibibytes * 1024)
    }

    /// Bytes, at most what this machine can address.
    pub fn bytes(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl ConfigValue for MemorySize {
    fn parse(text: &str) -> Result<Self, &'static str> {
        const EXPECTED: &str = "an amount of memory such as '32kb', '64 mb' or '1 gb'";
        let (count, unit) = split_number(text).ok_or(EXPECTED)?;
        let bytes: u64 = match unit.to_ascii_lowercase().as_str() {
            "" | "b" | "bytes" => 1,
            "k" | "kb" | "kibibytes" => 1 << 10,
            "m" | "mb" | "mebibytes" => 1 << 20,
            "g" | "gb" | "gibibytes" => 1 << 30,
            "t" | "tb" | "tebibytes" => 1 << 40,
            _ => return Err(EXPECTED),
        };
        count.checked_mul(bytes).map(MemorySize).ok_or(EXPECTED)
    }
    fn to_text(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for MemorySize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            bytes if bytes > 0 && bytes % (1 << 20) == 0 => write!(f, "{} mb", bytes >> 20),
            bytes if bytes > 0 && bytes % (1 << 10) == 0 => write!(f, "{} kb", bytes >> 10),
            bytes => write!(f, "{bytes} bytes"),
        }
    }
}

fn split_number(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, text[end..].trim()))
}
