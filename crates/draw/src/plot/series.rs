//! What can be drawn between axes, each as plain data.

use crate::colour::Role;
use crate::error::Error;
use crate::grid::Grid;
use crate::map::ColourMap;
use crate::range::{LARGEST, Range, drawable};
use crate::scene::Shape;

/// A line through points in their order. Points that are not finite are gaps.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub(crate) xs: Vec<f64>,
    pub(crate) ys: Vec<f64>,
    pub(crate) label: String,
    pub(crate) role: Option<Role>,
    pub(crate) dashes: usize,
    pub(crate) marks: bool,
    pub(crate) width: f64,
}

impl Line {
    /// The line through (`xs[i]`, `ys[i]`).
    pub fn new(xs: impl Into<Vec<f64>>, ys: impl Into<Vec<f64>>) -> Self {
        let (xs, ys) = (xs.into(), ys.into());
        Line { xs, ys, label: String::new(), role: None, dashes: 0, marks: false, width: 2.0 }
    }

    /// The values of a function at `points` evenly spaced places from `low` to `high`.
    pub fn of(low: f64, high: f64, points: usize, value: impl FnMut(f64) -> f64) -> Self {
        let last = points.saturating_sub(1).max(1) as f64;
        let xs: Vec<f64> = (0..points).map(|k| low + (high - low) * (k as f64 / last)).collect();
        let ys: Vec<f64> = xs.iter().copied().map(value).collect();
        Line::new(xs, ys)
    }

    /// Values against 0, 1, 2, …
    pub fn counted(ys: impl Into<Vec<f64>>) -> Self {
        let ys = ys.into();
        Line::new((0..ys.len()).map(|k| k as f64).collect::<Vec<_>>(), ys)
    }

    /// The line named in the legend.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// The line in another colour than its place among the series gives.
    pub fn colour(mut self, role: Role) -> Self {
        self.role = Some(role);
        self
    }

    /// The line with gaps.
    pub fn dashed(self) -> Self {
        self.dashes(1)
    }

    /// The line in one of four patterns: 0 without gaps, 1 dashed, 2 dotted, 3 a dash and a dot by turns; then they come
    /// again. Lines that lie on each other can be told apart so.
    pub fn dashes(mut self, pattern: usize) -> Self {
        self.dashes = pattern;
        self
    }

    /// The line with a mark at each point.
    pub fn marked(mut self) -> Self {
        self.marks = true;
        self
    }

    /// How many points it goes through.
    pub fn points(&self) -> usize {
        self.xs.len()
    }

    /// The line so many pixels wide; 2 otherwise.
    pub fn width(mut self, pixels: f64) -> Self {
        self.width = if pixels.is_finite() { pixels.clamp(0.25, 20.0) } else { 2.0 };
        self
    }
}

/// Marks at points. Points that are not finite are left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Points {
    pub(crate) xs: Vec<f64>,
    pub(crate) ys: Vec<f64>,
    pub(crate) label: String,
    pub(crate) role: Option<Role>,
    pub(crate) shape: Option<Shape>,
    pub(crate) radius: f64,
}

impl Points {
    /// Marks at (`xs[i]`, `ys[i]`).
    pub fn new(xs: impl Into<Vec<f64>>, ys: impl Into<Vec<f64>>) -> Self {
        Points { xs: xs.into(), ys: ys.into(), label: String::new(), role: None, shape: None, radius: 4.0 }
    }

    /// The points named in the legend.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// The points in another colour than their place among the series gives.
    pub fn colour(mut self, role: Role) -> Self {
        self.role = Some(role);
        self
    }

    /// The points as other marks.
    pub fn shape(mut self, shape: Shape) -> Self {
        self.shape = Some(shape);
        self
    }

    /// Marks of a radius in pixels; 4 otherwise.
    pub fn radius(mut self, pixels: f64) -> Self {
        self.radius = if pixels.is_finite() { pixels.clamp(0.5, 40.0) } else { 4.0 };
        self
    }
}

/// Bars from 0, one for each name. Several series stand side by side.
#[derive(Clone, Debug, PartialEq)]
pub struct Bars {
    pub(crate) names: Vec<String>,
    pub(crate) values: Vec<f64>,
    pub(crate) label: String,
    pub(crate) role: Option<Role>,
    pub(crate) numbers: bool,
}

impl Bars {
    /// A bar of `values[i]` over the name `names[i]`. Where several series are drawn, the first one's names stand.
    pub fn new<N: Into<String>>(names: impl IntoIterator<Item = N>, values: impl Into<Vec<f64>>) -> Self {
        let names = names.into_iter().map(Into::into).collect();
        Bars { names, values: values.into(), label: String::new(), role: None, numbers: false }
    }

