//! limpid's pictures: plain numbers in, SVG, PNG and terminal text out.
//!
//! A [`Scene`] is a picture as plain data: lines, areas, boxes, marks, text and pixels, from back to front.
//! [`Scene::svg`], [`Scene::png`] and [`Scene::terminal`] write it. The same scene gives the same bytes.

mod colour;
mod error;
mod font;
mod geometry;
#[cfg(feature = "png")]
mod glyphs;
mod graph;
#[cfg(feature = "png")]
mod pixels;
mod raster;
mod scene;
mod svg;
mod terminal;

pub use colour::{BACKWARD, Colour, FORWARD, Paint, Role, SERIES, Theme, contrast, ink_on, luminance};
pub use error::Error;
pub use font::{text_cells, text_width};
pub use geometry::{Point, Rect};
pub use graph::{Boxes, Direction, GraphPicture, Step};
pub use raster::Raster;
pub use scene::{Anchor, Group, Image, Item, Marker, Path, Rectangle, Scene, Shape, Stroke, Text};
pub use terminal::{CELL_HEIGHT, CELL_WIDTH};
