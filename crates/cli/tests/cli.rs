//! The binary as its users see it, and the commands of the user documentation.
#![allow(clippy::unwrap_used, reason = "the helpers below belong to tests too")]
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn hurtig(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hurtig")).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The JSON objects that a command prints, one a line.
fn lines(arguments: &[&str]) -> Vec<Value> {
    let output = hurtig(arguments);
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_wrong_command_line_is_code_2_and_a_wrong_name_code_1() {
    let output = hurtig(&["bench", "engine", "--olny", "x"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--only"), "a hint: {}", text(&output.stderr));
    let output = hurtig(&["bench", "engine", "--only", "chain"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("no benchmark 'chain'; there are chain_u64"));
    assert!(output.stdout.is_empty());
    let output = hurtig(&["bench", "nexmark", "--query", "q99"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("no query 'q99'"));
}

#[test]
fn help_teaches() {
    let output = hurtig(&["bench", "engine", "--help"]);
    let help = text(&output.stdout);
    assert!(help.contains("hash_arrow_2x2") && help.contains("checksum"), "{help}");
}

#[test]
fn every_engine_benchmark_gives_its_figures() {
    let names = "chain_u64,handover_rows,hash_rows_2x2,hash_arrow_2x2,latency_keyed";
    let scale = ["--scale", "0.0005", "--rounds", "1", "--latency-seconds", "1", "--json"];
    let found = lines(&[&["bench", "engine", "--only", names][..], &scale].concat());
    assert_eq!(found.len(), 5);
    for line in &found[..4] {
        for key in ["records", "seconds", "records_per_second", "bare_records_per_second", "ratio"] {
            assert!(line[key].as_f64().unwrap() > 0.0, "{key} of {line}");
        }
        assert_eq!(line["checksum"].as_str().unwrap().len(), 16, "{line}");
    }
    for key in ["p50_ms", "p99_ms", "p999_ms"] {
        assert!(found[4][key].as_f64().unwrap() > 0.0, "{key}");
    }
}

#[test]
fn every_benchmark_of_state_agrees_with_its_counterpart() {
    // A difference of the checksums is an error.
    let names =
        "keyed_count_u64,keyed_count_string,key_bytes,tumbling_count,sliding_count,session_count,timers";
    let found = lines(&["bench", "engine", "--only", names, "--scale", "0.002", "--rounds", "1", "--json"]);
    assert_eq!(found.len(), 7);
    for line in &found {
        let ratio = line.get("ratio").or(line.get("compact_ratio")).unwrap_or_else(|| panic!("{line}"));
        assert!(ratio.as_f64().is_some(), "{line}");
    }
    let flood = lines(&["bench", "engine", "--only", "timer_flood", "--scale", "0.02", "--json"]);
    assert_eq!(flood[0]["timers"].as_u64(), Some(200_000));
}

#[test]
fn a_first_record_comes_out_of_a_new_process() {
    let found = lines(&["bench", "engine", "--only", "first_record", "--json"]);
    assert!(found[0]["p50_ms"].as_f64().unwrap() > 0.0);
}

#[test]
fn nexmark_queries_give_their_figures() {
    let found = lines(&["bench", "nexmark", "--events", "20000", "--parallelism", "2", "--json"]);
    let names: Vec<_> = found.iter().map(|line| line["query"].as_str().unwrap()).collect();
    assert_eq!(names, ["q0", "q1", "q2"]);
    for line in &found {
        assert_eq!((line["api"].as_str(), line["generate"].as_str()), (Some("datastream"), Some("needed")));
        assert_eq!((line["events"].as_u64(), line["parallelism"].as_u64()), (Some(20_000), Some(2)));
        for key in ["seconds", "events_per_second", "events_per_cpu_second", "peak_rss_bytes"] {
            assert!(line[key].as_f64().unwrap() > 0.0, "{key} of {line}");
        }
    }
}

#[test]
fn all_nexmark_queries_run_and_the_help_names_them() {
    let found = lines(&["bench", "nexmark", "--query", "all", "--events", "20000", "--json"]);
    let names: Vec<_> = found.iter().map(|line| line["query"].as_str().unwrap()).collect();
    assert_eq!(names, ["q0", "q1", "q2", "q3", "q4", "q5", "q7", "q8", "q9", "q11", "q12", "q18"]);
    let help = text(&hurtig(&["bench", "nexmark", "--help"]).stdout);
    // Long lines are wrapped.
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(help.contains(&format!("{}; or all", names.join(", "))), "{help}");
}

/// The commands of a page, each with the output that stands behind it.
fn commands(page: &str) -> Vec<(String, Vec<String>)> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    let mut fence = None;
    for line in page.lines() {
        match (fence, line.strip_prefix("```")) {
            (None, Some(language)) => fence = Some(language),
            (Some(_), Some(_)) => fence = None,
            (Some("sh"), None) => found.push((line.to_owned(), Vec::new())),
            (Some("text"), None) => found.last_mut().unwrap().1.push(line.to_owned()),
            _ => {}
        }
    }
    found
}

/// Runs a command of the documentation with what `cargo test` has built.
fn run(command: &str) -> String {
    let mut words = command.split_whitespace();
    let program = match words.next().unwrap() {
        "hurtig" => PathBuf::from(env!("CARGO_BIN_EXE_hurtig")),
        "cargo" => {
            let name = words.by_ref().skip_while(|word| *word != "--example").nth(1).unwrap();
            assert!(matches!(words.next(), None | Some("--")), "{command}");
            let built = Path::new(env!("CARGO_BIN_EXE_hurtig")).parent().unwrap();
            let example = built.join("examples").join(name);
            assert!(example.exists(), "{}: `cargo test --workspace` builds it", example.display());
            example
        }
        other => panic!("the documentation runs '{other}'"),
    };
    let output = Command::new(program).args(words).output().unwrap();
    text(&output.stdout) + &text(&output.stderr)
}

#[test]
fn the_commands_of_the_documentation_do_what_it_says() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let mut count = 0;
    for page in ["getting-started.md", "benchmarks.md"] {
        for (command, expect) in commands(&std::fs::read_to_string(docs.join(page)).unwrap()) {
            let output = run(&command);
            for line in expect {
                assert!(output.contains(&line), "{page}: {command}\nwants: {line}\nprints: {output}");
            }
            count += 1;
        }
    }
    assert!(count >= 6, "{count} commands");
}
