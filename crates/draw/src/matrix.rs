//! Numbers in rows and columns with their names, such as a confusion matrix.

use crate::cell::{CELL_HEIGHT, CELL_WIDTH};
use crate::colour::{Colour, Role};
use crate::error::Error;
use crate::geometry::Rect;
use crate::medium::{Medium, Picture};
use crate::number::short_number;
use crate::range::drawable;
use crate::scene::{Anchor, Rectangle, Scene, Text};

/// Numbers in cells, each the more coloured the larger it is. As in [`ColourMap::Diverging`](crate::ColourMap), blue is below 0
/// and orange above it; where no number is below 0, all is blue.
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
    signed: bool,
}

/// How much stands in the cells: less where there is little room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Detail {
    /// Every number with room around it.
    Wide,
    /// Every number, close to the next.
    Close,
    /// Numbers of two digits.
    Rounded,
    /// Only how large a number is, and its sign.
    Marks,
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
        let signed = values.iter().any(|value| *value < 0.0);
        Ok(Matrix { rows, columns, values, title: empty(), row_label: empty(), column_label: empty(), signed })
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

    /// Coloured as if there were numbers below 0, as beside a matrix that has some.
    pub fn signed(self) -> Self {
        Matrix { signed: true, ..self }
    }

    /// The labels of the rows and of the columns.
    pub fn labels(mut self, rows: impl Into<String>, columns: impl Into<String>) -> Self {
        (self.row_label, self.column_label) = (rows.into(), columns.into());
        self
    }

    fn widest(&self, medium: &Medium, texts: &[String], most: f64) -> f64 {
        texts.iter().map(|text| medium.text_width(text, SIZE, false)).fold(0.0, f64::max).min(most)
    }

    /// The width and the height that a cell needs.
    fn cell(&self, medium: &Medium, detail: Detail) -> [f64; 2] {
        let least = |texts: &[String], names: f64, between: f64| {
            self.widest(medium, texts, f64::MAX).max(self.widest(medium, &self.columns, names)) + between
        };
        let width = match (detail, medium.cells) {
            (Detail::Marks, true) => CELL_WIDTH,
            (Detail::Marks, false) => return [4.0, 4.0],
            (_, true) => {
                let between = if detail == Detail::Wide { 2.0 } else { 1.0 };
                least(&self.written(detail), if detail == Detail::Wide { 72.0 } else { 48.0 }, between * CELL_WIDTH)
            }
            (Detail::Wide, false) => least(&self.written(detail), 72.0, 10.0).max(34.0),
            (_, false) => least(&self.written(detail), 24.0, 4.0).max(16.0),
        };
        [width, if medium.cells { CELL_HEIGHT } else { (width * 0.75).clamp(16.0, 40.0) }]
    }

    /// What stands in the cells.
    fn written(&self, detail: Detail) -> Vec<String> {
        let largest = self.values.iter().filter(|v| drawable(**v)).fold(0.0f64, |most, v| most.max(v.abs()));
        let text = |value: &f64| match detail {
            Detail::Wide | Detail::Close => short_number(*value, 4),
            Detail::Rounded => short_number(*value, 2),
            Detail::Marks if !self.signed => String::new(),
            Detail::Marks if value.abs() < 0.1 * largest => "·".to_string(),
            Detail::Marks => if *value < 0.0 { "−" } else { "+" }.to_string(),
        };
        self.values.iter().map(text).collect()
    }

    /// As much in the cells as there is room for; what is missing otherwise.
    fn detail(&self, medium: &Medium, room: [f64; 2]) -> Result<Detail, Error> {
        let counts = [self.columns.len() as f64, self.rows.len() as f64];
        let lack = |detail| {
            let [width, height] = self.cell(medium, detail);
            [counts[0] * width - room[0], counts[1] * height.min(16.0) - room[1]]
        };
        let fits = |detail: &Detail| lack(*detail).iter().all(|lack| *lack <= 1e-6);
        let found = [Detail::Wide, Detail::Close, Detail::Rounded, Detail::Marks].into_iter().find(fits);
        found.ok_or_else(|| medium.too_small(lack(Detail::Marks)))
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
        let [width, height] = self.cell(&medium, Detail::Wide);
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
        let room = [medium.width - left - medium.page_only(12.0), medium.height - top - medium.page_only(8.0)];
        let detail = self.detail(&medium, room)?;
        let counts = [self.columns.len() as f64, self.rows.len() as f64];
        let mut cell = [room[0] / counts[0], room[1] / counts[1]];
        if medium.cells {
            let most = (cell[0] / CELL_WIDTH).floor() * CELL_WIDTH;
            let width = self.cell(&medium, detail)[0];
            cell = [if detail == Detail::Marks { most.min(3.0 * CELL_WIDTH) } else { width }, CELL_HEIGHT];
        }
        let area = Rect::new(left, top, cell[0] * counts[0], cell[1] * counts[1]);
        for (place, text) in self.written(detail).into_iter().enumerate() {
            let (row, column) = (place / self.columns.len(), place % self.columns.len());
            let bounds = Rect::new(left + cell[0] * column as f64, top + cell[1] * row as f64, cell[0], cell[1]);
            let inset = if detail == Detail::Marks { 0.25 } else { 0.75 };
            let shown = if medium.cells { bounds } else { bounds.grown(-inset) };
            scene.add(Rectangle::new(shown).fill(self.fill(place, &medium, detail)).radius(medium.page_only(2.0)));
            // Colours say the sign already.
            if text.is_empty() || (detail == Detail::Marks && medium.colour) {
                continue;
            }
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
    /// The colour of a cell.
    fn fill(&self, place: usize, medium: &Medium, detail: Detail) -> Colour {
        let (value, strength) = (self.values[place], self.strength(self.values[place]));
        if detail == Detail::Marks && !medium.colour {
            // A shade stands in the place of the number: what is not 0 is seen.
            let shade = if value == 0.0 || !drawable(value) { 0.0 } else { strength.max(0.15) };
            return Colour::from([(shade * 255.0) as u8; 3]);
        }
        // Without colours shades say the same; a number stands alone in its cell.
        let most = if detail == Detail::Marks { 0.97 } else { 0.59 };
        // As in pictures of weights, blue is below 0 and orange above it; where nothing is below, all is blue.
        let is_orange = self.signed && value > 0.0;
        Colour::from(Role::Series(u8::from(is_orange))).alpha(0.03 + most * strength)
    }

    fn names(&self, scene: &mut Scene, medium: &Medium, area: Rect, cell: [f64; 2], title: f64) {
        let line = medium.line(SIZE);
        let gap = medium.across(8.0);
        let mut free = f64::MIN;
        for (row, name) in self.rows.iter().enumerate() {
            let y = area.y + cell[1] * (row as f64 + 0.5);
            // Of rows that are lower than a line some names are left out.
            if y - line / 2.0 < free - 1e-6 {
                continue;
            }
            free = y + line / 2.0;
            let name = medium.shortened(name, SIZE, false, 120.0);
            scene.add(Text::new(name, [area.x - gap, y]).anchor(Anchor::End).colour(Role::Muted));
        }
        self.column_names(scene, medium, area, cell[0]);
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

    /// The names above the columns: all of them, or of narrow columns each that has room beside the one before.
    fn column_names(&self, scene: &mut Scene, medium: &Medium, area: Rect, width: f64) {
        let y = area.y - medium.page_only(4.0) - medium.line(SIZE) / 2.0;
        let own = width - medium.across(6.0);
        let all_fit = self.columns.iter().all(|name| medium.text_width(name, SIZE, false) <= own);
        let mut free = f64::MIN;
        for (column, name) in self.columns.iter().enumerate() {
            let x = area.x + width * (column as f64 + 0.5);
            if all_fit || own >= 24.0 {
                let name = medium.shortened(name, SIZE, false, own.max(0.0));
                scene.add(Text::new(name, [x, y]).anchor(Anchor::Middle).colour(Role::Muted));
                continue;
            }
            let left = area.x + width * column as f64;
            let room = (area.right() - left).min(72.0);
            let name = medium.shortened(name, SIZE, false, room);
            if left >= free && !name.is_empty() {
                free = left + medium.text_width(&name, SIZE, false) + medium.across(6.0);
                scene.add(Text::new(name, [left, y]).colour(Role::Muted));
            }
        }
    }
}