    /// The bars named in the legend.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// The bars in another colour than their place among the series gives.
    pub fn colour(mut self, role: Role) -> Self {
        self.role = Some(role);
        self
    }

    /// The bars with their values written at their ends, where there is room.
    pub fn numbers(mut self) -> Self {
        self.numbers = true;
        self
    }
}

/// How many values fall into each of a number of equal bins.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    pub(crate) range: Range,
    pub(crate) counts: Vec<usize>,
    pub(crate) label: String,
    pub(crate) role: Option<Role>,
}

impl Histogram {
    /// The values in `bins` bins (1 to 1000) from the least to the greatest. A value on an inner edge counts above it, as in
    /// NumPy; what is not finite is left out.
    ///
    /// ```
    /// use limpid_draw::Histogram;
    ///
    /// assert_eq!(Histogram::new(&[0.0, 1.0, 1.0, 2.0], 2).counts(), [1, 3]);
    /// ```
    pub fn new(values: &[f64], bins: usize) -> Self {
        Histogram::counted(values, bins, Range::of(values.iter().copied()))
    }

    /// The values between two limits in `bins` bins; others are left out.
    ///
    /// # Errors
    ///
    /// [`Error::Limits`] where the limits are no range.
    pub fn between(values: &[f64], bins: usize, low: f64, high: f64) -> Result<Self, Error> {
        Ok(Histogram::counted(values, bins, Range::limits("histogram", low, high)?))
    }

    fn counted(values: &[f64], bins: usize, range: Range) -> Self {
        let bins = bins.clamp(1, 1000);
        let mut counts = vec![0; bins];
        for value in values.iter().filter(|v| drawable(**v) && **v >= range.low && **v <= range.high) {
            counts[((range.share(*value) * bins as f64) as usize).min(bins - 1)] += 1;
        }
        Histogram { range, counts, label: String::new(), role: None }
    }

    /// How many values each bin holds.
    pub fn counts(&self) -> &[usize] {
        &self.counts
    }

    /// The histogram named in the legend.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// The histogram in another colour than its place among the series gives.
    pub fn colour(mut self, role: Role) -> Self {
        self.role = Some(role);
        self
    }
}

/// A grid's values as colours, with a colour bar.
#[derive(Clone, Debug, PartialEq)]
pub struct HeatMap {
    pub(crate) grid: Grid,
    pub(crate) map: ColourMap,
    pub(crate) label: String,
    pub(crate) limits: Option<[f64; 2]>,
}

impl HeatMap {
    /// The grid's values as colours.
    pub fn new(grid: Grid) -> Self {
        HeatMap { grid, map: ColourMap::Sequential, label: String::new(), limits: None }
    }

    /// Other colours.
    pub fn map(mut self, map: ColourMap) -> Self {
        self.map = map;
        self
    }

    /// The label of the colour bar.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// The values of the first and last colour; those of the grid otherwise.
    pub fn limits(mut self, low: f64, high: f64) -> Self {
        self.limits = Some([low, high]);
        self
    }
}

/// Lines of equal value over a grid, coloured by their value, with a colour bar.
#[derive(Clone, Debug, PartialEq)]
pub struct Contours {
    pub(crate) grid: Grid,
    pub(crate) levels: Vec<f64>,
    pub(crate) count: usize,
    pub(crate) map: ColourMap,
    pub(crate) label: String,
    pub(crate) written: bool,
}

impl Contours {
    /// About ten lines at round values.
    pub fn new(grid: Grid) -> Self {
        let map = ColourMap::Sequential;
        Contours { grid, levels: Vec::new(), count: 10, map, label: String::new(), written: false }
    }

    /// About so many lines, at most 100, at round values.
    pub fn count(mut self, count: usize) -> Self {
        self.count = count.clamp(1, 100);
        self
    }

    /// Lines at these values.
    pub fn levels(mut self, levels: impl Into<Vec<f64>>) -> Self {
        self.levels = levels.into();
        self.levels.retain(|level| drawable(*level));
        self.levels.sort_by(f64::total_cmp);
        self.levels.dedup();
        self
    }

    /// The value written on each line, where there is room, instead of a colour bar.
    pub fn written(mut self) -> Self {
        self.written = true;
        self
    }

    /// The label of the colour bar.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Other colours.
    pub fn map(mut self, map: ColourMap) -> Self {
        self.map = map;
        self
    }
}

