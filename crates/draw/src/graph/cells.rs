//! A graph in a terminal, from left to right.

use super::layered::{Block, Hop, Layout, Line, Spacing, layout};
use super::sketch::{Kind, Sketch, Unit};
use super::{GraphPicture, Sight};
use crate::terminal::terminal_rgb;
use crate::{BACKWARD, Colours, FORWARD, Role, Theme, text_cells};

/// A cell's colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Ink {
    #[default]
    Plain,
    /// Keeps its place and is not seen.
    Hidden,
    Value,
    Derivative,
    Faint,
    Current,
}

/// Lines of characters with their colours.
#[derive(Clone, Debug, Default)]
pub(super) struct Grid {
    /// A character that takes two cells is followed by a cell without one.
    rows: Vec<Vec<(Option<char>, Ink)>>,
    /// What was written and where, to see whether something was written over it.
    #[cfg(debug_assertions)]
    written: Vec<(usize, usize, String)>,
}

impl Grid {
    pub(super) fn put(&mut self, row: usize, column: usize, text: &str, ink: Ink) {
        let mut at = column;
        if ink == Ink::Hidden {
            return self.put(row, column, &" ".repeat(text_cells(text)), Ink::Plain);
        }
        #[cfg(debug_assertions)]
        if text.chars().any(char::is_alphanumeric) {
            self.written.push((row, column, text.to_string()));
        }
        for character in text.chars() {
            let width = text_cells(character.encode_utf8(&mut [0; 4]));
            if width > 0 {
                *self.cell(row, at) = (Some(character), ink);
            }
            if width > 1 {
                *self.cell(row, at + 1) = (None, ink);
            }
            at += width;
        }
    }

    fn cell(&mut self, row: usize, column: usize) -> &mut (Option<char>, Ink) {
        if self.rows.len() <= row {
            self.rows.resize(row + 1, Vec::new());
        }
        let cells = &mut self.rows[row];
        if cells.len() <= column {
            cells.resize(column + 1, (Some(' '), Ink::Plain));
        }
        &mut cells[column]
    }

    /// Whether every text still stands where it was written.
    #[cfg(debug_assertions)]
    fn is_whole(&self) -> bool {
        self.written.iter().all(|(row, column, text)| {
            let cells = self.rows.get(*row).and_then(|cells| cells.get(*column..*column + text_cells(text)));
            let shown = cells.map(|cells| cells.iter().filter_map(|(character, _)| *character).collect::<String>());
            shown.is_some_and(|shown| {
                text.chars().filter(|c| text_cells(c.encode_utf8(&mut [0; 4])) > 0).eq(shown.chars())
            })
        })
    }

    /// The lines, without spaces at their ends.
    pub(super) fn text(&self, colours: Colours) -> String {
        #[cfg(debug_assertions)]
        assert!(
            self.is_whole(),
            "a text of the picture was written over (this is a defect in limpid; please report it)"
        );
        let mut text = String::new();
        for row in &self.rows {
            let length = row.iter().rposition(|(character, _)| *character != Some(' ')).map_or(0, |last| last + 1);
            let mut ink = Ink::Plain;
            for &(character, next) in &row[..length] {
                if colours.any() && next != ink {
                    text.push_str(&next.escape(colours));
                    ink = next;
                }
                text.extend(character);
            }
            if ink != Ink::Plain {
                text.push_str(&Ink::Plain.escape(colours));
            }
            text.push('\n');
        }
        text
    }
}

impl Ink {
    /// The sequence of ECMA-48 that sets it.
    fn escape(self, colours: Colours) -> String {
        let of = |role: Role| {
            let rgb = terminal_rgb(role.into(), Theme::Auto).unwrap_or_default();
            format!("\u{1b}[0{}m", colours.foreground(rgb))
        };
        match self {
            Self::Plain | Self::Hidden => "\u{1b}[0m".to_string(),
            Self::Faint => "\u{1b}[0;2m".to_string(),
            Self::Current => "\u{1b}[0;1;7m".to_string(),
            Self::Value => of(FORWARD),
            Self::Derivative => of(BACKWARD),
        }
    }
}

/// The picture, where it is no wider than `columns`: as on a page, or with a name's numbers over and under the name.
pub(super) fn draw(picture: &GraphPicture<'_>, sketch: &Sketch, columns: usize) -> Option<Grid> {
    [false, true].into_iter().find_map(|is_dense| drawn(picture, sketch, columns, is_dense))
}

