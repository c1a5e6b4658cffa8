//! One layer on its own: forward, then backward from any upstream derivative.
//!
//! There is no second implementation of a layer here. The layer describes itself, [`Builder::vjp`] describes its
//! backward pass, and both graphs are run by the reference interpreter in `f64`.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use limpid_graph::{Builder, Graph, Shape, Tensor, Var};

use crate::describe::context::{Context, Mode};
use crate::describe::layer::Layer;
use crate::describe::variable::Variable;
use crate::error::Error;

/// The name by which the upstream derivative is fed. With its space it is no name that a layer gives a parameter.
const UPSTREAM: &str = "upstream derivative";

/// A layer, or a joint of two values, that is run forward and backward by itself.
///
/// ```
/// use limpid_graph::Tensor;
/// use limpid_learn::SingleLayer;
///
/// let mut apples = SingleLayer::multiply();
/// let cost = apples.forward(&[Tensor::scalar(100.0), Tensor::scalar(2.0)])?;
/// assert_eq!(cost, Tensor::scalar(200.0));
/// let backward = apples.backward(&Tensor::scalar(1.1))?;
/// assert_eq!(backward.inputs, [Tensor::scalar(2.2), Tensor::scalar(110.00000000000001)]);
/// # Ok::<(), limpid_learn::Error>(())
/// ```
///
/// A layer's parameters are drawn by its seed at the first forward pass, when their shapes are known, or put in place
/// before or after it:
///
/// ```
/// use limpid_graph::Tensor;
/// use limpid_learn::{Affine, SingleLayer};
///
/// let mut affine = SingleLayer::layer(Affine::new(2, 3), 1);
/// affine.set("w", Tensor::from([[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]]))?;
/// assert_eq!(affine.forward(&Tensor::from([1.0, 2.0]))?, Tensor::from([5.0, 11.0, 17.0]));
/// let backward = affine.backward(&Tensor::from([1.0, 0.0, -1.0]))?;
/// assert_eq!(backward.inputs, [Tensor::from([-4.0, -4.0])]);
/// assert_eq!(backward.parameters[0], ("w".into(), Tensor::from([[1.0, 0.0, -1.0], [2.0, 0.0, -2.0]])));
/// # Ok::<(), limpid_learn::Error>(())
/// ```
#[derive(Debug)]
pub struct SingleLayer {
    piece: Piece,
    seed: u64,
    parameters: BTreeMap<String, Tensor>,
    /// By the shapes of the inputs: each is described once.
    described: BTreeMap<Vec<Vec<usize>>, Arc<Described>>,
    /// What the last forward pass was given; `None` before the first.
    last: Option<Pass>,
}

#[derive(Debug)]
enum Piece {
    /// With where it was constructed, or else where this `SingleLayer` was.
    Layer(Box<dyn Layer>, &'static Location<'static>),
    Multiply,
    Add,
    SoftmaxWithLoss,
}

/// A piece as graphs, for inputs of certain shapes.
#[derive(Debug)]
struct Described {
    forward: Graph,
    /// Asked for only by a backward pass: a piece without a derivative still runs forward.
    backward: Result<Graph, limpid_graph::Error>,
    declared: Vec<Variable>,
    /// How many of the backward graph's outputs are derivatives of inputs; those of the parameters follow.
    inputs: usize,
}

/// A forward pass, to go back through: with the parameters that it had, whatever is set afterwards.
#[derive(Debug)]
struct Pass {
    described: Arc<Described>,
    feeds: Vec<(String, Tensor)>,
}

/// What a backward pass hands on.
#[derive(Clone, Debug, PartialEq)]
pub struct Backward {
    /// The derivative with respect to each input.
    pub inputs: Vec<Tensor>,
    /// The derivative with respect to each parameter, by name, in the order of their declaration.
    pub parameters: Vec<(String, Tensor)>,
}

/// What can be handed to a forward pass: one tensor, or an array, slice or vector of them.
pub trait Inputs {
    /// The inputs in order.
    fn tensors(&self) -> Vec<&Tensor>;
}

impl Inputs for Tensor {
    fn tensors(&self) -> Vec<&Tensor> {
        vec![self]
    }
}