/// Arrows at points: a vector field. The longest is about as long as the points are apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrows {
    pub(crate) xs: Vec<f64>,
    pub(crate) ys: Vec<f64>,
    pub(crate) us: Vec<f64>,
    pub(crate) vs: Vec<f64>,
    pub(crate) label: String,
    pub(crate) role: Option<Role>,
}

impl Arrows {
    /// An arrow along (`us[i]`, `vs[i]`), in units of the axes, from (`xs[i]`, `ys[i]`).
    pub fn new(
        xs: impl Into<Vec<f64>>,
        ys: impl Into<Vec<f64>>,
        us: impl Into<Vec<f64>>,
        vs: impl Into<Vec<f64>>,
    ) -> Self {
        Arrows { xs: xs.into(), ys: ys.into(), us: us.into(), vs: vs.into(), label: String::new(), role: None }
    }

    /// The arrows named in the legend.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// The arrows in another colour than their place among the series gives.
    pub fn colour(mut self, role: Role) -> Self {
        self.role = Some(role);
        self
    }
}

/// Which class a point of the plane belongs to, as a wash of the classes' colours.
///
/// The grid's values are class numbers, counted from 0; what is no such number is left blank. Class k has the colour of
/// series k: give the points of a class [`Role::series`]`(k)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Regions {
    pub(crate) grid: Grid,
}

impl Regions {
    /// The classes at the points of a grid.
    pub fn new(classes: Grid) -> Self {
        Regions { grid: classes }
    }
}

/// A word at a point, such as the name of a minimum.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    pub(crate) at: [f64; 2],
    pub(crate) text: String,
}

impl Note {
    /// Text beside a point. It is left out where it would cover other text.
    pub fn new(x: f64, y: f64, text: impl Into<String>) -> Self {
        Note { at: [x, y], text: text.into() }
    }
}

/// Something drawn between axes.
#[derive(Clone, Debug, PartialEq)]
pub enum Series {
    /// A line through points.
    Line(Line),
    /// Marks at points.
    Points(Points),
    /// Bars over names.
    Bars(Bars),
    /// Counts in bins.
    Histogram(Histogram),
    /// A grid as colours.
    HeatMap(HeatMap),
    /// Lines of equal value.
    Contours(Contours),
    /// A vector field.
    Arrows(Arrows),
    /// Classes in the plane.
    Regions(Regions),
    /// Text at a point.
    Note(Note),
}

macro_rules! series_from {
    ($($kind:ident),*) => {
        $(impl From<$kind> for Series {
            fn from(series: $kind) -> Self {
                Series::$kind(series)
            }
        })*
    };
}

series_from!(Line, Points, Bars, Histogram, HeatMap, Contours, Arrows, Regions, Note);

impl Series {
    /// The name in the legend; empty where it has none, or where a colour bar explains it.
    pub(crate) fn label(&self) -> &str {
        match self {
            Series::Line(line) => &line.label,
            Series::Points(points) => &points.label,
            Series::Bars(bars) => &bars.label,
            Series::Histogram(histogram) => &histogram.label,
            Series::Arrows(arrows) => &arrows.label,
            Series::HeatMap(_) | Series::Contours(_) | Series::Regions(_) | Series::Note(_) => "",
        }
    }

    /// The colour that was given to it; none where its place gives one.
    pub(crate) fn role(&self) -> Option<Role> {
        match self {
            Series::Line(line) => line.role,
            Series::Points(points) => points.role,
            Series::Bars(bars) => bars.role,
            Series::Histogram(histogram) => histogram.role,
            Series::Arrows(arrows) => arrows.role,
            Series::HeatMap(_) | Series::Contours(_) | Series::Regions(_) | Series::Note(_) => Some(Role::Ink),
        }
    }

