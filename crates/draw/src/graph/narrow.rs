//! A graph in a narrow terminal, from top to bottom: a node a line, and to the left of it the values on their way.
//!
//! ```text
//! ●      x              3
//! │ ●    y              4
//! ●─╯    t = x + y      7
//! ●      z = t^2        49
//! ```
//!
//! A value runs down its lane until its last use: there it turns off (`╯`), or its lane goes on with the result. Where
//! there are more lanes than fit, they are left out: what a node is computed from stands in its line as well.

use super::cells::{Grid, Ink, inks};
use super::sketch::{Kind, Net, Sketch, Unit};
use super::{GraphPicture, Sight};
use crate::text_cells;

/// The picture, no wider than `columns` where a word has room there.
pub(super) fn draw(picture: &GraphPicture<'_>, sketch: &Sketch, columns: usize) -> Grid {
    let sight = Sight::of(picture, sketch);
    let rows = Rows::of(sketch);
    let most = rows.rows.iter().map(|row| row.cells.chars().count()).max().unwrap_or(0);
    let indent = if most > columns / 2 { 0 } else { most + 2 };
    let width = columns.saturating_sub(indent).max(8);
    let texts: Vec<[String; 3]> = rows.order.iter().map(|&unit| texts(sketch, unit)).collect();
    let wide = |column: usize| {
        let all = texts.iter().map(|text| text_cells(&text[column]));
        all.filter(|cells| cells * 3 <= width.max(24)).max().unwrap_or(0)
    };
    let stops = [0, wide(0) + 2, wide(0) + wide(1) + 4];
    let mut sheet = Sheet { grid: Grid::default(), line: 0, indent, width, stops };
    for (row, (&unit, texts)) in rows.rows.iter().zip(rows.order.iter().zip(&texts)) {
        let is_current = sight.current == Some(unit);
        let first = sheet.line;
        // What leaves a box together is told together, once the last of it is known.
        let last = waiting(&sight, &sketch.units[unit]);
        let [value, derivative] = inks(&sight, unit, &sketch.units[unit], last);
        let what = if is_current { Ink::Current } else { Ink::Plain };
        sheet.write(texts, [what, value, derivative]);
        if indent > 0 {
            (first..sheet.line).for_each(|line| sheet.grid.put(line, 0, &row.below, Ink::Plain));
            sheet.grid.put(first, 0, &row.cells, Ink::Plain);
            sheet.grid.put(first, row.at, "●", what);
        }
    }
    if let Some(legend) = sketch.legend().map(|legend| format!("← {legend}")).filter(|text| text_cells(text) <= columns)
    {
        sheet.grid.put(sheet.line + 1, 0, &legend, Ink::Faint);
    }
    sheet.grid
}

/// A line of the unit whose derivative is not known yet; any, where there is none.
fn waiting(sight: &Sight, unit: &Unit) -> usize {
    let open = unit.outputs.iter().find(|&&line| !sight.has_derivative(line));
    open.or(unit.outputs.first()).copied().unwrap_or(0)
}

/// Where the lines go.
struct Sheet {
    grid: Grid,
    line: usize,
    indent: usize,
    width: usize,
    /// Where what is computed, the value and the derivative begin.
    stops: [usize; 3],
}

impl Sheet {
    /// What is computed, the value and the derivative: in one line as long as they fit, each in lines of its own else.
    fn write(&mut self, texts: &[String; 3], inks: [Ink; 3]) {
        let mut end = 0;
        for ((text, stop), ink) in texts.iter().zip(self.stops).zip(inks) {
            if text.is_empty() {
                continue;
            }
            let fits = end <= stop && stop + text_cells(text) <= self.width;
            // Set in a little under what it belongs to.
            let column = if fits { stop } else { 2.min(stop) };
            self.line += usize::from(!fits && stop > 0);
            for (i, piece) in pieces(text, self.width - column).into_iter().enumerate() {
                self.line += usize::from(i > 0);
                self.grid.put(self.line, self.indent + column, &piece, ink);
                end = column + text_cells(&piece) + 1;
            }
        }
        self.line += 1;
    }
}

