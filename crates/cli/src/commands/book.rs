//! `limpid book`: the chapters, a stop, or the whole book as a site.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, IsTerminal};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use clap::Args;
use limpid::draw::Theme;
use limpid::files::write_atomically;
use limpid::page::Page;
use limpid_book::{Site, SiteError, Stop};

use crate::failure::Failure;
use crate::pager::Pager;
use crate::picture::{colours, columns, has_colour};
use crate::{interrupt, output, viewer};

/// Read the book: from an AND gate to a network that reads digits, stop by stop
///
/// A stop explains one thing, runs a short program, and shows its numbers and its pictures. In a terminal the pager
/// shows it screen by screen: $LIMPID_PAGER, $PAGER, or less. Q leaves it.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Stop to show, such as 4.4 [default: list the chapters]
    #[arg(value_name = "STOP", conflicts_with = "all")]
    stop: Option<String>,

    /// Write every stop as a page of a web site, which needs no network
    #[arg(long)]
    all: bool,

    /// Show the stop's program too, which is Rust
    #[arg(long, requires = "stop")]
    code: bool,

    /// Write straight to the terminal, without a pager
    #[arg(long)]
    no_pager: bool,

    /// Show the stop's page, or the site, in the system's browser; without --output, where nothing is kept
    #[arg(long, help_heading = "Output")]
    open: bool,

    /// Folder for the stop's pictures as SVG and PNG, or for the site
    #[arg(long, short, value_name = "FOLDER", help_heading = "Output")]
    output: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  The chapters and their stops:
    limpid book
  The stop on numerical derivatives, with its program:
    limpid book 4.4 --code
  Its pictures as files:
    limpid book 4.4 --output pictures
  The same stop as a page, in the browser:
    limpid book 4.4 --open
  The whole book as a web site:
    limpid book --all --output site --open";

pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    let (folder, open) = (arguments.output.as_deref(), arguments.open);
    match &arguments.stop {
        Some(asked) => {
            let stop = limpid_book::find(asked).map_err(|error| Failure::Usage(error.to_string()))?;
            walk(stop, &arguments)
        }
        None if open || (arguments.all && folder.is_some()) => site(folder, open),
        None if arguments.all => {
            let what = "--all needs --output, such as `--output site`, or --open";
            Err(Failure::Usage(what.to_string()))
        }
        None if folder.is_some() => {
            let what = "--output needs a stop, such as `limpid book 4.4`, or --all";
            Err(Failure::Usage(what.to_string()))
        }
        None => Pager::start(!arguments.no_pager).write(&limpid_book::contents(has_colour())),
    }
}

fn walk(stop: &Stop, arguments: &Arguments) -> Result<(), Failure> {
    let (folder, open) = (arguments.output.as_deref(), arguments.open);
    let (columns, colour) = (columns().clamp(40, 120), has_colour());
    // A reader who answers questions cannot be in a pager.
    let asks = stop.example == "exercise" && io::stdin().is_terminal() && io::stdout().is_terminal();
    let mut pager = Pager::start(!arguments.no_pager && !asks);
    let mut written = pager.write(&limpid_book::head(stop, columns, colour));
    // Files are wanted even if the reader has seen enough.
    let goes_on = folder.is_some() || open;
    let mut page = Page::new(columns, colours()).watched(|part| {
        if written.is_ok() {
            written = pager.write(&part.text());
        }
        if written.is_ok() || goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| Failure::Input(error.to_string());
    let run = (stop.run)(&mut page);
    let run = if asks { run.and_then(|()| limpid_book::ask(&mut page, io::stdin().lock())) } else { run };
    page.end();
    let of_stop = match &run {
        Ok(()) => {
            if let Some(folder) = folder {
                let held = interrupt::hold(FINISHES);
                save_pictures(&page, folder)?;
                held.release()?;
            }
            open.then(|| Site::of_stop(stop, &page)).transpose().map_err(site_failure)?
        }
        Err(_) => None,
    };
    drop(page);
    // What could not be written comes first: it is why the program ended.
    match written {
        Err(Failure::BrokenPipe) if goes_on => {}
        written => written?,
    }
    run.map_err(failed)?;
    let tail = match arguments.code {
        true => limpid_book::tail_with_code(stop, columns, colour),
        false => limpid_book::tail(stop, colour),
    };
    match pager.write(&tail) {
        Err(Failure::BrokenPipe) => {}
        written => written?,
    }
    drop(pager);
    of_stop.map_or(Ok(()), |site| show(&site, folder))
}

/// What is told to whoever interrupts the writing of several files that belong together.
const FINISHES: &str = "the files are written first";

/// Writes all files of a site, also when it is interrupted meanwhile.
fn write(site: &Site, folder: &Path) -> Result<(), Failure> {
    let held = interrupt::hold(FINISHES);
    site.write(folder).map_err(site_failure)?;
    held.release()
}

/// Writes pages and opens the first of them.
fn show(site: &Site, folder: Option<&Path>) -> Result<(), Failure> {
    let folder = folder.map_or_else(viewer::passing_folder, |folder| Ok(folder.to_path_buf()))?;
    write(site, &folder)?;
    viewer::open(&folder.join(site.first()))
}

/// Writes each picture as SVG and PNG, named after the stop's program and itself.
fn save_pictures(page: &Page<'_>, folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder)
        .map_err(|cause| Failure::Input(format!("cannot make the folder {}: {cause}", folder.display())))?;
    for picture in page.pictures() {
        let file = |extension: &str| folder.join(format!("{}.{extension}", picture.name));
        write_atomically(&file("svg"), picture.scene.svg().as_bytes())?;
        let png = picture.scene.clone().themed(Theme::Light).png(2.0);
        write_atomically(&file("png"), &png.map_err(|error| Failure::Input(error.to_string()))?)?;
        output::note(&format!("wrote {} and .png", file("svg").display()));
    }
    Ok(())
}

fn site(folder: Option<&Path>, open: bool) -> Result<(), Failure> {
    let watch = |stop: &Stop| output::note(&format!("{:<5} {}", stop.number, stop.title));
    let site = Site::build(watch).map_err(site_failure)?;
    match folder.filter(|_| !open) {
        Some(folder) => {
            write(&site, folder)?;
            output::note(&format!("{} files; open {}", site.files.len(), folder.join(site.first()).display()));
        }
        // A site that nobody keeps is made to be shown.
        None => show(&site, folder)?,
    }
    whole(&site)
}

/// That no stop of the site lacks its numbers and pictures; otherwise which do, by cause.
fn whole(site: &Site) -> Result<(), Failure> {
    let mut causes: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (number, cause) in &site.lacking {
        causes.entry(cause).or_default().push(number);
    }
    if causes.is_empty() {
        return Ok(());
    }
    let told = causes.iter().map(|(cause, numbers)| format!("stops {}: {cause}", numbers.join(", ")));
    let told = told.collect::<Vec<_>>().join("\n");
    Err(Failure::Input(format!("the site is written, but some stops have no numbers and no pictures:\n{told}")))
}

fn site_failure(error: SiteError) -> Failure {
    match error {
        SiteError::Output(error) => error.into(),
        error => Failure::Input(error.to_string()),
    }
}
