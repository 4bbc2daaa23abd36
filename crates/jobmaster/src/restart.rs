//! Whether a failed job is started again, and when.
use std::time::Duration;

use hurtig_core::config::options;
use hurtig_core::{Configuration, Error, ErrorKind, Result};

/// Decides about restarts. Looks at the kind of an error alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RestartStrategy {
    /// Never.
    None,
    /// A number of times, after a pause each.
    FixedDelay {
        /// How many are left.
        attempts: u32,
        /// The pause.
        delay: Duration,
    },
}

impl RestartStrategy {
    /// What the configuration says.
    pub fn from_configuration(configuration: &Configuration) -> Result<Self> {
        let name = configuration.get(&options::RESTART_STRATEGY)?;
        match name.to_ascii_lowercase().as_str() {
            "none" | "off" | "disable" => Ok(RestartStrategy::None),
            "fixed-delay" | "fixeddelay" => Ok(RestartStrategy::FixedDelay {
                attempts: configuration.get(&options::RESTART_ATTEMPTS)?,
                delay: configuration.get(&options::RESTART_DELAY)?,
            }),
            _ => Err(Error::user(format!(
                "option '{}' has the value '{name}', expected 'none' or 'fixed-delay'",
                options::RESTART_STRATEGY.key()
            ))),
        }
    }

    /// The pause before the next attempt after an error of `kind`; `None` if there is none.
    pub fn next(&mut self, kind: ErrorKind) -> Option<Duration> {
        // Running the same program on the same input again gives the same mistake.
        if matches!(kind, ErrorKind::User | ErrorKind::Corrupt | ErrorKind::Bug) {
            return None;
        }
        match self {
            RestartStrategy::None | RestartStrategy::FixedDelay { attempts: 0, .. } => None,
            RestartStrategy::FixedDelay { attempts, delay } => {
                *attempts -= 1;
                Some(*delay)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_delay_counts_down_and_spares_mistakes() {
        let mut configuration = Configuration::new();
        configuration.set("restart-strategy.type", "fixed-delay");
        configuration.set("restart-strategy.fixed-delay.attempts", "2");
        let mut strategy = RestartStrategy::from_configuration(&configuration).unwrap();
        assert_eq!(strategy.next(ErrorKind::User), None);
        assert_eq!(strategy.next(ErrorKind::Restart), Some(Duration::from_secs(1)));
        assert_eq!(strategy.next(ErrorKind::Retry), Some(Duration::from_secs(1)));
        assert_eq!(strategy.next(ErrorKind::Restart), None);
        configuration.set("restart-strategy.type", "sometimes");
        let error = RestartStrategy::from_configuration(&configuration).unwrap_err();
        assert!(error.to_string().contains("'sometimes'"), "{error}");
    }
}
