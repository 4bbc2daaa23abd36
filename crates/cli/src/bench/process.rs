//! What the operating system says of this process.
#![expect(clippy::disallowed_methods, reason = "a benchmark measures from outside of the engine")]
use std::time::{Duration, Instant};

/// Clock ticks per second in `/proc`, fixed on Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// Wall time and CPU time since it was made.
pub struct Stopwatch {
    start: Instant,
    cpu_seconds: f64,
}

impl Stopwatch {
    /// Starts.
    pub fn start() -> Self {
        Stopwatch { start: Instant::now(), cpu_seconds: cpu_seconds() }
    }

    /// Wall time so far.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// CPU seconds of all threads so far, to 10 ms.
    pub fn cpu_seconds(&self) -> f64 {
        cpu_seconds() - self.cpu_seconds
    }
}

/// CPU seconds that the process has used, user and system; 0 where `/proc` is not.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The second field is the name in parentheses and may hold blanks.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |field: usize| fields.get(field).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / TICKS_PER_SECOND
}

/// The greatest resident size that the process has had, in bytes; 0 where `/proc` is not.
pub fn peak_rss_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}
