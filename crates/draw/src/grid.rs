//! Numbers over a rectangle of the plane.

use crate::error::Error;
use crate::range::Range;

/// The values of a function of two numbers at evenly spaced points, the first and last of which lie on the limits.
///
/// ```
/// use limpid_draw::Grid;
///
/// let bowl = Grid::of([-5.0, 5.0], [-5.0, 5.0], 41, 41, |x, y| x * x + y * y)?;
/// assert_eq!(bowl.at(0, 0), 50.0);
/// # Ok::<(), limpid_draw::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    pub(crate) x: Range,
    pub(crate) y: Range,
    pub(crate) columns: usize,
    pub(crate) rows: usize,
    pub(crate) values: Vec<f64>,
}

/// The most points of a grid along a side.
const MOST: usize = 4096;

impl Grid {
    /// Values row by row, the first row at the lowest y, each row from the lowest x.
    ///
    /// # Errors
    ///
    /// [`Error::Grid`] where their number is not `columns` × `rows`, [`Error::Coarse`] below 2 × 2, [`Error::Limits`] for
    /// limits that are no range.
    pub fn new(x: [f64; 2], y: [f64; 2], columns: usize, rows: usize, values: Vec<f64>) -> Result<Self, Error> {
        Error::full_grid("a grid", rows, columns, values.len())?;
        if rows < 2 || columns < 2 {
            return Err(Error::Coarse { what: "a grid", least: 2, rows, columns });
        }
        let (x, y) = (Range::limits("x", x[0], x[1])?, Range::limits("y", y[0], y[1])?);
        Ok(Grid { x, y, columns, rows, values })
    }

    /// The values of a function.
    ///
    /// # Errors
    ///
    /// As [`new`](Grid::new), and [`Error::Bounds`] beyond 4096 points along a side.
    pub fn of(
        x: [f64; 2],
        y: [f64; 2],
        columns: usize,
        rows: usize,
        mut value: impl FnMut(f64, f64) -> f64,
    ) -> Result<Self, Error> {
        for count in [columns, rows] {
            if count > MOST {
                let (least, most) = (2.0, MOST as f64);
                return Err(Error::Bounds { what: "a grid's side", value: count as f64, least, most });
            }
        }
        let place = |limits: [f64; 2], index: usize, count: usize| {
            let (low, high) = (limits[0].min(limits[1]), limits[0].max(limits[1]));
            low + (high - low) * (index as f64 / (count.max(2) - 1) as f64)
        };
        let points = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
        let values = points.map(|(row, column)| value(place(x, column, columns), place(y, row, rows))).collect();
        Grid::new(x, y, columns, rows, values)
    }

    /// The value in a column and a row; not a number outside.
    pub fn at(&self, column: usize, row: usize) -> f64 {
        if column >= self.columns {
            return f64::NAN;
        }
        self.values.get(row * self.columns + column).copied().unwrap_or(f64::NAN)
    }

    /// The point of a column and a row, which may lie between.
    pub(crate) fn point(&self, column: f64, row: f64) -> [f64; 2] {
        [self.x.at(column / (self.columns - 1) as f64), self.y.at(row / (self.rows - 1) as f64)]
    }

    /// The range of its values.
    pub(crate) fn range(&self) -> Range {
        Range::of(self.values.iter().copied())
    }
}