/// What a unit computes, its value and its derivative.
fn texts(sketch: &Sketch, at: usize) -> [String; 3] {
    let unit = &sketch.units[at];
    let is_one = unit.outputs.len() == 1;
    let joined = |part: &dyn Fn(&Net) -> String| {
        let nets = unit.outputs.iter().map(|&line| &sketch.nets[line]);
        let parts = nets.map(|net| (net, part(net))).filter(|(_, text)| !text.is_empty());
        // Of several values each is told by its name.
        let named = parts.map(|(net, text)| if is_one { text } else { format!("{} {text}", net.name) });
        named.collect::<Vec<_>>().join("; ")
    };
    let derivatives = joined(&|net| net.label.below.join(" "));
    let derivatives = if derivatives.is_empty() { derivatives } else { format!("← {derivatives}") };
    [what(sketch, at), joined(&|net| net.label.above.join(" ")), derivatives]
}

/// A unit's name and how it is computed.
fn what(sketch: &Sketch, at: usize) -> String {
    let unit = &sketch.units[at];
    let sources = sources(sketch, at);
    let formula = match unit.map {
        Some(op) => op.info().formula_of(&sources),
        None => format!("{}({})", unit.title, sources.join(", ")),
    };
    match (unit.kind, unit.members.last()) {
        (Kind::Leaf | Kind::Constant, _) => unit.title.clone(),
        (Kind::Update, _) => format!("{} becomes {}", unit.target.as_deref().unwrap_or_default(), sources.join(", ")),
        (Kind::Op, Some(node)) if unit.caption.is_empty() => format!("%{node} = {formula}"),
        _ if unit.caption.is_empty() => formula,
        _ => format!("{} = {formula}", unit.caption),
    }
}

/// The names of what a unit is computed from.
fn sources(sketch: &Sketch, at: usize) -> Vec<String> {
    let mut found: Vec<(usize, String)> = Vec::new();
    for net in &sketch.nets {
        let source = &sketch.units[net.from.0];
        let name = match source.kind {
            Kind::Layer if source.outputs.len() == 1 && !source.caption.is_empty() => &source.caption,
            Kind::Leaf => &source.title,
            _ => &net.name,
        };
        found.extend(net.to.iter().filter(|&&(to, _)| to == at).map(|&(_, slot)| (slot, name.clone())));
    }
    found.sort();
    found.into_iter().map(|(_, name)| name).collect()
}

/// A text in pieces of at most `width` cells.
fn pieces(text: &str, width: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for character in text.chars() {
        let last = pieces.last_mut().map_or(0, |piece| text_cells(piece));
        if last + text_cells(character.encode_utf8(&mut [0; 4])) > width {
            pieces.push(String::new());
        }
        if let Some(piece) = pieces.last_mut() {
            piece.push(character);
        }
    }
    pieces
}

/// The lanes to the left of each unit's line.
struct Rows {
    order: Vec<usize>,
    rows: Vec<Row>,
}

struct Row {
    /// The lanes in the unit's line, and where in it the unit is.
    cells: String,
    at: usize,
    /// The lanes in the lines under it that belong to it too.
    below: String,
}

impl Rows {
    fn of(sketch: &Sketch) -> Self {
        let order = order(sketch);
        let mut place = vec![0; sketch.units.len()];
        order.iter().enumerate().for_each(|(at, &unit)| place[unit] = at);
        let mut lanes: Vec<Option<usize>> = Vec::new();
        let mut rows = Vec::new();
        for (at, &unit) in order.iter().enumerate() {
            rows.push(row(sketch, &mut lanes, unit, |user| place[user] > at));
        }
        Self { order, rows }
    }
}

