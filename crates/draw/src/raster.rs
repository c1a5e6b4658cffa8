//! Pixels: red, green, blue and opacity, row by row from the top.

use crate::colour::{Role, Theme, blend};
use crate::error::Error;
use crate::map::ColourMap;
use crate::range::Range;

/// Pixels, row by row from the top.
#[derive(Clone, Debug, PartialEq)]
pub struct Raster {
    width: usize,
    height: usize,
    pixels: Vec<[u8; 4]>,
}

impl Raster {
    /// Pixels as red, green, blue and opacity.
    ///
    /// # Errors
    ///
    /// [`Error::Grid`] where there is not one pixel for each place, or none at all.
    pub fn new(width: usize, height: usize, pixels: Vec<[u8; 4]>) -> Result<Self, Error> {
        Error::full_grid("an image", height, width, pixels.len())?;
        if pixels.is_empty() {
            return Err(Error::Coarse { what: "an image", least: 1, rows: height, columns: width });
        }
        Ok(Raster { width, height, pixels })
    }

    /// Numbers as colours: the limits take the ends of the map. What is not a number is left blank.
    ///
    /// # Errors
    ///
    /// As [`new`](Raster::new), and [`Error::Limits`] where the limits are no range.
    pub fn mapped(
        width: usize,
        height: usize,
        values: &[f64],
        map: ColourMap,
        limits: [f64; 2],
    ) -> Result<Self, Error> {
        let range = Range::limits("colour", limits[0], limits[1])?;
        let pixel = |value: &f64| match value.is_nan() {
            true => [0; 4],
            false => {
                let [r, g, b] = map.rgb((value - range.low) / range.spread());
                [r, g, b, 255]
            }
        };
        Raster::new(width, height, values.iter().map(pixel).collect())
    }

    /// Tints the pixels at which `is_marked`, asked for the row and the column of each, answers yes: what they show is seen
    /// through orange. Black is tinted as strongly as white.
    ///
    /// ```
    /// use limpid_draw::{ColourMap, Raster};
    ///
    /// let black = Raster::mapped(3, 2, &[0.0; 6], ColourMap::Grey, [0.0, 1.0])?;
    /// let marked = black.marked(|row, column| row == 1 && column > 0);
    /// assert_eq!(marked.pixels().iter().filter(|pixel| pixel[..3] == [0, 0, 0]).count(), 4);
    /// # Ok::<(), limpid_draw::Error>(())
    /// ```
    #[must_use]
    pub fn marked(mut self, is_marked: impl Fn(usize, usize) -> bool) -> Self {
        let tint = Role::Series(4).rgb(Theme::Light);
        for (place, pixel) in self.pixels.iter_mut().enumerate() {
            if is_marked(place / self.width, place % self.width) {
                let [r, g, b] = blend([pixel[0], pixel[1], pixel[2]], tint, 0.6);
                *pixel = [r, g, b, 255];
            }
        }
        self
    }

    /// How many pixels a row has.
    pub fn width(&self) -> usize {
        self.width
    }

    /// How many rows there are.
    pub fn height(&self) -> usize {
        self.height
    }

    /// All pixels, row by row from the top.
    pub fn pixels(&self) -> &[[u8; 4]] {
        &self.pixels
    }

    /// The pixel at shares of the width and the height, both from 0 to 1.
    pub(crate) fn at(&self, across: f64, down: f64) -> [u8; 4] {
        let column = ((across * self.width as f64) as usize).min(self.width - 1);
        let row = ((down * self.height as f64) as usize).min(self.height - 1);
        self.pixels[row * self.width + column]
    }

    /// The pixels as a PNG file: the same bytes wherever this runs.
    pub fn png(&self) -> Vec<u8> {
        encode(self.width as u32, self.height as u32, self.pixels.as_flattened())
    }
}

/// Bytes of red, green, blue and opacity as a PNG file.
///
/// Compression is `fdeflate`, which is always the same code; the other levels depend on which deflate the rest of a program
/// was built with.
pub(crate) fn encode(width: u32, height: u32, rgba: &[u8]) -> Vec<u8> {
    let opaque = rgba.iter().skip(3).step_by(4).all(|alpha| *alpha == 255);
    let bytes: Vec<u8> = match opaque {
        true => rgba.as_chunks::<4>().0.iter().flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect(),
        false => rgba.to_vec(),
    };
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(if opaque { png::ColorType::Rgb } else { png::ColorType::Rgba });
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    // Writing to memory does not fail, and the sizes fit by construction.
    let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(&bytes));
    debug_assert!(written.is_ok(), "{written:?}");
    file
}
