//! The Map class: functions of single numbers, applied to each element.
//!
//! `table.rs` holds the ops themselves, one row each. [`Lane`] is the arithmetic that a row may use, [`FormulaBody`] and
//! [`Formula`] let a user compose rows into a Map op of their own.

mod formula;
mod lane;
mod macros;
mod table;

pub use formula::{Formula, FormulaBody};
pub use lane::{Lane, Real};
pub use table::MapOp;

use crate::builder::Var;

/// What a row of the table says of its op.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MapInfo {
    /// The method that makes it, and its name in listings.
    pub name: &'static str,
    /// The first lines of its documentation.
    pub summary: &'static str,
    /// The names of its arguments.
    pub arguments: &'static [&'static str],
    /// How it is printed; an argument's name in braces stands for the argument.
    pub formula: &'static str,
    /// The operator that ONNX has for it.
    pub onnx: Option<&'static str>,
    /// How far a value may be from the true one, in units in the last place.
    pub ulp: f64,
    /// Whether it has a derivative wherever it has a value; not where a row says that it has a kink.
    pub smooth: bool,
    /// Points, away from kinks, at which the gradient is checked.
    pub probes: &'static [&'static [f64]],
}

impl MapOp {
    /// The value at each position of the arguments.
    #[inline(never)]
    pub(crate) fn values<L: Lane>(self, arguments: &[&[L]]) -> Vec<L> {
        let mut out = vec![L::of(0.0); arguments.first().map_or(0, |argument| argument.len())];
        self.apply(arguments, &mut out);
        out
    }
}

impl MapInfo {
    /// The formula with `arguments` in their places; an argument that is not given stands by its name.
    pub fn formula_of(&self, arguments: &[impl AsRef<str>]) -> String {
        let mut text = String::new();
        let mut rest = self.formula;
        // One pass, so that braces in an argument's text stay what they are.
        while let Some((before, name, after)) = rest.split_once('{').and_then(|(before, from)| {
            let (name, after) = from.split_once('}')?;
            Some((before, name, after))
        }) {
            let argument = self.arguments.iter().position(|a| *a == name).and_then(|i| arguments.get(i));
            text.extend([before, argument.map_or(name, AsRef::as_ref)]);
            rest = after;
        }
        text + rest
    }
}

/// What one argument of an op receives of the upstream derivative.
#[derive(Clone, Copy)]
pub(crate) enum Gradient<'b> {
    /// This.
    Flows(Var<'b>),
    /// Nothing: the op is piecewise constant in that argument.
    Zero,
    /// The op has no derivative with respect to that argument, for this reason.
    Nowhere(&'static str),
}

impl<'b> From<Var<'b>> for Gradient<'b> {
    fn from(var: Var<'b>) -> Self {
        Self::Flows(var)
    }
}
