//! The runs of a search that ended, in memory and in a file: a line for each, written when it ends.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Run;
use crate::failure::Failure;

/// The runs so far.
pub(super) struct Results {
    runs: Vec<Run>,
    file: Option<(File, PathBuf)>,
}

/// The first line of a file.
#[derive(Serialize, Deserialize)]
struct Heading {
    search: String,
}

impl Results {
    /// Reads the runs of an earlier part of this search; a line that was not written to its end is cut off.
    pub(super) fn open(path: Option<&Path>, search: &str) -> Result<Self, Failure> {
        let Some(path) = path else { return Ok(Self { runs: Vec::new(), file: None }) };
        let about = |error: io::Error| Failure::Input(format!("{}: {error}", path.display()));
        let found = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(about(error)),
        };
        let whole = found.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let runs = read(path, &found[..whole], search)?;
        // Something else that has no line end is not taken for a line that was not finished.
        if whole == 0 && !found.is_empty() && !found.starts_with(b"{\"search\":") {
            return Err(other_file(path));
        }
        let open = || -> io::Result<File> {
            let mut file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
            file.set_len(whole as u64)?;
            file.seek(SeekFrom::End(0))?;
            Ok(file)
        };
        let mut results = Self { runs, file: Some((open().map_err(about)?, path.to_path_buf())) };
        if whole == 0 {
            results.write(&Heading { search: search.to_string() })?;
        }
        Ok(results)
    }

    /// Takes a run in, and writes it down.
    pub(super) fn push(&mut self, run: Run) -> Result<(), Failure> {
        self.write(&run)?;
        self.runs.push(run);
        Ok(())
    }

    fn write(&mut self, line: &impl Serialize) -> Result<(), Failure> {
        let Some((file, path)) = &mut self.file else { return Ok(()) };
        let about = |error: &dyn std::fmt::Display| Failure::Input(format!("{}: {error}", path.display()));
        let line = serde_json::to_string(line).map_err(|error| about(&error))? + "\n";
        file.write_all(line.as_bytes()).and_then(|()| file.sync_data()).map_err(|error| about(&error))
    }

    /// Whether a run has ended with so many epochs.
    pub(super) fn has(&self, run: usize, epochs: usize) -> bool {
        self.runs.iter().any(|other| (other.run, other.epochs) == (run, epochs))
    }

    /// The better half of some runs after a round, at least one.
    pub(super) fn best_half(&self, chosen: &[usize], epochs: usize) -> Vec<usize> {
        let mut runs: Vec<&Run> =
            self.runs.iter().filter(|run| run.epochs == epochs && chosen.contains(&run.run)).collect();
        runs.sort_by(|a, b| rank(a, b));
        runs.iter().take(chosen.len().div_ceil(2)).map(|run| run.run).collect()
    }

    /// Of each setting the run with the most epochs: those with more epochs first, and of them the best.
    pub(super) fn ranked(&self) -> Vec<Run> {
        let is_last = |run: &&Run| !self.runs.iter().any(|other| other.run == run.run && other.epochs > run.epochs);
        let mut runs: Vec<Run> = self.runs.iter().filter(is_last).cloned().collect();
        runs.sort_by(|a, b| b.epochs.cmp(&a.epochs).then(rank(a, b)));
        runs
    }
}

/// The better of two first: by accuracy where there is one, then by loss; then by number.
fn rank(a: &Run, b: &Run) -> std::cmp::Ordering {
    let loss = |run: &Run| run.loss.unwrap_or(f64::INFINITY);
    let accuracy = |run: &Run| run.accuracy.unwrap_or(f64::NEG_INFINITY);
    accuracy(b).total_cmp(&accuracy(a)).then(loss(a).total_cmp(&loss(b))).then(a.run.cmp(&b.run))
}

fn other_file(path: &Path) -> Failure {
    Failure::Input(format!("{}: this is no file of a search's results; give --results another name", path.display()))
}

fn read(path: &Path, bytes: &[u8], search: &str) -> Result<Vec<Run>, Failure> {
    let mut lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let Some(first) = lines.next() else { return Ok(Vec::new()) };
    let heading: Heading = serde_json::from_slice(first).map_err(|_| other_file(path))?;
    if heading.search != search {
        return Err(Failure::Usage(format!(
            "{} has the runs of another search ({}); give --results another name",
            path.display(),
            heading.search
        )));
    }
    let run = |(at, line): (usize, &[u8])| {
        let about = |error: serde_json::Error| {
            Failure::Input(format!("{}: line {}: {error}; cut the file off there", path.display(), at + 2))
        };
        serde_json::from_slice(line).map_err(about)
    };
    lines.enumerate().map(run).collect()
}
