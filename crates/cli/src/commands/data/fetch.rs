//! `limpid data fetch`: names → files in a folder, each the published one.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use clap::builder::PossibleValuesParser;
use indicatif::ProgressBar;
use limpid::fetch::{Event, FetchError, Fetched, Settings, fetch};
use limpid::files::{DataSet, MnistPlaces, PublishedFile, data_sets};
use serde::Serialize;

use super::download;
use crate::arguments::{Format, FormatOption};
use crate::failure::Failure;
use crate::{interrupt, output, progress, text};

/// Fetch the files of data sets from where they are published, and verify them
///
/// Correct files that are here already are not fetched again. An interrupted fetch continues where it stopped. Proxies
/// (HTTP or SOCKS) are taken from HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Data sets, such as fashion-mnist; emnist stands for all of EMNIST, which is one file
    #[arg(value_name = "NAME", required = true, value_parser = PossibleValuesParser::new(names()))]
    names: Vec<String>,

    /// Folder to make a folder of each data set in [default: $LIMPID_DATA, or the user's cache folder]
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,

    /// Address to ask instead of the usual ones, such as https://mirror.example.com/data
    ///
    /// A file is asked for under the address in a folder of the data set's name, then in none. May be given several
    /// times; they are tried in turn.
    #[arg(long, value_name = "URL", env = "LIMPID_MIRROR", value_delimiter = ',')]
    mirror: Vec<String>,

    /// Show no progress
    #[arg(long, short)]
    quiet: bool,

    #[command(flatten)]
    format: FormatOption,
}

const EXAMPLES: &str = "\
Examples:
  Two data sets into the user's cache folder:
    limpid data fetch mnist kmnist
  Into a folder of your own, which --data then names:
    limpid data fetch cifar-10 --folder data
    limpid train --dataset cifar-10 --data data
  From a mirror in your own network:
    limpid data fetch emnist --mirror http://mirror.example.com/data";

/// The names of the sets, and those of several that are one file.
fn names() -> Vec<&'static str> {
    let mut names: Vec<_> = data_sets().iter().map(|set| set.name).collect();
    let families = data_sets().iter().map(|set| set.folder);
    for family in families {
        if !names.contains(&family) {
            names.push(family);
        }
    }
    names
}

/// The result.
#[derive(Serialize)]
struct Report {
    sets: Vec<SetReport>,
}

#[derive(Serialize)]
struct SetReport {
    name: String,
    folder: PathBuf,
    files: Vec<FileReport>,
}

#[derive(Serialize)]
struct FileReport {
    name: &'static str,
    bytes: u64,
    state: State,
}

/// How a file came to be there.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Already,
    Fetched,
    Replaced,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    interrupt::last_words("what has arrived is kept, and the same command continues from there");
    let mut report = Report { sets: Vec::new() };
    for name in &arguments.names {
        let Some(set) = data_sets().iter().find(|set| [set.name, set.folder].contains(&name.as_str())) else {
            continue;
        };
        report.sets.push(arguments.fetch_set(name, set)?);
    }
    match arguments.format.format {
        Format::Json => output::json(&report),
        Format::Text => output::result(&report.text()),
    }
}

impl Arguments {
    fn fetch_set(&self, name: &str, set: &'static DataSet) -> Result<SetReport, Failure> {
        let folder = self.target(set)?;
        let mut files = Vec::new();
        for file in set.files {
            let download = download(file, &folder.join(file.name), self.urls(set, file));
            let mut shown = Shown::start(file, self.quiet);
            let fetched = fetch(&download, &Settings::default(), &mut |event| shown.on(event));
            shown.finish();
            let state = match fetched.map_err(failure)? {
                Fetched::Already => State::Already,
                Fetched::New => State::Fetched,
                Fetched::Replaced => State::Replaced,
            };
            files.push(FileReport { name: file.name, bytes: file.bytes, state });
        }
        Ok(SetReport { name: name.to_string(), folder, files })
    }

    /// The folder that the files go to. Where all files are found already, that is the one, unless one was named: what
    /// is wrong there would be found before anything in another.
    fn target(&self, set: &DataSet) -> Result<PathBuf, Failure> {
        if let Some(folder) = &self.folder {
            return Ok(folder.join(set.folder));
        }
        let places = MnistPlaces::of_this_process();
        let found = set.locate_in(None, &places).ok();
        found.or_else(|| set.home(&places)).ok_or_else(|| {
            Failure::Usage("there is no home folder to keep the files in; give --folder FOLDER".to_string())
        })
    }

