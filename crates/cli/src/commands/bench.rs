//! `limpid bench`: the workloads by which limpid is compared → medians, their spread, and how far the machine would go.

use std::path::PathBuf;

use clap::Args;

use crate::arguments::{Format, FormatOption, at_least_one, positive};
use crate::bench::{self, Bench, Peak, Row, Settings, WORKLOADS, Workload};
use crate::data::Named;
use crate::failure::Failure;
use crate::text::{self, Align};
use crate::{interrupt, output};

/// Measure how fast limpid trains and predicts on this machine
#[derive(Debug, Args)]
#[command(after_long_help = after_help())]
pub(crate) struct Arguments {
    /// Workloads to measure, such as W1,W6 [default: all]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    only: Vec<Workload>,

    /// Number of threads
    #[arg(long, value_name = "N", default_value = "1", value_parser = at_least_one, allow_negative_numbers = true)]
    threads: usize,

    /// Number of measurements of each; the median is reported
    #[arg(long, value_name = "N", default_value = "7", value_parser = at_least_one, allow_negative_numbers = true)]
    repeats: usize,

    /// Time limit for the repeats of one measurement, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = positive, allow_negative_numbers = true)]
    seconds: f64,

    /// Folder with MNIST's files, such as data/mnist [default: where `train` looks for them]
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,

    #[command(flatten)]
    format: FormatOption,
}

fn after_help() -> String {
    let rows: Vec<_> =
        WORKLOADS.iter().map(|workload| vec![format!("  {}", workload.name), workload.what.to_string()]).collect();
    format!(
        "\
Workloads, on MNIST:
{}
The floor is what a measurement would be if all floating-point operations of its graph (a multiply-add is two) ran at \
the rate of plain multiply-adds in registers: FLOPs ÷ rate. The rate is measured first and after each workload, and \
the best is taken. The floor leaves memory out, and counts products with zeros, which limpid skips; so a measurement \
can be better than its floor, and a note says so. J3's floor counts what lies downstream of each number, at half the \
rate, for f64. In the growth series a note marks sizes that take more than 1.3 times as long per operation as the \
faster of the two sizes beside them.

Examples:
  One workload, for a program:
    limpid bench --only W1 --format json
  All of them, on both cores:
    limpid bench --threads 2",
        text::table(&[Align::Left, Align::Left], &rows)
    )
}

pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    interrupt::last_words("the measurements are not printed");
    let Arguments { only, threads, repeats, seconds, data, format } = arguments;
    let workloads = if only.is_empty() { WORKLOADS.to_vec() } else { only };
    // A folder that is not there is better known now than behind the first measurement.
    let folder = data.map(|folder| Named::usual().locate(Some(&folder))).transpose()?;
    let peak = Peak::measure();
    output::note(&peak.to_string());
    let mut rows = Vec::new();
    let bench = Bench::new(Settings { threads, repeats, seconds, folder }, peak);
    for workload in &workloads {
        output::note(&format!("{}: {}", workload.name, workload.what));
        rows.extend(bench.run(workload)?);
    }
    let rows = bench.settled(rows);
    match format.format {
        Format::Text => output::result(&table(&rows)),
        Format::Json => output::json(&rows),
    }
}

/// The rows as a table.
fn table(rows: &[Row]) -> String {
    let head = ["workload", "threads", "median", "lo", "hi", "unit", "floor", "FLOP", ""];
    let cells = |row: &Row| {
        let bench::Spread { median, lo, hi } = row.spread;
        let mut cells = vec![row.workload.clone(), row.threads.to_string()];
        cells.extend([median, lo, hi].map(text::figures));
        cells.extend([row.unit.to_string(), row.floor.map(text::figures).unwrap_or_default()]);
        cells.extend([row.flops.map(text::flops).unwrap_or_default(), row.note.clone().unwrap_or_default()]);
        cells
    };
    let lines: Vec<_> = std::iter::once(head.map(String::from).to_vec()).chain(rows.iter().map(cells)).collect();
    use Align::{Left, Right};
    text::table(&[Left, Right, Right, Right, Right, Left, Right, Right, Left], &lines)
}