    /// Checks that its lists belong together.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match self {
            Series::Line(line) => Error::same_length("a line", ("x", line.xs.len()), ("y", line.ys.len())),
            Series::Points(points) => Error::same_length("points", ("x", points.xs.len()), ("y", points.ys.len())),
            Series::Bars(bars) => {
                Error::same_length("bars", ("names", bars.names.len()), ("values", bars.values.len()))
            }
            Series::Arrows(arrows) => {
                let x = ("x", arrows.xs.len());
                Error::same_length("arrows", x, ("y", arrows.ys.len()))?;
                Error::same_length("arrows", x, ("u", arrows.us.len()))?;
                Error::same_length("arrows", x, ("v", arrows.vs.len()))
            }
            Series::HeatMap(heat) => match heat.limits {
                Some([low, high]) => Range::limits("colour", low, high).map(|_| ()),
                None => Ok(()),
            },
            Series::Histogram(_) | Series::Contours(_) | Series::Regions(_) | Series::Note(_) => Ok(()),
        }
    }

    /// The numbers along x and along y that the axes must show.
    pub(crate) fn extent(&self) -> (Vec<f64>, Vec<f64>) {
        match self {
            Series::Line(Line { xs, ys, .. }) | Series::Points(Points { xs, ys, .. }) => pairs(xs, ys),
            Series::Arrows(Arrows { xs, ys, .. }) => pairs(xs, ys),
            Series::Bars(bars) => {
                let ends = [-0.5, bars.values.len() as f64 - 0.5];
                (ends.to_vec(), bars.values.iter().copied().chain([0.0]).collect())
            }
            Series::Histogram(histogram) => {
                let most = histogram.counts.iter().copied().max().unwrap_or(0).max(1);
                (vec![histogram.range.low, histogram.range.high], vec![0.0, most as f64])
            }
            Series::HeatMap(HeatMap { grid, .. })
            | Series::Contours(Contours { grid, .. })
            | Series::Regions(Regions { grid }) => (vec![grid.x.low, grid.x.high], vec![grid.y.low, grid.y.high]),
            Series::Note(note) => pairs(&note.at[..1], &note.at[1..]),
        }
    }

    /// Whether it can stand on a logarithmic axis.
    pub(crate) fn takes_logarithms(&self) -> bool {
        matches!(self, Series::Line(_) | Series::Points(_) | Series::Bars(_) | Series::Histogram(_) | Series::Note(_))
    }

    /// Puts the logarithms of its heights in their place; a count stays as it is. What has none becomes a gap.
    pub(crate) fn take_logarithms(&mut self) {
        let heights: &mut [f64] = match self {
            Series::Line(line) => &mut line.ys,
            Series::Points(points) => &mut points.ys,
            Series::Bars(bars) => &mut bars.values,
            Series::Note(note) => &mut note.at[1..],
            _ => return,
        };
        logarithms(heights);
    }

    /// Whether it can stand on a logarithmic x axis.
    pub(crate) fn takes_logarithms_along_x(&self) -> bool {
        matches!(self, Series::Line(_) | Series::Points(_) | Series::Note(_))
    }

    /// Puts the logarithms of its places along x in their place.
    pub(crate) fn take_logarithms_along_x(&mut self) {
        match self {
            Series::Line(line) => logarithms(&mut line.xs),
            Series::Points(points) => logarithms(&mut points.xs),
            Series::Note(note) => logarithms(&mut note.at[..1]),
            _ => {}
        }
    }

    /// As [`extent`](Series::extent), of a series whose heights are logarithms.
    pub(crate) fn extent_of_powers(&self) -> (Vec<f64>, Vec<f64>) {
        let (xs, ys) = self.extent();
        match self {
            Series::Bars(bars) => (xs, bars.values.clone()),
            Series::Histogram(_) => (xs, ys.into_iter().map(|y| libm::log10(y.max(1.0))).collect()),
            _ => (xs, ys),
        }
    }

    /// Whether its numbers along an axis are whole ones only.
    pub(crate) fn counts(&self, axis: usize) -> bool {
        let whole = |values: &[f64]| values.iter().all(|value| value.fract() == 0.0 || !value.is_finite());
        match self {
            Series::Line(Line { xs, ys, .. }) | Series::Points(Points { xs, ys, .. }) => whole([xs, ys][axis]),
            Series::Bars(bars) => axis == 0 || whole(&bars.values),
            Series::Histogram(_) => axis == 1,
            Series::Note(_) => true,
            Series::HeatMap(_) | Series::Contours(_) | Series::Arrows(_) | Series::Regions(_) => false,
        }
    }

    /// Whether the axes end where it ends.
    pub(crate) fn is_tight(&self) -> bool {
        matches!(self, Series::HeatMap(_) | Series::Contours(_) | Series::Regions(_))
    }
}

/// Puts logarithms in the place of numbers; what has none becomes a gap.
fn logarithms(numbers: &mut [f64]) {
    for number in numbers {
        *number = if *number > 0.0 && drawable(*number) { libm::log10(*number) } else { f64::NAN };
    }
}

/// The points of which both numbers can be drawn.
fn pairs(xs: &[f64], ys: &[f64]) -> (Vec<f64>, Vec<f64>) {
    xs.iter().zip(ys).filter(|(x, y)| x.abs() <= LARGEST && y.abs() <= LARGEST).map(|(x, y)| (*x, *y)).unzip()
}
