//! Numbers in rows and columns with their names, such as a confusion matrix.

use crate::colour::{Colour, Role};
use crate::error::Error;
use crate::geometry::Rect;
use crate::medium::{Medium, Picture};
use crate::number::short_number;
use crate::range::drawable;
use crate::scene::{Anchor, Rectangle, Scene, Text};

/// Numbers in cells, each the more coloured the larger it is.
///
/// ```
/// use limpid_draw::{Matrix, Picture};
///
/// let matrix = Matrix::confusion(["cat", "dog"], &[48, 2, 5, 45])?.title("test set");
/// assert!(matrix.terminal(60, false)?.contains("48"));
/// # Ok::<(), limpid_draw::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    rows: Vec<String>,
    columns: Vec<String>,
    values: Vec<f64>,
    title: String,
    row_label: String,
    column_label: String,
}

/// The most rows and columns.
const MOST: usize = 128;
const SIZE: f64 = 12.0;

impl Matrix {
    /// Numbers row by row, with the rows' and the columns' names.
    ///
    /// # Errors
    ///
    /// [`Error::Grid`] where there is not a number for each pair of names, [`Error::Bounds`] for no names or more than 128.
    pub fn new<R: Into<String>, C: Into<String>>(
        rows: impl IntoIterator<Item = R>,
        columns: impl IntoIterator<Item = C>,
        values: impl Into<Vec<f64>>,
    ) -> Result<Self, Error> {
        let rows: Vec<String> = rows.into_iter().map(Into::into).collect();
        let columns: Vec<String> = columns.into_iter().map(Into::into).collect();
        for (what, count) in [("a matrix's rows", rows.len()), ("a matrix's columns", columns.len())] {
            if !(1..=MOST).contains(&count) {
                return Err(Error::Bounds { what, value: count as f64, least: 1.0, most: MOST as f64 });
            }
        }
        let values = values.into();
        Error::full_grid("a matrix", rows.len(), columns.len(), values.len())?;
        let empty = String::new;
        Ok(Matrix { rows, columns, values, title: empty(), row_label: empty(), column_label: empty() })
    }

    /// How often each true class (row) was taken for each class (column).
    ///
    /// # Errors
    ///
    /// As [`new`](Matrix::new).
    pub fn confusion<N: Into<String>>(names: impl IntoIterator<Item = N>, counts: &[usize]) -> Result<Self, Error> {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        let values: Vec<f64> = counts.iter().map(|count| *count as f64).collect();
        Ok(Matrix::new(names.clone(), names, values)?.labels("true", "predicted"))
    }

    /// The title above it.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// What the rows and the columns are.
    pub fn labels(mut self, rows: impl Into<String>, columns: impl Into<String>) -> Self {
        (self.row_label, self.column_label) = (rows.into(), columns.into());
        self
    }

    fn written(&self) -> Vec<String> {
        self.values.iter().map(|value| short_number(*value, 4)).collect()
    }

    fn widest(&self, medium: &Medium, texts: &[String], most: f64) -> f64 {
        texts.iter().map(|text| medium.text_width(text, SIZE, false)).fold(0.0, f64::max).min(most)
    }

    /// The width and the height that a cell needs for every number.
    fn cell(&self, medium: &Medium) -> [f64; 2] {
        let names = self.widest(medium, &self.columns, 72.0);
        let width = self.widest(medium, &self.written(), f64::MAX).max(names) + medium.across(10.0);
        let width = if medium.cells { width + 8.0 } else { width.max(34.0) };
        [width, if medium.cells { 16.0 } else { (width * 0.75).clamp(22.0, 40.0) }]
    }

    /// What lies to the left of the cells.
    fn left(&self, medium: &Medium) -> f64 {
        let label = if self.row_label.is_empty() { 0.0 } else { medium.page_only(medium.line(SIZE) + 6.0) };
        medium.page_only(12.0) + label + self.widest(medium, &self.rows, 120.0) + medium.across(8.0)
    }

    /// What lies between the title and the cells: what the columns are, and their names.
    fn above(&self, medium: &Medium) -> f64 {
        let labelled = !self.column_label.is_empty() || (medium.cells && !self.row_label.is_empty());
        let label = if labelled { medium.line(SIZE) } else { 0.0 };
        medium.page_only(8.0) + label + medium.line(SIZE) + medium.page_only(4.0)
    }

    /// How much of the colour a number gets: counts differ by powers of ten, so it grows with their logarithm.
    fn strength(&self, value: f64) -> f64 {
        let size = |v: f64| if drawable(v) { libm::log1p(v.abs()) } else { 0.0 };
        let most = self.values.iter().map(|v| size(*v)).fold(0.0, f64::max);
        if most > 0.0 { size(value) / most } else { 0.0 }
    }
}

impl Picture for Matrix {
    fn size(&self) -> [f64; 2] {
        let medium = Medium { cells: false, colour: true, width: 480.0, height: 0.0 };
        let [width, height] = self.cell(&medium);
        let mut header = Scene::new(480.0, 0.0);
        let wide = (self.left(&medium) + width * self.columns.len() as f64 + 12.0).clamp(200.0, 8192.0);
        let medium = Medium { width: wide, ..medium };
        let top = crate::header::draw(&mut header, &medium, &self.title, &[]) + self.above(&medium);
        [wide, (top + height * self.rows.len() as f64 + 12.0).clamp(80.0, 8192.0)]
    }

