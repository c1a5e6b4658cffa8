//! The trait of layers: plain data with one function from a value to a value.

use std::fmt;
use std::panic::Location;

use limpid_graph::Var;

use crate::describe::context::Context;

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

    /// The layers that it is made of, each with its path within this one, such as `0`.
    fn inner(&self) -> Vec<(String, &dyn Layer)> {
        Vec::new()
    }
}