impl Inputs for [Tensor] {
    fn tensors(&self) -> Vec<&Tensor> {
        self.iter().collect()
    }
}

impl Inputs for Vec<Tensor> {
    fn tensors(&self) -> Vec<&Tensor> {
        self.iter().collect()
    }
}

impl<const N: usize> Inputs for [Tensor; N] {
    fn tensors(&self) -> Vec<&Tensor> {
        self.iter().collect()
    }
}

impl<const N: usize> Inputs for [&Tensor; N] {
    fn tensors(&self) -> Vec<&Tensor> {
        self.to_vec()
    }
}

impl SingleLayer {
    /// A layer, described as for training. Its parameters are drawn by `seed`.
    #[track_caller]
    pub fn layer(layer: impl Layer + 'static, seed: u64) -> Self {
        let location = layer.location().unwrap_or(Location::caller());
        Self::of(Piece::Layer(Box::new(layer), location), seed)
    }

    /// The product of two values, element by element.
    pub fn multiply() -> Self {
        Self::of(Piece::Multiply, 0)
    }

    /// The sum of two values.
    pub fn add() -> Self {
        Self::of(Piece::Add, 0)
    }

    /// Softmax cross-entropy of scores and targets, averaged over the batch. Targets are one-hot rows or class labels.
    ///
    /// Targets are given, not computed: a backward pass answers the derivative of the scores alone, upstream·(y − t) /
    /// batch.
    pub fn softmax_with_loss() -> Self {
        Self::of(Piece::SoftmaxWithLoss, 0)
    }

    fn of(piece: Piece, seed: u64) -> Self {
        Self { piece, seed, parameters: BTreeMap::new(), described: BTreeMap::new(), last: None }
    }

    /// What the layer makes of its input, or the joint of its two, in `f64`. Keeps what a backward pass needs.
    ///
    /// # Errors
    /// Every mistake in the description for inputs of these shapes; another number of inputs than the piece takes; a
    /// parameter that was set and does not fit.
    pub fn forward(&mut self, inputs: &(impl Inputs + ?Sized)) -> Result<Tensor, Error> {
        let inputs = inputs.tensors();
        let described = self.described_for(&inputs)?;
        let mut feeds = Vec::with_capacity(inputs.len() + described.declared.len());
        for declared in &described.declared {
            let draw = || declared.initial_value(self.seed);
            let value = self.parameters.entry(declared.name.clone()).or_insert_with(draw);
            feeds.push((declared.name.clone(), value.clone()));
        }
        feeds.extend(inputs.iter().zip(self.piece.input_names()).map(|(&x, name)| (name.to_string(), x.clone())));
        let output = described.forward.run(&borrowed(&feeds))?.swap_remove(0);
        self.last = Some(Pass { described, feeds });
        Ok(output)
    }

    /// The derivatives with respect to the inputs and the parameters of the last forward pass, where `upstream` is that
    /// of its output and has its shape. Reads `upstream` and leaves it as it is; can be asked again.
    ///
    /// # Errors
    /// [`Error::NothingForward`] before a forward pass; an upstream derivative of another shape; a layer that has no
    /// derivative.
    pub fn backward(&self, upstream: &Tensor) -> Result<Backward, Error> {
        let Pass { described, feeds } = self.last.as_ref().ok_or(Error::NothingForward)?;
        let graph = described.backward.as_ref().map_err(Clone::clone)?;
        let mut feeds = borrowed(feeds);
        feeds.push((UPSTREAM, upstream));
        let mut inputs = graph.run(&feeds)?;
        let parameters = inputs.split_off(described.inputs);
        let learned = described.declared.iter().filter(|declared| declared.is_learned());
        let names = learned.map(|declared| declared.name.clone());
        Ok(Backward { inputs, parameters: names.zip(parameters).collect() })
    }

