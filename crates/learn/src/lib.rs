//! Training: layers, losses, optimizers, data sets, and the loop that brings them together.
//!
//! A [`Network`] is plain data, written in Rust or as text. A [`Model`] is a network with parameters. [`Model::fit`]
//! describes the training step as one graph (loss, gradients and the parameters' next values) and runs it over batches
//! of a [`Dataset`]; [`Model::evaluate`] and [`Model::predict`] use the trained model.
//!
//! A table's samples are [`Column`]s. A [`Preparation`] learns from the training rows how columns become numbers, and
//! turns a model's outputs back into classes or into the target's own units.
//!
//! For learning step by step there are a [`Perceptron`], numerical derivatives and gradient descent in [`numeric`], and
//! [`Solo`], a layer that runs forward and backward alone.

mod batches;
mod clock;
mod column;
mod data_source;
mod dataset;
mod error;
mod evaluation;
mod feed;
mod fit;
mod gradient_cause;
mod gradient_check;
mod gradient_mistakes;
mod holdout;
mod initializer;
mod labels;
mod layer;
mod layers;
mod loss;
mod metric;
mod model;
mod network;
pub mod numeric;
mod numerical_gradient;
mod optimizer;
mod perceptron;
mod predictor;
mod preparation;
mod registry;
mod sequence;
mod solo;
pub mod step;
mod text;
mod training;

pub use batches::{Batches, Sampling};
pub use clock::StepTime;
pub use column::{Column, Values, Words};
pub use data_source::{DataSource, Generated, Windowed, Windows};
pub use dataset::Dataset;
pub use error::{Error, Outputs};
pub use evaluation::{EVALUATION_BATCH, Evaluation};
pub use fit::{Epoch, Event, Fit, History};
pub use gradient_cause::{Advice, Cause, Known, Labels, Over};
pub use gradient_check::{Comparison, Elements, GradientCheck, GradientReport, ParameterCheck, Worst};
pub use holdout::{HOLDOUT_BLOCK, HeldOut, Holdout, Split, holdout};
pub use initializer::Initializer;
pub use layer::{Context, Declared, Layer, Mode};
pub use layers::{Affine, Elu, Flatten, Gelu, Identity, LeakyRelu, Relu, Sigmoid, Softmax, Softplus, Swish, Tanh};
pub use loss::{CustomLoss, Loss};
pub use metric::Regression;
pub use model::Model;
pub use network::{Extents, Network};
pub use numeric::{central_difference, forward_difference, gradient_ascent, gradient_descent, numerical_gradient};
pub use optimizer::{Adam, Momentum, Optimizer, Sgd, optimizer, optimizer_names};
pub use perceptron::{Perceptron, xor};
pub use predictor::Predictor;
pub use preparation::{
    Answers, Encoded, Encoding, Goal, Input, LeftOut, MOST_CATEGORIES, Prediction, Preparation, PreparationError,
    PreparationLearner, TableNotes, Target, Task, TaskGuess, Unknown,
};
pub use registry::Registry;
pub use sequence::Sequence;
pub use solo::{Backward, Inputs, Solo};
pub use text::{TextError, activation_names};
pub use training::Training;
