//! Windows aligned to the epoch.
use hurtig::EventTime;

/// From the start to just before the end, in milliseconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Window {
    pub start: i64,
    pub end: i64,
}

impl Window {
    /// Its start as an event time.
    pub fn start_time(self) -> EventTime {
        EventTime::from_millis(self.start)
    }

    /// The timestamp that a window's results have: that of the last event that could be in it.
    pub fn max_timestamp(self) -> EventTime {
        EventTime::from_millis(self.end - 1)
    }
}

/// The window of `size` ms that `time` falls into. `TUMBLE`.
pub fn tumbling(time: i64, size: i64) -> Window {
    let start = time.div_euclid(size) * size;
    Window { start, end: start + size }
}

/// All windows of `size` ms that `time` falls into, when one starts every `slide` ms, latest first. `HOP`.
pub fn sliding(time: i64, size: i64, slide: i64) -> impl Iterator<Item = Window> {
    let latest = time.div_euclid(slide) * slide;
    let starts = (0..).map(move |number| latest - number * slide);
    starts.map(move |start| Window { start, end: start + size }).take_while(move |window| time < window.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_holds_its_start_and_not_its_end() {
        for (time, start) in [(0, 0), (9_999, 0), (10_000, 10_000), (-1, -10_000)] {
            let window = tumbling(time, 10_000);
            assert_eq!(window, Window { start, end: start + 10_000 });
            assert_eq!(window.max_timestamp(), EventTime::from_millis(start + 9_999));
        }
    }

    #[test]
    fn a_time_is_in_size_over_slide_windows() {
        let starts = |time| sliding(time, 10, 2).map(|window| window.start).collect::<Vec<_>>();
        assert_eq!(starts(20), [20, 18, 16, 14, 12]);
        assert_eq!(starts(21), [20, 18, 16, 14, 12]);
        assert_eq!(starts(-1), [-2, -4, -6, -8, -10]);
    }
}
