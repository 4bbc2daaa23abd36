//! The flights example against a plain computation over the same file.
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hurtig::connectors::files::FileSource;
use hurtig::formats::CsvOptions;
use hurtig::operator::accumulator::Accumulator;
use hurtig::prelude::*;

#[path = "../../../examples/flights/job/mod.rs"]
mod job;
mod plain;

use job::WATCHED;
use job::hours::Hour;
use job::spells::Spell;
use plain::Plain;

fn file() -> PathBuf {
    let place = std::env::var_os("HURTIG_FLIGHTS")
        .expect("HURTIG_FLIGHTS names the flights' Parquet file; `make test` fetches it and sets it");
    PathBuf::from(place)
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

/// What the job has written as CSV.
fn read<T: TypeInformation>(folder: &Path) -> Vec<T> {
    let env = StreamExecutionEnvironment::default();
    let source = FileSource::<T>::csv(folder.to_str().unwrap(), CsvOptions::default());
    let records = env.from_source(source, WatermarkStrategy::no_watermarks(), "results");
    records.execute_and_collect("read").unwrap().collect::<Result<_>>().unwrap()
}

#[test]
fn the_demo_comes_to_what_a_plain_loop_comes_to() {
    let file = file();
    let expect = Plain::read(&file);
    assert_eq!(expect.late, 3574);
    assert_eq!(expect.hours.values().map(|hour| hour.flights).sum::<i64>(), 3_000_000);
    for parallelism in [1, 4] {
        let output = tempfile::tempdir().unwrap();
        let env = StreamExecutionEnvironment::default();
        env.set_parallelism(parallelism);
        let worst = job::build(&env, file.to_str().unwrap(), output.path().to_str().unwrap());
        let mut worst = worst.execute_and_collect("flights").unwrap();
        let weeks: Vec<Spell> = worst.by_ref().collect::<Result<_>>().unwrap();
        let result = worst.client().result().unwrap();

        check_totals(&expect, output.path(), parallelism);
        check_hours(&expect, output.path(), parallelism, |name| match result.accumulator(name) {
            Some(Accumulator::Long(value)) => *value,
            other => panic!("accumulator '{name}' is {other:?}"),
        });
        let spells = read::<Spell>(&output.path().join("spells"));
        let spells = spells.into_iter().map(|spell| ((spell.origin.clone(), spell.first.as_millis()), spell));
        assert!(spells.collect::<BTreeMap<_, _>>() == expect.spells, "parallelism {parallelism}: spells");
        assert_eq!(weeks, expect.worst_of_weeks(), "parallelism {parallelism}");
    }
}

fn check_totals(expect: &Plain, output: &Path, parallelism: u32) {
    assert_eq!(lines(&output.join("late")).len(), expect.late);
    let mut found = BTreeMap::new();
    for line in lines(&output.join("airports")) {
        let fields: Vec<&str> = line.split(',').collect();
        let totals = (fields[1].parse::<i64>().unwrap(), fields[2].parse::<f64>().unwrap());
        found.insert(fields[0].to_owned(), totals);
    }
    let mean = |(flights, minutes): &(i64, i64)| (*flights, *minutes as f64 / *flights as f64);
    let expect = expect.airports.iter().map(|(origin, totals)| (origin.clone(), mean(totals)));
    assert_eq!(found, expect.collect(), "parallelism {parallelism}");
}

/// Each hour, with all its flights, those that came late too, and as many reports as there must be.
fn check_hours(expect: &Plain, output: &Path, parallelism: u32, accumulator: impl Fn(&str) -> i64) {
    let place = |hour: &Hour| (hour.origin.clone(), hour.start.as_millis());
    let hours: Vec<Hour> = read(&output.join("hours"));
    assert_eq!(hours.len(), expect.hours.len(), "parallelism {parallelism}: hours");
    for hour in &hours {
        assert_eq!(Some(hour), expect.hours.get(&place(hour)), "parallelism {parallelism}");
    }
    let sum = |of: fn(&Hour) -> i64| expect.hours.values().map(of).sum::<i64>();
    assert_eq!(accumulator("hours"), expect.hours.len() as i64, "parallelism {parallelism}");
    assert_eq!(accumulator("hours: reports"), sum(|hour| hour.reports), "parallelism {parallelism}");
    assert_eq!(accumulator("hours: corrections"), sum(|hour| hour.corrections), "parallelism {parallelism}");

    // One airport's reports are all there, each with as many flights as the one before it or more.
    let mut reports: BTreeMap<_, Vec<Hour>> = BTreeMap::new();
    for report in read::<Hour>(&output.join("reports")) {
        assert_eq!(report.origin, WATCHED);
        reports.entry(place(&report)).or_default().push(report);
    }
    let watched = expect.hours.values().filter(|hour| hour.origin == WATCHED);
    assert_eq!(reports.len(), watched.count(), "parallelism {parallelism}");
    for (place, mut reports) in reports {
        reports.sort_by_key(|report| report.reports);
        assert!(reports.is_sorted_by_key(|report| report.flights), "parallelism {parallelism}: {reports:?}");
        let last = &expect.hours[&place];
        assert_eq!(reports.last(), Some(last), "parallelism {parallelism}");
        assert_eq!(reports.len() as i64, last.reports, "parallelism {parallelism}");
    }
}
