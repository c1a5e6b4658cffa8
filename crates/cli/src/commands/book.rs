//! `limpid book`: the chapters, a stop, or the whole book as a site.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use clap::Args;
use limpid::draw::Theme;
use limpid::files::write_atomically;
use limpid::page::Page;
use limpid_book::{Site, SiteError, Stop};

use crate::failure::Failure;
use crate::output;

/// Read the book: from an AND gate to a network that reads digits, stop by stop
///
/// A stop explains one thing, runs a short program, and shows its numbers, its pictures and its Rust.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Stop to walk to, such as 4.4 [default: list the chapters]
    #[arg(value_name = "STOP", conflicts_with = "all")]
    stop: Option<String>,

    /// Write every stop as a page of a web site, which needs no network
    #[arg(long, requires = "output")]
    all: bool,

    /// Folder for the stop's pictures as SVG and PNG, or for the site
    #[arg(long, short, value_name = "FOLDER", help_heading = "Output")]
    output: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  The chapters and their stops:
    limpid book
  The stop on slopes by trying, and its pictures as files:
    limpid book 4.4 --output pictures
  The whole book as a web site:
    limpid book --all --output site";

pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    match (&arguments.stop, &arguments.output) {
        (Some(asked), folder) => {
            let stop = limpid_book::find(asked).map_err(|error| Failure::Usage(error.to_string()))?;
            walk(stop, folder.as_deref())
        }
        (None, Some(folder)) if arguments.all => site(folder),
        (None, Some(_)) => {
            let what = "--output needs a stop, such as `limpid book 4.4`, or --all";
            Err(Failure::Usage(what.to_string()))
        }
        (None, None) => output::result(&limpid_book::contents(has_colour())),
    }
}

fn walk(stop: &Stop, folder: Option<&Path>) -> Result<(), Failure> {
    let (columns, colour) = (columns(), has_colour());
    output::result(&limpid_book::head(stop, columns, colour))?;
    let mut written = Ok(());
    let mut page = Page::new(columns, colour).watched(|part| {
        if written.is_ok() {
            written = output::result(&part.text());
        }
    });
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| Failure::Misfit(error.to_string());
    (stop.run)(&mut page).map_err(failed)?;
    if stop.example == "exercise" && io::stdin().is_terminal() && io::stdout().is_terminal() {
        limpid_book::ask(&mut page, io::stdin().lock()).map_err(failed)?;
    }
    page.end();
    if let Some(folder) = folder {
        save_pictures(&page, folder)?;
    }
    drop(page);
    written?;
    output::result(&limpid_book::tail(stop, colour))
}

/// Writes each picture as SVG and PNG, named after the stop's program and itself.
fn save_pictures(page: &Page<'_>, folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder)
        .map_err(|cause| Failure::Misfit(format!("cannot make the folder {}: {cause}", folder.display())))?;
    for picture in page.pictures() {
        let file = |extension: &str| folder.join(format!("{}.{extension}", picture.name));
        write_atomically(&file("svg"), picture.scene.svg().as_bytes())?;
        let png = picture.scene.clone().themed(Theme::Light).png(2.0);
        write_atomically(&file("png"), &png.map_err(|error| Failure::Misfit(error.to_string()))?)?;
        output::note(&format!("wrote {} and .png", file("svg").display()));
    }
    Ok(())
}

fn site(folder: &Path) -> Result<(), Failure> {
    let watch = |stop: &Stop| output::note(&format!("{:<5} {}", stop.number, stop.title));
    let site = Site::build(watch).map_err(site_failure)?;
    site.write(folder).map_err(site_failure)?;
    output::note(&format!("{} files; open {}", site.files.len(), folder.join("index.html").display()));
    Ok(())
}

fn site_failure(error: SiteError) -> Failure {
    match error {
        SiteError::Output(error) => error.into(),
        error => Failure::Misfit(error.to_string()),
    }
}

/// How wide the terminal is; 80 columns where there is none.
fn columns() -> usize {
    let told = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    let found = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    told.or_else(found).unwrap_or(80).clamp(40, 120)
}

fn has_colour() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
