//! Where the axes of a plot lie, and what is written beside them so that no two labels touch.

use super::{Plot, Series};
use crate::bar::ColourBar;
use crate::error::Error;
use crate::geometry::{Point, Rect};
use crate::medium::Medium;
use crate::range::{Range, Ticks};

/// The size of what is written beside ticks.
pub(super) const SMALL: f64 = 11.0;
/// The size of what is written beside axes.
pub(super) const LABEL: f64 = 12.0;
/// From an axis to its labels.
pub(super) const GAP: f64 = 7.0;

/// A plot's axes.
pub(super) struct Frame {
    pub(super) medium: Medium,
    /// What the axes enclose.
    pub(super) area: Rect,
    pub(super) x: Range,
    pub(super) y: Range,
    pub(super) x_ticks: Vec<(f64, String)>,
    pub(super) y_ticks: Vec<(f64, String)>,
    /// Whether what is written below the x axis is rotated.
    pub(super) rotated: bool,
    pub(super) x_label: String,
    pub(super) y_label: String,
    /// Where the y axis's own label stands in a terminal: above the plot.
    pub(super) heading: f64,
    /// Whether it does.
    headed: bool,
    /// Whether the area lies on whole cells between axes that have cells of their own, so that they hide no bar.
    raised: bool,
    /// Whether y is the logarithm to base 10 of what is written beside it.
    pub(super) logarithmic: bool,
}

/// What is taken from the room for the axes by the labels of their ticks.
struct Margins {
    left: f64,
    bottom: f64,
}

impl Margins {
    fn or(&self, other: &Margins) -> Margins {
        Margins { left: self.left.max(other.left), bottom: self.bottom.max(other.bottom) }
    }
}

impl Frame {
    pub(super) fn new(
        plot: &Plot,
        medium: &Medium,
        top: f64,
        [x, y]: [Range; 2],
        bar: Option<&ColourBar>,
    ) -> Result<Self, Error> {
        let mut frame = Frame {
            medium: *medium,
            area: Rect::default(),
            x,
            y,
            x_ticks: Vec::new(),
            y_ticks: Vec::new(),
            rotated: false,
            x_label: plot.x_label.clone(),
            y_label: plot.y_label.clone(),
            heading: top,
            headed: false,
            raised: medium.cells && plot.has_bars() && !plot.series.iter().any(Series::is_tight),
            logarithmic: plot.logarithmic,
        };
        let names = plot.names();
        let mut margins = Margins { left: medium.across(40.0), bottom: medium.line(SMALL) };
        // Labels need room, and what room is left decides the labels. From the third round on no margin shrinks, so that
        // rounds do not take turns.
        for round in 0..12 {
            frame.place(plot, top, &margins, bar)?;
            let headed = frame.headed;
            frame.label_y(plot);
            frame.label_x(plot, names);
            let needed = frame.needed();
            let fits = needed.left <= margins.left && needed.bottom <= margins.bottom && headed == frame.headed;
            if round >= 2 && fits {
                break;
            }
            margins = if round < 2 { needed } else { needed.or(&margins) };
        }
        Ok(frame)
    }

    /// Lays the area into the room that is left.
    fn place(&mut self, plot: &Plot, top: f64, margins: &Margins, bar: Option<&ColourBar>) -> Result<(), Error> {
        let medium = self.medium;
        let edge = medium.page_only(12.0);
        self.headed |= medium.cells && (!self.y_label.is_empty() || bar.is_some());
        let top = top + if self.headed { medium.line(LABEL) } else { medium.page_only(12.0) };
        let bottom_label = if self.x_label.is_empty() { 0.0 } else { medium.line(LABEL) + medium.page_only(4.0) };
        let left_label = if self.y_label.is_empty() { 0.0 } else { medium.page_only(medium.line(LABEL) + 4.0) };
        let left = edge + left_label + margins.left + medium.across(GAP);
        let height =
            medium.height - top - medium.page_only(10.0) - bottom_label - margins.bottom - medium.page_only(GAP);
        let right = edge + medium.page_only(6.0) + bar.map_or(medium.across(8.0), |bar| bar.width(&medium, height));
        let width = medium.width - left - right;
        let (least_width, least_height) = if medium.cells { (80.0, 48.0) } else { (40.0, 30.0) };
        if width < least_width || height < least_height {
            return Err(medium.too_small([least_width - width, least_height - height]));
        }
        let mut area = Rect::new(left, top, width, height);
        if plot.equal {
            area = self.equalised(area);
        }
        if medium.cells {
            // Axes run through the middles of cells.
            let snapped = medium.snapped(area);
            area = match self.raised {
                true => Rect::new(snapped.x + 8.0, snapped.y, snapped.width - 8.0, snapped.height - 16.0),
                false => Rect::new(snapped.x + 4.0, snapped.y + 8.0, snapped.width - 8.0, snapped.height - 16.0),
            };
        }
        self.area = area;
        Ok(())
    }

    /// Where the axes run.
    pub(super) fn edge(&self) -> Rect {
        let Rect { x, y, width, height } = self.area;
        if self.raised { Rect::new(x - 4.0, y, width + 8.0, height + 8.0) } else { self.area }
    }

    /// What bars stand on: 0, or the lower end of an axis that has none.
    pub(super) fn base(&self) -> f64 {
        if self.logarithmic { self.y.low } else { 0.0 }
    }

    /// The area with the same length to a unit along both axes, in the middle of the room; a side of less than 60 pixels
    /// stays that long.
    fn equalised(&self, area: Rect) -> Rect {
        let unit = (area.width / self.x.spread()).min(area.height / self.y.spread());
        let least = |length: f64, room: f64| length.max(60.0).min(room);
        let (width, height) = (least(unit * self.x.spread(), area.width), least(unit * self.y.spread(), area.height));
        Rect::new(area.x + (area.width - width) / 2.0, area.y + (area.height - height) / 2.0, width, height)
    }

