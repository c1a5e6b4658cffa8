//! Points and rectangles of a picture: x to the right, y down, in pixels.

/// A place in a picture: x to the right, y down.
pub type Point = [f64; 2];

/// A rectangle whose sides are upright.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    /// The left edge.
    pub x: f64,
    /// The upper edge.
    pub y: f64,
    /// From left to right; not negative.
    pub width: f64,
    /// From top to bottom; not negative.
    pub height: f64,
}

impl Rect {
    /// The rectangle with its upper left corner at (`x`, `y`).
    pub const fn new(x: f64, y: f64, width: f64, height: f64) -> Self {
        Rect { x, y, width, height }
    }

    /// The rectangle between two corners, in any order.
    pub fn between(one: Point, other: Point) -> Self {
        let (x, y) = (one[0].min(other[0]), one[1].min(other[1]));
        Rect::new(x, y, (one[0] - other[0]).abs(), (one[1] - other[1]).abs())
    }

    /// The right edge.
    pub fn right(&self) -> f64 {
        self.x + self.width
    }

    /// The lower edge.
    pub fn bottom(&self) -> f64 {
        self.y + self.height
    }

    /// The middle.
    pub fn centre(&self) -> Point {
        [self.x + self.width / 2.0, self.y + self.height / 2.0]
    }

    /// The rectangle with each side moved outwards (inwards where negative, at most to the middle).
    pub fn grown(&self, by: f64) -> Self {
        let (dx, dy) = (by.max(-self.width / 2.0), by.max(-self.height / 2.0));
        Rect::new(self.x - dx, self.y - dy, self.width + 2.0 * dx, self.height + 2.0 * dy)
    }

    /// Whether the point lies inside or on the edge.
    pub fn contains(&self, [x, y]: Point) -> bool {
        x >= self.x && x <= self.right() && y >= self.y && y <= self.bottom()
    }

    /// Whether the two share more than an edge.
    pub fn overlaps(&self, other: &Rect) -> bool {
        self.x < other.right() && other.x < self.right() && self.y < other.bottom() && other.y < self.bottom()
    }

    /// Whether the other lies inside; what rounding adds does not count.
    pub fn encloses(&self, other: &Rect) -> bool {
        let room = self.grown(1e-6);
        room.contains([other.x, other.y]) && room.contains([other.right(), other.bottom()])
    }

    /// The intersection of the two; without width or height where it is empty.
    pub fn intersection(&self, other: &Rect) -> Rect {
        let (x, y) = (self.x.max(other.x), self.y.max(other.y));
        let (right, bottom) = (self.right().min(other.right()), self.bottom().min(other.bottom()));
        Rect::new(x, y, (right - x).max(0.0), (bottom - y).max(0.0))
    }

    /// The smallest rectangle around both.
    pub fn union(&self, other: &Rect) -> Rect {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        Rect::new(x, y, self.right().max(other.right()) - x, self.bottom().max(other.bottom()) - y)
    }

    /// The four corners, in order around it.
    pub fn corners(&self) -> [Point; 4] {
        [[self.x, self.y], [self.right(), self.y], [self.right(), self.bottom()], [self.x, self.bottom()]]
    }
}

/// The part of a segment that lies in a rectangle: Liang and Barsky, "A New Concept and Method for Line Clipping" (1984).
pub(crate) fn clip_segment(a: Point, b: Point, clip: &Rect) -> Option<(Point, Point)> {
    let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
    let (mut first, mut last) = (0.0f64, 1.0f64);
    for (direction, room) in
        [(-dx, a[0] - clip.x), (dx, clip.right() - a[0]), (-dy, a[1] - clip.y), (dy, clip.bottom() - a[1])]
    {
        if !direction.is_finite() || !room.is_finite() || (direction == 0.0 && room < 0.0) {
            return None;
        }
        if direction < 0.0 {
            first = first.max(room / direction);
        } else if direction > 0.0 {
            last = last.min(room / direction);
        }
    }
    // Of ends that are very far away rounding leaves nothing exact, so the ends are moved onto the edge.
    let onto = |[x, y]: Point| [x.max(clip.x).min(clip.right()), y.max(clip.y).min(clip.bottom())];
    let at = |share: f64| [a[0] + share * dx, a[1] + share * dy];
    (first <= last).then(|| {
        let (from, to) = (if first > 0.0 { at(first) } else { a }, if last < 1.0 { at(last) } else { b });
        (onto(from), onto(to))
    })
}

/// The parts of a line that lie in a rectangle, each without a gap.
pub(crate) fn visible_runs(pixels: &[Point], area: &Rect) -> Vec<Vec<Point>> {
    let mut runs: Vec<Vec<Point>> = Vec::new();
    for pair in pixels.windows(2) {
        let Some((from, to)) = clip_segment(pair[0], pair[1], area) else { continue };
        match runs.last_mut() {
            Some(run) if run.last() == Some(&from) => run.push(to),
            _ => runs.push(vec![from, to]),
        }
    }
    runs
}
