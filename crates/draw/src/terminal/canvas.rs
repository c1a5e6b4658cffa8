//! What is in each cell, layer by layer, before it becomes characters.

use unicode_width::UnicodeWidthChar;

use crate::colour::Colour;
use crate::geometry::{Point, Rect};

/// Braille dots in a cell.
pub(super) const DOTS_ACROSS: usize = 2;
pub(super) const DOTS_DOWN: usize = 4;
/// Pieces of a cell that can be filled: eighths, since there are blocks of each height.
pub(super) const FILLS_ACROSS: usize = 2;
pub(super) const FILLS_DOWN: usize = 8;

/// Bits of lines that leave a cell's middle.
pub(super) const UP: u8 = 1;
pub(super) const RIGHT: u8 = 2;
pub(super) const DOWN: u8 = 4;
pub(super) const LEFT: u8 = 8;

/// A cell's layers.
#[derive(Clone, Default)]
pub(super) struct Cell {
    pub(super) text: Option<char>,
    pub(super) bold: bool,
    /// The right half of a wide character.
    pub(super) covered: bool,
    pub(super) text_colour: Option<Colour>,
    pub(super) glyph: Option<(char, Colour)>,
    pub(super) dots: u8,
    pub(super) dots_colour: Option<Colour>,
    /// Dots of lines whose colour stands for a number, such as contours: seen where no other line runs.
    pub(super) contour_dots: u8,
    pub(super) contour_colour: Option<Colour>,
    pub(super) rules: u8,
    pub(super) round: bool,
    pub(super) rules_colour: Option<Colour>,
    pub(super) grid: bool,
}

pub(super) struct Canvas {
    pub(super) columns: usize,
    pub(super) rows: usize,
    pub(super) cells: Vec<Cell>,
    pub(super) fills: Vec<Option<Colour>>,
}

impl Canvas {
    pub(super) fn new(columns: usize, rows: usize) -> Self {
        let cells = columns * rows;
        Canvas {
            columns,
            rows,
            cells: vec![Cell::default(); cells],
            fills: vec![None; cells * FILLS_ACROSS * FILLS_DOWN],
        }
    }

    fn cell(&mut self, column: usize, row: usize) -> &mut Cell {
        &mut self.cells[row * self.columns + column]
    }

    /// A dot at a place counted in dots.
    pub(super) fn dot(&mut self, x: f64, y: f64, colour: Colour) {
        if !(x >= 0.0 && y >= 0.0) {
            return;
        }
        // The right and the lower edge belong to the last dots.
        let x = (x as usize).min(self.columns * DOTS_ACROSS - 1);
        let y = (y as usize).min(self.rows * DOTS_DOWN - 1);
        let bit = dot_bit(x % DOTS_ACROSS, y % DOTS_DOWN);
        let cell = self.cell(x / DOTS_ACROSS, y / DOTS_DOWN);
        if is_contour(colour) {
            cell.contour_dots |= bit;
            cell.contour_colour = Some(colour);
            return;
        }
        cell.dots |= bit;
        cell.dots_colour = Some(colour);
        cell.glyph = None;
    }

    /// A straight line from the middle of one cell to that of another in the same row or column.
    pub(super) fn rule(&mut self, from: (usize, usize), to: (usize, usize), colour: Colour, round: bool) {
        let (first, last) = (from.min(to), from.max(to));
        let upright = first.0 == last.0;
        let length = if upright { last.1.abs_diff(first.1) } else { last.0 - first.0 };
        for step in 0..=length {
            let (column, row) = if upright { (first.0, first.1 + step) } else { (first.0 + step, first.1) };
            let (back, on) = if upright { (UP, DOWN) } else { (LEFT, RIGHT) };
            let cell = self.cell(column, row);
            if step > 0 || length == 0 {
                cell.rules |= back;
            }
            if step < length || length == 0 {
                cell.rules |= on;
            }
            cell.rules_colour = Some(colour);
            cell.round |= round;
        }
    }

    /// Takes the lines and the grid away from a cell.
    pub(super) fn clear_rules(&mut self, column: usize, row: usize) {
        let cell = self.cell(column, row);
        (cell.rules, cell.round, cell.grid) = (0, false, false);
    }

    pub(super) fn grid(&mut self, column: usize, row: usize) {
        self.cell(column, row).grid = true;
    }

    pub(super) fn glyph(&mut self, column: usize, row: usize, glyph: char, colour: Colour) {
        let cell = self.cell(column, row);
        cell.glyph = Some((glyph, colour));
        cell.text = None;
    }

