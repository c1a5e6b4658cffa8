//! Images beside each other, with captions.

use crate::colour::Role;
use crate::error::Error;
use crate::geometry::Rect;
use crate::medium::{Medium, Picture};
use crate::raster::Raster;
use crate::scene::{Anchor, Image, Rectangle, Scene, Stroke, Text};

/// A grid of images with captions below them, row by row.
///
/// ```
/// use limpid_draw::{ColourMap, Images, Picture, Raster};
///
/// let ramp = Raster::mapped(4, 1, &[0.0, 1.0, 2.0, 3.0], ColourMap::Grey, [0.0, 3.0])?;
/// let images = Images::new(2).add(ramp.clone(), "a ramp").add(ramp, "again");
/// assert!(images.terminal(40, false)?.contains("again"));
/// # Ok::<(), limpid_draw::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Images {
    columns: usize,
    title: String,
    images: Vec<(Raster, String)>,
}

const CAPTION: f64 = 11.0;

impl Images {
    /// No images yet; a row will hold so many, at most 64.
    pub fn new(columns: usize) -> Self {
        Images { columns: columns.clamp(1, 64), title: String::new(), images: Vec::new() }
    }

    /// The title above them.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// Adds an image; its caption takes up to two lines.
    pub fn add(mut self, image: Raster, caption: impl Into<String>) -> Self {
        self.images.push((image, caption.into()));
        self
    }

    /// How many stand in a row: fewer on a narrow page, and in a terminal where a cell would have to show several pixels.
    fn columns(&self, medium: &Medium) -> usize {
        let columns = self.columns.min(self.images.len().max(1));
        if !medium.cells {
            return columns.min(((medium.width - 12.0) / (SMALLEST + 12.0)) as usize).max(1);
        }
        let each = self.widest().clamp(8.0, 22.0) + 2.0;
        columns.min(((medium.width / 8.0 + 2.0) / each) as usize).max(1)
    }

    fn lines(&self, medium: &Medium) -> usize {
        self.images.len().div_ceil(self.columns(medium)).max(1)
    }

    /// The pixels across the widest image.
    fn widest(&self) -> f64 {
        self.images.iter().map(|(image, _)| image.width()).max().unwrap_or(1) as f64
    }

    /// How high the highest image is for its width.
    fn aspect(&self) -> f64 {
        let aspects = self.images.iter().map(|(image, _)| image.height() as f64 / image.width() as f64);
        aspects.fold(f64::NAN, f64::max).clamp(0.05, 4.0)
    }

    /// How wide an image is in a place of a width: in a terminal, whole cells to a pixel where that fits.
    fn shown_width(&self, medium: &Medium, room: f64) -> f64 {
        if !medium.cells {
            return room;
        }
        let most = self.widest();
        let cells = (room / 8.0).floor().min(if self.images.len() == 1 { 64.0 } else { 32.0 });
        if cells >= most { (cells / most).floor() * most * 8.0 } else { cells * 8.0 }
    }

    /// How many lines the longest caption takes.
    fn caption_lines(&self, medium: &Medium) -> f64 {
        let (room, _) = self.places(medium);
        let lines = self.images.iter().map(|(_, caption)| medium.wrapped(caption, CAPTION, false, room, 2).len());
        lines.max().unwrap_or(0) as f64
    }

    /// How high a row is: the images, and their captions.
    fn pitch(&self, medium: &Medium, image_width: f64) -> (f64, f64) {
        let lines = self.caption_lines(medium);
        let captions = if lines > 0.0 { lines * medium.line(CAPTION) + medium.page_only(6.0) } else { 0.0 };
        let image = image_width * if self.images.is_empty() { 0.5 } else { self.aspect() };
        let image = if medium.cells { (image / 16.0).ceil() * 16.0 } else { image };
        (image, image + captions + if medium.cells { 0.0 } else { 10.0 })
    }

    /// The width of a place and what lies between two.
    fn places(&self, medium: &Medium) -> (f64, f64) {
        let (edge, between) = (medium.page_only(12.0), medium.across(12.0));
        let columns = self.columns(medium) as f64;
        let width = (medium.width - 2.0 * edge - between * (columns - 1.0)) / columns;
        (if medium.cells { (width / 8.0).floor() * 8.0 } else { width }, between)
    }
}

/// No image of several is narrower on a page, in pixels, as long as fewer can stand in a row.
const SMALLEST: f64 = 56.0;

