//! A network: the extents of one input sample, and layers.

use std::collections::HashMap;
use std::fmt;
use std::panic::Location;
use std::sync::{Arc, OnceLock};

use limpid_graph::{Builder, Dim, Graph, Shape, Tensor, Var};

use crate::describe::context::{Context, Mode};
use crate::describe::layer::Layer;
use crate::describe::sequence::Sequence;
use crate::describe::source::Source;
use crate::describe::variable::{Variable, VariableKind};
use crate::error::Error;

/// A network as described: plain data, cheap to clone.
///
/// ```
/// use limpid_learn::{Affine, Network, Relu};
///
/// let network = Network::new(784, (Affine::new(784, 50), Relu, Affine::new(50, 10)));
/// assert_eq!(network.to_string(), "784, affine 50, relu, affine 10");
/// assert_eq!(network.to_string().parse::<Network>()?.parameter_names()?, ["0/w", "0/b", "2/w", "2/b"]);
/// # Ok::<(), limpid_learn::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Network {
    input: Vec<usize>,
    sequence: Arc<Sequence>,
    location: &'static Location<'static>,
    /// The text that it was written as, for messages.
    source: Option<Arc<Source>>,
    /// Shared by all clones.
    described: Arc<Described>,
}

/// What was described of a network alone: once for each mode, whoever asks for it.
#[derive(Default)]
struct Described {
    train: OnceLock<(Graph, Vec<Variable>)>,
    inference: OnceLock<(Graph, Vec<Variable>)>,
    notes: OnceLock<Vec<String>>,
}

impl fmt::Debug for Described {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Described")
    }
}

impl Network {
    /// Layers over samples of these extents: `784`, or `[1, 28, 28]`.
    #[track_caller]
    pub fn new(input: impl Into<Extents>, layers: impl Into<Sequence>) -> Self {
        let (input, sequence) = (input.into().0, Arc::new(layers.into()));
        Self { input, sequence, location: Location::caller(), source: None, described: Arc::default() }
    }

    /// The same, whose mistakes are shown in the text that it was written as.
    pub(crate) fn written_as(self, source: Source) -> Self {
        Self { source: Some(Arc::new(source)), ..self }
    }

