//! What can be wrong, as data: mistakes in a description, all reported together, and what stops a run.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use limpid_tensor::{Dim, Shape};
use thiserror::Error;

/// A mistake in one op of a described graph.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Fault {
    /// Operands whose shapes do not broadcast.
    #[error("the shapes do not broadcast")]
    Broadcast,
    /// A value that does not broadcast to a shape.
    #[error("the value does not broadcast to {target}")]
    BroadcastTo {
        /// The wanted shape.
        target: Shape,
    },
    /// A matrix product whose inner sizes differ.
    #[error("the inner sizes {left} and {right} differ")]
    InnerSizes {
        /// The left operand's last extent.
        left: Dim,
        /// The right operand's last extent but one.
        right: Dim,
    },
    /// A matrix product of stacks of matrices that do not broadcast.
    #[error("the axes before the last two do not broadcast")]
    LeadingAxes,
    /// A matrix product of something that is no matrix.
    #[error("a single number has no matrix product")]
    MatrixRank,
    /// An axis that is not there.
    #[error("there is no axis {axis} in a value with {}", counted(*.rank, "axis", "axes"))]
    Axis {
        /// The axis asked for.
        axis: isize,
        /// How many there are.
        rank: usize,
    },
    /// An axis named twice.
    #[error("axis {axis} is named twice")]
    RepeatedAxis {
        /// The axis, counted from the start.
        axis: usize,
    },
    /// A transpose of something that is no matrix.
    #[error("the value has fewer than two axes to exchange")]
    TransposeRank,
    /// A permutation of another rank than its value.
    #[error("{} given for a value with {}", counted(*.given, "axis is", "axes are"), counted(*.rank, "axis", "axes"))]
    PermuteRank {
        /// How many axes the permutation names.
        given: usize,
        /// How many the value has.
        rank: usize,
    },
    /// A reshape that would lose or invent numbers.
    #[error("a value of shape {target} does not hold as many numbers")]
    Reshape {
        /// The wanted shape.
        target: Shape,
    },
    /// A slice outside its axis.
    #[error("{start}..{end} is not a range within 0..{extent}")]
    SliceBounds {
        /// First position kept.
        start: usize,
        /// One past the last.
        end: usize,
        /// The axis' extent.
        extent: usize,
    },
    /// An axis whose extent has to be known and is not.
    #[error("cannot {doing} along axis {axis}, whose extent {dim} is known only when the graph runs")]
    SymbolicAxis {
        /// What was asked for.
        doing: &'static str,
        /// Along which axis.
        axis: usize,
        /// Its extent.
        dim: Dim,
    },
    /// Values joined that differ beside the joining axis.
    #[error("the shapes differ in more than axis {axis}")]
    ConcatShapes {
        /// The joining axis.
        axis: usize,
    },
    /// A window that does not fit into its axis once.
    #[error("a window that reaches over {reach} does not fit into axis {axis}, which has {extent} with its padding")]
    Window {
        /// The axis.
        axis: usize,
        /// How many positions it has with its padding.
        extent: usize,
        /// From the first position that the window sees to the last.
        reach: usize,
    },
    /// An axis of another extent than the op is made for.
    #[error("axis {axis} has {found} positions, and the op is made for {wanted}")]
    Extent {
        /// The axis.
        axis: usize,
        /// How many the op is made for.
        wanted: usize,
        /// How many there are.
        found: usize,
    },
    /// A class axis without classes.
    #[error("there must be at least one class")]
    NoClasses,
    /// A result whose size overflows.
    #[error("the result would be larger than memory can address")]
    TooLarge,
    /// An op given another number of inputs than it takes.
    #[error("the op takes {} and was given {found}", counted(*.wanted, "value", "values"))]
    Arity {
        /// How many it takes.
        wanted: usize,
        /// How many it was given.
        found: usize,
    },
    /// A step to draw by that is not one number.
    #[error("a step to draw by is a single number, not a value of shape {shape}")]
    StepShape {
        /// Its shape.
        shape: Shape,
    },
    /// A formula whose body names an argument that it does not take.
    #[error("the formula's body names argument {argument}, but it takes {}", counted(*.arity, "argument", "arguments"))]
    FormulaArgument {
        /// The argument named.
        argument: usize,
        /// How many there are.
        arity: usize,
    },
    /// A formula whose body gives a row of the table another number of arguments than it takes.
    #[error("`{row}` in the formula's body takes {} and was given {found}", counted(*.wanted, "argument", "arguments"))]
    FormulaRow {
        /// The row.
        row: &'static str,
        /// How many it takes.
        wanted: usize,
        /// How many it was given.
        found: usize,
    },
    /// A formula whose own gradient is given for another number of arguments than it takes.
    #[error("the formula takes {}, and its gradient is given for {found}", counted(*.arity, "argument", "arguments"))]
    FormulaGradient {
        /// How many it takes.
        arity: usize,
        /// For how many the gradient is given.
        found: usize,
    },
    /// A leaf declared with a product of symbols.
    #[error("`{name}` is declared {shape}, but the extent {dim} is neither a number nor a single symbol")]
    LeafExtent {
        /// The leaf.
        name: String,
        /// Its declared shape.
        shape: Shape,
        /// The extent.
        dim: Dim,
    },
    /// Two leaves of one name.
    #[error("the name `{name}` is taken already")]
    DuplicateName {
        /// The name.
        name: String,
    },
    /// A derivative asked through an op that has none.
    #[error("the derivative cannot come through {op}: {reason}; the way there: {}", .way.join(" → "))]
    NoDerivative {
        /// The op.
        op: String,
        /// Why it has none.
        reason: &'static str,
        /// From the variable to the op.
        way: Vec<String>,
    },
    /// A gradient of something that is not one number.
    #[error("a gradient is taken of a single number, not of {shape}")]
    NotScalar {
        /// Its shape.
        shape: Shape,
    },
    /// An upstream derivative of another shape than its output.
    #[error("the upstream derivative of a value of shape {output} has another shape")]
    UpstreamShape {
        /// The output's shape.
        output: Shape,
    },
    /// Another number of upstream derivatives than of outputs.
    #[error("{} given for {}",
        counted(*.upstream, "upstream derivative is", "upstream derivatives are"), counted(*.outputs, "output", "outputs"))]
    UpstreamCount {
        /// How many outputs there are.
        outputs: usize,
        /// How many upstream derivatives were given.
        upstream: usize,
    },
    /// An assignment to a value that is not kept.
    #[error("only parameters and state can be assigned, and this is made by {op}")]
    NotAssignable {
        /// What it is.
        op: String,
    },
    /// A second assignment to the same target.
    #[error("it is assigned a second time, and a run can keep only one value")]
    AssignedTwice,
    /// An assignment of another shape.
    #[error("a value of shape {value} cannot be assigned to {target}")]
    AssignShape {
        /// The value's.
        value: Shape,
        /// The target's.
        target: Shape,
    },
    /// A value of another builder.
    #[error("a value that another builder made is used here")]
    Foreign,
    /// What a layer finds wrong with what it was given.
    #[error("{what}")]
    Layer {
        /// What is wrong.
        what: String,
        /// What was expected.
        hint: String,
    },
}