fn drawn(picture: &GraphPicture<'_>, sketch: &Sketch, columns: usize, is_dense: bool) -> Option<Grid> {
    let sizes: Vec<CellSize> = sketch.units.iter().map(|unit| CellSize::of(unit, sketch, is_dense)).collect();
    let blocks: Vec<Block> = sizes.iter().map(|form| form.block.clone()).collect();
    let lines: Vec<Line> = sketch.nets.iter().map(|net| Line { from: net.from, to: net.to.clone() }).collect();
    let placed = layout(&blocks, &lines, Spacing { between: 1.0, passing: 1.0, whole: true });
    let mut grid = Grid::default();
    let sight = Sight::of(picture, sketch);
    let mut left = 0;
    for (rank, units) in placed.ranks.iter().enumerate() {
        let nodes = units.iter().map(|&unit| sizes[unit].width).max().unwrap_or(0);
        let right = left + units.iter().map(|&unit| sizes[unit].trail(nodes)).max().unwrap_or(0);
        for &at in units {
            unit(&mut grid, sketch, &sight, at, &sizes[at], placed.tops[at] as usize, [left, nodes, right]);
        }
        passing(&mut grid, &placed, rank, [left, right]);
        left = gap(&mut grid, &placed.hops[rank], right)?;
        if left > columns.saturating_add(1) {
            return None;
        }
    }
    if let Some(legend) = sketch.legend() {
        let text = format!("values above the lines, {legend} below");
        let row = placed.height as usize + 1;
        if text_cells(&text) <= columns {
            grid.put(row, 0, &text, Ink::Faint);
        }
    }
    let width = grid.rows.iter().map(Vec::len).max().unwrap_or(0);
    (width <= columns).then_some(grid)
}

/// How large a unit is, in cells.
struct CellSize {
    block: Block,
    width: usize,
    labels: usize,
    /// The row of the node's middle.
    middle: usize,
    /// How many rows the node's box has; a leaf has none.
    height: usize,
    /// Whether its labels stand over and under its name, not behind it.
    is_dense: bool,
}

impl CellSize {
    fn of(unit: &Unit, sketch: &Sketch, is_dense: bool) -> Self {
        let nets = || unit.outputs.iter().map(|&line| &sketch.nets[line]);
        let is_box = is_box(unit);
        let (mut edge, mut ys) = (0, Vec::new());
        for net in nets() {
            ys.push(edge + net.label.above.len());
            edge += net.label.above.len() + 1 + net.label.below.len();
        }
        let middle = match (ys.first(), ys.last()) {
            (Some(first), Some(last)) => (first + last) / 2,
            _ => 0,
        };
        // A row for each operand, and one between each two: odd, so that there is a middle.
        let apart = ys.last().map_or(0, |last| last - ys[0]) + 3;
        let height = if is_box { (2 * unit.inputs + 1).max(apart + (apart + 1) % 2).max(3) } else { 1 };
        let over = height / 2 + usize::from(!unit.caption.is_empty());
        let shift = over.saturating_sub(middle);
        let middle = middle + shift;
        let bottom = (middle + height / 2 + 1).max(edge + shift);
        let first = middle - height / 2 + (height + 1).saturating_sub(2 * unit.inputs) / 2;
        let title = text_cells(&unit.title) + if is_box { 4 } else { 0 };
        Self {
            block: Block {
                height: bottom as f64,
                ins: (0..unit.inputs).map(|i| if is_box { (first + 2 * i) as f64 } else { middle as f64 }).collect(),
                outs: ys.iter().map(|y| (y + shift) as f64).collect(),
            },
            width: title.max(text_cells(&unit.caption)),
            labels: nets().flat_map(|net| net.label.texts()).map(text_cells).max().unwrap_or(0),
            middle,
            height,
            is_dense: is_dense && !is_box,
        }
    }

    /// How long it is with its labels, in a rank whose nodes take `nodes`.
    fn trail(&self, nodes: usize) -> usize {
        match (self.block.outs.is_empty(), self.is_dense) {
            (true, _) => nodes,
            (false, true) => (self.width + 2).max(self.labels + 1),
            (false, false) => nodes + self.labels + 2,
        }
    }
}

