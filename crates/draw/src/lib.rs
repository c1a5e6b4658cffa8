//! limpid's pictures: plain numbers in, SVG, PNG and terminal text out.
//!
//! A [`Scene`] is a picture as plain data: lines, areas, boxes, marks, text and pixels, from back to front.
//! [`Scene::svg`], `Scene::png` (with the feature `png`, on by default) and [`Scene::terminal`] write it. The same scene
//! gives the same bytes.
//!
//! Above scenes stand pictures that lay themselves out, each a [`Picture`]: [`Plot`] with its [`Series`] (lines, points,
//! bars, histograms, heat maps, contours, arrows, decision regions, notes), [`Surface`], [`Images`], [`Matrix`], and
//! [`Panels`] of several. Laid out for a page or for the cells of a terminal ([`Medium`]), no two of their labels overlap.
//! Numbers that are not finite, or beyond ±1e300, are gaps.
//!
//! ```
//! use limpid_draw::{Grid, HeatMap, Picture, Plot};
//!
//! let saddle = Grid::of([-1.0, 1.0], [-1.0, 1.0], 21, 21, |x, y| x * x - y * y)?;
//! let plot = Plot::new().title("a saddle").labels("x", "y").equal(true).add(HeatMap::new(saddle).label("x² − y²"));
//! let svg = plot.scene()?.svg();
//! let text = plot.terminal(60, true)?;
//! # assert!(svg.contains("a saddle") && text.contains("a saddle"));
//! # Ok::<(), limpid_draw::Error>(())
//! ```

mod bar;
mod cell;
mod colour;
mod contour;
mod error;
mod font;
mod geometry;
#[cfg(feature = "png")]
mod glyphs;
mod graph;
mod grid;
mod header;
mod images;
mod map;
mod matrix;
mod medium;
mod number;
mod panels;
#[cfg(feature = "png")]
mod pixels;
mod plot;
mod range;
mod raster;
mod scene;
mod surface;
mod svg;
mod terminal;

pub use cell::{CELL_HEIGHT, CELL_WIDTH};
pub use colour::{BACKWARD, Colour, FORWARD, Paint, Role, SERIES, Theme, contrast, ink_on, luminance};
pub use error::Error;
pub use font::{text_cells, text_width};
pub use geometry::{Point, Rect};
pub use graph::{Boxes, Direction, GraphPicture, Step};
pub use grid::Grid;
pub use images::Images;
pub use map::ColourMap;
pub use matrix::Matrix;
pub use medium::{Medium, Picture};
pub use number::short_number;
pub use panels::Panels;
pub use plot::{Arrows, Bars, Contours, HeatMap, Histogram, Line, Note, Plot, Points, Regions, Series};
pub use raster::Raster;
pub use scene::{Anchor, Group, Image, Item, Marker, Path, Rectangle, Scene, Shape, Stroke, Text};
pub use surface::Surface;
pub use terminal::Colours;
