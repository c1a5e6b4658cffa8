//! Layers made of others: a residual block, and branches side by side.

use std::panic::Location;

use limpid_graph::{Fault, Shape, Var};

use crate::describe::choices::Choice;
use crate::describe::context::Context;
use crate::describe::layer::Layer;
use crate::describe::sequence::Sequence;

/// The layers of this file, one row each. What stands between their parentheses is read by `describe/text.rs`.
pub(super) static ROWS: &[Choice<Box<dyn Layer>>] = &[
    Choice {
        name: RESIDUAL,
        aliases: &[],
        about: "adds the input to what the layers between the parentheses make of it",
        example: "residual(affine 4, tanh)",
        settings: &[],
        make: |_| Err("`residual` takes layers between parentheses, such as `residual(affine 4, tanh)`".to_string()),
    },
    Choice {
        name: BRANCHES,
        aliases: &[],
        about: "joins what several rows of layers make of one input, along features or channels",
        example: "branches(affine 3 | affine 2, tanh)",
        settings: &[],
        make: |_| {
            let example = "branches(affine 3 | affine 2, tanh)";
            Err(format!("`branches` takes rows of layers between parentheses, such as `{example}`"))
        },
    },
];

pub(crate) const RESIDUAL: &str = "residual";
pub(crate) const BRANCHES: &str = "branches";

/// Adds its input to what layers make of it: x + f(x) (He et al. 2016). The layers keep the shape.
///
/// ```
/// use limpid_learn::{Affine, Network, Relu, Residual};
///
/// let network = Network::new(8, (Residual::new((Affine::to(8), Relu)), Affine::to(2)));
/// assert_eq!(network.to_string(), "8, residual(affine 8, relu), affine 2");
/// assert_eq!(network.parameter_names()?, ["0/0/w", "0/0/b", "1/w", "1/b"]);
/// # Ok::<(), limpid_learn::Error>(())
/// ```
#[derive(Debug)]
pub struct Residual {
    layers: Sequence,
    location: &'static Location<'static>,
}

impl Residual {
    /// Around these layers.
    #[track_caller]
    pub fn new(layers: impl Into<Sequence>) -> Self {
        Self { layers: layers.into(), location: Location::caller() }
    }
}

impl Layer for Residual {
    fn text(&self) -> String {
        format!("{RESIDUAL}({})", self.layers.text())
    }

    fn forward<'b>(&self, x: Var<'b>, context: &Context<'b>) -> Var<'b> {
        let changed = self.layers.forward(x, context, self.location);
        if x.is_poisoned() || changed.is_poisoned() {
            return changed;
        }
        let (given, made) = (x.shape(), changed.shape());
        if given != made {
            let what = format!("the layers inside make {made} of {given}, and the two cannot be added");
            let hint = format!("layers that give {given}, which they are given");
            context.builder().poison(RESIDUAL, Fault::Layer { what, hint }, &[x, changed]);
            return context.builder().stand_in(made);
        }
        x + changed
    }

    fn location(&self) -> Option<&'static Location<'static>> {
        Some(self.location)
    }

    fn inner(&self) -> Vec<(String, &dyn Layer)> {
        self.layers.layers().enumerate().map(|(i, layer)| (i.to_string(), layer)).collect()
    }
}

/// Several rows of layers that are given the same input; their outputs are joined along the channels of images
/// `(batch, channels, height, width)`, and along the last axis of all else.
///
/// ```
/// use limpid_learn::{Affine, Branches, Network, Relu};
///
/// let network = Network::new(8, Branches::new([(Affine::to(3), Relu).into(), Affine::to(2).into()]));
/// assert_eq!(network.to_string(), "8, branches(affine 3, relu | affine 2)");
/// assert_eq!(network.parameter_names()?, ["0/0/0/w", "0/0/0/b", "0/1/0/w", "0/1/0/b"]);
/// # Ok::<(), limpid_learn::Error>(())
/// ```
#[derive(Debug)]
pub struct Branches {
    branches: Vec<Sequence>,
    location: &'static Location<'static>,
}

impl Branches {
    /// These rows of layers. One that is to hand on its input is `Identity`.
    #[track_caller]
    pub fn new(branches: impl IntoIterator<Item = Sequence>) -> Self {
        Self { branches: branches.into_iter().collect(), location: Location::caller() }
    }
}

impl Layer for Branches {
    fn text(&self) -> String {
        let branches: Vec<String> = self.branches.iter().map(Sequence::text).collect();
        format!("{BRANCHES}({})", branches.join(" | "))
    }

    fn forward<'b>(&self, x: Var<'b>, context: &Context<'b>) -> Var<'b> {
        let of_branch = |(i, branch): (usize, &Sequence)| {
            let _scope = context.builder().scope(&i.to_string(), &branch.text(), self.location);
            branch.forward(x, context, self.location)
        };
        let made: Vec<Var<'b>> = self.branches.iter().enumerate().map(of_branch).collect();
        if let Some(poisoned) = made.iter().find(|made| made.is_poisoned()) {
            return *poisoned;
        }
        let Some((&first, others)) = made.split_first() else { return x };
        let shapes: Vec<Shape> = made.iter().map(Var::shape).collect();
        let rank = first.rank();
        let axis = if rank >= 4 { 1 } else { rank.saturating_sub(1) };
        let beside = |shape: &Shape| {
            let others = shape.dims().iter().enumerate().filter(|(at, _)| *at != axis);
            others.map(|(_, dim)| dim.clone()).collect::<Vec<_>>()
        };
        let fits = |shape: &Shape| shape.rank() == rank && beside(shape) == beside(&shapes[0]);
        if rank == 0 || !shapes.iter().all(fits) {
            let listed: Vec<String> = shapes.iter().map(ToString::to_string).collect();
            let what = format!("the branches give {}, which cannot be joined", listed.join(", "));
            let joined = if rank >= 4 { "channels" } else { "last extents" };
            let hint = format!("branches whose outputs differ in their {joined} alone");
            return context.builder().poison(BRANCHES, Fault::Layer { what, hint }, &[x]);
        }
        first.concat(others.iter().copied(), axis as isize)
    }

    fn location(&self) -> Option<&'static Location<'static>> {
        Some(self.location)
    }

    fn inner(&self) -> Vec<(String, &dyn Layer)> {
        let mut all: Vec<(String, &dyn Layer)> = Vec::new();
        for (b, branch) in self.branches.iter().enumerate() {
            all.extend(branch.layers().enumerate().map(|(i, layer)| (format!("{b}/{i}"), layer)));
        }
        all
    }
}
