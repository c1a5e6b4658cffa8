//! A picture as plain data: shapes, positions and colours, from back to front.

use crate::colour::{Colour, Role, Theme};
use crate::font::{ASCENT, DESCENT, text_width};
use crate::geometry::{Point, Rect};
use crate::raster::Raster;

/// A picture: its size, and what is in it from back to front.
///
/// ```
/// use limpid_draw::{Anchor, Path, Role, Scene, Stroke, Text};
///
/// let mut scene = Scene::new(160.0, 64.0);
/// scene.add(Path::line([[8.0, 48.0], [152.0, 48.0]], Stroke::new(Role::Series(0), 2.0)).arrow());
/// scene.add(Text::new("forward", [80.0, 32.0]).anchor(Anchor::Middle));
/// assert!(scene.svg().starts_with("<svg"));
/// assert!(scene.terminal(20, false).contains("forward"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// How wide it is, in pixels.
    pub width: f64,
    /// How high it is, in pixels.
    pub height: f64,
    /// What it shows, for those who cannot see it.
    pub title: String,
    /// The ground it is for.
    pub theme: Theme,
    /// What is in it, from back to front.
    pub items: Vec<Item>,
}

/// Something in a picture.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// A line through points, or an area.
    Path(Path),
    /// A box.
    Box(Rectangle),
    /// A dot or other mark.
    Marker(Marker),
    /// A line of text.
    Text(Text),
    /// Pixels.
    Image(Image),
    /// Several that belong together, perhaps cut off at an edge.
    Group(Group),
}

/// How a line is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Stroke {
    /// Its colour.
    pub colour: Colour,
    /// Its width in pixels.
    pub width: f64,
    /// Lengths drawn and left out by turns, in pixels; empty for a line without gaps.
    pub dashes: Vec<f64>,
}

/// A line through points, or the area inside.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// The points in order.
    pub points: Vec<Point>,
    /// Whether the last is joined with the first.
    pub closed: bool,
    /// What the inside is filled with.
    pub fill: Option<Colour>,
    /// How the line is drawn.
    pub stroke: Option<Stroke>,
    /// How long the arrow's head at the last point is; 0 without.
    pub head: f64,
}

/// A box, its corners perhaps rounded.
#[derive(Clone, Debug, PartialEq)]
pub struct Rectangle {
    /// Where it is.
    pub bounds: Rect,
    /// The radius of its corners.
    pub radius: f64,
    /// What it is filled with.
    pub fill: Option<Colour>,
    /// How its edge is drawn.
    pub stroke: Option<Stroke>,
}

/// The shape of a mark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Shape {
    /// ●
    #[default]
    Circle,
    /// ■
    Square,
    /// ▲
    Triangle,
    /// ◆
    Diamond,
    /// ▼
    Wedge,
    /// ✕
    Cross,
}

/// A mark at a point.
#[derive(Clone, Debug, PartialEq)]
pub struct Marker {
    /// Its middle.
    pub at: Point,
    /// Its shape.
    pub shape: Shape,
    /// From the middle to the edge.
    pub radius: f64,
    /// What it is filled with.
    pub fill: Option<Colour>,
    /// How its edge is drawn.
    pub stroke: Option<Stroke>,
}

/// Which point of a text its place is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Anchor {
    /// Where it begins.
    #[default]
    Start,
    /// Its middle.
    Middle,
    /// Where it ends.
    End,
}

/// A line of text. Its place is half-way up.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// What it says.
    pub content: String,
    /// Its place: half-way up, and across as `anchor` says.
    pub at: Point,
    /// The height of a line, in pixels.
    pub size: f64,
    /// Which point across is the place.
    pub anchor: Anchor,
    /// Whether it is bold.
    pub bold: bool,
    /// Its colour.
    pub colour: Colour,
    /// By how many degrees it is rotated clockwise around its place.
    pub rotation: f64,
}

/// Pixels in a rectangle. They stay sharp however large they are drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    /// Where they are.
    pub bounds: Rect,
    /// The pixels.
    pub raster: Raster,
}

/// Several that belong together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    /// Where they are cut off.
    pub clip: Option<Rect>,
    /// What is in it, from back to front.
    pub items: Vec<Item>,
}

impl Scene {
    /// An empty picture.
    pub fn new(width: f64, height: f64) -> Self {
        Scene { width, height, title: String::new(), theme: Theme::Auto, items: Vec::new() }
    }

    /// The picture for another ground.
    pub fn themed(mut self, theme: Theme) -> Self {
        self.theme = theme;
        self
    }

    /// Adds something in front of what is there.
    pub fn add(&mut self, item: impl Into<Item>) {
        self.items.push(item.into());
    }

    /// Every text with the rectangle around it, rotated ones included; what a test of overlap looks at.
    pub fn labels(&self) -> Vec<(&Text, Rect)> {
        let mut labels = Vec::new();
        collect(&self.items, &mut labels);
        labels
    }
}

