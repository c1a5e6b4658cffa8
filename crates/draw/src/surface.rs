//! The values of a function of two numbers as a surface in space, seen from above and aside.

use crate::bar::ColourBar;
use crate::colour::{Colour, Role};
use crate::error::Error;
use crate::geometry::{Point, Rect};
use crate::grid::Grid;
use crate::map::ColourMap;
use crate::medium::{Medium, Picture};
use crate::range::{Range, Ticks, drawable};
use crate::scene::{Anchor, Path, Scene, Stroke, Text};

/// A grid's values as heights over the plane, coloured by height, with a colour bar. Values that are not finite leave holes.
///
/// ```
/// use limpid_draw::{Grid, Picture, Surface};
///
/// let bowl = Grid::of([-5.0, 5.0], [-5.0, 5.0], 31, 31, |x, y| x * x + y * y)?;
/// let surface = Surface::new(bowl).title("x0² + x1²").labels("x0", "x1", "f");
/// assert!(surface.scene()?.svg().contains("x0² + x1²"));
/// # Ok::<(), limpid_draw::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Surface {
    grid: Grid,
    title: String,
    labels: [String; 3],
    map: ColourMap,
    turn: f64,
    lift: f64,
    size: [f64; 2],
}

/// The most pieces along a side; finer grids are thinned.
const PIECES: usize = 64;
/// How high the space is for its width.
const FLAT: f64 = 0.72;
const SIZE: f64 = 11.0;

impl Surface {
    /// The surface, seen from the front right.
    pub fn new(grid: Grid) -> Self {
        Surface {
            grid,
            title: String::new(),
            labels: [String::new(), String::new(), String::new()],
            map: ColourMap::Sequential,
            turn: 30.0,
            lift: 30.0,
            size: [640.0, 460.0],
        }
    }

    /// The title above it.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// The labels of the axes; the third is the height's.
    pub fn labels(mut self, x: impl Into<String>, y: impl Into<String>, z: impl Into<String>) -> Self {
        self.labels = [x.into(), y.into(), z.into()];
        self
    }

    /// Other colours.
    pub fn map(mut self, map: ColourMap) -> Self {
        self.map = map;
        self
    }

    /// Seen from elsewhere: rotated around the upright axis, and from so far above the plane (5 to 85), in degrees.
    pub fn seen_from(mut self, turn: f64, lift: f64) -> Self {
        self.turn = if turn.is_finite() { turn.rem_euclid(360.0) } else { 30.0 };
        self.lift = if lift.is_finite() { lift.clamp(5.0, 85.0) } else { 30.0 };
        self
    }

    /// Its size on a page, in pixels.
    pub fn sized(mut self, width: f64, height: f64) -> Self {
        self.size = [width, height];
        self
    }
}

/// From the unit cube to the picture.
struct View {
    turn: (f64, f64),
    lift: (f64, f64),
    scale: f64,
    middle: Point,
}

impl View {
    /// How far right, how far down, how far away.
    fn seen(&self, [x, y, z]: [f64; 3]) -> [f64; 3] {
        let ((sin_turn, cos_turn), (sin_lift, cos_lift)) = (self.turn, self.lift);
        let z = z * FLAT;
        let (right, away) = (x * cos_turn - y * sin_turn, x * sin_turn + y * cos_turn);
        [right, -(z * cos_lift + away * sin_lift), away * cos_lift - z * sin_lift]
    }

    fn pixel(&self, place: [f64; 3]) -> Point {
        let [right, down, _] = self.seen(place);
        [self.middle[0] + right * self.scale, self.middle[1] + down * self.scale]
    }