impl Fault {
    /// What was expected, as a noun.
    fn expected(&self, operands: &[Operand]) -> String {
        let shape_of = |i: usize| operands.get(i).map(|o| o.shape.to_string()).unwrap_or_default();
        match self {
            Self::Broadcast => match operands.iter().map(|o| &o.shape).collect::<Vec<_>>()[..] {
                [a, b] => clashing(a, b),
                _ => "extents that, aligned at the last axis, are equal or 1".into(),
            },
            Self::BroadcastTo { .. } => {
                "a target whose last extents equal the value's, except where the value's are 1".into()
            }
            Self::InnerSizes { left, .. } => match operands.get(1).map(|o| o.shape.dims()) {
                Some([_]) => format!("a right operand of shape ({left},), or of more axes, the last but one {left}"),
                Some([lead @ .., _, columns]) => {
                    let dims = lead.iter().chain([left, columns]);
                    format!("a right operand of shape {}", Shape::new(dims.cloned()))
                }
                _ => format!("a right operand whose last axis but one is {left}"),
            },
            Self::LeadingAxes => "stacks of matrices whose extents before the last two are equal or 1".into(),
            Self::MatrixRank => "operands such as (m, k) and (k, n); `*` multiplies by a number".into(),
            Self::Axis { rank: 0, .. } => "no axis, because the value is a single number".into(),
            Self::Axis { rank: 1, .. } => "axis 0, or counted from the end -1".into(),
            Self::Axis { rank, .. } => format!("an axis from 0 to {}, or counted from the end -{rank} to -1", rank - 1),
            Self::RepeatedAxis { .. } => "each axis once".into(),
            Self::TransposeRank => "a value with two axes or more, such as one reshaped to (1, n)".into(),
            Self::PermuteRank { rank: 0, .. } => "no axes, because the value is a single number".into(),
            Self::PermuteRank { rank, .. } => format!("each of the axes 0 to {} once", rank - 1),
            Self::Reshape { .. } => match operands.first().map(|o| o.shape.count()) {
                Some(count) => format!("a shape whose extents multiply to {count}"),
                None => "a shape that holds as many numbers".into(),
            },
            Self::SliceBounds { extent, .. } => format!("a start not above the end, and an end of at most {extent}"),
            Self::SymbolicAxis { .. } => "an axis whose extent is a number in the description".into(),
            Self::ConcatShapes { axis } => format!("shapes that equal {} except along axis {axis}", shape_of(0)),
            Self::Window { extent, .. } => format!(
                "a window that reaches over at most {extent}, with a size, a stride and a dilation of at least 1, or more padding"
            ),
            Self::Extent { axis, wanted, .. } => format!("a value with {wanted} positions along axis {axis}"),
            Self::NoClasses => "the number of classes, 1 or more".into(),
            Self::TooLarge => "smaller extents".into(),
            Self::Arity { wanted, .. } => counted(*wanted, "value", "values"),
            Self::StepShape { .. } => "one number that counts steps, or two, the second of 2^24 steps each".into(),
            Self::FormulaArgument { arity, .. } => match arity {
                0 => "a body without arguments".into(),
                1 => "argument 0, the only one that the formula was made with".into(),
                _ => format!("arguments 0 to {}, those that the formula was made with", arity - 1),
            },
            Self::FormulaRow { wanted, .. } => counted(*wanted, "argument", "arguments"),
            Self::FormulaGradient { arity, .. } => {
                format!("a gradient for {}", counted(*arity, "argument", "arguments"))
            }
            Self::LeafExtent { .. } => "a number, or a symbol of its own, such as `batch`".into(),
            Self::DuplicateName { .. } => "a name that no other value has".into(),
            Self::NoDerivative { .. } => {
                "an output that does not depend on this op, or `stop_gradient` on the input of this op".into()
            }
            Self::UpstreamShape { output } => format!("an upstream derivative of shape {output}"),
            Self::UpstreamCount { .. } => "one upstream derivative for each output, in their order".into(),
            Self::AssignedTwice => "one assignment, of the final value".into(),
            Self::NotScalar { .. } => "a sum or a mean of it, or `vjp` with an upstream derivative of its shape".into(),
            Self::NotAssignable { .. } => "a value made by `parameter` or `state`".into(),
            Self::AssignShape { target, .. } => format!("a value of shape {target}"),
            Self::Foreign => "values of the builder that the graph is finished from".into(),
            Self::Layer { hint, .. } => hint.clone(),
        }
    }
}

