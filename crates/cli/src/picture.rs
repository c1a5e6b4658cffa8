//! Pictures → a terminal's lines on stdout, or an SVG or PNG file.

use std::env;
use std::ffi::OsStr;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use limpid::draw::{Colours, Medium, Picture, Scene, Theme};
use limpid::files::write_atomically;

use crate::failure::Failure;
use crate::output;
use crate::parse::Extent;
use crate::viewer;

/// Where a picture goes, and for which ground it is.
#[derive(Debug, Args)]
#[command(next_help_heading = "Picture")]
pub(crate) struct PictureOptions {
    /// File to write, such as picture.svg or picture.png [default: stdout, also as -]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Background that the colours are for [default: an SVG or a terminal follows its reader, a PNG is light]
    #[arg(long, value_enum, value_name = "THEME")]
    pub(crate) theme: Option<Ground>,

    /// Open the picture in the system's viewer; without --output, as a temporary SVG
    #[arg(long)]
    pub(crate) open: bool,
}

/// `--size`, of pictures that fit themselves to a size.
#[derive(Debug, Args)]
#[command(next_help_heading = "Picture")]
pub(crate) struct SizeOption {
    /// Pixels of a file, such as 640x400; in a terminal columns and rows, such as 80x24
    #[arg(long, value_name = "WIDTHxHEIGHT", allow_negative_numbers = true)]
    pub(crate) size: Option<Extent>,
}

/// The ground that a picture lies on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Ground {
    /// Dark on light
    Light,
    /// Light on dark
    Dark,
}

/// The form of a picture's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FileForm {
    Svg,
    Png,
}

/// More pixels for each of the layout's, so that a PNG is sharp on today's screens.
const SHARP: f64 = 2.0;
/// Wider pictures do not say more in a terminal, and become very high.
const WIDEST: usize = 100;

impl FileForm {
    fn of(path: &Path) -> Result<Self, Failure> {
        let extension = path.extension().map(OsStr::to_ascii_lowercase);
        match extension.as_deref().and_then(OsStr::to_str) {
            Some("svg") => Ok(Self::Svg),
            Some("png") => Ok(Self::Png),
            _ => Err(Failure::Usage(format!(
                "{}: the name does not say how to write the picture; use one that ends in .svg or .png",
                path.display()
            ))),
        }
    }
}

/// Whether a name is that of a picture's file.
pub(crate) fn names_picture(path: &Path) -> bool {
    FileForm::of(path).is_ok()
}

impl PictureOptions {
    /// Checks that the file's name says which form the picture has, before anything is computed.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        self.file().map_or(Ok(()), |path| FileForm::of(path).map(drop))
    }

    /// The file that is written; nothing where stdout is.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.output.as_deref().filter(|path| !output::is_dash(path))
    }

    fn theme(&self) -> Theme {
        match self.theme {
            None => Theme::Auto,
            Some(Ground::Light) => Theme::Light,
            Some(Ground::Dark) => Theme::Dark,
        }
    }

    /// Whether the picture is laid out for a page, and not for a terminal.
    fn is_page(&self) -> bool {
        self.open || self.file().is_some()
    }

    /// Shows a picture that fits itself to a size.
    pub(crate) fn show(&self, picture: &dyn Picture, size: &SizeOption) -> Result<(), Failure> {
        if self.is_page() {
            let (scene, scale) = match size.size {
                Some(size) => (picture.layout(Medium::page(size.width as f64, size.height as f64)?)?, 1.0),
                None => (picture.scene()?, SHARP),
            };
            return self.write(scene, scale);
        }
        let columns = size.size.map_or_else(|| columns().min(WIDEST), |size| size.width);
        let rows = size.size.map_or_else(|| picture.rows(columns), |size| size.height);
        let colours = colours();
        let laid_out = Medium::terminal(columns, rows, colours.any()).and_then(|medium| picture.layout(medium));
        let scene = laid_out.map_err(|error| match error {
            // A file has as much room as it takes.
            limpid::draw::Error::TooSmall { .. } => {
                Failure::Usage(format!("{error}; --output picture.svg writes a picture of any width"))
            }
            error => error.into(),
        })?;
        output::result(&scene.themed(self.theme()).terminal(columns, colours))
    }

    /// Shows a picture that has its size already: the page, or the terminal's lines.
    pub(crate) fn show_either(
        &self,
        page: impl FnOnce() -> Scene,
        lines: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        if self.is_page() { self.write(page(), SHARP) } else { output::result(&lines()) }
    }

    fn write(&self, scene: Scene, scale: f64) -> Result<(), Failure> {
        let scene = scene.themed(self.theme());
        let path = match self.file() {
            Some(path) => path.to_path_buf(),
            None => viewer::passing_folder()?.join("picture.svg"),
        };
        let bytes = match FileForm::of(&path)? {
            FileForm::Svg => scene.svg().into_bytes(),
            FileForm::Png => scene.png(scale)?,
        };
        write_atomically(&path, &bytes)?;
        if self.open { viewer::open(&path) } else { Ok(()) }
    }
}

/// How many columns a picture on stdout may take: those of the terminal, else $COLUMNS, else 80.
pub(crate) fn columns() -> usize {
    let of_terminal = || terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
    let of_environment = || env::var("COLUMNS").ok()?.trim().parse().ok();
    of_terminal().or_else(of_environment).filter(|columns| *columns > 0).map_or(80, |columns| columns.clamp(20, 1000))
}

/// The colours that stdout shows: none where it is no terminal.
pub(crate) fn colours() -> Colours {
    let variable = |name: &str| env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    if io::stdout().is_terminal() { Colours::of_terminal(variable) } else { Colours::None }
}

/// Whether there are any.
pub(crate) fn has_colour() -> bool {
    colours().any()
}
