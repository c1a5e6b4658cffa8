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

use super::cells::{Grid, Ink};
use super::sketch::{Kind, Sketch, Unit};
use super::{GraphPicture, Sight};
use crate::text_cells;

pub(super) fn draw(picture: &GraphPicture<'_>, sketch: &Sketch, columns: usize) -> Grid {
    let sight = Sight::of(picture, sketch);
    let rows = Rows::of(sketch);
    let most = rows.rows.iter().map(|row| row.cells.len()).max().unwrap_or(0);
    let indent = if most > columns / 2 { 0 } else { most + 2 };
    let width = columns.saturating_sub(indent).max(8);
    let texts: Vec<[String; 3]> = rows.order.iter().map(|&unit| texts(sketch, &sight, unit)).collect();
    let wide = |column: usize| {
        let all = texts.iter().map(|text| text_cells(&text[column]));
        all.filter(|cells| cells * 3 <= width.max(24)).max().unwrap_or(0)
    };
    let stops = [wide(0) + 2, wide(0) + wide(1) + 4];
    let mut grid = Grid::default();
    let mut line = 0;
    for (row, (&unit, texts)) in rows.rows.iter().zip(rows.order.iter().zip(&texts)) {
        let is_current = sight.current == Some(unit);
        if indent > 0 {
            grid.put(line, 0, &row.cells, Ink::Plain);
            if is_current {
                let mark: String = row.cells.chars().take(row.at).collect();
                grid.put(line, text_cells(&mark), "●", Ink::Current);
            }
        }
        let before = line;
        let what = if is_current { Ink::Current } else { Ink::Plain };
        let mut column = 0;
        for ((text, stop), ink) in texts.iter().zip([0, stops[0], stops[1]]).zip([what, Ink::Value, Ink::Derivative]) {
            if text.is_empty() {
                continue;
            }
            if column > stop || stop + text_cells(text) > width {
                // A line of its own, set in a little under what it belongs to.
                column = if stop > 0 { 2 } else { 0 };
                line += usize::from(stop > 0);
            } else {
                column = stop;
            }
            for (i, piece) in pieces(text, width.saturating_sub(column).max(1)).into_iter().enumerate() {
                line += usize::from(i > 0);
                grid.put(line, indent + column, &piece, ink);
                column += if i > 0 { 0 } else { text_cells(&piece) + 1 };
            }
        }
        if indent > 0 {
            (before + 1..=line).for_each(|line| grid.put(line, 0, &row.below, Ink::Plain));
        }
        line += 1;
    }
    grid
}

/// What a unit computes, its value and its derivative.
fn texts(sketch: &Sketch, sight: &Sight, at: usize) -> [String; 3] {
    let unit = &sketch.units[at];
    let nets = || unit.outputs.iter().map(|&line| &sketch.nets[line]);
    let joined = |parts: Vec<String>| parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ");
    let values = joined(nets().map(|net| net.label.above.join(" ")).collect());
    let derivatives = joined(nets().map(|net| net.label.below.join(" ")).collect());
    let value = if sight.has_value(at, unit) { values } else { String::new() };
    let derivative =
        if sight.has_derivative(at) && !derivatives.is_empty() { format!("← {derivatives}") } else { String::new() };
    [what(sketch, unit), value, derivative]
}

/// A unit's name and how it is computed.
fn what(sketch: &Sketch, unit: &Unit) -> String {
    match unit.kind {
        Kind::Leaf | Kind::Constant => unit.title.clone(),
        Kind::Update => unit.formula.clone(),
        Kind::Op | Kind::Layer => {
            let name = match (unit.kind, unit.caption.as_str(), unit.members.last()) {
                (Kind::Op, "", Some(node)) => format!("%{node}"),
                (_, caption, _) => caption.to_string(),
            };
            let formula = if unit.formula.is_empty() {
                format!("{}({})", unit.title, sources(sketch, unit).join(", "))
            } else {
                unit.formula.clone()
            };
            if name.is_empty() { formula } else { format!("{name} = {formula}") }
        }
    }
}

/// The names of what a unit is computed from.
fn sources(sketch: &Sketch, unit: &Unit) -> Vec<String> {
    let at = sketch.units.iter().position(|other| std::ptr::eq(other, unit));
    let mut found: Vec<(usize, String)> = Vec::new();
    for net in &sketch.nets {
        for &(_, slot) in net.to.iter().filter(|&&(to, _)| Some(to) == at) {
            let source = &sketch.units[net.from.0];
            let name = match source.kind {
                Kind::Leaf | Kind::Constant => source.title.clone(),
                _ if !source.caption.is_empty() => source.caption.clone(),
                _ => format!("%{}", net.node),
            };
            found.push((slot, name));
        }
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
