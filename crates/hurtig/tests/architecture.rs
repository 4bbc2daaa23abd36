//! The house as ARCHITECTURE.md draws it: which crate may know which, what each takes from outside, under
//! which licences. Asks cargo for the truth, so that a line in a manifest cannot change the design unseen.
//!
//! Dependencies of tests, examples and benches are free; those of libraries and build scripts are not.
#![allow(clippy::unwrap_used, reason = "the helpers below belong to tests too")]
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// One line per crate, named by its folder under `crates/`: the crates of ours that it may depend on, then
/// those from outside. `*` is anything, `connectors/*` any connector. Everybody may use `derive`.
#[rustfmt::skip]
const HOUSE: &[(&str, &[&str], &[&str])] = &[
    ("derive", &[], &["proc-macro2", "quote", "syn"]),
    ("core", &[], &["arrow-array", "arrow-buffer", "arrow-ipc", "arrow-schema", "arrow-select", "compact_str", "serde", "thiserror", "xxhash-rust"]),
    ("graph", &["core"], &["serde", "serde_json", "xxhash-rust"]),
    ("connector", &["core"], &["arrow-schema", "serde"]),
    ("state", &["core"], &["hashbrown"]),
    ("operator", &["core", "connector", "graph", "state"], &["arrow-array", "serde"]),
    ("runtime", &["core", "connector", "operator", "graph"], &["atomic-waker", "postcard", "serde", "tokio"]),
    ("jobmaster", &["core", "connector", "graph", "operator", "runtime"], &["atomic-waker", "serde"]),
    ("datastream", &["core", "connector", "graph", "operator", "state", "connectors/base"], &["arrow-schema"]),
    ("formats", &["core"], &["arrow-array", "arrow-cast", "arrow-schema", "base64", "bytes", "csv-core", "itoa", "memchr", "parquet", "serde", "serde_json"]),
    ("connectors/base", CONNECTOR, &["tokio", "xxhash-rust"]),
    ("connectors/files", CONNECTOR, &["arrow-schema"]),
    ("connectors/nexmark", CONNECTOR, &["arrow-array", "arrow-buffer", "arrow-schema", "compact_str"]),
    ("hurtig", &["core", "connector", "graph", "operator", "state", "runtime", "jobmaster", "datastream", "formats", "connectors/*"], &["mimalloc", "serde_json"]),
    ("cli", &["*"], &["arrow-array", "arrow-schema", "clap", "compact_str", "hashbrown", "serde", "serde_json"]),
];

/// What every connector may know of the engine.
const CONNECTOR: &[&str] = &["core", "connector", "formats"];

/// What a program that only uses the DataStream API must not have to build.
const NOT_FOR_DATASTREAM: &[&str] = &["datafusion", "librocksdb-sys", "rocksdb", "tonic"];

#[test]
fn crates_know_only_whom_the_design_draws() {
    let metadata = Metadata::read();
    let mut problems = Vec::new();
    for (from, dependencies) in &metadata.members {
        let Some((_, allowed, outside)) = HOUSE.iter().find(|(name, ..)| name == from) else {
            problems.push(format!("crate '{from}' has no line in HOUSE"));
            continue;
        };
        for dependency in dependencies {
            match metadata.folder_of(dependency) {
                Some("derive") => {}
                Some(to) if allowed.iter().any(|pattern| covers(pattern, to)) => {}
                Some(to) => problems.push(format!("{from} -> {to} is not drawn")),
                None if outside.contains(&dependency.as_str()) => {}
                None => problems.push(format!("{from} takes '{dependency}' from outside")),
            }
        }
    }
    let gone = HOUSE.iter().filter(|(name, ..)| !metadata.members.contains_key(*name));
    problems.extend(gone.map(|(name, ..)| format!("crate '{name}' of HOUSE is not there")));
    expect_none(problems, "ARCHITECTURE.md, 'The house', says who may depend on whom; HOUSE says it here");
}