/// One unit's line; `lanes` hold the nets on their way, before and after it.
fn row(sketch: &Sketch, lanes: &mut Vec<Option<usize>>, unit: usize, is_later: impl Fn(usize) -> bool) -> Row {
    let before = lanes.clone();
    let enters = |lane: &Option<usize>| lane.is_some_and(|net| sketch.nets[net].to.iter().any(|&(to, _)| to == unit));
    let goes_on =
        |lane: &Option<usize>| lane.is_some_and(|net| sketch.nets[net].to.iter().any(|&(to, _)| is_later(to)));
    let entering: Vec<usize> = (0..lanes.len()).filter(|&lane| enters(&before[lane])).collect();
    entering.iter().filter(|&&lane| !goes_on(&before[lane])).for_each(|&lane| lanes[lane] = None);
    // The unit stands in the leftmost lane that ends in it, or in one that is free.
    let ended = entering.iter().copied().find(|&lane| lanes[lane].is_none());
    let own = ended.or_else(|| lanes.iter().position(Option::is_none)).unwrap_or(lanes.len());
    let mut place = own;
    for &net in sketch.units[unit].outputs.iter().filter(|&&net| !sketch.nets[net].to.is_empty()) {
        while lanes.get(place).is_some_and(Option::is_some) {
            place += 1;
        }
        lanes.resize(lanes.len().max(place + 1), None);
        lanes[place] = Some(net);
    }
    let leaving: Vec<usize> = (0..lanes.len())
        .filter(|&lane| lanes[lane].is_some() && lanes[lane] != before.get(lane).copied().flatten())
        .collect();
    let touched = || entering.iter().chain(&leaving).copied().chain([own]);
    let (first, last) = (touched().min().unwrap_or(own), touched().max().unwrap_or(own));
    let mut cells = String::new();
    let width = lanes.len().max(before.len()).max(own + 1);
    for lane in 0..width {
        let (was, is) = (before.get(lane).copied().flatten(), lanes.get(lane).copied().flatten());
        cells.push(match (lane == own, entering.contains(&lane), leaving.contains(&lane)) {
            (true, _, _) => '●',
            (_, true, true) if lane == last => '┤',
            (_, true, true) if lane == first => '├',
            (_, true, true) => '┼',
            (_, true, _) if is.is_some() => {
                if lane < own {
                    '├'
                } else {
                    '┤'
                }
            }
            (_, true, _) if lane == last => '╯',
            (_, true, _) if lane == first => '╰',
            (_, true, _) => '┴',
            (_, _, true) if lane == last => '╮',
            (_, _, true) => '┬',
            _ if was.is_some() => '│',
            _ if lane > first && lane < last => '─',
            _ => ' ',
        });
        let joins = lane >= first && lane < last;
        cells.push(if joins { '─' } else { ' ' });
    }
    while lanes.last() == Some(&None) {
        lanes.pop();
    }
    let below = lanes.iter().map(|lane| if lane.is_some() { "│ " } else { "  " }).collect();
    Row { cells: cells.trim_end().to_string(), at: 2 * own, below }
}

/// The units, each as late as its first use allows, so that few values are on their way at once.
fn order(sketch: &Sketch) -> Vec<usize> {
    let mut sources: Vec<Vec<(usize, usize)>> = vec![Vec::new(); sketch.units.len()];
    for net in &sketch.nets {
        net.to.iter().for_each(|&(unit, slot)| sources[unit].push((slot, net.from.0)));
    }
    sources.iter_mut().for_each(|sources| sources.sort_unstable());
    let ends = (0..sketch.units.len())
        .filter(|&unit| sketch.units[unit].outputs.iter().all(|&net| sketch.nets[net].to.is_empty()));
    let mut order = Vec::new();
    let mut is_done = vec![false; sketch.units.len()];
    for end in ends {
        let mut open = vec![(end, 0)];
        while let Some((unit, next)) = open.pop() {
            match sources[unit].get(next) {
                _ if is_done[unit] => {}
                Some(&(_, source)) => open.extend([(unit, next + 1), (source, 0)]),
                None => {
                    is_done[unit] = true;
                    order.push(unit);
                }
            }
        }
    }
    order
}
