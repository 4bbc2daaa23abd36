//! The generator's options by the names that the published connector gives them, for `WITH (..)` and command
//! lines.
use hurtig_core::config::{ConfigOption, Configuration, MemorySize};
use hurtig_core::{Error, EventTime, Result};

use crate::config::GeneratorConfig;

macro_rules! options {
    ($($name:ident: $type:ty = $key:literal, $default:literal, $description:literal;)*) => {
        $(const $name: ConfigOption<$type> = ConfigOption::new($key, $default, $description);)*
        /// Every key that is understood.
        const KEYS: &[&str] = &[$($key),*];
    };
}

options! {
    SEED: u64 = "seed", "0", "Where all random values come from.";
    BASE_TIME: i64 = "base-time", "1735689600000", "Event time of event number 0, in ms since the epoch.";
    RANGES: u32 = "ranges", "1", "Ranges that run through the same event time side by side.";
    FIRST_EVENT_RATE: u64 = "first-event.rate", "10000", "Events per second of event time.";
    EVENTS_NUM: u64 = "events.num", "0", "Events in all; 0 is as good as no end.";
    PERSON_PROPORTION: u32 = "person.proportion", "1", "Persons among persons, auctions and bids.";
    AUCTION_PROPORTION: u32 = "auction.proportion", "3", "Auctions among them.";
    BID_PROPORTION: u32 = "bid.proportion", "46", "Bids among them.";
    HOT_AUCTIONS: u32 = "bid.hot-ratio.auctions", "2", "All but one in so many bids go to the hot auction.";
    HOT_BIDDERS: u32 = "bid.hot-ratio.bidders", "4", "All but one in so many bids come from the hot bidder.";
    HOT_SELLERS: u32 = "auction.hot-ratio.sellers", "4", "All but one in so many auctions are the hot seller's.";
    PERSON_AVG_SIZE: MemorySize = "person.avg-size", "200 b", "Average size of a person.";
    AUCTION_AVG_SIZE: MemorySize = "auction.avg-size", "500 b", "Average size of an auction.";
    BID_AVG_SIZE: MemorySize = "bid.avg-size", "100 b", "Average size of a bid.";
    MAX_EMIT_SPEED: bool = "max-emit-speed", "true", "Whether events are not held back until they are due.";
    STOP_AT: i64 = "stop-at", "-1", "Stop after so many events; below 0: do not.";
    KEEP_ALIVE: bool = "keep-alive", "false", "Whether the source stays open after its last event.";
    // The published connector reads these and does nothing with them; so do we.
    NEXT_EVENT_RATE: u64 = "next-event.rate", "10000", "Without effect.";
    RATE_SHAPE: String = "rate.shape", "SQUARE", "Without effect.";
    RATE_PERIOD: std::time::Duration = "rate.period", "600 s", "Without effect.";
    RATE_LIMITED: bool = "rate.limited", "false", "Without effect.";
}

impl GeneratorConfig {
    /// Reads the options of the published connector, and `seed`, `base-time` (ms since the epoch) and
    /// `ranges`. A key that is not one of them and a value that cannot be read are errors that name key and
    /// value.
    ///
    /// ```
    /// use hurtig_connector_nexmark::GeneratorConfig;
    /// use hurtig_core::Configuration;
    ///
    /// let mut options = Configuration::new();
    /// options.set("first-event.rate", "10000000").set("events.num", "1000000").set("bid.avg-size", "100 b");
    /// let config = GeneratorConfig::from_options(&options)?;
    /// assert_eq!(config.events(), 1_000_000);
    /// # Ok::<(), hurtig_core::Error>(())
    /// ```
    pub fn from_options(options: &Configuration) -> Result<GeneratorConfig> {
        if let Some((key, value)) = options.iter().find(|(key, _)| !KEYS.contains(key)) {
            return Err(Error::user(format!(
                "option '{key}' (value '{value}') is not one of the nexmark generator's: {}",
                KEYS.join(", ")
            )));
        }
        options.get(&NEXT_EVENT_RATE)?;
        options.get(&RATE_SHAPE)?;
        options.get(&RATE_PERIOD)?;
        options.get(&RATE_LIMITED)?;
        let config = GeneratorConfig {
            seed: options.get(&SEED)?,
            base_time: EventTime::from_millis(options.get(&BASE_TIME)?),
            ranges: options.get(&RANGES)?,
            first_event_rate: options.get(&FIRST_EVENT_RATE)?,
            events_num: options.get(&EVENTS_NUM)?,
            person_proportion: options.get(&PERSON_PROPORTION)?,
            auction_proportion: options.get(&AUCTION_PROPORTION)?,
            bid_proportion: options.get(&BID_PROPORTION)?,
            bid_hot_ratio_auctions: options.get(&HOT_AUCTIONS)?,
            bid_hot_ratio_bidders: options.get(&HOT_BIDDERS)?,
            auction_hot_ratio_sellers: options.get(&HOT_SELLERS)?,
            person_avg_size: size(options, &PERSON_AVG_SIZE)?,
            auction_avg_size: size(options, &AUCTION_AVG_SIZE)?,
            bid_avg_size: size(options, &BID_AVG_SIZE)?,
            max_emit_speed: options.get(&MAX_EMIT_SPEED)?,
            stop_at: u64::try_from(options.get(&STOP_AT)?).ok(),
            keep_alive: options.get(&KEEP_ALIVE)?,
        };
        config.validate()?;
        Ok(config)
    }
}

fn size(options: &Configuration, option: &ConfigOption<MemorySize>) -> Result<u64> {
    Ok(options.get(option)?.bytes() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hurtig_core::config::ConfigValue;

    fn check(key: &str, value: &str, expected: &str) {
        let mut options = Configuration::new();
        options.set(key, value);
        let error = GeneratorConfig::from_options(&options).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }

    #[test]
    fn no_options_are_the_defaults() {
        let config = GeneratorConfig::from_options(&Configuration::new()).unwrap();
        assert_eq!(config, GeneratorConfig::default());
    }

    #[test]
    fn a_mistake_is_named() {
        check("bids.num", "3", "option 'bids.num' (value '3') is not one of");
        check("events.num", "many", "option 'events.num' has the value 'many'");
        check("rate.period", "soon", "option 'rate.period' has the value 'soon'");
        check("ranges", "0", "option 'ranges' is 0");
    }

    #[test]
    fn every_default_parses() {
        assert_eq!(<u64 as ConfigValue>::parse(EVENTS_NUM.default_text()), Ok(0));
        let mut options = Configuration::new();
        options.set("stop-at", "70").set("auction.avg-size", "1kb");
        let config = GeneratorConfig::from_options(&options).unwrap();
        assert_eq!((config.stop_at, config.auction_avg_size), (Some(70), 1024));
    }
}