impl Picture for Images {
    fn size(&self) -> [f64; 2] {
        let columns = self.columns.min(self.images.len().max(1)) as f64;
        let each = (616.0 / columns - 12.0).clamp(SMALLEST, if self.images.len() == 1 { 280.0 } else { 140.0 });
        let width = columns * (each + 12.0) + 12.0;
        let medium = Medium { cells: false, colour: true, width, height: 0.0 };
        let mut header = Scene::new(width, 0.0);
        let top = crate::header::draw(&mut header, &medium, &self.title, &[]) + 8.0;
        let (_, pitch) = self.pitch(&medium, each);
        [width.max(160.0), (top + self.lines(&medium) as f64 * pitch + 6.0).clamp(48.0, 8192.0)]
    }

    fn height(&self, width: f64) -> f64 {
        if width >= self.size()[0] {
            return self.size()[1];
        }
        let medium = Medium { cells: false, colour: true, width, height: 0.0 };
        let top = crate::header::draw(&mut Scene::new(width, 0.0), &medium, &self.title, &[]) + 8.0;
        let (_, pitch) = self.pitch(&medium, self.places(&medium).0);
        (top + self.lines(&medium) as f64 * pitch + 6.0).clamp(48.0, 8192.0)
    }

    fn rows(&self, columns: usize) -> usize {
        let medium = Medium { cells: true, colour: true, width: columns as f64 * 8.0, height: 0.0 };
        let mut header = Scene::new(medium.width, 0.0);
        let top = crate::header::draw(&mut header, &medium, &self.title, &[]);
        let (room, _) = self.places(&medium);
        let (_, pitch) = self.pitch(&medium, self.shown_width(&medium, room));
        (((top + self.lines(&medium) as f64 * pitch) / 16.0).ceil() as usize).clamp(3, 1000)
    }

    fn layout(&self, medium: Medium) -> Result<Scene, Error> {
        let mut scene = Scene::new(medium.width, medium.height);
        scene.title = self.title.clone();
        let top = crate::header::draw(&mut scene, &medium, &self.title, &[]) + medium.page_only(8.0);
        let (room, between) = self.places(&medium);
        let least = if medium.cells { 16.0 } else { 12.0 };
        let captions = self.pitch(&medium, 0.0).1;
        // Smaller where the picture is lower than it would be by itself.
        let height = (medium.height - top - medium.page_only(4.0)) / self.lines(&medium) as f64 - captions;
        let wanted =
            self.shown_width(&medium, room).min(height / if self.images.is_empty() { 0.5 } else { self.aspect() });
        let width = if medium.cells { (wanted / 8.0).floor() * 8.0 } else { wanted };
        if width < least || room < least {
            let columns = self.columns(&medium) as f64;
            return Err(medium.too_small([
                columns * (least - room),
                self.lines(&medium) as f64 * (least * self.aspect().max(0.5) - height),
            ]));
        }
        let (image_height, pitch) = self.pitch(&medium, width);
        for (place, (raster, caption)) in self.images.iter().enumerate() {
            let (column, row) = (place % self.columns(&medium), place / self.columns(&medium));
            let x = medium.page_only(12.0) + column as f64 * (room + between);
            let y = top + row as f64 * pitch;
            let middle = x + room / 2.0;
            let scale = (width / raster.width() as f64).min(image_height / raster.height() as f64);
            let (w, h) = (raster.width() as f64 * scale, raster.height() as f64 * scale);
            let left = if medium.cells { ((middle - w / 2.0) / 8.0).round() * 8.0 } else { middle - w / 2.0 };
            let bounds = Rect::new(left, y, w, h);
            scene.add(Image { bounds, raster: raster.clone() });
            if !medium.cells {
                scene.add(Rectangle::new(bounds).stroke(Stroke::new(Role::Grid, 1.0)));
            }
            let lines = medium.wrapped(caption, CAPTION, false, room, 2);
            for (line, text) in lines.into_iter().enumerate() {
                let below = y + image_height + medium.page_only(4.0) + medium.line(CAPTION) * (line as f64 + 0.5);
                scene.add(Text::new(text, [middle, below]).size(CAPTION).anchor(Anchor::Middle));
            }
        }
        if self.images.is_empty() {
            crate::header::empty(
                &mut scene,
                &medium,
                Rect::new(0.0, top, medium.width, medium.height - top),
                "no images",
            );
        }
        Ok(scene)
    }
}