fn collect<'a>(items: &'a [Item], labels: &mut Vec<(&'a Text, Rect)>) {
    for item in items {
        match item {
            Item::Text(text) => labels.push((text, text.bounds())),
            Item::Group(group) => collect(&group.items, labels),
            _ => {}
        }
    }
}

impl Stroke {
    /// A line without gaps.
    pub fn new(colour: impl Into<Colour>, width: f64) -> Self {
        Stroke { colour: colour.into(), width, dashes: Vec::new() }
    }

    /// The line with gaps: lengths drawn and left out by turns.
    pub fn dashed(mut self, dashes: impl Into<Vec<f64>>) -> Self {
        self.dashes = dashes.into();
        self
    }
}

impl Path {
    /// A line through points.
    pub fn line(points: impl Into<Vec<Point>>, stroke: Stroke) -> Self {
        Path { points: points.into(), closed: false, fill: None, stroke: Some(stroke), head: 0.0 }
    }

    /// An area within points.
    pub fn area(points: impl Into<Vec<Point>>, fill: impl Into<Colour>) -> Self {
        Path { points: points.into(), closed: true, fill: Some(fill.into()), stroke: None, head: 0.0 }
    }

    /// A cubic Bézier curve between the outer two of its points, drawn as 24 straight pieces.
    pub fn curve([from, leave, arrive, to]: [Point; 4], stroke: Stroke) -> Self {
        let point = |step: u32| {
            let t = f64::from(step) / 24.0;
            let (u, weights) = (1.0 - t, |u: f64| [u * u * u, 3.0 * u * u * t, 3.0 * u * t * t, t * t * t]);
            let [a, b, c, d] = weights(u);
            std::array::from_fn(|i| a * from[i] + b * leave[i] + c * arrive[i] + d * to[i])
        };
        Path::line((0..=24).map(point).collect::<Vec<_>>(), stroke)
    }

    /// The line with an arrow's head at its end.
    pub fn arrow(mut self) -> Self {
        let width = self.stroke.as_ref().map_or(1.0, |stroke| stroke.width);
        self.head = 4.0 + 2.5 * width;
        self
    }

    /// The area with its edge drawn.
    pub fn edged(mut self, stroke: Stroke) -> Self {
        self.stroke = Some(stroke);
        self
    }

    /// The line up to where the head begins, and the head's three corners, of a line with a head.
    pub(crate) fn shaft_and_head(&self) -> Option<(Vec<Point>, [Point; 3])> {
        let tip = *self.points.last()?;
        if self.head <= 0.0 {
            return None;
        }
        let before = self.points.iter().rev().find(|p| distance(**p, tip) >= self.head.min(1.0))?;
        let length = distance(*before, tip);
        let (ux, uy) = ((tip[0] - before[0]) / length, (tip[1] - before[1]) / length);
        let whole: f64 = self.points.windows(2).map(|pair| distance(pair[0], pair[1])).sum();
        let head = self.head.min(whole * 0.6);
        let base = [tip[0] - ux * head, tip[1] - uy * head];
        let half = head * 0.42;
        let corners = [tip, [base[0] - uy * half, base[1] + ux * half], [base[0] + uy * half, base[1] - ux * half]];
        let mut shaft: Vec<Point> = self.points.iter().copied().filter(|p| distance(*p, tip) > head).collect();
        shaft.push([tip[0] - ux * head * 0.8, tip[1] - uy * head * 0.8]);
        Some((shaft, corners))
    }
}

pub(crate) fn distance(a: Point, b: Point) -> f64 {
    libm::hypot(a[0] - b[0], a[1] - b[1])
}

impl Rectangle {
    /// A box without fill or edge.
    pub fn new(bounds: Rect) -> Self {
        Rectangle { bounds, radius: 0.0, fill: None, stroke: None }
    }

    /// The box filled.
    pub fn fill(mut self, fill: impl Into<Colour>) -> Self {
        self.fill = Some(fill.into());
        self
    }

    /// The box with its edge drawn.
    pub fn stroke(mut self, stroke: Stroke) -> Self {
        self.stroke = Some(stroke);
        self
    }

    /// The box with round corners.
    pub fn radius(mut self, radius: f64) -> Self {
        self.radius = radius;
        self
    }
}

impl Shape {
    /// The shape of series number `index`.
    pub fn series(index: usize) -> Self {
        [Shape::Circle, Shape::Square, Shape::Triangle, Shape::Diamond, Shape::Wedge, Shape::Cross][index % 6]
    }

