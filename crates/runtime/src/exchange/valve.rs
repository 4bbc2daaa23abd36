//! The watermark over several channels: the minimum of those that are active, put on only when it advances.
use hurtig_core::{Watermark, WatermarkStatus};

/// Combines the watermarks of channels. Flink's `StatusWatermarkValve`.
#[derive(Debug)]
pub struct Valve {
    channels: Vec<ChannelTime>,
    combined: Watermark,
    status: WatermarkStatus,
}

#[derive(Clone, Copy, Debug)]
struct ChannelTime {
    watermark: Watermark,
    status: WatermarkStatus,
    ended: bool,
}

/// What became of the combined stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ValveChange {
    /// The combined watermark has advanced to this.
    pub watermark: Option<Watermark>,
    /// The combined stream became idle or active.
    pub status: Option<WatermarkStatus>,
}

impl Valve {
    /// A valve over `channels` channels, all active at the start of time.
    pub fn new(channels: usize) -> Self {
        let start = ChannelTime { watermark: Watermark::MIN, status: WatermarkStatus::Active, ended: false };
        Valve { channels: vec![start; channels], combined: Watermark::MIN, status: WatermarkStatus::Active }
    }

    /// A channel's watermark has come. One that goes back is ignored; one on an idle channel counts once the
    /// channel is active again.
    pub fn watermark(&mut self, channel: usize, watermark: Watermark) -> ValveChange {
        let channel = &mut self.channels[channel];
        if watermark <= channel.watermark {
            return ValveChange::default();
        }
        channel.watermark = watermark;
        // Nothing follows but the end: the channel must not pull those that are idle now past their records.
        channel.ended |= watermark == Watermark::MAX;
        self.combine()
    }

    /// A channel became idle or active.
    pub fn status(&mut self, channel: usize, status: WatermarkStatus) -> ValveChange {
        self.channels[channel].status = status;
        self.combine()
    }

    /// A channel has ended: it is infinitely far ahead.
    pub fn end(&mut self, channel: usize) -> ValveChange {
        self.channels[channel].ended = true;
        self.channels[channel].watermark = Watermark::MAX;
        self.combine()
    }

    /// The active channel with the least watermark.
    pub fn slowest(&self) -> Option<(usize, Watermark)> {
        let active = self.channels.iter().enumerate().filter(|(_, channel)| channel.counts());
        active.map(|(index, channel)| (index, channel.watermark)).min_by_key(|(_, watermark)| *watermark)
    }

    fn combine(&mut self) -> ValveChange {
        let mut change = ValveChange::default();
        let idle = !self.channels.iter().any(ChannelTime::counts)
            && self.channels.iter().any(|channel| !channel.ended);
        let minimum = if idle {
            // Nobody is left to hold it back: what the furthest had promised holds.
            let open = self.channels.iter().filter(|channel| !channel.ended);
            open.map(|channel| channel.watermark).max()
        } else {
            let active = self.channels.iter().filter(|channel| channel.counts() || channel.ended);
            active.map(|channel| channel.watermark).min()
        };
        if let Some(minimum) = minimum
            && minimum > self.combined
        {
            self.combined = minimum;
            change.watermark = Some(minimum);
        }
        let status = if idle { WatermarkStatus::Idle } else { WatermarkStatus::Active };
        if status != self.status {
            self.status = status;
            change.status = Some(status);
        }
        change
    }
}

impl ChannelTime {
    fn counts(&self) -> bool {
        self.status == WatermarkStatus::Active && !self.ended
    }
}

#[cfg(test)]
mod tests {
    use hurtig_core::EventTime;

    use super::*;

    fn at(millis: i64) -> Watermark {
        Watermark(EventTime::from_millis(millis))
    }

    fn advanced(change: ValveChange) -> Option<i64> {
        change.watermark.map(|watermark| watermark.0.as_millis())
    }

    #[test]
    fn the_minimum_of_the_active_and_only_when_it_advances() {
        let mut valve = Valve::new(2);
        assert_eq!(advanced(valve.watermark(0, at(10))), None);
        assert_eq!(advanced(valve.watermark(1, at(5))), Some(5));
        assert_eq!(advanced(valve.watermark(1, at(4))), None);
        assert_eq!(valve.slowest(), Some((1, at(5))));
        assert_eq!(advanced(valve.watermark(1, at(20))), Some(10));
    }

    #[test]
    fn an_idle_channel_does_not_hold_back_and_cannot_turn_time_back() {
        let mut valve = Valve::new(2);
        valve.watermark(0, at(10));
        assert_eq!(advanced(valve.status(1, WatermarkStatus::Idle)), Some(10));
        let change = valve.status(0, WatermarkStatus::Idle);
        assert_eq!(change.status, Some(WatermarkStatus::Idle));
        assert_eq!(valve.status(1, WatermarkStatus::Active).status, Some(WatermarkStatus::Active));
        assert_eq!(advanced(valve.watermark(1, at(7))), None);
        assert_eq!(advanced(valve.watermark(1, at(12))), Some(12));
    }

    #[test]
    fn the_last_watermark_of_one_does_not_end_one_that_is_idle() {
        let mut valve = Valve::new(2);
        valve.status(1, WatermarkStatus::Idle);
        assert_eq!(valve.watermark(0, Watermark::MAX).watermark, None);
        valve.status(1, WatermarkStatus::Active);
        assert_eq!(advanced(valve.watermark(1, at(7))), Some(7));
    }

    #[test]
    fn an_ended_channel_is_infinitely_far_ahead() {
        let mut valve = Valve::new(2);
        valve.watermark(0, at(10));
        assert_eq!(advanced(valve.end(1)), Some(10));
        assert_eq!(valve.end(0).watermark, Some(Watermark::MAX));
    }
}