/// `1 axis`, `2 axes`.
fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Where two shapes do not broadcast.
fn clashing(a: &Shape, b: &Shape) -> String {
    let pairs = a.dims().iter().rev().zip(b.dims().iter().rev()).enumerate();
    let mut clashes = pairs.filter(|(_, (a, b))| a != b && !a.is_one() && !b.is_one());
    match clashes.next() {
        Some((back, (a, b))) => {
            format!("extents that are equal or 1, aligned at the last axis; here {a} meets {b} at axis -{}", back + 1)
        }
        None => "extents that are equal or 1, aligned at the last axis".into(),
    }
}

/// A value that an op was given, as a mistake names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operand {
    /// Its name, or the op that made it.
    pub name: String,
    /// Its shape.
    pub shape: Shape,
}

/// Where in the description a node was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The path of the layer, such as `0`; empty outside layers.
    pub path: Arc<str>,
    /// What the layer calls itself, such as `affine 50`.
    pub layer: Arc<str>,
    /// The line that wrote it; for a layer, the line that constructed the layer.
    pub location: &'static Location<'static>,
}

/// One root cause: an op that is impossible, with what it was given and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The op.
    pub op: String,
    /// What is wrong.
    pub fault: Fault,
    /// What the op was given.
    pub operands: Vec<Operand>,
    /// Where.
    pub origin: Origin,
}

impl Mistake {
    /// What would have fit, as a noun.
    pub fn expected(&self) -> String {
        self.fault.expected(&self.operands)
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.op, self.fault)?;
        if !self.operands.is_empty() {
            let operands: Vec<_> = self.operands.iter().map(|o| format!("{} {}", o.name, o.shape)).collect();
            write!(f, "\n     given:    {}", operands.join(", "))?;
        }
        let Origin { path, layer, location } = &self.origin;
        let layer = if path.is_empty() { String::new() } else { format!("layer {path} ({layer}), ") };
        write!(f, "\n     where:    {layer}{}:{}:{}", location.file(), location.line(), location.column())?;
        write!(f, "\n     expected: {}", self.expected())
    }
}

