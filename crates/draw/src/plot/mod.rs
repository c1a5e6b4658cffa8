//! Plots: series between two axes.

mod draw;
mod fields;
mod frame;
mod series;

use std::borrow::Cow;

pub use series::{Arrows, Bars, Contours, HeatMap, Histogram, Line, Note, Points, Regions, Series};

use crate::bar::ColourBar;
use crate::colour::Role;
use crate::error::Error;
use crate::header::Swatch;
use crate::map::ColourMap;
use crate::medium::{Medium, Picture};
use crate::range::{Range, Ticks};
use crate::scene::{Scene, Shape, Stroke};
use frame::Frame;

/// Series between two axes.
///
/// ```
/// use limpid_draw::{Line, Picture, Plot};
///
/// let plot = Plot::new()
///     .title("sin and cos")
///     .labels("x", "y")
///     .y_limits(-1.1, 1.1)
///     .add(Line::of(0.0, 6.0, 61, f64::sin).label("sin"))
///     .add(Line::of(0.0, 6.0, 61, f64::cos).label("cos").dashed());
/// assert!(plot.terminal(80, false)?.contains("sin and cos"));
/// # Ok::<(), limpid_draw::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Plot {
    title: String,
    x_label: String,
    y_label: String,
    x_limits: Option<[f64; 2]>,
    y_limits: Option<[f64; 2]>,
    grid: bool,
    zero_axes: bool,
    equal: bool,
    legend: bool,
    logarithmic: bool,
    logarithmic_x: bool,
    size: Option<[f64; 2]>,
    series: Vec<Series>,
}

impl Default for Plot {
    fn default() -> Self {
        Plot::new()
    }
}

impl Plot {
    /// A plot without series, with grid and legend.
    pub fn new() -> Self {
        Plot {
            title: String::new(),
            x_label: String::new(),
            y_label: String::new(),
            x_limits: None,
            y_limits: None,
            grid: true,
            zero_axes: false,
            equal: false,
            legend: true,
            logarithmic: false,
            logarithmic_x: false,
            size: None,
            series: Vec::new(),
        }
    }

    /// Adds a series in front of those that are there.
    #[expect(clippy::should_implement_trait, reason = "adding a series to a plot is no sum")]
    pub fn add(mut self, series: impl Into<Series>) -> Self {
        self.series.push(series.into());
        self
    }

    /// The title above it; long ones are broken into up to three lines.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// The labels of the axes.
    pub fn labels(mut self, x: impl Into<String>, y: impl Into<String>) -> Self {
        (self.x_label, self.y_label) = (x.into(), y.into());
        self
    }

    /// The ends of the x axis; those of the numbers otherwise.
    pub fn x_limits(mut self, low: f64, high: f64) -> Self {
        self.x_limits = Some([low, high]);
        self
    }

    /// The ends of the y axis; those of the numbers otherwise.
    pub fn y_limits(mut self, low: f64, high: f64) -> Self {
        self.y_limits = Some([low, high]);
        self
    }

    /// Whether thin lines lead from the ticks across the plot.
    pub fn grid(mut self, shown: bool) -> Self {
        self.grid = shown;
        self
    }

    /// Whether lines mark where x and y are 0.
    pub fn zero_axes(mut self, shown: bool) -> Self {
        self.zero_axes = shown;
        self
    }

    /// Whether one unit is as long along x as along y, as far as that leaves both axes some length.
    pub fn equal(mut self, equal: bool) -> Self {
        self.equal = equal;
        self
    }

    /// Whether the labels of the series stand above the plot.
    pub fn legend(mut self, shown: bool) -> Self {
        self.legend = shown;
        self
    }

    /// Whether the y axis is logarithmic, with ticks at powers of ten: what is not above 0 is a gap, and bars stand on the
    /// lower end of the axis. Fields of the plane (heat maps, contours, arrows, regions) keep a linear axis.
    ///
    /// ```
    /// use limpid_draw::{Bars, Picture, Plot};
    ///
    /// let plot = Plot::new().log_y(true).add(Bars::new(["a", "b"], [3e-9, 2e-5]));
    /// assert!(plot.terminal(60, false)?.contains("10⁻⁶"));
    /// # Ok::<(), limpid_draw::Error>(())
    /// ```
    pub fn log_y(mut self, logarithmic: bool) -> Self {
        self.logarithmic = logarithmic;
        self
    }