    /// The view that shows the whole cube in a rectangle, and how wide the cube is in it.
    fn onto(surface: &Surface, area: Rect) -> (Self, f64) {
        let angle = |degrees: f64| libm::sincos(degrees.to_radians());
        let mut view = View { turn: angle(surface.turn), lift: angle(surface.lift), scale: 1.0, middle: [0.0; 2] };
        let corners = (0..8).map(|k| view.pixel([1, 2, 4].map(|bit| if k & bit == 0 { -1.0 } else { 1.0 })));
        let bounds = corners.fold(Rect::default(), |bounds, corner| bounds.union(&Rect::between(corner, corner)));
        view.scale = (area.width / bounds.width).min(area.height / bounds.height);
        let (centre, seen) = (area.centre(), bounds.centre());
        view.middle = [centre[0] - seen[0] * view.scale, centre[1] - seen[1] * view.scale];
        let width = bounds.width * view.scale;
        (view, width)
    }
}

impl Picture for Surface {
    fn size(&self) -> [f64; 2] {
        self.size
    }

    fn layout(&self, medium: Medium) -> Result<Scene, Error> {
        let mut scene = Scene::new(medium.width, medium.height);
        scene.title = self.title.clone();
        let top = crate::header::draw(&mut scene, &medium, &self.title, &[]);
        let height = self.grid.range();
        let bar = ColourBar::new(height, self.map, &self.labels[2]).seen_on(&medium);
        let edge = medium.page_only(12.0);
        let left = edge + self.widest(&medium) + medium.across(16.0);
        let bottom = medium.line(SIZE) * if medium.cells { 2.0 } else { 2.4 };
        let above = if medium.cells { 16.0 } else { 14.0 };
        let room = medium.height - top - above - bottom;
        let right = edge + bar.width(&medium, room) + medium.across(8.0);
        let area = Rect::new(left, top + above, medium.width - left - right, room);
        if area.width < 60.0 || area.height < 50.0 {
            return Err(medium.too_small([60.0 - area.width, 50.0 - area.height]));
        }
        let (view, seen) = View::onto(self, area);
        let seen_right = area.centre()[0] + seen / 2.0;
        let axes = Axes { surface: self, view: &view, medium: &medium, height };
        axes.walls(&mut scene);
        self.pieces(&view, &bar, height, medium.cells, &mut scene);
        let bar_left = seen_right + medium.across(16.0);
        let taken = vec![
            Rect::new(0.0, 0.0, medium.width, top),
            Rect::new(bar_left, 0.0, medium.width, medium.height),
            Rect::new(medium.width / 2.0, top, medium.width, if medium.cells { 16.0 } else { 0.0 }),
        ];
        axes.labels(taken, &mut scene);
        let shown = Rect::new(area.x, area.y, seen_right + medium.across(8.0) - area.x, area.height);
        bar.draw(&mut scene, &medium, shown_for_bar(&medium, shown));
        if medium.cells {
            let heading =
                medium.shortened(&bar.terminal_heading(&medium, area.height), 12.0, false, medium.width / 2.0);
            scene.add(Text::new(heading, [medium.width, top + 8.0]).anchor(Anchor::End));
        }
        Ok(scene)
    }
}

/// In a terminal a bar lies beside the middles of cells.
fn shown_for_bar(medium: &Medium, area: Rect) -> Rect {
    if !medium.cells {
        return area;
    }
    let snapped = medium.snapped(area);
    Rect::new(snapped.x, snapped.y + 8.0, snapped.width - 4.0, (snapped.height - 16.0).max(16.0))
}

impl Surface {
    fn ticks(&self, axis: usize, height: Range) -> (Range, Ticks) {
        let range = [self.grid.x, self.grid.y, height][axis];
        (range, Ticks::on(range, 6))
    }

    /// The room that is left for the height's labels.
    fn widest(&self, medium: &Medium) -> f64 {
        let (_, ticks) = self.ticks(2, self.grid.range());
        ticks.labels.iter().map(|label| medium.text_width(label, SIZE, false)).fold(0.0, f64::max)
    }