/// Whether a unit has an edge; others are written as they are.
fn is_box(unit: &Unit) -> bool {
    matches!(unit.kind, Kind::Op | Kind::Layer)
}

/// A node and the lines that leave it, in the columns from `left` over the end of the nodes' part to `right`.
fn unit(grid: &mut Grid, sketch: &Sketch, sight: &Sight, at: usize, form: &CellSize, top: usize, place: [usize; 3]) {
    let [left, nodes, right] = place;
    let unit = &sketch.units[at];
    let is_box = is_box(unit);
    let ink = if sight.current == Some(at) { Ink::Current } else { Ink::Plain };
    let width = text_cells(&unit.title) + if is_box { 4 } else { 0 };
    // Names end where their lines begin; boxes stand one under the other.
    let (start, text) = match (is_box, form.is_dense) {
        (true, _) => (left + (nodes - width) / 2, left + nodes + 1),
        (false, false) => (left + nodes - width, left + nodes + 1),
        (false, true) => (left, left),
    };
    let middle = top + form.middle;
    let upper = middle - form.height / 2;
    for &y in &form.block.ins {
        // The head stands on the box's edge, or before a name.
        let length = if is_box { start - left } else { (start - left).saturating_sub(1) };
        grid.put(top + y as usize, left, &format!("{}▶", "─".repeat(length)), Ink::Plain);
    }
    for (&line, &y) in unit.outputs.iter().zip(&form.block.outs) {
        let net = &sketch.nets[line];
        let y = top + y as usize;
        let from = start + width + usize::from(!is_box);
        if !net.to.is_empty() {
            grid.put(y, from, &"─".repeat(right - from), Ink::Plain);
        } else if net.is_output {
            grid.put(y, from, &format!("{}▶", "─".repeat((right - from).saturating_sub(1))), Ink::Plain);
        }
        let [value_ink, derivative_ink] = inks(sight, at, unit, line);
        for (i, value) in net.label.above.iter().enumerate() {
            grid.put(y - net.label.above.len() + i, text, value, value_ink);
        }
        for (i, derivative) in net.label.below.iter().enumerate() {
            grid.put(y + 1 + i, text, derivative, derivative_ink);
        }
    }
    if !is_box {
        grid.put(middle, start, &unit.title, ink);
        return;
    }
    if !unit.caption.is_empty() {
        grid.put(upper - 1, left + (nodes - text_cells(&unit.caption)) / 2, &unit.caption, Ink::Faint);
    }
    let is_layer = unit.kind == Kind::Layer;
    let [corners, [level, upright]] =
        if is_layer { [["╔", "╗"], ["═", "║"]] } else { [["╭", "╮"], ["─", "│"]] };
    let [lower_left, lower_right] = if is_layer { ["╚", "╝"] } else { ["╰", "╯"] };
    let (level, last) = (level.repeat(width - 2), upper + form.height - 1);
    grid.put(upper, start, &format!("{}{level}{}", corners[0], corners[1]), Ink::Plain);
    grid.put(last, start, &format!("{lower_left}{level}{lower_right}"), Ink::Plain);
    for row in upper + 1..last {
        // An arrow's head stands in the place of the edge that it enters by.
        if !form.block.ins.contains(&((row - top) as f64)) {
            grid.put(row, start, upright, Ink::Plain);
        }
        grid.put(row, start + width - 1, upright, Ink::Plain);
    }
    grid.put(middle, start + 1, &format!(" {} ", unit.title), ink);
}

/// How the value and the derivative on a unit's line are written; not at all, as long as they are not known.
pub(super) fn inks(sight: &Sight, at: usize, unit: &Unit, line: usize) -> [Ink; 2] {
    let value = if sight.has_value(at, unit) { Ink::Value } else { Ink::Hidden };
    let derivative = if sight.has_derivative(line) { Ink::Derivative } else { Ink::Hidden };
    [value, derivative]
}

/// The lines that pass a rank.
fn passing(grid: &mut Grid, placed: &Layout, rank: usize, [left, right]: [usize; 2]) {
    let Some(hops) = rank.checked_sub(1).map(|before| &placed.hops[before]) else { return };
    for (y, _) in hops.iter().flat_map(|hop| &hop.ends).filter(|(_, block)| block.is_none()) {
        grid.put(*y as usize, left, &"─".repeat(right - left), Ink::Plain);
    }
}

