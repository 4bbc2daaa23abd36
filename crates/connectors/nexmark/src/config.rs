//! What a data set is made of: the options of the published generator that have an effect, and three of ours.
use hurtig_core::{Error, EventTime, Result};

use crate::padding::BUFFER_BYTES;

/// Events without `events.num`: as many as the published generator takes, about 3.7e14.
const EVENTS_WITHOUT_LIMIT: u64 = (i64::MAX / 25_000) as u64;
/// Above it sums of proportions and products of ids could overflow.
const PROPORTION_MAX: u32 = 1 << 20;
/// A padding comes from one buffer, of which it may take 1.2 times the average size.
const AVERAGE_SIZE_MAX: u64 = (BUFFER_BYTES / 2) as u64;

/// All that an event depends on beside its id. Equal configurations give equal events, always.
///
/// `seed`, `base_time` and `ranges` are ours: the published generator seeds nothing, takes the wall clock for
/// its base time and the default parallelism for its number of ranges. Its other options keep their names,
/// with `_` for `.` and `-`.
#[derive(Clone, Debug, PartialEq)]
pub struct GeneratorConfig {
    /// Where all random values come from. Default 0.
    pub seed: u64,
    /// Event time of event number 0, which is never made. Default 2025-01-01T00:00:00Z.
    pub base_time: EventTime,
    /// Contiguous ranges that the events are cut into. Each runs through the same event time, side by side,
    /// with that many times the delay from event to event. Default 1.
    pub ranges: u32,
    /// `first-event.rate`: events per second of event time, over all ranges. Default 10,000.
    pub first_event_rate: u64,
    /// `events.num`: events in all; 0 is about 3.7e14. Default 0.
    pub events_num: u64,
    /// `person.proportion`: persons among `person + auction + bid` events in a row. Default 1.
    pub person_proportion: u32,
    /// `auction.proportion`. Default 3.
    pub auction_proportion: u32,
    /// `bid.proportion`. Default 46.
    pub bid_proportion: u32,
    /// `bid.hot-ratio.auctions`: a bid is for the hot auction with probability `1 - 1/ratio`. Default 2.
    pub bid_hot_ratio_auctions: u32,
    /// `bid.hot-ratio.bidders`. Default 4.
    pub bid_hot_ratio_bidders: u32,
    /// `auction.hot-ratio.sellers`. Default 4.
    pub auction_hot_ratio_sellers: u32,
    /// `person.avg-size` in bytes; `extra` fills up to it. Default 200.
    pub person_avg_size: u64,
    /// `auction.avg-size` in bytes. Default 500.
    pub auction_avg_size: u64,
    /// `bid.avg-size` in bytes. Default 100.
    pub bid_avg_size: u64,
    /// `max-emit-speed`: true never waits; false holds each event back until as much wall time has passed
    /// since the first as event time lies between them. Default true.
    pub max_emit_speed: bool,
    /// `stop-at`: stop after that many events in all, shared out over the ranges. Default none (-1).
    pub stop_at: Option<u64>,
    /// `keep-alive`: stay open after the last event. Default false.
    pub keep_alive: bool,
}

impl Default for GeneratorConfig {
    fn default() -> Self {
        GeneratorConfig {
            seed: 0,
            base_time: EventTime::from_millis(1_735_689_600_000),
            ranges: 1,
            first_event_rate: 10_000,
            events_num: 0,
            person_proportion: 1,
            auction_proportion: 3,
            bid_proportion: 46,
            bid_hot_ratio_auctions: 2,
            bid_hot_ratio_bidders: 4,
            auction_hot_ratio_sellers: 4,
            person_avg_size: 200,
            auction_avg_size: 500,
            bid_avg_size: 100,
            max_emit_speed: true,
            stop_at: None,
            keep_alive: false,
        }
    }
}

impl GeneratorConfig {
    /// Refuses values that no event could be made of, naming option and value.
    pub fn validate(&self) -> Result<()> {
        at_least_one("ranges", self.ranges.into())?;
        at_least_one("first-event.rate", self.first_event_rate)?;
        at_least_one("bid.hot-ratio.auctions", self.bid_hot_ratio_auctions.into())?;
        at_least_one("bid.hot-ratio.bidders", self.bid_hot_ratio_bidders.into())?;
        at_least_one("auction.hot-ratio.sellers", self.auction_hot_ratio_sellers.into())?;
        at_most("events.num", self.events_num, EVENTS_WITHOUT_LIMIT)?;
        at_most("ranges", self.ranges.into(), self.events())?;
        at_most("person.proportion", self.person_proportion.into(), PROPORTION_MAX.into())?;
        at_most("auction.proportion", self.auction_proportion.into(), PROPORTION_MAX.into())?;
        at_most("bid.proportion", self.bid_proportion.into(), PROPORTION_MAX.into())?;
        if self.total_proportion() == 0 {
            return Err(Error::user(
                "options 'person.proportion', 'auction.proportion' and 'bid.proportion': all are 0, \
                 at least one must be positive",
            ));
        }
        at_most("person.avg-size", self.person_avg_size, AVERAGE_SIZE_MAX)?;
        at_most("auction.avg-size", self.auction_avg_size, AVERAGE_SIZE_MAX)?;
        at_most("bid.avg-size", self.bid_avg_size, AVERAGE_SIZE_MAX)
    }

    /// Events in all ranges, before `stop-at`.
    pub fn events(&self) -> u64 {
        if self.events_num == 0 { EVENTS_WITHOUT_LIMIT } else { self.events_num }
    }

    /// Events after which the kinds repeat.
    pub(crate) fn total_proportion(&self) -> u64 {
        u64::from(self.person_proportion)
            + u64::from(self.auction_proportion)
            + u64::from(self.bid_proportion)
    }
}

fn at_least_one(option: &str, value: u64) -> Result<()> {
    if value == 0 {
        return Err(Error::user(format!("option '{option}' is 0, it must be at least 1")));
    }
    Ok(())
}

fn at_most(option: &str, value: u64, bound: u64) -> Result<()> {
    if value > bound {
        return Err(Error::user(format!("option '{option}' is {value}, it must be at most {bound}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hurtig_core::ErrorKind;

    fn check(change: fn(&mut GeneratorConfig), expected: &str) {
        let mut config = GeneratorConfig::default();
        change(&mut config);
        let error = config.validate().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::User);
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn the_defaults_are_valid() {
        GeneratorConfig::default().validate().unwrap();
    }

    #[test]
    fn an_error_names_option_and_value() {
        check(|config| config.first_event_rate = 0, "option 'first-event.rate' is 0, it must be at least 1");
        check(
            |config| config.bid_hot_ratio_bidders = 0,
            "option 'bid.hot-ratio.bidders' is 0, it must be at least 1",
        );
        check(
            |config| config.bid_avg_size = 1 << 30,
            "option 'bid.avg-size' is 1073741824, it must be at most 524288",
        );
        check(
            |config| (config.events_num, config.ranges) = (3, 4),
            "option 'ranges' is 4, it must be at most 3",
        );
        check(
            |config| (config.person_proportion, config.auction_proportion, config.bid_proportion) = (0, 0, 0),
            "options 'person.proportion', 'auction.proportion' and 'bid.proportion': all are 0, \
             at least one must be positive",
        );
    }
}
