//! Three million flights from a Parquet file, out of order: `make demo` runs this.
mod job;

use hurtig::prelude::*;

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
    job::build(&env, &input, &output);
    let result = env.execute("flights")?;
    eprintln!();
    for (name, value) in result.accumulators.iter() {
        println!("flights {name}: {value:?}");
    }
    println!(
        "{:.2} s; airports are in {output}/airports, late flights in {output}/late",
        result.net_runtime.as_secs_f64()
    );
    Ok(())
}