    /// The corners around a point, for shapes that have corners.
    pub(crate) fn corners(self, [x, y]: Point, radius: f64) -> Vec<Point> {
        let at = |points: &[(f64, f64)]| points.iter().map(|(dx, dy)| [x + dx * radius, y + dy * radius]).collect();
        match self {
            Shape::Circle => Vec::new(),
            Shape::Square => at(&[(-0.88, -0.88), (0.88, -0.88), (0.88, 0.88), (-0.88, 0.88)]),
            Shape::Triangle => at(&[(0.0, -1.15), (1.05, 0.75), (-1.05, 0.75)]),
            Shape::Diamond => at(&[(0.0, -1.2), (1.2, 0.0), (0.0, 1.2), (-1.2, 0.0)]),
            Shape::Wedge => at(&[(0.0, 1.15), (1.05, -0.75), (-1.05, -0.75)]),
            Shape::Cross => {
                let (a, b) = (0.35, 1.05);
                at(&[
                    (0.0, -a),
                    (b - a, -b),
                    (b, a - b),
                    (a, 0.0),
                    (b, b - a),
                    (b - a, b),
                    (0.0, a),
                    (a - b, b),
                    (-b, b - a),
                    (-a, 0.0),
                    (-b, a - b),
                    (a - b, -b),
                ])
            }
        }
    }
}

impl Marker {
    /// A filled mark.
    pub fn new(at: Point, shape: Shape, radius: f64, fill: impl Into<Colour>) -> Self {
        Marker { at, shape, radius, fill: Some(fill.into()), stroke: None }
    }

    /// The mark with its edge drawn.
    pub fn stroke(mut self, stroke: Stroke) -> Self {
        self.stroke = Some(stroke);
        self
    }
}

impl Text {
    /// Text of 12 pixels that begins at a place, in ink.
    pub fn new(content: impl Into<String>, at: Point) -> Self {
        Text {
            content: content.into(),
            at,
            size: 12.0,
            anchor: Anchor::Start,
            bold: false,
            colour: Role::Ink.into(),
            rotation: 0.0,
        }
    }

    /// The text in another size.
    pub fn size(mut self, size: f64) -> Self {
        self.size = size;
        self
    }

    /// The text beside its place.
    pub fn anchor(mut self, anchor: Anchor) -> Self {
        self.anchor = anchor;
        self
    }

    /// The text in bold.
    pub fn bold(mut self) -> Self {
        self.bold = true;
        self
    }

    /// The text in another colour.
    pub fn colour(mut self, colour: impl Into<Colour>) -> Self {
        self.colour = colour.into();
        self
    }

    /// The text rotated clockwise around its place.
    pub fn rotated(mut self, degrees: f64) -> Self {
        self.rotation = degrees;
        self
    }

    /// How wide it is on a page.
    pub fn width(&self) -> f64 {
        text_width(&self.content, self.size, self.bold)
    }

    /// The rectangle around it on a page; around the rotated text, where it is rotated.
    pub fn bounds(&self) -> Rect {
        let width = self.width();
        let left = self.anchor.offset(width);
        let corners = Rect::new(left, -self.size / 2.0, width, self.size).corners();
        let (sin, cos) = sin_cos(self.rotation);
        let rotated = corners.map(|[x, y]| [self.at[0] + x * cos - y * sin, self.at[1] + x * sin + y * cos]);
        let mut bounds = Rect::between(rotated[0], rotated[2]);
        bounds = bounds.union(&Rect::between(rotated[1], rotated[3]));
        bounds
    }

    /// How far the baseline lies under the place.
    pub(crate) fn baseline(&self) -> f64 {
        self.size * (ASCENT - DESCENT) / 2.0
    }
}

/// Sine and cosine of degrees, exact at right angles.
pub(crate) fn sin_cos(degrees: f64) -> (f64, f64) {
    match degrees {
        0.0 => (0.0, 1.0),
        90.0 => (1.0, 0.0),
        -90.0 => (-1.0, 0.0),
        _ => libm::sincos(degrees.to_radians()),
    }
}

impl Anchor {
    /// Where text of a width begins, seen from its place.
    pub(crate) fn offset(self, width: f64) -> f64 {
        match self {
            Anchor::Start => 0.0,
            Anchor::Middle => -width / 2.0,
            Anchor::End => -width,
        }
    }
}

impl Group {
    /// Items that are cut off at the edges of a rectangle.
    pub fn clipped(clip: Rect) -> Self {
        Group { clip: Some(clip), items: Vec::new() }
    }

    /// Adds something in front of what is there.
    pub fn add(&mut self, item: impl Into<Item>) {
        self.items.push(item.into());
    }
}

macro_rules! item_from {
    ($($kind:ident => $variant:ident),*) => {
        $(impl From<$kind> for Item {
            fn from(item: $kind) -> Self {
                Item::$variant(item)
            }
        })*
    };
}

item_from!(Path => Path, Rectangle => Box, Marker => Marker, Text => Text, Image => Image, Group => Group);
