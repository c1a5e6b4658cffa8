//! W8: what it costs to start. The command runs itself, and the child does as little as a program that uses a network.

use std::process::{Command, Stdio};
use std::{env, fs};

use limpid::graph::Tensor;
use limpid::learn::Model;

use super::measure::{self, Spread};
use super::{Bench, Row};
use crate::failure::Failure;
use crate::output;

/// The verb of the child.
pub(crate) const START: &str = "bench-start";
const NETWORK: &str = "784, affine 50, relu, affine 10";
/// A process is started at least so many times: it takes milliseconds.
const STARTS: usize = 20;

/// The child: W1's net, one forward pass on a blank image. Says how much memory it had at most, in bytes, where the
/// system tells.
pub(crate) fn start() -> Result<(), Failure> {
    let mut model = Model::new(&NETWORK.parse()?, 1)?;
    model.predict(&Tensor::zeros([1, 784]))?;
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kibibytes =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix("kB")?.trim().parse().ok());
    output::result(&kibibytes.map(|kibibytes: u64| format!("{}\n", kibibytes * 1024)).unwrap_or_default())
}

impl Bench {
    /// Milliseconds, megabytes of memory, and megabytes on disk.
    pub(super) fn process(&self) -> Result<Vec<Row>, Failure> {
        let file = env::current_exe().map_err(unstartable)?;
        let (mut times, mut memory) = (Vec::new(), Vec::new());
        // One more, before which the file may not be in memory.
        for i in 0..=STARTS.max(self.settings.repeats) {
            let mut child = Command::new(&file);
            child.arg(START).stdin(Stdio::null()).stderr(Stdio::null());
            let mut told = Vec::new();
            let seconds = measure::seconds(|| {
                let output = child.output().map_err(unstartable)?;
                told = output.stdout;
                if output.status.success() { Ok(()) } else { Err(unstartable(output.status)) }
            })?;
            if i > 0 {
                times.push(1e3 * seconds);
                memory.extend(String::from_utf8_lossy(&told).trim().parse::<f64>().map(|bytes| 1e-6 * bytes));
            }
        }
        let threads = self.settings.threads;
        let mut rows = vec![Row::new("W8/time", threads, Spread::of(times), "ms")];
        if !memory.is_empty() {
            rows.push(Row::new("W8/memory", threads, Spread::of(memory), "MB"));
        }
        let size = fs::metadata(&file).map_err(unstartable)?.len();
        rows.push(Row::new("W8/disk", threads, Spread::of(vec![1e-6 * size as f64]), "MB"));
        Ok(rows)
    }
}

fn unstartable(why: impl std::fmt::Display) -> Failure {
    Failure::Input(format!("the command cannot start itself: {why}"))
}
