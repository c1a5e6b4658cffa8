use thiserror::Error;

use crate::cell::{CELL_HEIGHT, CELL_WIDTH};

/// Why a picture cannot be drawn, and what would fit.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum Error {
    /// Two lists that belong together have different lengths.
    #[error("{what}: {one} has {one_length} numbers and {other} has {other_length}; give both the same")]
    Lengths {
        /// What is drawn.
        what: &'static str,
        /// The one list.
        one: &'static str,
        /// How many numbers it has.
        one_length: usize,
        /// The other list.
        other: &'static str,
        /// How many numbers that has.
        other_length: usize,
    },
    /// A grid that does not have a number per place.
    #[error("{what}: {rows} rows of {columns} need {} numbers, not {length}", rows.saturating_mul(*columns))]
    Grid {
        /// What is drawn.
        what: &'static str,
        /// How many rows were said.
        rows: usize,
        /// How many columns were said.
        columns: usize,
        /// How many numbers there are.
        length: usize,
    },
    /// A grid with fewer points than it takes.
    #[error("{what} needs at least {least} × {least} points, not {rows} × {columns}")]
    Coarse {
        /// What is drawn.
        what: &'static str,
        /// How many rows and columns it takes.
        least: usize,
        /// How many rows there are.
        rows: usize,
        /// How many columns there are.
        columns: usize,
    },
    /// Limits that are no range.
    #[error(
        "{axis} limits {low} and {high}: give two different numbers within ±1e300{}",
        if axis.starts_with("logarithmic") { ", both above 0" } else { "" }
    )]
    Limits {
        /// Which axis.
        axis: &'static str,
        /// The one limit.
        low: f64,
        /// The other.
        high: f64,
    },
    /// A picture that cannot hold what belongs in it.
    #[error("{}", too_small([*width, *height], [*least_width, *least_height], *cells))]
    TooSmall {
        /// The width asked for, in pixels (in a terminal, 8 a column).
        width: f64,
        /// The height asked for, in pixels (in a terminal, 16 a row).
        height: f64,
        /// The least width.
        least_width: f64,
        /// The least height.
        least_height: f64,
        /// Whether it is for a terminal.
        cells: bool,
    },
    /// A picture, or an enlargement, beyond what this machine should be asked for.
    #[error("{what} of {value} is out of bounds; give between {least} and {most}")]
    Bounds {
        /// What was asked for.
        what: &'static str,
        /// How much of it.
        value: f64,
        /// The least that works.
        least: f64,
        /// The most that works.
        most: f64,
    },
    /// Characters for which no font was found.
    #[error(
        "no font on this system has the characters {characters}; install one that has, such as {fonts}, \
         or write SVG and let the browser find one"
    )]
    MissingFont {
        /// The characters, at most twenty of them.
        characters: String,
        /// Fonts that would do.
        fonts: &'static str,
    },
}

/// What a picture lacks: on a page in pixels, in a terminal in columns and rows.
fn too_small([width, height]: [f64; 2], [least_width, least_height]: [f64; 2], cells: bool) -> String {
    if !cells {
        return format!(
            "a picture of {width} × {height} pixels is too small for this; it needs at least {least_width} × {least_height}"
        );
    }
    let [columns, rows] = [width / CELL_WIDTH, height / CELL_HEIGHT];
    let [least_columns, least_rows] = [(least_width / CELL_WIDTH).ceil(), (least_height / CELL_HEIGHT).ceil()];
    let counted = |count: f64, noun: &str| format!("{count} {noun}{}", if count == 1.0 { "" } else { "s" });
    let [needs, has] = match (least_columns > columns, least_rows > rows) {
        (true, false) => [counted(least_columns, "column"), columns.to_string()],
        (false, true) => [counted(least_rows, "row"), rows.to_string()],
        _ => [
            format!("{} and {}", counted(least_columns, "column"), counted(least_rows, "row")),
            format!("{columns} × {rows}"),
        ],
    };
    format!("this picture needs at least {needs} of a terminal; there are {has}")
}

impl Error {
    /// Checks that two lists have the same length.
    pub(crate) fn same_length(
        what: &'static str,
        one: (&'static str, usize),
        other: (&'static str, usize),
    ) -> Result<(), Self> {
        if one.1 == other.1 {
            return Ok(());
        }
        Err(Error::Lengths { what, one: one.0, one_length: one.1, other: other.0, other_length: other.1 })
    }

    /// Checks that a grid has a number per place.
    pub(crate) fn full_grid(what: &'static str, rows: usize, columns: usize, length: usize) -> Result<(), Self> {
        if rows.checked_mul(columns) == Some(length) {
            return Ok(());
        }
        Err(Error::Grid { what, rows, columns, length })
    }
}