#[test]
fn a_datastream_program_builds_no_sql_no_rocksdb_and_no_grpc() {
    // `cargo metadata` unites the features that all members ask for; `cargo tree` takes one package's.
    let arguments = ["tree", "--locked", "-p", "hurtig", "-e", "normal,build", "--prefix", "none"];
    let tree = cargo(&arguments);
    let names: BTreeSet<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(names.contains("hurtig-core"), "the tree is not what it should be:\n{tree}");
    let unwanted = NOT_FOR_DATASTREAM.iter().filter(|name| names.contains(*name));
    expect_none(unwanted.map(ToString::to_string).collect(), "these belong behind a feature of 'hurtig'");
}

#[test]
fn everything_from_outside_comes_from_the_registry_under_a_licence_that_fits() {
    let allowed = allowed_licences();
    let mut problems = Vec::new();
    for package in &Metadata::read().outside {
        let Outside { name, licence, source } = package;
        // The registry of cargo's own default, over whichever protocol.
        if !source.starts_with("registry+") || !source.ends_with("/crates.io-index") {
            problems.push(format!("'{name}' comes from '{source}'"));
        }
        match licence {
            Some(licence) if Expression::new(licence).met_by(&allowed) => {}
            Some(licence) => problems.push(format!("'{name}' has the licence '{licence}'")),
            None => problems.push(format!("'{name}' names no licence")),
        }
    }
    expect_none(problems, "deny.toml, 'allow', lists the licences that fit");
}

#[test]
fn no_file_tells_of_the_place_where_it_was_written() {
    let root = root();
    if !root.join(".git").exists() {
        eprintln!("not a git checkout: nothing is tracked here");
        return;
    }
    // Put together here, or this file would be the first one found.
    let words = [["/wo", "rk/"].concat(), ["suba", "gent"].concat()];
    let arguments = ["-c", "safe.directory=*", "ls-files", "-z"];
    let listed = output(Command::new("git").args(arguments).current_dir(&root));
    let mut problems = Vec::new();
    for file in listed.split('\0').filter(|file| !file.is_empty()) {
        // A file that has been removed but not yet from the index says nothing.
        let Ok(content) = std::fs::read(root.join(file)) else { continue };
        for (number, line) in content.split(|byte| *byte == b'\n').enumerate() {
            for word in &words {
                if line.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes())) {
                    problems.push(format!("{file}:{} says '{word}'", number + 1));
                }
            }
        }
    }
    expect_none(problems, "the project stands alone");
}

#[test]
fn the_readme_shows_the_word_count_example_as_it_is() {
    let read = |file: &str| std::fs::read_to_string(root().join(file)).unwrap();
    let (readme, example) = (read("README.md"), read("crates/hurtig/examples/word_count.rs"));
    assert!(readme.contains(&format!("```rust\n{example}```\n")), "README.md shows another program");
    assert!(example.lines().count() < 15, "it is to show how little is needed");
}

#[test]
fn licence_expressions_are_read_as_they_are_meant() {
    let check = |text: &str, expect: bool| {
        let allowed = ["MIT", "Apache-2.0"].map(str::to_owned).into();
        assert_eq!(Expression::new(text).met_by(&allowed), expect, "{text}");
    };
    check("MIT", true);
    check("GPL-3.0-only", false);
    check("GPL-3.0-only OR MIT", true);
    check("Unlicense/MIT", true);
    check("Apache-2.0 AND MIT", true);
    check("Apache-2.0 AND ISC", false);
    check("(ISC OR Apache-2.0) AND (MIT OR ISC)", true);
    check("ISC AND MIT OR MIT", true);
    check("Apache-2.0 WITH LLVM-exception OR ISC", false);
}

/// What cargo knows of the workspace.
struct Metadata {
    /// The names of the packages that each member's library and build script depend on, by folder.
    members: BTreeMap<String, Vec<String>>,
    folders: BTreeMap<String, String>,
    outside: Vec<Outside>,
}

struct Outside {
    name: String,
    licence: Option<String>,
    source: String,
}

