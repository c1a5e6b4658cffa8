//! What the command says of itself, as snapshots. `TRYCMD=overwrite cargo test -p limpid-cli --test it help` renews them.

use std::path::Path;

#[test]
fn the_help_texts_are_as_they_were_read_last() {
    trycmd::TestCases::new()
        .register_bin("limpid", Path::new(env!("CARGO_BIN_EXE_limpid")))
        .env("COLUMNS", "100")
        .case("tests/help/*.trycmd");
}

#[test]
fn pictures_in_a_terminal_and_mistakes_are_as_they_were_read_last() {
    trycmd::TestCases::new()
        .register_bin("limpid", Path::new(env!("CARGO_BIN_EXE_limpid")))
        .env("COLUMNS", "80")
        .env("LIMPID_DATA", concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/mnist"))
        .case("tests/pictures/*.trycmd");
}