    /// The surface's pieces, from the farthest to the nearest.
    fn pieces(&self, view: &View, bar: &ColourBar, height: Range, cells: bool, scene: &mut Scene) {
        let grid = &self.grid;
        let (step_x, step_y) = (grid.columns.div_ceil(PIECES), grid.rows.div_ceil(PIECES));
        let corner = |column: usize, row: usize| {
            let value = grid.at(column, row);
            let across = 2.0 * column as f64 / (grid.columns - 1) as f64 - 1.0;
            let along = 2.0 * row as f64 / (grid.rows - 1) as f64 - 1.0;
            drawable(value).then(|| ([across, along, 2.0 * height.share(value) - 1.0], value))
        };
        let mut pieces = Vec::new();
        for row in (0..grid.rows - 1).step_by(step_y) {
            for column in (0..grid.columns - 1).step_by(step_x) {
                let (next_column, next_row) =
                    ((column + step_x).min(grid.columns - 1), (row + step_y).min(grid.rows - 1));
                let corners = [(column, row), (next_column, row), (next_column, next_row), (column, next_row)]
                    .map(|(c, r)| corner(c, r));
                let [Some(a), Some(b), Some(c), Some(d)] = corners else { continue };
                let four = [a, b, c, d];
                let away: f64 = four.iter().map(|(place, _)| view.seen([place[0], place[1], 0.0])[2]).sum();
                let value = four.iter().map(|(_, value)| value / 4.0).sum::<f64>();
                pieces.push((away, four.map(|(place, _)| view.pixel(place)), value));
            }
        }
        pieces.sort_by(|a, b| b.0.total_cmp(&a.0));
        for (_, corners, value) in pieces {
            let Some(rgb) = bar.rgb(value) else { continue };
            let piece = Path::area(corners, rgb);
            let edge = Stroke::new(Colour::from([0, 0, 0]).alpha(0.25), 0.5);
            scene.add(if cells { piece } else { piece.edged(edge) });
        }
    }
}

struct Axes<'a> {
    surface: &'a Surface,
    view: &'a View,
    medium: &'a Medium,
    height: Range,
}

