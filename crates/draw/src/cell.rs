//! The cells of a terminal, in the pixels of a picture that is laid out for one.

/// How wide a cell of a terminal is in the pixels of a picture that is laid out for one.
pub const CELL_WIDTH: f64 = 8.0;
/// How high such a cell is.
pub const CELL_HEIGHT: f64 = 16.0;