/// Every root cause in a description. What follows from a mistake is not reported again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => write!(f, "1 mistake in the described graph")?,
            n => write!(f, "{n} mistakes in the described graph")?,
        }
        for (i, mistake) in self.0.iter().enumerate() {
            write!(f, "\n{:>3}. {mistake}", i + 1)?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}

fn positions(extent: usize) -> String {
    match extent {
        0 => "the axis is empty".to_string(),
        1 => "use 0".to_string(),
        _ => format!("use a whole number from 0 to {}", extent - 1),
    }
}

/// What can go wrong with a graph.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum Error {
    /// The description is wrong.
    #[error(transparent)]
    Described(#[from] Mistakes),
    /// A run was not fed a value that the graph needs.
    #[error("`{name}` {shape} was not fed; the graph needs: {needs}")]
    NotFed {
        /// The leaf.
        name: String,
        /// Its shape.
        shape: Shape,
        /// All that the graph needs.
        needs: String,
    },
    /// A run was fed a value that the graph does not know.
    #[error("the graph has no input `{name}`; it has: {known}")]
    UnknownFeed {
        /// The name.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// A fed value does not have the declared shape.
    #[error("`{name}` is declared {declared}, but a value of shape {found:?} was fed")]
    FeedShape {
        /// The leaf.
        name: String,
        /// Its declared shape.
        declared: Shape,
        /// The value's.
        found: Vec<usize>,
    },
    /// Two fed values disagree on a symbol.
    #[error("`{name}` makes {symbol} = {found}, but another value fed makes it {bound}; both must be equal")]
    SymbolConflict {
        /// The leaf that came second.
        name: String,
        /// The symbol.
        symbol: String,
        /// What the first made of it.
        bound: usize,
        /// What the second made of it.
        found: usize,
    },
    /// A run was given another number of values than the graph has leaves to feed.
    #[error("the graph takes {} ({needs}), but {found} were given", counted(*.wanted, "value", "values"))]
    FeedCount {
        /// How many it takes.
        wanted: usize,
        /// How many were given.
        found: usize,
        /// Their names, in order.
        needs: String,
    },
    /// A value's shape has a symbol that no input, parameter or state of the graph has.
    #[error("{what} has the shape {shape}, but nothing that is fed says what `{symbol}` is")]
    Unbound {
        /// Which value.
        what: String,
        /// Its shape.
        shape: Shape,
        /// The symbol.
        symbol: String,
    },
    /// A value would be larger than memory.
    #[error("{what} of shape {shape} would be larger than memory")]
    TooLarge {
        /// Which value.
        what: String,
        /// Its shape.
        shape: Shape,
    },
    /// Memory that the system does not give.
    #[error(
        "there is no memory for {what} ({}); fewer units, a smaller batch or less data need less",
        size_text(*.bytes)
    )]
    NoMemory {
        /// What it was for.
        what: String,
        /// How many bytes that is.
        bytes: usize,
    },
    /// A position or class label that is none.
    #[error("{what}: {found} is not a position; {}", positions(*.extent))]
    Position {
        /// The op that met it.
        what: String,
        /// The number.
        found: f64,
        /// How many positions there are.
        extent: usize,
    },
    /// Positions that are computed, or found, on an axis too long for 32-bit floats to count along.
    #[error(
        "{what}: an axis of {extent} has positions that 32-bit floats cannot tell apart, which count to 16777216; feed the \
         positions as 64-bit floats, or compute in f64"
    )]
    PositionsRound {
        /// The op that picks, places or finds.
        what: String,
        /// How many positions the axis has.
        extent: usize,
    },
    /// No node has this name.
    #[error("the graph has no value named `{name}`; it has: {known}")]
    UnknownName {
        /// The name.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// A graph that breaks its own rules: a defect in the transform that made it.
    #[error("the graph is broken at node {node}: {what} (this is a defect in limpid; please report it)")]
    Broken {
        /// Which node.
        node: usize,
        /// Which rule.
        what: String,
    },
}

/// So many bytes, for people.
fn size_text(bytes: usize) -> String {
    const MEGABYTE: u64 = 1_000_000;
    match bytes as u64 {
        0..1000 => format!("{bytes} bytes"),
        1000..MEGABYTE => format!("{:.0} kB", bytes as f64 / 1e3),
        MEGABYTE..10_000_000_000 => format!("{:.0} MB", bytes as f64 / 1e6),
        _ => format!("{:.0} GB", bytes as f64 / 1e9),
    }
}