    /// Whether the other is a clone of this network.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.described, &other.described)
    }

    /// The extents of one sample.
    pub fn input(&self) -> &[usize] {
        &self.input
    }

    /// The layers, in order.
    pub fn layers(&self) -> impl ExactSizeIterator<Item = &dyn Layer> {
        self.sequence.layers()
    }

    /// The first `count` layers as a network of their own, whose variables have the same names; all where there are not so
    /// many.
    ///
    /// ```
    /// use limpid_learn::Network;
    ///
    /// let network: Network = "1x28x28, conv 8 5x5, relu, max-pool 2, affine 10".parse()?;
    /// assert_eq!(network.first_layers(2).to_string(), "1x28x28, conv 8 5x5, relu");
    /// # Ok::<(), limpid_learn::Error>(())
    /// ```
    #[must_use]
    pub fn first_layers(&self, count: usize) -> Self {
        let sequence = Arc::new(self.sequence.first(count));
        Self { sequence, described: Arc::default(), ..self.clone() }
    }

    /// Describes the network on `x`: one sample of its input's extents, or a batch of them in front.
    ///
    /// Samples of another shape that hold as many numbers are reshaped.
    pub fn forward<'b>(&self, x: Var<'b>, context: &Context<'b>) -> Var<'b> {
        self.sequence.forward(self.fitted(x), context, self.location)
    }

    fn fitted<'b>(&self, x: Var<'b>) -> Var<'b> {
        let shape = x.shape();
        let sample: Vec<Dim> = self.input.iter().map(|&extent| Dim::known(extent)).collect();
        let Some((batch, rest)) = shape.dims().split_first() else { return x };
        let same_count = Shape::new(rest.to_vec()).count() == Shape::new(sample.clone()).count();
        if !same_count || rest == sample.as_slice() {
            return x;
        }
        x.reshape(Shape::new([batch.clone()].into_iter().chain(sample)))
    }

    /// The network alone as a graph: from the input `x`, of shape `(batch, …)`, to the output `scores`.
    ///
    /// # Errors
    /// [`limpid_graph::Error::Described`] with every mistake in the layers.
    pub fn graph(&self, mode: Mode) -> Result<Graph, Error> {
        Ok(self.described(mode)?.0.clone())
    }

    /// What layers remark that is no mistake, such as a pooling that leaves rows out: a sentence each.
    ///
    /// # Errors
    /// [`limpid_graph::Error::Described`] with every mistake in the layers.
    pub fn notes(&self) -> Result<Vec<String>, Error> {
        self.described(Mode::Inference)?;
        Ok(self.described.notes.get().cloned().unwrap_or_default())
    }

    /// What the layers declare: parameters and running statistics.
    ///
    /// # Errors
    /// [`limpid_graph::Error::Described`] with every mistake in the layers.
    pub fn variables(&self) -> Result<Vec<Variable>, Error> {
        Ok(self.described(Mode::Inference)?.1.clone())
    }

    /// The parameters that the layers declare: the variables that are learned.
    ///
    /// # Errors
    /// As [`variables`](Network::variables).
    pub fn parameters(&self) -> Result<Vec<Variable>, Error> {
        Ok(self.variables()?.into_iter().filter(Variable::is_learned).collect())
    }

    /// The parameters' names.
    ///
    /// # Errors
    /// As [`parameters`](Network::parameters).
    pub fn parameter_names(&self) -> Result<Vec<String>, Error> {
        Ok(self.parameters()?.into_iter().map(|declared| declared.name).collect())
    }

    /// Checks that these are all of the network's parameters, in their shapes, and no others.
    ///
    /// # Errors
    /// [`Error::Parameters`] where one is missing, of another shape, there twice, or not the network's.
    pub fn check_parameters(&self, parameters: &[(String, Tensor)]) -> Result<(), Error> {
        check_values(&self.parameters()?, parameters)
    }

    /// Checks that these are all of the network's variables, in their shapes, and no others.
    ///
    /// # Errors
    /// As [`check_parameters`](Network::check_parameters).
    pub fn check_variables(&self, variables: &[(String, Tensor)]) -> Result<(), Error> {
        check_values(&self.variables()?, variables)
    }

    /// The network alone as a graph, and what its layers declare.
    pub(crate) fn described(&self, mode: Mode) -> Result<&(Graph, Vec<Variable>), Error> {
        let known = match mode {
            Mode::Train => &self.described.train,
            Mode::Inference => &self.described.inference,
        };
        if let Some(described) = known.get() {
            return Ok(described);
        }
        let builder = Builder::new();
        let context = Context::new(&builder, mode);
        let scores = scores(self.forward(self.batch_input(&builder), &context));
        let graph = self.placed(builder.finish([scores]))?;
        let place = |path: &str| match self.source.as_ref().and_then(|source| source.place_text(path)) {
            Some(place) => place,
            None => format!("layer {path}"),
        };
        let notes = context.notes().into_iter().map(|note| format!("{} ({})", note.sentence, place(&note.path)));
        // The same in both modes.
        let _ = self.described.notes.set(notes.collect());
        let described = (graph, context.into_variables());
        Ok(known.get_or_init(|| described))
    }

    /// A graph that this network was described into; mistakes in its layers are shown in the text that it was written as.
    pub(crate) fn placed(&self, graph: Result<Graph, limpid_graph::Error>) -> Result<Graph, Error> {
        graph.map_err(|error| match &self.source {
            Some(source) => source.placed(error),
            None => error.into(),
        })
    }

    /// Checks that a graph for training keeps of the layers what the model keeps, which is what they declare for
    /// inference.
    pub(crate) fn keeps(&self, declared: &[Variable]) -> Result<(), Error> {
        let known = self.variables()?;
        let is_kept = |variable: &&Variable| variable.kind != VariableKind::Optimizer;
        let is_known = |variable: &&Variable| known.iter().any(|known| known.name == variable.name);
        match declared.iter().filter(is_kept).find(|variable| !is_known(variable)) {
            Some(Variable { name, .. }) => Err(Error::Parameters(format!(
                "`{name}` is declared for training alone, so that no model keeps it; let its layer declare it whatever \
                 `Context::mode` is"
            ))),
            None => Ok(()),
        }
    }

    /// The input `x` of a graph that is fed batches of samples.
    pub(crate) fn batch_input<'b>(&self, builder: &'b Builder) -> Var<'b> {
        let dims = std::iter::once(Dim::symbol("batch")).chain(self.input.iter().map(|&extent| extent.into()));
        builder.input("x", Shape::new(dims))
    }
}

