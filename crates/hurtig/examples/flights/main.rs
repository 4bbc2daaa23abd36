//! Three million flights from a Parquet file, out of order: `make demo` runs this.
mod job;

use hurtig::connectors::base::display::print;
use hurtig::operator::accumulator::Accumulator;
use hurtig::prelude::*;
use job::spells::Spell;

fn main() -> std::process::ExitCode {
    match run() {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("flights: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let (env, arguments) = StreamExecutionEnvironment::from_args()?;
    let (mut input, mut output) = (None, None);
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--input" => input = arguments.next(),
            "--output" => output = arguments.next(),
            _ => {
                return Err(Error::user(format!("'{argument}' is neither --input FILE nor --output FOLDER")));
            }
        }
    }
    let usage = || Error::user("usage: flights --input flights-3m.parquet --output FOLDER [-Dkey=value]");
    let (input, output) = (input.ok_or_else(usage)?, output.ok_or_else(usage)?);

    let worst = job::build(&env, &input, &output);
    let mut worst = worst.execute_and_collect("flights")?;
    let weeks = worst.by_ref().collect::<Result<Vec<Spell>>>()?;
    let result = worst.client().result()?;
    eprintln!();

    println!("The longest spell of delayed departures of each week:");
    for Spell { origin, first, flights, worst_delay, .. } in &weeks {
        println!("  {}  {origin}  {flights:4} flights, the worst {worst_delay} min late", print(first)?);
    }
    for (name, value) in result.accumulators.iter() {
        if let Accumulator::Long(value) = value {
            println!("{name}: {value}");
        }
    }
    println!("{:.2} s; in {output}:", result.net_runtime.as_secs_f64());
    println!("  airports  all flights of each airport that were in time");
    println!("  late      those that were not: more than 24 hours behind the latest");
    println!("  hours     each airport's hours, late flights included, as last reported");
    println!("  reports   the hours of {} as they were reported one after the other", job::WATCHED);
    println!("  spells    departures that were delayed one after the other");
    Ok(())
}
