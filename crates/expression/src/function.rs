//! The functions that a formula can call: the rows of the Map table.

use limpid_graph::MapOp;
use limpid_graph::map::MapInfo;

use crate::Constant;

/// The row that a name calls.
pub(crate) fn function(name: &str) -> Option<MapOp> {
    let called = |op: &&MapOp| op.info().name == name || alias(&op.info()) == Some(name);
    MapOp::ALL.iter().find(called).copied()
}

/// What a row's formula calls it, where that is all the formula says: `max` for `max({x}, {y})`.
fn alias(info: &MapInfo) -> Option<&'static str> {
    let (name, given) = info.formula.split_once('(')?;
    let arguments: Vec<String> = info.arguments.iter().map(|argument| format!("{{{argument}}}")).collect();
    (given.strip_suffix(')') == Some(&arguments.join(", "))).then_some(name)
}

/// A call of the row as one writes it.
pub(crate) fn call(op: MapOp) -> String {
    let info = op.info();
    format!("{}({})", info.name, info.arguments.join(", "))
}

/// All names of functions, as formulas print them: `max`, where the row's own name is `maximum`.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    MapOp::ALL.iter().map(|op| op.info()).map(|info| alias(&info).unwrap_or(info.name))
}

/// What to write for a name of another language.
pub(crate) fn hint_for(name: &str) -> String {
    if let Some(constant) = Constant::named(name) {
        return format!("use `{}`", constant.text());
    }
    match function(name).or_else(|| function(nearest(name)?)) {
        Some(op) => format!("use `{}`", call(op)),
        None => format!("the functions are: {}", names().collect::<Vec<_>>().join(", ")),
    }
}

/// The function that `name` was most likely meant to be.
pub(crate) fn nearest(name: &str) -> Option<&'static str> {
    // Too long for a slip, and not worth the work.
    if name.chars().count() > 24 {
        return None;
    }
    let name = name.to_lowercase();
    // What other languages call them.
    match name.as_str() {
        "log" | "loge" => return Some("ln"),
        "power" => return Some("pow"),
        "logistic" => return Some("sigmoid"),
        "expm1" => return Some("exp_m1"),
        "log1p" => return Some("ln_1p"),
        // Functions in their own right, not slips of the finger: `tan` is not `tanh`.
        "tan" | "sinh" | "cosh" | "mod" | "mean" | "sum" => return None,
        _ => {}
    }
    let all = MapOp::ALL.iter().map(|op| op.info());
    let candidates = all.flat_map(|info| [Some(info.name), alias(&info)]).flatten();
    let (steps, best) = candidates.map(|known| (distance(&name, known), known)).min_by_key(|&(steps, _)| steps)?;
    (steps <= (name.chars().count() / 3).max(1)).then_some(best)
}

/// How many characters have to be typed, deleted, replaced or exchanged with their neighbour to make `a` of `b`
/// (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_called_by_its_name_and_by_what_its_formula_calls_it() {
        for &op in MapOp::ALL {
            assert_eq!(function(op.info().name), Some(op));
        }
        assert_eq!(function("max"), Some(MapOp::Maximum));
        assert_eq!(function("min"), Some(MapOp::Minimum));
        assert_eq!(function("where"), Some(MapOp::Select));
        assert_eq!(function("pow2"), None);
    }

    #[test]
    fn a_slip_finds_the_function_that_was_meant_and_nothing_finds_nothing() {
        let meant = [("sgimoid", "sigmoid"), ("exo", "exp"), ("Tanh", "tanh"), ("log", "ln"), ("maximun", "maximum")];
        assert!(meant.iter().all(|&(slip, name)| nearest(slip) == Some(name)), "{:?}", meant.map(|(s, _)| nearest(s)));
        assert_eq!(nearest("cosine"), None);
        assert_eq!(nearest("f"), None);
        assert_eq!(nearest("tan"), None);
        for known in names() {
            assert_eq!(nearest(known), Some(known));
        }
    }
}
