//! `hurtig bench`: figures of the engine, each beside a hand-written counterpart timed in the same run.
mod engine;
mod nexmark;
mod process;

use clap::Subcommand;
use hurtig::Result;

/// What to measure.
#[derive(Subcommand)]
pub enum Bench {
    /// Pieces of the engine: chains, exchanges, latency, start-up
    Engine(engine::Engine),
    /// Nexmark queries
    Nexmark(nexmark::Nexmark),
    /// One record through a new process, for `bench engine --only first_record`
    #[command(hide = true)]
    FirstRecord,
    /// One job of `bench engine --only back_pressure`
    #[command(hide = true)]
    BackPressure {
        /// Which
        job: engine::back_pressure::Job,
        /// How many records
        records: u64,
    },
    /// One job of `bench engine --only key_bytes`
    #[command(hide = true)]
    KeyBytes {
        /// Which
        keys: engine::key_bytes::Keys,
        /// How many records
        records: u64,
    },
    /// One job of `bench engine --only timer_flood`
    #[command(hide = true)]
    TimerFlood {
        /// Which
        flood: engine::timer_flood::Flood,
        /// How many timers
        timers: u64,
    },
}

impl Bench {
    /// Measures and prints.
    pub fn run(self) -> Result<()> {
        match self {
            Bench::Engine(engine) => engine.run(),
            Bench::Nexmark(nexmark) => nexmark.run(),
            Bench::BackPressure { job, records } => engine::back_pressure::run_child(job, records),
            Bench::KeyBytes { keys, records } => engine::key_bytes::run_child(keys, records),
            Bench::TimerFlood { flood, timers } => engine::timer_flood::run_child(flood, timers),
            Bench::FirstRecord => engine::first_record::child(),
        }
    }
}
