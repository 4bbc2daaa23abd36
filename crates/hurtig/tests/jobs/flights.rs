//! The flights example against a plain computation over the same file.
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMillisecondType};
use arrow_schema::{DataType, TimeUnit};
use hurtig::prelude::*;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

#[path = "../../examples/flights/job.rs"]
mod job;

const MINUTE_MILLIS: i64 = 60_000;
const BOUND_MILLIS: i64 = 24 * 60 * MINUTE_MILLIS;

/// What the job must come to, without the engine: per airport flights and minutes, and how many were late.
struct Plain {
    airports: BTreeMap<String, (i64, i64)>,
    late: usize,
}

fn file() -> PathBuf {
    let place = std::env::var_os("HURTIG_FLIGHTS")
        .expect("HURTIG_FLIGHTS names the flights' Parquet file; `make test` fetches it and sets it");
    PathBuf::from(place)
}

fn plain(file: &Path) -> Plain {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(file).unwrap()).unwrap();
    let (mut airports, mut late) = (BTreeMap::<String, (i64, i64)>::new(), 0);
    let mut watermark = i64::MIN;
    for batch in reader.build().unwrap() {
        let batch = batch.unwrap();
        let column = |name, to| arrow_cast::cast(batch.column_by_name(name).unwrap(), to).unwrap();
        let dates = column("date", &DataType::Timestamp(TimeUnit::Millisecond, None));
        let dates = dates.as_primitive::<TimestampMillisecondType>();
        let delays = column("delay", &DataType::Int64);
        let delays = delays.as_primitive::<Int64Type>();
        let origins = column("origin", &DataType::Utf8);
        let origins = origins.as_string::<i32>();
        for row in 0..batch.num_rows() {
            let departure = dates.value(row) + delays.value(row) * MINUTE_MILLIS;
            if departure <= watermark {
                late += 1;
                continue;
            }
            watermark = watermark.max(departure - BOUND_MILLIS - 1);
            let totals = airports.entry(origins.value(row).to_owned()).or_default();
            *totals = (totals.0 + 1, totals.1 + delays.value(row));
        }
    }
    Plain { airports, late }
}

/// The lines of all finished files under a folder.
fn lines(folder: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        assert!(!name.starts_with('.'), "the job has ended and left the unfinished file {name}");
        lines.extend(std::fs::read_to_string(&path).unwrap().lines().map(str::to_owned));
    }
    lines
}

#[test]
fn the_demo_comes_to_what_a_plain_loop_comes_to() {
    let file = file();
    let expect = plain(&file);
    assert_eq!(expect.late, 3574);
    for parallelism in [1, 4] {
        let output = tempfile::tempdir().unwrap();
        let env = StreamExecutionEnvironment::default();
        env.set_parallelism(parallelism);
        let folder = output.path().to_str().unwrap();
        job::build(&env, file.to_str().unwrap(), folder);
        env.execute("flights").unwrap();
        assert_eq!(lines(&output.path().join("late")).len(), expect.late);
        let mut found = BTreeMap::new();
        for line in lines(&output.path().join("airports")) {
            let fields: Vec<&str> = line.split(',').collect();
            found.insert(
                fields[0].to_owned(),
                (fields[1].parse::<i64>().unwrap(), fields[2].parse::<f64>().unwrap()),
            );
        }
        let expect = expect.airports.iter().map(|(origin, (flights, minutes))| {
            (origin.clone(), (*flights, *minutes as f64 / *flights as f64))
        });
        assert_eq!(found, expect.collect(), "parallelism {parallelism}");
    }
}
