//! Where a picture will be seen: on a page, where text is set in a font, or in the cells of a terminal.

use crate::cell::{CELL_HEIGHT, CELL_WIDTH};
use crate::error::Error;
use crate::font::{one_line, text_cells, text_width};
use crate::geometry::Rect;
use crate::map::ColourMap;
use crate::scene::Scene;

/// The medium that a picture is laid out for, and its size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Medium {
    /// Whether its text stands in cells of 8 × 16 pixels.
    pub cells: bool,
    /// Whether it shows colours; a page does.
    pub colour: bool,
    /// How wide the picture is, in pixels.
    pub width: f64,
    /// How high the picture is, in pixels.
    pub height: f64,
}

/// A picture that can be laid out for a page or for a terminal.
///
/// ```
/// use limpid_draw::{Line, Picture, Plot};
///
/// let plot = Plot::new().add(Line::new([0.0, 1.0, 2.0], [0.0, 1.0, 4.0]));
/// let svg = plot.scene()?.svg();
/// let text = plot.terminal(80, false)?;
/// assert!(svg.contains("<path") && text.lines().all(|line| line.chars().count() <= 80));
/// # Ok::<(), limpid_draw::Error>(())
/// ```
pub trait Picture {
    /// How large it is on a page, in pixels: width and height.
    fn size(&self) -> [f64; 2];

    /// How high it likes to be on a page of a width: on a narrow one more than in proportion, since labels take the same
    /// room there.
    fn height(&self, width: f64) -> f64 {
        let [own, height] = self.size();
        if width < own { height.min(300.0) } else { height }
    }

    /// How many rows of a terminal it takes, at so many columns.
    fn rows(&self, columns: usize) -> usize {
        let [width, height] = self.size();
        // A little flatter than on a page: rows are dearer than columns.
        ((columns as f64 * height / width) * 0.45).round().clamp(12.0, 60.0) as usize
    }

    /// The picture laid out.
    ///
    /// # Errors
    ///
    /// [`Error`] where its numbers do not belong together or where it does not fit.
    fn layout(&self, medium: Medium) -> Result<Scene, Error>;

    /// The picture for a page.
    ///
    /// # Errors
    ///
    /// As [`layout`](Picture::layout).
    fn scene(&self) -> Result<Scene, Error> {
        let [width, height] = self.size();
        self.layout(Medium::page(width, height)?)
    }

    /// The picture in a terminal, `columns` wide, with or without colours.
    ///
    /// # Errors
    ///
    /// As [`layout`](Picture::layout).
    fn terminal(&self, columns: usize, colour: bool) -> Result<String, Error> {
        Ok(self.layout(Medium::terminal(columns, self.rows(columns), colour)?)?.terminal(columns, colour))
    }
}

impl Medium {
    /// A page's picture of a size in pixels.
    ///
    /// # Errors
    ///
    /// [`Error::Bounds`] for sides that are not between 16 and 8192.
    pub fn page(width: f64, height: f64) -> Result<Self, Error> {
        for (what, value) in [("a picture's width", width), ("a picture's height", height)] {
            if !(16.0..=8192.0).contains(&value) {
                return Err(Error::Bounds { what, value, least: 16.0, most: 8192.0 });
            }
        }
        Ok(Medium { cells: false, colour: true, width, height })
    }

    /// A terminal's picture of so many columns and rows, with or without colours.
    ///
    /// # Errors
    ///
    /// [`Error::Bounds`] where they are not between 1 and 1000.
    pub fn terminal(columns: usize, rows: usize, colour: bool) -> Result<Self, Error> {
        for (what, value) in [("a number of columns", columns), ("a number of rows", rows)] {
            if !(1..=1000).contains(&value) {
                return Err(Error::Bounds { what, value: value as f64, least: 1.0, most: 1000.0 });
            }
        }
        Ok(Medium { cells: true, colour, width: columns as f64 * CELL_WIDTH, height: rows as f64 * CELL_HEIGHT })
    }