/// Checks that these are values of all that was declared, in their shapes, and of nothing else.
fn check_values(declared: &[Variable], values: &[(String, Tensor)]) -> Result<(), Error> {
    let list = || declared.iter().map(|d| format!("`{}` {:?}", d.name, d.shape)).collect::<Vec<_>>().join(", ");
    let wanted: HashMap<&str, &Variable> = declared.iter().map(|d| (d.name.as_str(), d)).collect();
    let mut given = HashMap::with_capacity(values.len());
    for (name, value) in values {
        let Some(variable) = wanted.get(name.as_str()) else {
            return Err(Error::Parameters(format!("the network has no parameter `{name}`; it has {}", list())));
        };
        if given.insert(name.as_str(), value).is_some() {
            let noun = variable.noun();
            return Err(Error::Parameters(format!("the {noun} `{name}` is given twice; give it once")));
        }
    }
    for wanted in declared {
        let Variable { name, shape: needed, .. } = wanted;
        match given.get(name.as_str()).map(|value| value.shape()) {
            Some(found) if found == needed => {}
            Some(found) => {
                return Err(Error::Parameters(format!("`{name}` has shape {found:?}; the network needs {needed:?}")));
            }
            None => {
                let (noun, list) = (wanted.noun(), list());
                return Err(Error::Parameters(format!("the {noun} `{name}` is missing; the network has {list}")));
            }
        }
    }
    Ok(())
}

/// Names a network's output. One that has a name already keeps it: a network that does nothing answers its input.
pub(crate) fn scores(output: Var<'_>) -> Var<'_> {
    if output.name().is_some() { output.identity().named("scores") } else { output.named("scores") }
}

/// The extents of one sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extents(Vec<usize>);

impl From<usize> for Extents {
    fn from(extent: usize) -> Self {
        Self(vec![extent])
    }
}

impl<const N: usize> From<[usize; N]> for Extents {
    fn from(extents: [usize; N]) -> Self {
        Self(extents.to_vec())
    }
}

impl From<Vec<usize>> for Extents {
    fn from(extents: Vec<usize>) -> Self {
        Self(extents)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let extents: Vec<_> = self.input.iter().map(ToString::to_string).collect();
        write!(f, "{}", extents.join("x"))?;
        self.layers().try_for_each(|layer| write!(f, ", {}", layer.text()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_network_are_each_others_inverse() {
        for text in [
            "784, affine 50, relu, affine 10",
            "1x28x28, flatten, affine 100 init=normal(0.01), sigmoid, affine 10 init=xavier, softmax",
            "2, affine 3, leaky-relu, leaky-relu slope=0.2, elu, elu alpha=0.5, tanh, gelu, softplus, identity",
        ] {
            assert_eq!(text.parse::<Network>().unwrap().to_string(), text);
        }
        let loose = "784  # pixels\n dense 50 \n ReLU,linear 10,";
        assert_eq!(loose.parse::<Network>().unwrap().to_string(), "784, affine 50, relu, affine 10");
    }

    #[test]
    fn wrong_text_is_answered_with_the_place_and_what_fits() {
        let table = [
            ("", "the network is empty"),
            ("affine 50", "a network begins with its input's extents"),
            ("784", "there is no layer"),
            ("784, afine 50", "unknown layer `afine`, did you mean `affine`? (line 1, column 6)"),
            ("784, affine", "takes the number of its outputs"),
            ("784, affine fifty", "takes the number of its outputs, such as `affine 50` (line 1, column 13)"),
            ("784, affine 0", "the number of its outputs is 0; use 1 or more"),
            (
                "784, affine 99999999999",
                "the number of its outputs is 99999999999; more than 16777216 is not supported",
            ),
            ("784, relu 3", "the layer `relu` does not take `3`"),
            (
                "784,\naffine 50 init=hee",
                "unknown initializer `hee`; use he, xavier, normal(0.01), uniform(0.1), fan-in or zeros",
            ),
            ("784, leaky-relu slope=", "`slope` takes a value"),
            ("784, elu alpha=x", "`alpha` takes a number"),
            ("0, affine 3", "extents"),
        ];
        for (text, wanted) in table {
            let message = text.parse::<Network>().unwrap_err().to_string();
            assert!(message.contains(wanted), "{text:?} gives: {message}");
        }
    }

    #[test]
    fn the_place_is_marked_under_the_line() {
        let error = "784,\naffine 50, swishy, affine 10".parse::<Network>().unwrap_err().to_string();
        assert!(error.ends_with("  affine 50, swishy, affine 10\n             ^^^^^^"), "{error}");
    }
}
