//! When events happen: at even distances, so that event time never goes back within a range.
use std::ops::Range;

use hurtig_core::EventTime;

use crate::config::GeneratorConfig;

/// The event times of a data set, which are the same in each of its ranges.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeline {
    base_millis: i64,
    /// Microseconds from one event of a range to the next.
    delay_micros: f64,
}

impl Timeline {
    pub(crate) fn new(config: &GeneratorConfig) -> Timeline {
        Timeline {
            base_millis: config.base_time.as_millis(),
            delay_micros: 1_000_000.0 / config.first_event_rate as f64 * f64::from(config.ranges),
        }
    }

    /// The time of event `number`: whole microseconds, then whole milliseconds after the base time.
    #[inline]
    pub(crate) fn at(self, number: u64) -> EventTime {
        let micros = (number as f64 * self.delay_micros) as i64;
        EventTime::from_millis(self.base_millis.saturating_add(micros / 1000))
    }

    /// The first of `numbers` whose time is after `time`, or their end.
    pub(crate) fn first_after(self, time: EventTime, numbers: Range<u64>) -> u64 {
        let Range { mut start, mut end } = numbers;
        while start < end {
            let middle = start + (end - start) / 2;
            if self.at(middle) > time { end = middle } else { start = middle + 1 }
        }
        start
    }

    /// The times of `count` events from `first` on. At high rates most runs lie within one millisecond.
    #[inline]
    pub(crate) fn run(self, first: u64, count: usize) -> Times {
        let (start, end) = (self.at(first), self.at(first + (count as u64).saturating_sub(1)));
        if start == end { Times::Same(start) } else { Times::Each(self, first) }
    }
}

/// The times of a run of events.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Times {
    /// One for all.
    Same(EventTime),
    /// Counted from the run's first event number.
    Each(Timeline, u64),
}

impl Times {
    /// The time of the run's event at `offset`.
    #[inline]
    pub(crate) fn at(self, offset: usize) -> EventTime {
        match self {
            Times::Same(time) => time,
            Times::Each(timeline, first) => timeline.at(first + offset as u64),
        }
    }

    /// Appends the times of the run's `count` events.
    pub(crate) fn append(self, count: usize, times: &mut Vec<EventTime>) {
        match self {
            Times::Same(time) => times.extend(std::iter::repeat_n(time, count)),
            Times::Each(timeline, first) => {
                times.extend((first..first + count as u64).map(|number| timeline.at(number)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(first_event_rate: u64, ranges: u32, expected: &[(u64, i64)]) {
        let base_time = EventTime::from_millis(5);
        let config = GeneratorConfig { first_event_rate, ranges, base_time, ..Default::default() };
        for &(number, millis) in expected {
            assert_eq!(Timeline::new(&config).at(number).as_millis() - 5, millis, "event {number}");
        }
    }

    #[test]
    fn a_million_events_at_ten_million_a_second_take_100_ms() {
        check(10_000_000, 1, &[(1, 0), (9_999, 0), (10_000, 1), (1_000_000, 100)]);
    }

    #[test]
    fn side_by_side_ranges_go_slower() {
        check(10_000, 1, &[(1, 0), (9, 0), (10, 1), (25, 2)]);
        check(10_000, 4, &[(1, 0), (3, 1), (25, 10)]);
    }

    #[test]
    fn the_first_event_after_a_time_is_found() {
        let timeline = Timeline::new(&GeneratorConfig::default());
        for (millis, expected) in [(-1, 1), (0, 10), (1, 20), (5, 60), (99, 1_000), (100, 1_000)] {
            let time = timeline.at(0).saturating_add(std::time::Duration::from_millis(millis.max(0) as u64));
            let time = if millis < 0 { EventTime::MIN } else { time };
            assert_eq!(timeline.first_after(time, 1..1_000), expected, "{millis} ms");
        }
    }

    #[test]
    fn a_run_agrees_with_its_events() {
        for first_event_rate in [1_000, 10_000_000] {
            let timeline = Timeline::new(&GeneratorConfig { first_event_rate, ..Default::default() });
            let run = timeline.run(9_990, 46);
            let mut times = Vec::new();
            run.append(46, &mut times);
            for (offset, time) in times.into_iter().enumerate() {
                assert_eq!((time, time), (run.at(offset), timeline.at(9_990 + offset as u64)));
            }
        }
    }
}
