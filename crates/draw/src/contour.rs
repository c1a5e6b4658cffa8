//! Lines of equal value over a grid: marching squares. In a square whose corners alternate, the mean of the corners says
//! which two are joined.

use std::collections::BTreeMap;

use crate::grid::Grid;
use crate::range::drawable;

/// A crossing of a grid's edge: the edge that starts at a column and a row, to the right or upwards.
type Edge = (usize, usize, bool);

/// The lines on which a grid has a value, each as points counted in columns and rows.
pub(crate) fn lines(grid: &Grid, level: f64) -> Vec<Vec<[f64; 2]>> {
    let mut neighbours: BTreeMap<Edge, Vec<Edge>> = BTreeMap::new();
    for row in 0..grid.rows - 1 {
        for column in 0..grid.columns - 1 {
            for (a, b) in pieces(grid, column, row, level) {
                neighbours.entry(a).or_default().push(b);
                neighbours.entry(b).or_default().push(a);
            }
        }
    }
    chains(neighbours).iter().map(|chain| chain.iter().map(|edge| crossing(grid, *edge, level)).collect()).collect()
}

/// The pieces of line within a square.
fn pieces(grid: &Grid, column: usize, row: usize, level: f64) -> Vec<(Edge, Edge)> {
    // Around the square from its lower left corner, counter-clockwise with y up.
    let corners = [(column, row), (column + 1, row), (column + 1, row + 1), (column, row + 1)];
    let values = corners.map(|(c, r)| grid.at(c, r));
    if !values.iter().all(|v| drawable(*v)) {
        return Vec::new();
    }
    let edges: [Edge; 4] =
        [(column, row, false), (column + 1, row, true), (column, row + 1, false), (column, row, true)];
    let above = values.map(|v| v > level);
    let crossed: Vec<usize> = (0..4).filter(|side| above[*side] != above[(side + 1) % 4]).collect();
    match crossed[..] {
        [a, b] => vec![(edges[a], edges[b])],
        [_, _, _, _] => {
            let middle = values.iter().map(|v| v / 4.0).sum::<f64>() > level;
            // Where the middle belongs to the first corner, the two others are cut off.
            let pairs = if middle == above[0] { [(0, 1), (2, 3)] } else { [(3, 0), (1, 2)] };
            pairs.map(|(a, b)| (edges[a], edges[b])).to_vec()
        }
        _ => Vec::new(),
    }
}

/// Crossings joined to lines: first from loose ends, then around the closed ones.
fn chains(mut neighbours: BTreeMap<Edge, Vec<Edge>>) -> Vec<Vec<Edge>> {
    let ends: Vec<Edge> = neighbours.iter().filter(|(_, n)| n.len() == 1).map(|(edge, _)| *edge).collect();
    let all: Vec<Edge> = neighbours.keys().copied().collect();
    let mut chains = Vec::new();
    for start in ends.into_iter().chain(all) {
        let mut chain = vec![start];
        let mut now = start;
        while let Some(next) = neighbours.get_mut(&now).and_then(Vec::pop) {
            if let Some(back) = neighbours.get_mut(&next)
                && let Some(place) = back.iter().position(|edge| *edge == now)
            {
                back.swap_remove(place);
            }
            chain.push(next);
            now = next;
        }
        if chain.len() > 1 {
            chains.push(chain);
        }
    }
    chains
}

fn crossing(grid: &Grid, (column, row, upright): Edge, level: f64) -> [f64; 2] {
    let (next_column, next_row) = if upright { (column, row + 1) } else { (column + 1, row) };
    let (a, b) = (grid.at(column, row), grid.at(next_column, next_row));
    let share = ((level - a) / (b - a)).clamp(0.0, 1.0);
    let share = if share.is_nan() { 0.5 } else { share };
    let (c, r) = (column as f64, row as f64);
    if upright { [c, r + share] } else { [c + share, r] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bowls_contour_is_one_closed_circle() {
        let bowl = Grid::of([-2.0, 2.0], [-2.0, 2.0], 41, 41, |x, y| x * x + y * y).unwrap();
        let lines = lines(&bowl, 1.0);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].first(), lines[0].last());
        for [column, row] in &lines[0] {
            let [x, y] = bowl.point(*column, *row);
            assert!((x.hypot(y) - 1.0).abs() < 0.01);
        }
    }

    #[test]
    fn a_saddles_contour_at_its_height_crosses_without_loose_ends_inside() {
        let saddle = Grid::of([-1.0, 1.0], [-1.0, 1.0], 10, 10, |x, y| x * y).unwrap();
        for line in lines(&saddle, 0.0) {
            for end in [line[0], line[line.len() - 1]] {
                let on_edge = end.iter().any(|v| *v == 0.0 || *v == 9.0);
                assert!(on_edge || line[0] == line[line.len() - 1], "{end:?}");
            }
        }
    }
}
