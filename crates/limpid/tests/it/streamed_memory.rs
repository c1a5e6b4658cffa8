//! A table that is several times as large as the memory that it is learned from in.
//!
//! The peak of a process is known to Linux (`VmHWM` in `/proc/self/status`). So each way of reading has a process of its
//! own: this test again, told by the environment what to do. `LIMPID_TABLE_MIB` says how large the table is.
#![cfg(all(target_os = "linux", feature = "tables"))]
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
#![allow(clippy::print_stdout, reason = "a process of its own tells its test what it measured")]

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::Command;
use std::time::Instant;
use std::{env, fs};

use limpid::files::{Table, TableForm};
use limpid::prelude::*;
use limpid::tables::{self, TableOptions};

const PLACE: &str = "LIMPID_LARGE_TABLE";
const WAY: &str = "LIMPID_LARGE_TABLE_WAY";
const MIB: usize = 1 << 20;
/// The most that may be held of it.
const MOST_BYTES: usize = 20 * MIB;

/// How large the table is.
fn table_bytes() -> usize {
    MIB * env::var("LIMPID_TABLE_MIB").ok().and_then(|text| text.parse().ok()).unwrap_or(32)
}

/// The most memory that this process has had, in bytes.
fn peak() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}

fn write_table(path: &Path) {
    let mut file = BufWriter::new(File::create(path).unwrap());
    let names: Vec<String> = (0..8).map(|column| format!("x{column}")).collect();
    writeln!(file, "{},y", names.join(",")).unwrap();
    let (mut written, mut state) = (0, 1u64);
    while written < table_bytes() {
        let mut line = String::new();
        let mut sum = 0.0;
        for _ in 0..8 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let number = (state >> 40) as f64 / f64::from(1 << 24) - 0.5;
            sum += number;
            line += &format!("{number:.9},");
        }
        line += if sum > 0.0 { "large\n" } else { "small\n" };
        file.write_all(line.as_bytes()).unwrap();
        written += line.len();
    }
    file.flush().unwrap();
}

/// Trains for an epoch, and prints by how much the peak grew, how long it took, and the share of right answers.
fn learn(path: &Path, is_streamed: bool) {
    let (before, start) = (peak(), Instant::now());
    let options = TableOptions::predicting("y");
    let network: Network = "8, affine 16, relu, affine 2".parse().unwrap();
    let mut model = Model::new(&network, 1).unwrap();
    let fit = FitOptions { epochs: 1, batch_size: 500, ..FitOptions::default() };
    let accuracy = if is_streamed {
        let table = tables::stream(path, &TableForm::default(), &options, 10_000).unwrap();
        model.fit(&table.train, &fit).unwrap();
        model.evaluate(&table.test.unwrap()).unwrap().accuracy
    } else {
        let split = tables::split(&Table::read(path).unwrap(), &options).unwrap();
        model.fit(&split.train, &fit).unwrap();
        model.evaluate(&split.test.unwrap()).unwrap().accuracy
    };
    let seconds = start.elapsed().as_secs_f64();
    println!("grew by {} took {seconds} right {}", peak() - before, accuracy.unwrap());
}

#[test]
fn a_table_is_learned_from_in_a_fraction_of_its_size() {
    if let Some(path) = env::var_os(PLACE) {
        return learn(Path::new(&path), env::var_os(WAY).is_some());
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.csv");
    write_table(&path);
    let run = |is_streamed: bool| {
        let mut command = Command::new(env::current_exe().unwrap());
        command
            .args(["--exact", "streamed_memory::a_table_is_learned_from_in_a_fraction_of_its_size", "--nocapture"])
            .env(PLACE, &path);
        if is_streamed {
            command.env(WAY, "streamed");
        }
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let number = |after: &str| {
            let rest = text.split_once(after).unwrap_or_else(|| panic!("{text}")).1;
            rest.split_whitespace().next().unwrap().parse::<f64>().unwrap()
        };
        let (grew, seconds, right) = (number("grew by ") as usize, number(" took "), number(" right "));
        println!("streamed: {is_streamed}, {} MiB, {seconds:.1} s, accuracy {right:.4}", grew / MIB);
        (grew, right)
    };
    let (streamed, right) = run(true);
    let (in_memory, _) = run(false);
    assert!(streamed < MOST_BYTES, "{} MiB", streamed / MIB);
    assert!(in_memory > table_bytes(), "{} MiB", in_memory / MIB);
    assert!(right > 0.9, "{right}");
}