    fn label_y(&mut self, plot: &Plot) {
        let line = self.medium.line(SMALL);
        let most = (self.area.height / (line * if self.medium.cells { 2.0 } else { 2.2 })) as usize;
        let ticks = match self.logarithmic {
            true => Ticks::of_powers(self.y, most.clamp(1, 9)),
            false => Ticks::apart(self.y, most.clamp(1, 9), least_step(plot, 1, self.y)),
        };
        self.y_label = with_factor(&plot.y_label, ticks.factor.as_deref());
        self.headed |= self.medium.cells && !self.y_label.is_empty();
        self.y_ticks = ticks.places.into_iter().zip(ticks.labels).collect();
    }

    fn label_x(&mut self, plot: &Plot, names: Option<&[String]>) {
        self.rotated = false;
        if let Some(names) = names {
            return self.label_names(names);
        }
        for most in (1..=10).rev() {
            let ticks = match plot.logarithmic_x {
                true => Ticks::of_powers(self.x, most),
                false => Ticks::apart(self.x, most, least_step(plot, 0, self.x)),
            };
            self.x_label = with_factor(&plot.x_label, ticks.factor.as_deref());
            self.x_ticks = ticks.places.into_iter().zip(ticks.labels).collect();
            if self.labels_fit() {
                return;
            }
        }
        self.x_ticks.truncate(1);
    }

    /// Names below bars: level where they fit, else rotated, else shortened, else only some of them.
    fn label_names(&mut self, names: &[String]) {
        let medium = self.medium;
        // Limits may show less than the room of one bar.
        let pitch = (self.area.width / self.x.spread()).min(self.area.width);
        let all: Vec<(f64, String)> = names.iter().enumerate().map(|(k, name)| (k as f64, name.clone())).collect();
        let shown = |name: &String, room: f64| medium.shortened(name, SMALL, false, room);
        self.x_ticks =
            all.iter().filter(|(k, _)| self.x.share(*k) >= 0.0 && self.x.share(*k) <= 1.0).cloned().collect();
        let widest = self.x_ticks.iter().map(|(_, n)| medium.text_width(n, SMALL, false)).fold(0.0, f64::max);
        let gap = medium.across(8.0);
        if widest + gap <= pitch && self.labels_fit() {
            return;
        }
        let room = if medium.cells { (pitch - gap).max(32.0) } else { (medium.height * 0.3).min(120.0) };
        let needed = if medium.cells { room.min(widest) + gap } else { medium.line(SMALL) };
        self.rotated = !medium.cells;
        let stride = (needed / pitch.max(1e-9)).ceil().clamp(1.0, 1e6) as usize;
        let kept = self.x_ticks.iter().step_by(stride);
        self.x_ticks = kept.map(|(k, name)| (*k, shown(name, room))).collect();
        if !self.rotated {
            self.drop_touching();
        }
    }

    /// Leaves out level labels that touch the one before: those at the picture's edges were moved inwards.
    fn drop_touching(&mut self) {
        let gap = self.medium.across(8.0);
        let mut kept: Vec<(f64, String)> = Vec::new();
        for (place, label) in std::mem::take(&mut self.x_ticks) {
            let touches = kept.last().is_some_and(|(before, text)| {
                self.x_label_box(*before, text).right() + gap > self.x_label_box(place, &label).x
            });
            if !touches {
                kept.push((place, label));
            }
        }
        self.x_ticks = kept;
    }

    fn labels_fit(&self) -> bool {
        let gap = self.medium.across(12.0);
        let boxes: Vec<Rect> = self.x_ticks.iter().map(|(place, label)| self.x_label_box(*place, label)).collect();
        boxes.windows(2).all(|pair| pair[0].right() + gap <= pair[1].x)
    }

    /// Where a level label below the x axis lies: under its tick, but within the picture.
    pub(super) fn x_label_box(&self, place: f64, label: &str) -> Rect {
        let width = self.medium.text_width(label, SMALL, false);
        let x = self.area.x + self.x.share(place) * self.area.width - width / 2.0;
        let x = x.min(self.medium.width - width - 2.0).max(self.medium.page_only(2.0));
        let y = self.edge().bottom() + if self.medium.cells { 8.0 } else { GAP };
        Rect::new(x, y, width, self.medium.line(SMALL))
    }

    /// The room that the labels ask for.
    fn needed(&self) -> Margins {
        let width = |label: &String| self.medium.text_width(label, SMALL, false);
        let left = self.y_ticks.iter().map(|(_, label)| width(label)).fold(0.0, f64::max);
        let bottom = match self.rotated {
            true => self.x_ticks.iter().map(|(_, label)| width(label)).fold(0.0, f64::max),
            false => self.medium.line(SMALL),
        };
        Margins { left: left.max(8.0), bottom }
    }

    /// The pixel of a point; numbers that cannot be drawn give coordinates that are none.
    pub(super) fn pixel(&self, x: f64, y: f64) -> Point {
        [self.area.x + self.x.share(x) * self.area.width, self.area.bottom() - self.y.share(y) * self.area.height]
    }
}

/// Where all numbers along an axis are whole, as epochs and counts are, ticks between them would say nothing.
fn least_step(plot: &Plot, axis: usize, range: Range) -> f64 {
    let whole = plot.series.iter().all(|series| series.counts(axis));
    if whole && range.spread() > 2.0 { 1.0 } else { 0.0 }
}

fn with_factor(label: &str, factor: Option<&str>) -> String {
    match factor {
        Some(factor) if label.is_empty() => factor.to_string(),
        Some(factor) => format!("{label} ({factor})"),
        None => label.to_string(),
    }
}