impl Axes<'_> {
    /// Whether the nearer side along an axis of the plane is the one at +1.
    fn near(&self, axis: usize) -> f64 {
        let mut place = [0.0; 3];
        place[axis] = 1.0;
        if self.view.seen(place)[2] < 0.0 { 1.0 } else { -1.0 }
    }

    /// The ends of the edge beside which an axis is written.
    fn edge(&self, axis: usize) -> [[f64; 3]; 2] {
        match axis {
            0 => [-1.0, 1.0].map(|x| [x, self.near(1), -1.0]),
            1 => [-1.0, 1.0].map(|y| [self.near(0), y, -1.0]),
            _ => {
                let corners = [[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]];
                let leftmost = corners.into_iter().min_by(|a, b| {
                    let right = |c: &[f64; 2]| self.view.seen([c[0], c[1], 0.0])[0];
                    right(a).total_cmp(&right(b))
                });
                let [x, y] = leftmost.unwrap_or([-1.0, -1.0]);
                [-1.0, 1.0].map(|z| [x, y, z])
            }
        }
    }

    /// The floor and the two walls behind the surface, with lines at the ticks.
    fn walls(&self, scene: &mut Scene) {
        let (far_x, far_y) = (-self.near(0), -self.near(1));
        let line = |scene: &mut Scene, ends: [[f64; 3]; 2], role| {
            scene.add(Path::line(ends.map(|end| self.view.pixel(end)), Stroke::new(role, 1.0)));
        };
        if !self.medium.cells {
            for axis in 0..3 {
                let (range, ticks) = self.surface.ticks(axis, self.height);
                for place in ticks.places {
                    let at = 2.0 * range.share(place) - 1.0;
                    let ends: [[[f64; 3]; 2]; 2] = match axis {
                        0 => [[-1.0, 1.0].map(|y| [at, y, -1.0]), [-1.0, 1.0].map(|z| [at, far_y, z])],
                        1 => [[-1.0, 1.0].map(|x| [x, at, -1.0]), [-1.0, 1.0].map(|z| [far_x, at, z])],
                        _ => [[-1.0, 1.0].map(|x| [x, far_y, at]), [-1.0, 1.0].map(|y| [far_x, y, at])],
                    };
                    ends.into_iter().for_each(|ends| line(scene, ends, Role::Grid));
                }
            }
        }
        for axis in 0..3 {
            line(scene, self.edge(axis), Role::Outline);
        }
    }

    fn labels(&self, mut taken: Vec<Rect>, scene: &mut Scene) {
        let floor = self.view.pixel([0.0, 0.0, -1.0]);
        for axis in 0..3 {
            let ends = self.edge(axis);
            let middle = self.view.pixel(std::array::from_fn(|i| (ends[0][i] + ends[1][i]) / 2.0));
            // Away from the surface: to the left of the upright axis, outwards from the middle of the floor else.
            let way = match axis {
                2 => [-1.0, 0.0],
                _ => {
                    let (dx, dy) = (middle[0] - floor[0], middle[1] - floor[1]);
                    let length = libm::hypot(dx, dy).max(1e-9);
                    [dx / length, dy / length]
                }
            };
            let (range, ticks) = self.surface.ticks(axis, self.height);
            for (place, label) in ticks.places.iter().zip(&ticks.labels) {
                let share = range.share(*place);
                let at = self.view.pixel(std::array::from_fn(|i| ends[0][i] + share * (ends[1][i] - ends[0][i])));
                let text = Text::new(label, at).size(SIZE).colour(Role::Muted);
                self.write(text, way, 1.0, &mut taken, scene);
            }
            let name = self.surface.labels[axis].as_str();
            let name = [name, ticks.factor.as_deref().unwrap_or("")].join(" ").trim().to_string();
            if axis == 2 {
                // The height is written above its axis; the bar carries the factor.
                let at = self.view.pixel(ends[1]);
                let text = Text::new(self.medium.shortened(&name, 12.0, false, at[0] * 1.6), at).size(12.0);
                self.write(text, [0.0, -1.0], 1.2, &mut taken, scene);
            } else {
                let name = self.medium.shortened(&name, 12.0, false, self.medium.width / 3.0);
                let text = Text::new(name, middle).size(12.0);
                self.write(text, way, 2.4, &mut taken, scene);
            }
        }
    }

    /// Writes a text beside a place, or not at all where it would touch another or leave the picture.
    fn write(&self, mut text: Text, way: Point, far: f64, taken: &mut Vec<Rect>, scene: &mut Scene) {
        let medium = self.medium;
        let (width, height) = (medium.text_width(&text.content, text.size, text.bold), medium.line(text.size));
        if text.content.is_empty() {
            return;
        }
        for more in [0.0, 0.5, 1.0, 1.5] {
            let reach = (far + more) * if medium.cells { 12.0 } else { 13.0 };
            let mut centre = [
                text.at[0] + way[0] * (reach + width / 2.0 * way[0].abs()),
                text.at[1] + way[1] * (reach + height / 4.0),
            ];
            if medium.cells {
                centre[1] = (centre[1] / 16.0).floor() * 16.0 + 8.0;
            }
            let edge = medium.page_only(3.0);
            centre[0] = centre[0].min(medium.width - edge - width / 2.0).max(edge + width / 2.0);
            let bounds = Rect::new(centre[0] - width / 2.0, centre[1] - height / 2.0, width, height);
            let room = bounds.grown(if medium.cells { 7.9 } else { 2.0 });
            let room = if medium.cells { Rect::new(room.x, bounds.y + 0.1, room.width, height - 0.2) } else { room };
            let inside = bounds.y >= 0.0 && bounds.bottom() <= medium.height;
            if inside && !taken.iter().any(|other: &Rect| other.overlaps(&room)) {
                taken.push(bounds);
                text.at = centre;
                return scene.add(text.anchor(Anchor::Middle));
            }
        }
    }
}
