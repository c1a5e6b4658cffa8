//! The bar beside a picture that says which colour is which number.

use crate::colour::Role;
use crate::geometry::Rect;
use crate::map::ColourMap;
use crate::medium::Medium;
use crate::range::{Range, Ticks};
use crate::raster::Raster;
use crate::scene::{Anchor, Image, Path, Rectangle, Scene, Stroke, Text};

/// A colour bar: its range, its colours, and what it shows.
pub(crate) struct ColourBar {
    pub(crate) range: Range,
    pub(crate) map: ColourMap,
    pub(crate) label: String,
    /// Which part of the map is used, from 0 to 1.
    pub(crate) part: [f64; 2],
}

const SIZE: f64 = 11.0;

impl ColourBar {
    pub(crate) fn new(range: Range, map: ColourMap, label: &str) -> Self {
        let range = if map == ColourMap::Diverging {
            let most = range.low.abs().max(range.high.abs());
            Range { low: -most, high: most }
        } else {
            range
        };
        ColourBar { range, map, label: label.to_string(), part: [0.0, 1.0] }
    }

    /// The bar in the colours that a medium has.
    pub(crate) fn seen_on(mut self, medium: &Medium) -> Self {
        if !medium.colour {
            // What is lowest is seen too: blank is what has no number.
            (self.map, self.part) = (medium.map(self.map), [0.2, 1.0]);
        }
        self
    }

    /// The colour of a number; none of what cannot be drawn.
    pub(crate) fn rgb(&self, value: f64) -> Option<[u8; 3]> {
        let share = self.range.share(value);
        if share.is_nan() { None } else { Some(self.tint(share)) }
    }

    fn tint(&self, share: f64) -> [u8; 3] {
        let [low, high] = self.part;
        self.map.rgb(low + share.clamp(0.0, 1.0) * (high - low))
    }

    fn ticks(&self, medium: &Medium, height: f64) -> Ticks {
        Ticks::on(self.range, ((height / (medium.line(SIZE) * 2.0)) as usize).clamp(2, 8))
    }

    /// What is written beside it or above it.
    fn heading(&self, ticks: &Ticks) -> String {
        [self.label.as_str(), ticks.factor.as_deref().unwrap_or("")].join(" ").trim().to_string()
    }

    /// The heading that a terminal shows above the picture.
    pub(crate) fn terminal_heading(&self, medium: &Medium, height: f64) -> String {
        self.heading(&self.ticks(medium, height))
    }

    /// How much room it takes at the right of a picture of a height.
    pub(crate) fn width(&self, medium: &Medium, height: f64) -> f64 {
        let ticks = self.ticks(medium, height);
        let labels = ticks.labels.iter().map(|l| medium.text_width(l, SIZE, false)).fold(0.0, f64::max);
        let heading = if self.heading(&ticks).is_empty() { 0.0 } else { medium.page_only(medium.line(12.0) + 2.0) };
        medium.across(16.0) + medium.across(14.0) + medium.across(6.0) + labels + heading
    }

    /// Draws it to the right of an area.
    pub(crate) fn draw(&self, scene: &mut Scene, medium: &Medium, area: Rect) {
        let ticks = self.ticks(medium, area.height);
        let left = area.right() + medium.across(16.0);
        // In a terminal an area ends in the middles of cells, a bar at their edges.
        let more = if medium.cells { 8.0 } else { 0.0 };
        let left = if medium.cells { left + 4.0 } else { left };
        let bounds = Rect::new(left, area.y - more, medium.across(14.0), area.height + 2.0 * more);
        let shades = 64usize.min((area.height as usize).max(2));
        let pixels = (0..shades).map(|row| {
            let [r, g, b] = self.tint(1.0 - row as f64 / (shades - 1) as f64);
            [r, g, b, 255]
        });
        if let Ok(raster) = Raster::new(1, shades, pixels.collect()) {
            scene.add(Image { bounds, raster });
        }
        if !medium.cells {
            scene.add(Rectangle::new(bounds).stroke(Stroke::new(Role::Outline, 1.0)));
        }
        let x = bounds.right() + medium.across(6.0);
        let mut widest: f64 = 0.0;
        for (place, label) in ticks.places.iter().zip(&ticks.labels) {
            let y = area.bottom() - self.range.share(*place) * area.height;
            if !medium.cells {
                let mark = [[bounds.right(), y], [bounds.right() + 3.0, y]];
                scene.add(Path::line(mark, Stroke::new(Role::Outline, 1.0)));
            }
            scene.add(Text::new(label, [x, y]).size(SIZE).colour(Role::Muted));
            widest = widest.max(medium.text_width(label, SIZE, false));
        }
        let heading = self.heading(&ticks);
        if !heading.is_empty() && !medium.cells {
            let at = [x + widest + 2.0 + medium.line(12.0) / 2.0, area.centre()[1]];
            let heading = medium.shortened(&heading, 12.0, false, area.height);
            scene.add(Text::new(heading, at).anchor(Anchor::Middle).rotated(90.0));
        }
    }
}
