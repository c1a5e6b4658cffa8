//! Pictures beside each other.

use crate::error::Error;
use crate::medium::{Medium, Picture};
use crate::scene::{Group, Item, Scene};

/// Pictures in a grid, row by row, under a common title.
///
/// ```
/// use limpid_draw::{Histogram, Panels, Picture, Plot};
///
/// let panel = |layer: u32| Plot::new().title(format!("layer {layer}")).add(Histogram::new(&[0.1, 0.5, 0.5], 3));
/// let panels = Panels::new(2).title("activations").add(panel(1)).add(panel(2));
/// assert!(panels.scene()?.svg().contains("layer 2"));
/// # Ok::<(), limpid_draw::Error>(())
/// ```
pub struct Panels {
    columns: usize,
    title: String,
    each: [f64; 2],
    panels: Vec<Box<dyn Picture>>,
}

/// The fewest columns of a terminal that a panel gets.
const NARROWEST: usize = 26;

/// The least share of its own width that a panel gets on a page, as long as fewer can stand in a row.
const SMALLEST: f64 = 0.75;

impl Panels {
    /// No pictures yet; a row will hold so many, at most 12.
    pub fn new(columns: usize) -> Self {
        Panels { columns: columns.clamp(1, 12), title: String::new(), each: [320.0, 260.0], panels: Vec::new() }
    }

    /// The title above all.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// Adds a picture.
    #[expect(clippy::should_implement_trait, reason = "adding a picture to a grid is no sum")]
    pub fn add(mut self, picture: impl Picture + 'static) -> Self {
        self.panels.push(Box::new(picture));
        self
    }

    /// The size of each on a page, in pixels.
    pub fn each(mut self, width: f64, height: f64) -> Self {
        self.each = [width, height];
        self
    }

    /// How many stand in a row: fewer where that is too narrow.
    fn columns(&self, medium: &Medium) -> usize {
        let on_page = || (medium.width / (SMALLEST * self.each[0])) as usize;
        let most = if medium.cells { (medium.width / 8.0) as usize / NARROWEST } else { on_page() };
        self.columns.min(most).min(self.panels.len()).max(1)
    }

    fn lines(&self, medium: &Medium) -> usize {
        self.panels.len().div_ceil(self.columns(medium)).max(1)
    }

    fn top(&self, medium: &Medium) -> f64 {
        crate::header::draw(&mut Scene::new(0.0, 0.0), medium, &self.title, &[])
    }
}

impl Picture for Panels {
    fn size(&self) -> [f64; 2] {
        let columns = self.columns.min(self.panels.len()).max(1) as f64;
        let width = columns * self.each[0];
        let medium = Medium { cells: false, colour: true, width, height: 0.0 };
        [width, self.top(&medium) + self.lines(&medium) as f64 * self.each[1]]
    }

    fn height(&self, width: f64) -> f64 {
        let medium = Medium { cells: false, colour: true, width, height: 0.0 };
        let share = width / self.columns(&medium) as f64 / self.each[0];
        self.top(&medium) + self.lines(&medium) as f64 * self.each[1] * share.clamp(SMALLEST, 1.0)
    }

    fn rows(&self, columns: usize) -> usize {
        let medium = Medium { cells: true, colour: true, width: columns as f64 * 8.0, height: 0.0 };
        let each = columns / self.columns(&medium);
        let rows = self.panels.iter().map(|panel| panel.rows(each)).max().unwrap_or(1);
        ((self.top(&medium) / 16.0) as usize + self.lines(&medium) * rows).min(1000)
    }

    fn layout(&self, medium: Medium) -> Result<Scene, Error> {
        let mut scene = Scene::new(medium.width, medium.height);
        scene.title = self.title.clone();
        let top = crate::header::draw(&mut scene, &medium, &self.title, &[]);
        let (columns, lines) = (self.columns(&medium), self.lines(&medium));
        let (mut width, mut height) = (medium.width / columns as f64, (medium.height - top) / lines as f64);
        if medium.cells {
            (width, height) = ((width / 8.0).floor() * 8.0, (height / 16.0).floor() * 16.0);
        }
        for (place, panel) in self.panels.iter().enumerate() {
            // A blank column between panels of a terminal.
            let inner = if medium.cells { width - 8.0 } else { width };
            let mut part = panel.layout(Medium { width: inner, height, ..medium })?;
            let (column, row) = ((place % columns) as f64, (place / columns) as f64);
            shift(&mut part.items, column * width, top + row * height);
            scene.add(Group { clip: None, items: part.items });
        }
        Ok(scene)
    }
}

/// Moves items.
fn shift(items: &mut [Item], dx: f64, dy: f64) {
    let moved = |place: &mut [f64; 2]| *place = [place[0] + dx, place[1] + dy];
    for item in items {
        match item {
            Item::Path(path) => path.points.iter_mut().for_each(moved),
            Item::Box(rectangle) => {
                (rectangle.bounds.x, rectangle.bounds.y) = (rectangle.bounds.x + dx, rectangle.bounds.y + dy)
            }
            Item::Marker(marker) => moved(&mut marker.at),
            Item::Text(text) => moved(&mut text.at),
            Item::Image(image) => (image.bounds.x, image.bounds.y) = (image.bounds.x + dx, image.bounds.y + dy),
            Item::Group(group) => {
                if let Some(clip) = &mut group.clip {
                    (clip.x, clip.y) = (clip.x + dx, clip.y + dy);
                }
                shift(&mut group.items, dx, dy);
            }
        }
    }
}