    /// The colours that a map has here: without colours, only those from dark to light can be told apart.
    pub(crate) fn map(&self, map: ColourMap) -> ColourMap {
        if self.colour { map } else { ColourMap::Grey }
    }

    /// How wide a text will be.
    pub fn text_width(&self, text: &str, size: f64, bold: bool) -> f64 {
        if self.cells { text_cells(text) as f64 * CELL_WIDTH } else { text_width(text, size, bold) }
    }

    /// From one line of text to the next.
    pub fn line(&self, size: f64) -> f64 {
        if self.cells { CELL_HEIGHT } else { (size * 1.3).round() }
    }

    /// A distance across: in a terminal, whole cells, at least one.
    pub(crate) fn across(&self, pixels: f64) -> f64 {
        if self.cells { (pixels / CELL_WIDTH).round().max(1.0) * CELL_WIDTH } else { pixels }
    }

    /// A distance that a terminal does without.
    pub(crate) fn page_only(&self, pixels: f64) -> f64 {
        if self.cells { 0.0 } else { pixels }
    }

    /// The rectangle with its sides on whole cells, no larger.
    pub(crate) fn snapped(&self, rect: Rect) -> Rect {
        if !self.cells {
            return rect;
        }
        let (x, y) = ((rect.x / CELL_WIDTH).ceil() * CELL_WIDTH, (rect.y / CELL_HEIGHT).ceil() * CELL_HEIGHT);
        let right = (rect.right() / CELL_WIDTH).floor() * CELL_WIDTH;
        let bottom = (rect.bottom() / CELL_HEIGHT).floor() * CELL_HEIGHT;
        Rect::new(x, y, (right - x).max(0.0), (bottom - y).max(0.0))
    }

    /// The text, or as much of it as fits and an ellipsis.
    pub(crate) fn shortened(&self, text: &str, size: f64, bold: bool, room: f64) -> String {
        let text = one_line(text);
        if self.text_width(&text, size, bold) <= room {
            return text;
        }
        let mut kept = String::new();
        for c in text.chars() {
            kept.push(c);
            if self.text_width(&format!("{kept}…"), size, bold) > room {
                kept.pop();
                break;
            }
        }
        let kept = kept.trim_end();
        if kept.is_empty() { String::new() } else { format!("{kept}…") }
    }

    /// The text in lines, broken at spaces (and between East Asian characters), at most `most`; the last may be shortened.
    pub(crate) fn wrapped(&self, text: &str, size: f64, bold: bool, room: f64, most: usize) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        let mut rest = one_line(text).trim().to_string();
        while !rest.is_empty() {
            if lines.len() + 1 >= most || self.text_width(&rest, size, bold) <= room {
                lines.push(self.shortened(&rest, size, bold, room));
                break;
            }
            let cut = self.cut(&rest, size, bold, room);
            lines.push(rest[..cut].trim_end().to_string());
            rest = rest[cut..].trim_start().to_string();
        }
        lines.retain(|line| !line.is_empty());
        lines
    }

    /// Where to break a text that is too wide: a byte position behind at least one character.
    fn cut(&self, text: &str, size: f64, bold: bool, room: f64) -> usize {
        let (mut fits, mut good) = (0, 0);
        let mut wide_before = false;
        for (place, c) in text.char_indices() {
            let wide = unicode_width::UnicodeWidthChar::width(c) == Some(2);
            if place > 0 && (c == ' ' || wide || wide_before) {
                good = place;
            }
            wide_before = wide;
            if self.text_width(text[..place + c.len_utf8()].trim_end(), size, bold) > room {
                break;
            }
            fits = place + c.len_utf8();
        }
        let first = text.chars().next().map_or(0, char::len_utf8);
        if good > 0 && good <= fits { good } else { fits.max(first) }
    }

    /// The error of a picture that lacks so many pixels across and down.
    pub(crate) fn too_small(&self, [across, down]: [f64; 2]) -> Error {
        Error::TooSmall {
            width: self.width,
            height: self.height,
            least_width: self.width + across.max(0.0).ceil(),
            least_height: self.height + down.max(0.0).ceil(),
            cells: self.cells,
        }
    }
}
