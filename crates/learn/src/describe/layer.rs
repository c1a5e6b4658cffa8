//! The trait of layers: plain data with one function from a value to a value.

use std::cell::RefCell;
use std::fmt;
use std::panic::Location;

use limpid_graph::{Builder, Fault, Shape, Var};

use crate::describe::initializer::Initializer;

/// A layer of a network: plain data that describes a piece of graph.
///
/// Implement it for a layer of your own; its gradient follows from the ops that it uses.
///
/// ```
/// use limpid_graph::Var;
/// use limpid_learn::{Affine, Context, Layer, Network};
///
/// /// Multiplies by a learned number.
/// #[derive(Debug)]
/// struct Gain;
///
/// impl Layer for Gain {
///     fn text(&self) -> String {
///         "gain".into()
///     }
///     fn forward<'b>(&self, x: Var<'b>, context: &Context<'b>) -> Var<'b> {
///         x * context.parameter("gain", (), limpid_learn::Initializer::Uniform(1.0))
///     }
/// }
///
/// let network = Network::new(3, (Affine::new(3, 2), Gain));
/// assert_eq!(network.parameter_names()?, ["0/w", "0/b", "1/gain"]);
/// # Ok::<(), limpid_learn::Error>(())
/// ```
pub trait Layer: fmt::Debug + Send + Sync {
    /// The layer as network text, such as `affine 50`.
    fn text(&self) -> String;

    /// Describes the layer's output for the input `x`, whose first axis is the batch.
    fn forward<'b>(&self, x: Var<'b>, context: &Context<'b>) -> Var<'b>;

    /// Where the layer was constructed, for messages.
    fn location(&self) -> Option<&'static Location<'static>> {
        None
    }
}

/// What a network's description is for. Some layers differ, dropout for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Learning.
    Train,
    /// Evaluating and predicting.
    Inference,
}

/// A parameter as a layer declared it.
#[derive(Clone, Debug, PartialEq)]
pub struct Declared {
    /// Its path, such as `0/w`.
    pub name: String,
    /// Its shape, in numbers.
    pub shape: Vec<usize>,
    /// How it begins.
    pub initializer: Initializer,
}

/// Where layers describe themselves: a builder, a mode, and the parameters declared so far.
#[derive(Debug)]
pub struct Context<'b> {
    builder: &'b Builder,
    mode: Mode,
    declared: RefCell<Vec<Declared>>,
}

impl<'b> Context<'b> {
    /// A context for describing into `builder`.
    pub fn new(builder: &'b Builder, mode: Mode) -> Self {
        Self { builder, mode, declared: RefCell::default() }
    }

    /// The builder that is described into.
    pub fn builder(&self) -> &'b Builder {
        self.builder
    }

    /// What the description is for.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Declares a parameter of a known shape; its path is that of the layer and `name`. One of another shape is a mistake:
    /// it could not be drawn.
    #[track_caller]
    pub fn parameter(&self, name: &str, shape: impl Into<Shape>, initializer: Initializer) -> Var<'b> {
        let shape = shape.into();
        let Some(extents) = shape.as_known() else {
            let what = format!("the parameter `{name}` of shape {shape} has no known size");
            let hint = "a shape of numbers alone, of a size that memory can address".to_string();
            return self.builder.poison("parameter", Fault::Layer { what, hint }, &[]);
        };
        let var = self.builder.parameter(name, shape);
        if let Some(name) = var.name() {
            self.declared.borrow_mut().push(Declared { name, shape: extents, initializer });
        }
        var
    }

    /// The parameters declared, in order.
    pub fn into_declared(self) -> Vec<Declared> {
        self.declared.into_inner()
    }
}