    /// Text from a cell on; what lies outside is left out.
    pub(super) fn text(&mut self, column: i64, row: usize, content: &str, colour: Colour, bold: bool) {
        let mut column = column;
        for c in content.chars() {
            let width = c.width().unwrap_or(0) as i64;
            if width == 0 {
                continue;
            }
            if column >= 0 && column + width <= self.columns as i64 {
                let at = column as usize;
                self.free(at, row);
                let cell = self.cell(at, row);
                (cell.text, cell.text_colour, cell.bold, cell.covered) = (Some(c), Some(colour), bold, false);
                if width == 2 {
                    self.free(at + 1, row);
                    let cell = self.cell(at + 1, row);
                    (cell.text, cell.text_colour, cell.covered) = (None, Some(colour), true);
                }
            }
            column += width;
        }
    }

    /// Takes away the other half of a wide character that is about to lose one.
    fn free(&mut self, column: usize, row: usize) {
        if self.cell(column, row).covered && column > 0 {
            self.cell(column, row).covered = false;
            self.cell(column - 1, row).text = Some(' ');
        }
        if column + 1 < self.columns && self.cell(column + 1, row).covered {
            self.cell(column + 1, row).covered = false;
            self.cell(column + 1, row).text = Some(' ');
        }
    }

    /// Fills a piece of a cell, and hides the dots, lines and marks that were there.
    pub(super) fn fill(&mut self, x: usize, y: usize, colour: Colour) {
        let place = y * self.columns * FILLS_ACROSS + x;
        let under = self.fills[place];
        self.fills[place] = Some(match under {
            Some(under) if colour.alpha < 1.0 => mixed(under, colour),
            _ => colour,
        });
        if colour.alpha >= 0.99 {
            self.hide(x, y);
        }
    }

    fn hide(&mut self, x: usize, y: usize) {
        let bit = dot_bit(x % FILLS_ACROSS, y % FILLS_DOWN / 2);
        let centre = y % FILLS_DOWN == FILLS_DOWN / 2;
        let cell = self.cell(x / FILLS_ACROSS, y / FILLS_DOWN);
        cell.dots &= !bit;
        cell.contour_dots &= !bit;
        if centre {
            (cell.rules, cell.round, cell.grid, cell.glyph, cell.text) = (0, false, false, None, None);
        }
    }

    /// Fills what lies inside a closed line; places are counted in pieces of cells. Ground only hides.
    pub(super) fn area(&mut self, points: &[Point], clip: &Rect, colour: Colour, ground: bool) {
        if points.len() < 3 || points.iter().flatten().any(|v| !v.is_finite()) {
            return;
        }
        let bounds = points.iter().fold((f64::MAX, f64::MIN), |(low, high), p| (low.min(p[1]), high.max(p[1])));
        let (top, bottom) = (bounds.0.max(clip.y), bounds.1.min(clip.bottom()));
        let (width, height) = (self.columns * FILLS_ACROSS, self.rows * FILLS_DOWN);
        for row in super::span(top, bottom, height) {
            let y = row as f64 + 0.5;
            let mut crossings = crossings(points, y);
            crossings.sort_by(f64::total_cmp);
            for pair in crossings.as_chunks::<2>().0 {
                for column in super::span(pair[0].max(clip.x), pair[1].min(clip.right()), width) {
                    if ground {
                        self.fills[row * width + column] = None;
                        self.hide(column, row);
                    } else {
                        self.fill(column, row, colour);
                    }
                }
            }
        }
    }

    /// The pieces of a cell, from its upper left one.
    pub(super) fn pieces(&self, column: usize, row: usize) -> [[Option<Colour>; FILLS_ACROSS]; FILLS_DOWN] {
        let width = self.columns * FILLS_ACROSS;
        std::array::from_fn(|down| {
            std::array::from_fn(|across| self.fills[(row * FILLS_DOWN + down) * width + column * FILLS_ACROSS + across])
        })
    }
}

/// Whether a line's colour stands for a number, and not for a series.
pub(super) fn is_contour(colour: Colour) -> bool {
    colour.role().is_none() && colour.alpha >= 0.99
}

/// Where a closed line crosses a height.
fn crossings(points: &[Point], y: f64) -> Vec<f64> {
    let mut crossings = Vec::new();
    for (place, a) in points.iter().enumerate() {
        let b = &points[(place + 1) % points.len()];
        if (a[1] <= y) != (b[1] <= y) {
            crossings.push(a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0]));
        }
    }
    crossings
}

/// The bit of a dot in a braille character, Unicode 16, block U+2800.
fn dot_bit(x: usize, y: usize) -> u8 {
    [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]][y][x]
}

/// A half-transparent colour over another.
fn mixed(under: Colour, over: Colour) -> Colour {
    let theme = crate::colour::Theme::Auto;
    let rgb = crate::colour::blend(under.rgb(theme), over.rgb(theme), over.alpha);
    Colour::from(rgb).alpha(under.alpha.max(over.alpha))
}
