//! What is drawn over the plane: colours, contours, arrows, classes, and words at points.

use super::frame::{Frame, SMALL};
use super::{Arrows, Contours, HeatMap, Note, Regions, contour_bar};
use crate::bar::ColourBar;
use crate::colour::{Colour, Role, SERIES, Theme};
use crate::contour;
use crate::geometry::{Point, Rect, clip_segment, visible_runs};
use crate::grid::Grid;
use crate::number::short_number;
use crate::raster::Raster;
use crate::scene::{Anchor, Group, Image, Path, Rectangle, Scene, Stroke, Text, distance};

pub(super) fn heat(heat: &HeatMap, frame: &Frame, bar: Option<&ColourBar>, scene: &mut Scene) {
    let own = ColourBar::new(heat.grid.range(), heat.map, "").seen_on(&frame.medium);
    let bar = bar.unwrap_or(&own);
    raster(&heat.grid, frame, scene, |value| match bar.rgb(value) {
        Some([r, g, b]) => [r, g, b, 255],
        None => [0; 4],
    });
}

pub(super) fn regions(regions: &Regions, frame: &Frame, scene: &mut Scene) {
    raster(&regions.grid, frame, scene, |class| {
        if !(0.0..1e9).contains(&class) {
            return [0; 4];
        }
        if !frame.medium.colour {
            // Shades from blank on, as far apart as four can be.
            let shade = [0, 100, 150, 200][class as usize % 4];
            return [shade, shade, shade, if shade == 0 { 0 } else { 255 }];
        }
        let role = Role::series(class as usize % SERIES);
        let (light, dark) = (role.rgb(Theme::Light), role.rgb(Theme::Dark));
        let mean = |i: usize| ((u16::from(light[i]) + u16::from(dark[i])) / 2) as u8;
        [mean(0), mean(1), mean(2), 70]
    });
}

/// A grid as pixels whose middles are its points.
fn raster(grid: &Grid, frame: &Frame, scene: &mut Scene, rgba: impl Fn(f64) -> [u8; 4]) {
    let rows = (0..grid.rows).rev();
    let pixels = rows.flat_map(|row| (0..grid.columns).map(move |column| (column, row)));
    let pixels = pixels.map(|(column, row)| rgba(grid.at(column, row))).collect();
    let Ok(raster) = Raster::new(grid.columns, grid.rows, pixels) else { return };
    let (half_x, half_y) =
        (grid.x.spread() / (grid.columns - 1) as f64 / 2.0, grid.y.spread() / (grid.rows - 1) as f64 / 2.0);
    let low = frame.pixel(grid.x.low - half_x, grid.y.low - half_y);
    let high = frame.pixel(grid.x.high + half_x, grid.y.high + half_y);
    let bounds = Rect::between(low, high);
    // An enlargement beyond this shows less than a pixel.
    if !(bounds.width < 1e6 && bounds.height < 1e6) {
        return;
    }
    let mut group = Group::clipped(inner(frame));
    group.add(Image { bounds, raster });
    scene.add(group);
}

/// What lies between the axes. In a terminal these run through the middles of cells, and nothing takes those from them.
fn inner(frame: &Frame) -> Rect {
    let area = frame.area;
    if !frame.medium.cells {
        return area;
    }
    Rect::new(area.x + 4.0, area.y + 8.0, (area.width - 8.01).max(0.0), (area.height - 16.01).max(0.0))
}

pub(super) fn contours(
    contours: &Contours,
    frame: &Frame,
    lines: &[[Point; 2]],
    taken: &mut Vec<Rect>,
    scene: &mut Scene,
) {
    let bar = contour_bar(contours);
    let inner = inner(frame);
    for level in contours.values(frame) {
        let Some(rgb) = bar.rgb(level) else { continue };
        let mut longest: Vec<Point> = Vec::new();
        for line in contour::lines(&contours.grid, level) {
            let pixels: Vec<Point> = line
                .iter()
                .map(|[column, row]| {
                    let [x, y] = contours.grid.point(*column, *row);
                    frame.pixel(x, y)
                })
                .collect();
            for run in visible_runs(&pixels, &inner) {
                if length(&run) > length(&longest) {
                    longest.clone_from(&run);
                }
                scene.add(Path::line(run, Stroke::new(rgb, 1.5)));
            }
        }
        if contours.written {
            write_level(level, &longest, frame, lines, taken, scene);
        }
    }
}

fn length(points: &[Point]) -> f64 {
    points.windows(2).map(|pair| distance(pair[0], pair[1])).sum()
}