    /// The parameters by name: those set, and all of them after a forward pass.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.parameters.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Puts a parameter in place, for the forward passes to come.
    ///
    /// Before the first of them it is not known what parameters the layer has; the forward pass then finds what does
    /// not fit.
    ///
    /// # Errors
    /// [`Error::Parameters`] where the layer has no such parameter, or one of another shape.
    pub fn set(&mut self, name: &str, value: Tensor) -> Result<(), Error> {
        if let Some(last) = &self.last {
            check(&last.described.declared, name, &value)?;
        }
        self.parameters.insert(name.to_string(), value.to_f64_tensor());
        Ok(())
    }

    fn described_for(&mut self, inputs: &[&Tensor]) -> Result<Arc<Described>, Error> {
        let wanted = self.piece.input_names().len();
        if inputs.len() != wanted {
            let found = inputs.len();
            return Err(Error::Data(format!("`{}` takes {wanted} inputs and was given {found}", self.piece)));
        }
        let shapes: Vec<Vec<usize>> = inputs.iter().map(|input| input.shape().to_vec()).collect();
        let described = match self.described.get(&shapes) {
            Some(described) => described.clone(),
            None => Arc::new(self.piece.describe(&shapes)?),
        };
        self.parameters.iter().try_for_each(|(name, value)| check(&described.declared, name, value))?;
        Ok(self.described.entry(shapes).or_insert(described).clone())
    }
}

impl Piece {
    fn input_names(&self) -> &'static [&'static str] {
        match self {
            Self::Layer(..) => &["layer input"],
            Self::Multiply | Self::Add => &["first input", "second input"],
            Self::SoftmaxWithLoss => &["input scores", "input targets"],
        }
    }

    fn describe(&self, shapes: &[Vec<usize>]) -> Result<Described, Error> {
        let builder = Builder::new();
        let context = Context::new(&builder, Mode::Train);
        let leaf = |(name, shape): (&&str, &Vec<usize>)| builder.input(name, Shape::from(&**shape));
        let inputs: Vec<Var<'_>> = self.input_names().iter().zip(shapes).map(leaf).collect();
        let (output, wrt) = match (self, &*inputs) {
            (Self::Layer(layer, location), &[x]) => {
                // No path: the parameters are called `w`, not `0/w`.
                let _scope = builder.scope("", &layer.text(), location);
                (layer.forward(x, &context), &inputs[..])
            }
            (Self::Multiply, &[x, y]) => (x * y, &inputs[..]),
            (Self::Add, &[x, y]) => (x + y, &inputs[..]),
            (Self::SoftmaxWithLoss, &[scores, targets]) => (scores.softmax_cross_entropy(targets), &inputs[..1]),
            _ => unreachable!("as many inputs as names"),
        };
        let forward = builder.finish([output])?;
        let declared = context.into_variables();
        let upstream = builder.input(UPSTREAM, output.shape());
        let wrt_all: Vec<Var<'_>> = wrt.iter().copied().chain(builder.parameters()).collect();
        let backward = builder.finish(builder.vjp(&[output], &[upstream], &wrt_all));
        Ok(Described { forward, backward, declared, inputs: wrt.len() })
    }
}

impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Layer(layer, _) => f.write_str(&layer.text()),
            Self::Multiply => f.write_str("multiply"),
            Self::Add => f.write_str("add"),
            Self::SoftmaxWithLoss => f.write_str("softmax with loss"),
        }
    }
}

fn borrowed(feeds: &[(String, Tensor)]) -> Vec<(&str, &Tensor)> {
    feeds.iter().map(|(name, value)| (name.as_str(), value)).collect()
}

fn check(declared: &[Variable], name: &str, value: &Tensor) -> Result<(), Error> {
    match declared.iter().find(|declared| declared.name == name) {
        Some(declared) if declared.shape == value.shape() => Ok(()),
        Some(Variable { shape, .. }) => Err(Error::Parameters(format!(
            "`{name}` has shape {:?}; for inputs of this shape the layer needs {shape:?}",
            value.shape()
        ))),
        None => {
            let known: Vec<_> = declared.iter().map(|d| format!("`{}` {:?}", d.name, d.shape)).collect();
            let known = if known.is_empty() { "none".to_string() } else { known.join(", ") };
            Err(Error::Parameters(format!("the layer has no parameter `{name}`; it has {known}")))
        }
    }
}