    fn urls(&self, set: &DataSet, file: &PublishedFile) -> Vec<String> {
        let own = self.mirror.iter().map(|mirror| mirror.trim().trim_end_matches('/')).filter(|own| !own.is_empty());
        let own: Vec<_> = own
            .flat_map(|mirror| [format!("{mirror}/{}/{}", set.folder, file.name), format!("{mirror}/{}", file.name)])
            .collect();
        if !own.is_empty() {
            return own;
        }
        set.mirrors.iter().map(|mirror| format!("{mirror}{}", file.name)).collect()
    }
}

fn failure(error: FetchError) -> Failure {
    let advice = match error {
        FetchError::Mirrors { .. } => "\n--mirror URL names another mirror, --folder FOLDER a place for files by hand",
        _ => "",
    };
    Failure::Input(format!("{error}{advice}"))
}

impl Report {
    fn text(&self) -> String {
        self.sets.iter().map(SetReport::text).collect()
    }
}

impl SetReport {
    fn text(&self) -> String {
        let count = |state| self.files.iter().filter(|file| file.state == state).count() as u64;
        let states = [
            (count(State::Fetched), "fetched"),
            (count(State::Replaced), "replaced"),
            (count(State::Already), "already there"),
        ];
        let states: Vec<_> = states
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, how)| format!("{} {how}", text::counted(count, "file")))
            .collect();
        format!("{}: {}, in {}\n", self.name, states.join(", "), self.folder.display())
    }
}

/// A line of progress at least this far from the last.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// The progress of one file on stderr: a bar where it is a terminal, else a line now and then.
struct Shown {
    name: &'static str,
    bar: Option<ProgressBar>,
    is_quiet: bool,
    /// Since when bytes come, and how many there were.
    since: Option<(Instant, u64)>,
    bytes: u64,
    line: Instant,
}

impl Shown {
    fn start(file: &PublishedFile, is_quiet: bool) -> Self {
        let bar = (!is_quiet && output::can_redraw()).then(|| progress::bar().with_prefix(file.name));
        Self { name: file.name, bar, is_quiet, since: None, bytes: 0, line: Instant::now() }
    }

    fn on(&mut self, event: Event<'_>) {
        match event {
            Event::Progress { bytes, total } => self.progress(bytes, total),
            Event::Wrong { bytes, sha256 } => self.note(&format!(
                "what is there is not the published file ({} of SHA-256 {sha256}); it is replaced",
                text::counted(bytes, "byte")
            )),
            Event::Waiting => self.note("another process fetches it; waiting"),
            Event::Asking { url, from } => {
                (self.since, self.bytes) = (None, from);
                let rest = if from > 0 { format!("going on behind {} from", text::bytes(from)) } else { "from".into() };
                self.note(&format!("{rest} {url}"));
            }
            Event::Again { reason, .. } => self.note(&format!("{reason}; asking again")),
            Event::Failed { reason, .. } => self.note(&reason.to_string()),
            _ => {}
        }
    }

    fn progress(&mut self, bytes: u64, total: u64) {
        let now = Instant::now();
        let (began, first) = *self.since.get_or_insert((now, self.bytes));
        self.bytes = bytes;
        let seconds = now.duration_since(began).as_secs_f64();
        // The first moments say nothing about the pace.
        let pace = (seconds > 0.3).then(|| (bytes - first) as f64 / seconds).filter(|pace| *pace > 0.0);
        let pace = pace.map(|pace| {
            let left = text::seconds_left(total.saturating_sub(bytes) as f64 / pace);
            [format!("{}/s", text::bytes(pace as u64)), format!("{left} left")]
        });
        let arrived = format!("{} of {}", text::bytes(bytes), text::bytes(total));
        if let Some(bar) = &self.bar {
            let pace = pace.into_iter().flat_map(|[pace, left]| [(2, pace), (1, left)]);
            let parts: Vec<_> = std::iter::once((0, arrived)).chain(pace).collect();
            progress::show(bar, self.name, &parts, bytes, total);
        } else if now.duration_since(self.line) >= LINE_EVERY {
            self.line = now;
            let pace = pace.map(|[pace, left]| format!("  {pace}  {left}")).unwrap_or_default();
            self.note(&format!("{arrived}{pace}"));
        }
    }

    fn note(&self, what: &str) {
        let line = format!("{}: {what}", self.name);
        match &self.bar {
            _ if self.is_quiet => {}
            Some(bar) => bar.println(line),
            None => output::note(&line),
        }
    }

    fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