/// Writes a level on its longest line, at the first of a few places where it covers no other text and no line.
fn write_level(
    level: f64,
    line: &[Point],
    frame: &Frame,
    others: &[[Point; 2]],
    taken: &mut Vec<Rect>,
    scene: &mut Scene,
) {
    let text = short_number(level, 4);
    let (width, height) = (frame.medium.text_width(&text, 10.0, false), frame.medium.line(10.0));
    if length(line) < 2.5 * width {
        return;
    }
    for step in 0..12 {
        let place = (line.len() / 8 + step * line.len() / 12) % line.len().max(1);
        let Some([x, y]) = line.get(place).copied() else { return };
        let bounds = Rect::new(x - width / 2.0, y - height / 2.0, width, height);
        let is_crossed = others.iter().any(|[from, to]| clip_segment(*from, *to, &bounds).is_some());
        if !is_crossed && reserve(bounds, frame, taken) {
            return halo(Text::new(text, [x, y]).size(10.0).anchor(Anchor::Middle).colour(Role::Muted), width, scene);
        }
    }
}

/// Takes a place for a text, where it lies in the area and touches no other.
pub(super) fn reserve(bounds: Rect, frame: &Frame, taken: &mut Vec<Rect>) -> bool {
    let room = if frame.medium.cells { bounds.grown(8.0) } else { bounds.grown(2.0) };
    if !frame.area.encloses(&bounds) || taken.iter().any(|other| other.overlaps(&room)) {
        return false;
    }
    taken.push(bounds);
    true
}

/// A text on a ground of its own, so that lines do not run through it.
fn halo(text: Text, width: f64, scene: &mut Scene) {
    let left = text.at[0] + text.anchor.offset(width) - 1.5;
    let bounds = Rect::new(left, text.at[1] - text.size * 0.55, width + 3.0, text.size * 1.1);
    scene.add(Rectangle::new(bounds).fill(Colour::from(Role::Background).alpha(0.8)).radius(2.0));
    scene.add(text);
}

pub(super) fn arrows(arrows: &Arrows, frame: &Frame, role: Role, scene: &mut Scene) {
    let pixels_x = frame.area.width / frame.x.spread();
    let pixels_y = frame.area.height / frame.y.spread();
    let places = arrows.xs.iter().zip(&arrows.ys).map(|(x, y)| frame.pixel(*x, *y));
    let ways = arrows.us.iter().zip(&arrows.vs).map(|(u, v)| [u * pixels_x, -v * pixels_y]);
    let drawn: Vec<(Point, Point)> = places
        .zip(ways)
        .filter(|(at, way)| frame.area.grown(0.5).contains(*at) && way.iter().all(|v| v.abs() < 1e150))
        .collect();
    let longest = drawn.iter().map(|(_, way)| distance([0.0; 2], *way)).fold(0.0, f64::max);
    if longest <= 0.0 {
        return;
    }
    let apart = (frame.area.width * frame.area.height / drawn.len() as f64).sqrt();
    let reach = (apart * 0.95).clamp(8.0, 80.0);
    for ([x, y], [u, v]) in drawn {
        let tip = [x + u / longest * reach, y + v / longest * reach];
        let long = distance([x, y], tip);
        if long < 0.75 {
            continue;
        }
        let mut arrow = Path::line([[x, y], tip], Stroke::new(role, 1.25)).arrow();
        arrow.head = arrow.head.min(long * 0.45 + 1.0);
        scene.add(arrow);
    }
}

pub(super) fn note(note: &Note, frame: &Frame, lines: &[[Point; 2]], taken: &mut Vec<Rect>, scene: &mut Scene) {
    let medium = &frame.medium;
    let text = medium.shortened(&note.text, SMALL, false, frame.area.width);
    let [x, y] = frame.pixel(note.at[0], note.at[1]);
    if text.is_empty() || !frame.area.contains([x, y]) {
        return;
    }
    let (width, height) = (medium.text_width(&text, SMALL, false), medium.line(SMALL));
    let (dx, dy) = (medium.across(9.0), height);
    let left = |x: f64| x - width / 2.0;
    let mut places = [
        [x + dx, y],
        [x - dx - width, y],
        [left(x), y - dy],
        [left(x), y + dy],
        [x + dx, y - dy],
        [x + dx, y + dy],
        [x - dx - width, y - dy],
        [x - dx - width, y + dy],
    ];
    let bounds = |[at_x, at_y]: Point| Rect::new(at_x, at_y - height / 2.0, width, height);
    // Where it covers fewest lines; the sort keeps the order of what is equal.
    places.sort_by_key(|place| {
        let bounds = bounds(*place);
        lines.iter().filter(|[from, to]| clip_segment(*from, *to, &bounds).is_some()).count()
    });
    for [at_x, at_y] in places {
        if reserve(bounds([at_x, at_y]), frame, taken) {
            return halo(Text::new(text, [at_x, at_y]).size(SMALL), width, scene);
        }
    }
}
