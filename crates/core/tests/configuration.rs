//! `docs/configuration.md` says what the code declares. `HURTIG_UPDATE=1 cargo test -p hurtig-core --test
//! configuration` (or `make docs`) writes it anew.
use std::path::Path;

use hurtig_core::config::options;

const HEAD: &str = "\
# Configuration

Every option that the engine knows, with its key (Flink's, where Flink has the concept), its default and its
meaning. Durations are written `100 ms`, `5 s`, `1 min`, `2 h`, `1 d`; amounts of memory `32kb`, `64 mb`, `1 gb`
(powers of 1024); without a unit they are milliseconds and bytes. A program takes options from its arguments,
`-Dkey=value`, and from code.

This page is written from `crates/core/src/config/option.rs`; `make docs` does it.

";

#[test]
fn the_page_says_what_the_code_declares() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let expected = format!("{HEAD}{}", options::documentation());
    if std::env::var_os("HURTIG_UPDATE").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, expected, "docs/configuration.md is out of date: run `make docs`");
}
