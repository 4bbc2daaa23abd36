//! `hurtig bench nexmark`.
use clap::Args;
use hurtig::Result;

/// Nexmark queries in the DataStream API.
#[derive(Args)]
pub struct Nexmark {}

impl Nexmark {
    /// Runs the queries.
    pub fn run(self) -> Result<()> {
        Ok(())
    }
}