/// Leads lines from one rank to the next and answers the column where that begins; nothing where it cannot be done
/// without laying two lines over each other.
fn gap(grid: &mut Grid, hops: &[Hop], left: usize) -> Option<usize> {
    let tracks = tracks(hops)?;
    let count = tracks.iter().flatten().max().map_or(0, |last| last + 1);
    let right = left + 2 * count + usize::from(!hops.is_empty());
    let row = |y: f64| y as usize;
    // What runs upright goes first, and what runs level is led under it.
    for (hop, track) in hops.iter().zip(&tracks) {
        let Some(track) = track else { continue };
        let (low, high) = span(hop);
        (low..=high).for_each(|y| grid.put(y, left + 1 + 2 * track, "│", Ink::Plain));
    }
    let mut level = |y: usize, from: usize, to: usize| {
        for column in from..to {
            if *grid.cell(y, column) == (Some(' '), Ink::Plain) {
                grid.put(y, column, "─", Ink::Plain);
            }
        }
    };
    for (hop, track) in hops.iter().zip(&tracks) {
        let turn = track.map_or(right, |track| left + 1 + 2 * track);
        level(row(hop.y), left, turn);
        track.iter().for_each(|_| hop.ends.iter().for_each(|end| level(row(end.0), turn + 1, right)));
    }
    for (hop, track) in hops.iter().zip(&tracks) {
        let Some(track) = track else { continue };
        let (low, high) = span(hop);
        let column = left + 1 + 2 * track;
        for y in std::iter::once(row(hop.y)).chain(hop.ends.iter().map(|end| row(end.0))) {
            let sides = (y == row(hop.y), hop.ends.iter().any(|end| row(end.0) == y), y > low, y < high);
            grid.put(y, column, corner(sides), Ink::Plain);
        }
    }
    Some(right)
}

/// The character where a line comes from the left, goes to the right, up and down.
fn corner(sides: (bool, bool, bool, bool)) -> &'static str {
    match sides {
        (true, true, true, true) => "┼",
        (true, true, true, false) => "┴",
        (true, true, false, true) => "┬",
        (true, false, true, true) => "┤",
        (false, true, true, true) => "├",
        (true, false, true, false) => "╯",
        (true, false, false, true) => "╮",
        (false, true, true, false) => "╰",
        (false, true, false, true) => "╭",
        (_, _, true, true) => "│",
        _ => "─",
    }
}

/// The rows that a line's upright part covers.
fn span(hop: &Hop) -> (usize, usize) {
    let rows = || hop.ends.iter().map(|end| end.0 as usize).chain([hop.y as usize]);
    (rows().min().unwrap_or(0), rows().max().unwrap_or(0))
}

/// The upright track of each line, from the left; none for those that run straight.
///
/// Where a line ends at the height where another begins, the other has to turn off first.
fn tracks(hops: &[Hop]) -> Option<Vec<Option<usize>>> {
    let bends = |hop: &Hop| span(hop).0 != span(hop).1;
    let mut tracks: Vec<Option<usize>> = vec![None; hops.len()];
    let mut open: Vec<usize> = (0..hops.len()).filter(|&at| bends(&hops[at])).collect();
    while !open.is_empty() {
        let turns_first =
            |other: usize, at: usize| other != at && hops[at].ends.iter().any(|end| end.0 == hops[other].y);
        let free = |&at: &usize| !open.iter().any(|&other| turns_first(other, at));
        let place = open.iter().position(free)?;
        let at = open.remove(place);
        let (low, high) = span(&hops[at]);
        let meets = |other: &Hop| {
            let (other_low, other_high) = span(other);
            low <= other_high && other_low <= high
        };
        let placed = || (0..hops.len()).filter_map(|other| Some((other, tracks[other]?)));
        let after =
            placed().filter(|&(other, _)| turns_first(other, at)).map(|(_, track)| track + 1).max().unwrap_or(0);
        let taken: Vec<usize> = placed().filter(|&(other, _)| meets(&hops[other])).map(|(_, track)| track).collect();
        let track = (after..).find(|track| !taken.contains(track));
        tracks[at] = track;
    }
    Some(tracks)
}
