//! What is written on a graph: numbers, statistics, the signs of ops.

use limpid_graph::op::Monoid;
use limpid_graph::show::{DrawnNode, Numbers};
use limpid_graph::{Leaf, MapOp, Op};

use crate::short_number;

/// The lines above and below the line that leaves a node.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Label {
    /// The value.
    pub(crate) above: Vec<String>,
    /// The derivative.
    pub(crate) below: Vec<String>,
    /// Whether the derivative is asked for.
    pub(crate) blank: bool,
}

/// What stands where a derivative is asked for.
pub(crate) const BLANK: &str = "______";

impl Label {
    /// All its lines.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.above.iter().chain(&self.below).map(String::as_str)
    }

    /// The value and the derivative of a node. Of a constant the sign on the node says the value already.
    pub(crate) fn of(node: &DrawnNode, digits: Option<usize>, with_constants: bool) -> Self {
        let is_constant = is_number(node);
        let above = match &node.value {
            Some(_) if is_constant => Vec::new(),
            Some(value) => described(value, digits),
            None if is_constant || node.shape == "()" => Vec::new(),
            None => vec![node.shape.clone()],
        };
        let below = match &node.derivative {
            _ if node.is_blank => vec![BLANK.to_string()],
            Some(_) if is_constant && !with_constants => Vec::new(),
            Some(derivative) => vec![measured(derivative, digits)],
            None => Vec::new(),
        };
        Self { above, below, blank: node.is_blank }
    }
}

/// Whether the node is a single number written in the graph.
pub(crate) fn is_number(node: &DrawnNode) -> bool {
    matches!(node.computes, Op::Leaf(Leaf::Constant(_))) && !node.attributes.is_empty()
}

/// A single number as it is; a tensor as its shape, and its numbers where they are few and short, else statistics.
pub(crate) fn described(numbers: &Numbers, digits: Option<usize>) -> Vec<String> {
    if numbers.shape.is_empty() {
        return vec![measured(numbers, digits)];
    }
    let extents: Vec<_> = numbers.shape.iter().map(ToString::to_string).collect();
    let comma = if extents.len() == 1 { "," } else { "" };
    vec![format!("({}{comma})", extents.join(", ")), measured(numbers, digits)]
}

/// The numbers without their shape.
fn measured(numbers: &Numbers, digits: Option<usize>) -> String {
    let count: usize = numbers.shape.iter().product();
    if numbers.shape.is_empty() {
        return numbers.first.first().map(|&x| number(x, digits)).unwrap_or_default();
    }
    if count == 0 {
        return "no numbers".to_string();
    }
    let listed: Vec<_> = numbers.first.iter().map(|&x| number(x, digits)).collect();
    let list = format!("[{}]", listed.join(", "));
    if numbers.first.len() == count && list.len() <= LONGEST_LIST {
        return list;
    }
    let short = |x: f64| number(x, Some(digits.unwrap_or(4)));
    match numbers.min.total_cmp(&numbers.max) {
        std::cmp::Ordering::Equal => format!("all {}", short(numbers.min)),
        _ => format!("{}..{}, mean {}", short(numbers.min), short(numbers.max), short(numbers.mean)),
    }
}

/// A longer list is given by its size.
const LONGEST_LIST: usize = 20;

/// As many significant digits of a number as asked for; else all of a whole number and [`DIGITS`] of another.
pub(crate) fn number(x: f64, digits: Option<usize>) -> String {
    match digits {
        // Seventeen tell any two numbers apart, and fewer are written where fewer do.
        Some(17..) => {
            let plain = x.to_string();
            let all = if plain.len() > 24 { format!("{x:e}") } else { plain };
            minus(&all)
        }
        Some(digits) => short_number(x, digits),
        None if x.fract() == 0.0 && x.abs() < LARGEST_WHOLE => minus(&(x + 0.0).to_string()),
        None => short_number(x, DIGITS),
    }
}

/// So many digits of a number are read at a glance.
const DIGITS: usize = 6;
/// Whole numbers below this are written with all their digits.
const LARGEST_WHOLE: f64 = 1e9;

/// A written number with the minus sign that all pictures have.
pub(crate) fn minus(number: &str) -> String {
    number.replace('-', "−")
}

/// The sign of an op in its circle. `operand` is what its first input is called: a sign that shows what it is applied to
/// names that, not some x.
pub(crate) fn sign(node: &DrawnNode, operand: &str) -> String {
    let is_short = (1..=3).contains(&operand.chars().count());
    let (bare, within) = if is_short { (operand, operand) } else { ("(·)", "·") };
    let sign = match &node.computes {
        Op::Map(MapOp::Square) => return format!("{bare}²"),
        Op::Map(MapOp::Abs) => return format!("|{within}|"),
        Op::Map(op) => sign_of(*op),
        Op::Reduce(reduce) => match reduce.monoid {
            Monoid::Sum => "Σ",
            other => other.name(),
        },
        Op::Leaf(_) | Op::Formula(_) | Op::Contract | Op::Layout(_) | Op::Index(_) | Op::Window(_) | Op::Random(_) => {
            &node.op
        }
    };
    sign.to_string()
}

/// The sign of a function of single numbers that has one; the name of the others.
fn sign_of(op: MapOp) -> &'static str {
    match op {
        MapOp::Add => "+",
        MapOp::Subtract => "−",
        MapOp::Multiply => "×",
        MapOp::Divide => "÷",
        MapOp::Negate => "neg",
        MapOp::Sqrt => "√",
        MapOp::Maximum => "max",
        MapOp::Minimum => "min",
        MapOp::Greater => ">",
        MapOp::GreaterEqual => "≥",
        MapOp::Less => "<",
        MapOp::LessEqual => "≤",
        MapOp::Equal => "=",
        MapOp::NotEqual => "≠",
        MapOp::Select => "where",
        op => op.info().name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_six_digits_whole_ones_all_and_as_many_as_told() {
        let six = [(220.00000000000003, "220"), (0.04039712463184949, "0.0403971"), (-0.5, "−0.5"), (1e300, "1×10³⁰⁰")];
        for (x, text) in six.into_iter().chain([(1234567.0, "1234567"), (-12.0, "−12"), (-0.0, "0")]) {
            assert_eq!(number(x, None), text, "{x}");
        }
        let four = [(220.00000000000003, "220"), (9.99996, "10"), (0.000123456, "0.0001235"), (1e-9, "1×10⁻⁹")];
        for (x, text) in four.into_iter().chain([(-0.5, "−0.5"), (12345678.0, "1.235×10⁷"), (1234.0, "1234")]) {
            assert_eq!(number(x, Some(4)), text, "{x}");
        }
        for (x, text) in [(220.00000000000003, "220.00000000000003"), (0.1, "0.1"), (1e300, "1e300"), (-2.5, "−2.5")]
        {
            assert_eq!(number(x, Some(17)), text, "{x}");
        }
        for digits in [None, Some(4), Some(17)] {
            assert_eq!(number(f64::NAN, digits), "NaN");
        }
    }
}