    fn rows(&self, columns: usize) -> usize {
        let medium = Medium { cells: true, colour: true, width: columns as f64 * 8.0, height: 0.0 };
        let mut header = Scene::new(medium.width, 0.0);
        let top = crate::header::draw(&mut header, &medium, &self.title, &[]) + self.above(&medium);
        (top / 16.0) as usize + self.rows.len()
    }

    fn layout(&self, medium: Medium) -> Result<Scene, Error> {
        let mut scene = Scene::new(medium.width, medium.height);
        scene.title = self.title.clone();
        let title = crate::header::draw(&mut scene, &medium, &self.title, &[]);
        let (left, top) = (self.left(&medium), title + self.above(&medium));
        let [least_width, least_height] = self.cell(&medium);
        let counts = [self.columns.len() as f64, self.rows.len() as f64];
        let room = [medium.width - left - medium.page_only(12.0), medium.height - top - medium.page_only(8.0)];
        let mut cell = [room[0] / counts[0], room[1] / counts[1]];
        if cell[0] < least_width - 1e-6 || cell[1] < least_height.min(16.0) - 1e-6 {
            return Err(Error::TooSmall {
                width: medium.width,
                height: medium.height,
                least_width: medium.width + (counts[0] * least_width - room[0]).max(0.0).ceil(),
                least_height: medium.height + (counts[1] * least_height.min(16.0) - room[1]).max(0.0).ceil(),
            });
        }
        if medium.cells {
            cell = [least_width, 16.0];
        }
        let area = Rect::new(left, top, cell[0] * counts[0], cell[1] * counts[1]);
        for (place, text) in self.written().into_iter().enumerate() {
            let (row, column) = (place / self.columns.len(), place % self.columns.len());
            let bounds = Rect::new(left + cell[0] * column as f64, top + cell[1] * row as f64, cell[0], cell[1]);
            let strength = self.strength(self.values[place]);
            let negative = self.values[place] < 0.0;
            let colour = Colour::from(Role::Series(u8::from(negative))).alpha(0.03 + 0.59 * strength);
            let shown = if medium.cells { bounds } else { bounds.grown(-0.75) };
            // Without colours shades say the same; a number stands alone in its cell.
            scene.add(Rectangle::new(shown).fill(colour).radius(medium.page_only(2.0)));
            let zero = self.values[place] == 0.0;
            let ink = if zero { Role::Muted } else { Role::Ink };
            let text = if medium.cells { format!("{text:^0$}", (cell[0] / 8.0) as usize) } else { text };
            scene.add(Text::new(text, bounds.centre()).anchor(Anchor::Middle).colour(ink).size(SIZE));
        }
        self.names(&mut scene, &medium, area, cell, title);
        Ok(scene)
    }
}

impl Matrix {
    fn names(&self, scene: &mut Scene, medium: &Medium, area: Rect, cell: [f64; 2], title: f64) {
        let line = medium.line(SIZE);
        let gap = medium.across(8.0);
        for (row, name) in self.rows.iter().enumerate() {
            let y = area.y + cell[1] * (row as f64 + 0.5);
            let name = medium.shortened(name, SIZE, false, 120.0);
            scene.add(Text::new(name, [area.x - gap, y]).anchor(Anchor::End).colour(Role::Muted));
        }
        for (column, name) in self.columns.iter().enumerate() {
            let x = area.x + cell[0] * (column as f64 + 0.5);
            let name = medium.shortened(name, SIZE, false, (cell[0] - medium.across(6.0)).max(0.0));
            let y = area.y - medium.page_only(4.0) - line / 2.0;
            scene.add(Text::new(name, [x, y]).anchor(Anchor::Middle).colour(Role::Muted));
        }
        let y = title + medium.page_only(8.0) + line / 2.0;
        if medium.cells {
            let label = match (self.row_label.as_str(), self.column_label.as_str()) {
                ("", columns) => format!("→ {columns}"),
                (rows, "") => format!("↓ {rows}"),
                (rows, columns) => format!("↓ {rows}   → {columns}"),
            };
            if !(self.row_label.is_empty() && self.column_label.is_empty()) {
                scene.add(Text::new(medium.shortened(&label, SIZE, false, medium.width), [0.0, y]));
            }
            return;
        }
        if !self.column_label.is_empty() {
            let label = medium.shortened(&self.column_label, SIZE, false, area.width);
            scene.add(Text::new(label, [area.centre()[0], y]).anchor(Anchor::Middle));
        }
        if !self.row_label.is_empty() {
            let label = medium.shortened(&self.row_label, SIZE, false, area.height);
            let x = 12.0 + line / 2.0;
            scene.add(Text::new(label, [x, area.centre()[1]]).anchor(Anchor::Middle).rotated(-90.0));
        }
    }
}
