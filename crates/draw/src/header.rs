//! What stands above a picture: its title, in lines as wide as the picture, and its legend.

use crate::colour::{Colour, Role};
use crate::geometry::Rect;
use crate::medium::Medium;
use crate::scene::{Marker, Path, Rectangle, Scene, Shape, Stroke, Text};

/// How a series shows itself in the legend.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Swatch {
    Line(Stroke, Option<Shape>),
    Mark(Shape, Colour),
    Area(Colour),
    Arrow(Stroke),
}

const TITLE: f64 = 14.0;
const LEGEND: f64 = 12.0;

/// Draws a title and a legend at the top of a picture, and answers where they end.
pub(crate) fn draw(scene: &mut Scene, medium: &Medium, title: &str, legend: &[(Swatch, String)]) -> f64 {
    let edge = medium.page_only(12.0);
    let room = medium.width - 2.0 * edge;
    let mut y = medium.page_only(10.0);
    for line in medium.wrapped(title, TITLE, true, room, 3) {
        let height = medium.line(TITLE);
        scene.add(Text::new(line, [edge, y + height / 2.0]).size(TITLE).bold());
        y += height;
    }
    if legend.is_empty() {
        return y;
    }
    y += medium.page_only(4.0);
    let (swatch, gap, between) = (if medium.cells { 32.0 } else { 24.0 }, medium.across(6.0), medium.across(18.0));
    let height = medium.line(LEGEND) + medium.page_only(2.0);
    let mut x = edge;
    for (kind, label) in legend {
        let label = medium.shortened(label, LEGEND, false, room - swatch - gap);
        let width = swatch + gap + medium.text_width(&label, LEGEND, false);
        if x > edge && x + width > edge + room {
            (x, y) = (edge, y + height);
        }
        draw_swatch(scene, medium, kind, Rect::new(x, y, swatch, height));
        scene.add(Text::new(label, [x + swatch + gap, y + height / 2.0]).size(LEGEND));
        x += width + between;
    }
    y + height
}

fn draw_swatch(scene: &mut Scene, medium: &Medium, kind: &Swatch, bounds: Rect) {
    let [x, y] = bounds.centre();
    let line = [[bounds.x, y], [bounds.right() - 0.5, y]];
    match kind {
        Swatch::Line(stroke, mark) => {
            scene.add(Path::line(line, stroke.clone()));
            if let Some(shape) = mark {
                scene.add(Marker::new([x, y], *shape, 3.5, stroke.colour));
            }
        }
        Swatch::Mark(shape, colour) => scene.add(Marker::new([x, y], *shape, 4.0, *colour)),
        Swatch::Area(colour) => {
            let area = Rect::new(bounds.x + 4.0, y - 5.0, 16.0, 10.0);
            let area = if medium.cells { Rect::new(bounds.x + 8.0, bounds.y, 16.0, bounds.height) } else { area };
            scene.add(Rectangle::new(area).fill(*colour).radius(medium.page_only(1.5)));
        }
        Swatch::Arrow(stroke) => scene.add(Path::line(line, stroke.clone()).arrow()),
    }
}

/// A note in the middle of an empty picture.
pub(crate) fn empty(scene: &mut Scene, medium: &Medium, area: Rect, text: &str) {
    let text = medium.shortened(text, 12.0, false, area.width);
    let label = Text::new(text, area.centre()).anchor(crate::scene::Anchor::Middle).colour(Role::Muted);
    scene.add(label);
}