    /// Whether the x axis is logarithmic, with ticks at powers of ten: what is not above 0 is left out. Plots of anything but
    /// lines, points and notes keep a linear axis.
    ///
    /// ```
    /// use limpid_draw::{Line, Picture, Plot};
    ///
    /// let plot = Plot::new().log_x(true).add(Line::new([1e-4, 1e-2, 1.0], [3.0, 1.0, 2.0]));
    /// assert!(plot.terminal(60, false)?.contains("10⁻²"));
    /// # Ok::<(), limpid_draw::Error>(())
    /// ```
    pub fn log_x(mut self, logarithmic: bool) -> Self {
        self.logarithmic_x = logarithmic;
        self
    }

    /// Its size on a page, in pixels.
    pub fn sized(mut self, width: f64, height: f64) -> Self {
        self.size = Some([width, height]);
        self
    }

    /// The colour of each series, and its number among those that take the next colour.
    fn roles(&self) -> Vec<(Role, usize)> {
        let mut next = 0;
        let role = |series: &Series| {
            let place = next;
            match series.role() {
                Some(Role::Series(index)) => (Role::Series(index), usize::from(index)),
                Some(role) => (role, place),
                None => {
                    next += 1;
                    (Role::series(place), place)
                }
            }
        };
        self.series.iter().map(role).collect()
    }

    /// What the picture says it is: its title, else what its series and axes are called.
    fn described(&self) -> String {
        if !self.title.is_empty() {
            return self.title.clone();
        }
        let mut labels: Vec<&str> = self.series.iter().map(Series::label).filter(|label| !label.is_empty()).collect();
        labels.dedup();
        let labels = if labels.is_empty() { self.y_label.clone() } else { labels.join(", ") };
        match (labels.as_str(), self.x_label.as_str()) {
            ("", "") => String::new(),
            ("", x) => format!("a plot over {x}"),
            (what, "") => what.to_string(),
            (what, x) => format!("{what} over {x}"),
        }
    }

    fn swatches(&self) -> Vec<(Swatch, String)> {
        if !self.legend {
            return Vec::new();
        }
        let swatch = |(series, (role, index)): (&Series, (Role, usize))| {
            let swatch = match series {
                Series::Line(line) => Swatch::Line(draw::stroke(line, role), line.marks.then(|| Shape::series(index))),
                Series::Points(points) => Swatch::Mark(points.shape.unwrap_or(Shape::series(index)), role.into()),
                Series::Arrows(_) => Swatch::Arrow(Stroke::new(role, 1.5)),
                _ => Swatch::Area(role.into()),
            };
            (swatch, series.label().to_string())
        };
        let named = self.series.iter().zip(self.roles()).filter(|(series, _)| !series.label().is_empty());
        named.map(swatch).collect()
    }

    /// The bar of the first series that has one.
    fn bar(&self, medium: &Medium) -> Result<Option<ColourBar>, Error> {
        for series in &self.series {
            match series {
                Series::HeatMap(heat) => {
                    let range = match heat.limits {
                        Some([low, high]) => Range::limits("colour", low, high)?,
                        None => heat.grid.range(),
                    };
                    return Ok(Some(ColourBar::new(range, heat.map, &heat.label).seen_on(medium)));
                }
                Series::Contours(contours) if !contours.written => {
                    return Ok(Some(contour_bar(contours).seen_on(medium)));
                }
                _ => {}
            }
        }
        Ok(None)
    }

    fn has_bars(&self) -> bool {
        self.series.iter().any(|series| matches!(series, Series::Bars(_) | Series::Histogram(_)))
    }