impl Metadata {
    fn read() -> Metadata {
        // Only for the machine that runs this: packages of others need not have been downloaded.
        let rustc = std::env::var("RUSTC").unwrap_or("rustc".to_owned());
        let version = output(Command::new(rustc).arg("-vV"));
        let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
        let mut arguments = vec!["metadata", "--locked", "--all-features", "--format-version", "1"];
        arguments.extend(["--filter-platform", host]);
        let text = cargo(&arguments);
        let json: Value = serde_json::from_str(&text).unwrap();
        let (mut members, mut folders, mut outside) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        for package in json["packages"].as_array().unwrap() {
            let name = package["name"].as_str().unwrap().to_owned();
            match package["source"].as_str() {
                Some(source) => outside.push(Outside {
                    name: format!("{name} {}", package["version"].as_str().unwrap()),
                    licence: package["license"].as_str().map(str::to_owned),
                    source: source.to_owned(),
                }),
                None => {
                    let manifest = Path::new(package["manifest_path"].as_str().unwrap());
                    let folder = manifest.parent().unwrap().strip_prefix(root().join("crates"));
                    let folder = folder.unwrap().to_str().unwrap().to_owned();
                    let dependencies = package["dependencies"].as_array().unwrap().iter();
                    let shipped = dependencies.filter(|dependency| dependency["kind"] != "dev");
                    let names = shipped.map(|dependency| dependency["name"].as_str().unwrap().to_owned());
                    members.insert(folder.clone(), names.collect());
                    folders.insert(name, folder);
                }
            }
        }
        Metadata { members, folders, outside }
    }

    /// The folder of a package that is one of ours.
    fn folder_of(&self, package: &str) -> Option<&str> {
        self.folders.get(package).map(String::as_str)
    }
}

/// A licence expression: identifiers joined by `AND`, `OR` and parentheses; `/` is an old way to write `OR`.
struct Expression {
    /// In reverse, so that the next one can be popped.
    tokens: Vec<String>,
}

impl Expression {
    fn new(text: &str) -> Expression {
        let spaced = text.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
        Expression { tokens: spaced.split_whitespace().rev().map(str::to_owned).collect() }
    }

    fn met_by(mut self, allowed: &BTreeSet<String>) -> bool {
        let met = self.any(allowed);
        met && self.tokens.is_empty()
    }

    fn any(&mut self, allowed: &BTreeSet<String>) -> bool {
        let mut met = self.all(allowed);
        while self.takes("OR") {
            met |= self.all(allowed);
        }
        met
    }

    fn all(&mut self, allowed: &BTreeSet<String>) -> bool {
        let mut met = self.one(allowed);
        while self.takes("AND") {
            met &= self.one(allowed);
        }
        met
    }

    fn one(&mut self, allowed: &BTreeSet<String>) -> bool {
        if self.takes("(") {
            let met = self.any(allowed);
            return self.takes(")") && met;
        }
        let mut name = self.tokens.pop().unwrap_or_default();
        if self.takes("WITH") {
            name = format!("{name} WITH {}", self.tokens.pop().unwrap_or_default());
        }
        allowed.contains(&name)
    }

    fn takes(&mut self, token: &str) -> bool {
        self.tokens.pop_if(|next| next == token).is_some()
    }
}

/// The list `allow` of `[licenses]` in deny.toml, one licence a line.
fn allowed_licences() -> BTreeSet<String> {
    let text = std::fs::read_to_string(root().join("deny.toml")).unwrap();
    let (_, section) = text.split_once("[licenses]\n").unwrap();
    let (_, list) = section.split_once("allow = [\n").unwrap();
    let lines = list.lines().take_while(|line| *line != "]");
    let names: BTreeSet<String> = lines.map(|line| line.trim().trim_matches(['"', ',']).to_owned()).collect();
    assert!(names.contains("Apache-2.0"), "deny.toml is not read as it should be: {names:?}");
    names
}

fn covers(pattern: &str, folder: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => folder.starts_with(prefix),
        None => folder == pattern,
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

fn cargo(arguments: &[&str]) -> String {
    let cargo = std::env::var("CARGO").unwrap_or("cargo".to_owned());
    output(Command::new(cargo).args(arguments).current_dir(root()))
}

fn output(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}:\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn expect_none(problems: Vec<String>, why: &str) {
    assert!(problems.is_empty(), "{why}:\n  {}", problems.join("\n  "));
}
