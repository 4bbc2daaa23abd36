//! The `hurtig` binary: one command per file.
mod bench;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Stateful stream processing: Apache Flink's model, native.
#[derive(Parser)]
#[command(name = "hurtig", version, propagate_version = true)]
#[command(after_help = "Exit codes: 0 done, 1 failed, 2 the command line is wrong.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure the engine on this machine
    #[command(subcommand)]
    Bench(bench::Bench),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Bench(bench) => bench.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hurtig: {error}");
            ExitCode::FAILURE
        }
    }
}