    /// The plot as it is laid out: on a logarithmic axis the logarithms stand in the place of the numbers.
    fn in_powers(&self) -> Result<Cow<'_, Plot>, Error> {
        if !self.logarithmic && !self.logarithmic_x {
            return Ok(Cow::Borrowed(self));
        }
        let mut plot = self.clone();
        plot.logarithmic &= self.series.iter().all(Series::takes_logarithms);
        plot.logarithmic_x &= self.series.iter().all(Series::takes_logarithms_along_x);
        if plot.logarithmic {
            plot.series.iter_mut().for_each(Series::take_logarithms);
            plot.y_limits = powers("logarithmic y", self.y_limits)?;
        }
        if plot.logarithmic_x {
            plot.series.iter_mut().for_each(Series::take_logarithms_along_x);
            plot.x_limits = powers("logarithmic x", self.x_limits)?;
        }
        Ok(Cow::Owned(plot))
    }

    /// The range of logarithms, with some room below the smallest for what stands on the axis.
    fn range_of_powers(ys: &[f64], bars: bool) -> Range {
        let range = Range::of(ys.iter().copied());
        if !bars {
            return range.padded(0.04);
        }
        let room = (0.08 * range.spread()).max(0.3);
        Range { low: range.low - room, high: range.padded(0.08).high }
    }

    fn ranges(&self) -> Result<[Range; 2], Error> {
        let (mut xs, mut ys) = (Vec::new(), Vec::new());
        for series in &self.series {
            let (x, y) = if self.logarithmic { series.extent_of_powers() } else { series.extent() };
            xs.extend(x);
            ys.extend(y);
        }
        let tight = self.series.iter().any(Series::is_tight);
        let bars = self.has_bars();
        let numbered = self.series.iter().any(|s| matches!(s, Series::Bars(bars) if bars.numbers));
        let padded = |range: Range| if tight { range } else { range.padded(0.04) };
        let x = match self.x_limits {
            Some([low, high]) => Range::limits("x", low, high)?,
            None if bars => Range::of(xs),
            None => padded(Range::of(xs)),
        };
        let y = match self.y_limits {
            Some([low, high]) => Range::limits("y", low, high)?,
            None if self.logarithmic => Plot::range_of_powers(&ys, bars),
            // Bars stand on their axis.
            None if bars && ys.iter().all(|y| *y >= 0.0) => {
                let range = Range::of(ys).with(0.0);
                Range { low: range.low, high: range.padded(if numbered { 0.12 } else { 0.06 }).high }
            }
            None => padded(Range::of(ys)),
        };
        Ok([x, y])
    }

    /// The names below bars.
    fn names(&self) -> Option<&[String]> {
        self.series.iter().find_map(|series| match series {
            Series::Bars(bars) => Some(bars.names.as_slice()),
            _ => None,
        })
    }
}

/// The logarithms of an axis's ends.
fn powers(axis: &'static str, limits: Option<[f64; 2]>) -> Result<Option<[f64; 2]>, Error> {
    match limits {
        Some([low, high]) if !(low > 0.0 && high > 0.0) => Err(Error::Limits { axis, low, high }),
        limits => Ok(limits.map(|limits| limits.map(libm::log10))),
    }
}

/// The bar of contours. The ends of the map are too pale or too dark for lines on one ground or the other.
fn contour_bar(contours: &Contours) -> ColourBar {
    let mut bar = ColourBar::new(contours.grid.range(), contours.map, &contours.label);
    if contours.map == ColourMap::Sequential {
        bar.part = [0.28, 0.82];
    }
    bar
}

impl Contours {
    /// The values at which lines are drawn: in a terminal no more than can be told apart there.
    fn values(&self, frame: &Frame) -> Vec<f64> {
        let most = if frame.medium.cells { ((frame.area.height / 48.0) as usize).max(3) } else { usize::MAX };
        if !self.levels.is_empty() {
            let last = (self.levels.len() - 1) as f64;
            let shown = self.levels.len().min(most);
            let place = |k: usize| (last * k as f64 / (shown - 1).max(1) as f64).round() as usize;
            return (0..shown).map(|k| self.levels[place(k)]).collect();
        }
        let range = self.grid.range();
        let ticks = Ticks::on(range, self.count.min(most) + 1);
        ticks.places.into_iter().filter(|level| *level > range.low && *level < range.high).collect()
    }
}

impl Picture for Plot {
    fn size(&self) -> [f64; 2] {
        self.size.unwrap_or(if self.equal { [480.0, 420.0] } else { [640.0, 400.0] })
    }

    fn layout(&self, medium: Medium) -> Result<Scene, Error> {
        for series in &self.series {
            series.check()?;
        }
        let plot = self.in_powers()?;
        let mut scene = Scene::new(medium.width, medium.height);
        scene.title = self.described();
        let top = crate::header::draw(&mut scene, &medium, &self.title, &self.swatches());
        let bar = self.bar(&medium)?;
        let frame = Frame::new(&plot, &medium, top, plot.ranges()?, bar.as_ref())?;
        draw::plot(&plot, &frame, bar.as_ref(), &mut scene);
        if let Some(bar) = &bar {
            bar.draw(&mut scene, &medium, frame.area);
        }
        Ok(scene)
    }
}
