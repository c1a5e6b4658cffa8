//! Training: layers, losses, optimizers, data sets, and the loop that brings them together.
//!
//! A [`Network`] is plain data, written in Rust or as text. A [`Model`] is a network with parameters. [`Model::fit`]
//! describes the training step as one graph (loss, gradients and the parameters' next values) and runs it over batches
//! of a [`Dataset`]; [`Model::evaluate`] and [`Model::predict`] use the trained model.
//!
//! A table's samples are [`Column`]s. A [`Preparation`] learns from the training rows how columns become numbers, and
//! turns a model's outputs back into classes or into the target's own units.
//!
//! | room | what is in it |
//! |---|---|
//! | `describe` | networks, layers, losses, optimizers: plain data, and their text |
//! | `data` | data sets, batches, held-out parts, columns of tables |
//! | `train` | the training step as a graph, the loop, the model |
//! | `check` | gradients against numerical derivatives |
//! | `teach` | one perceptron, one layer |
//!
//! Each room uses those above it (`describe` and `data` do not need `train`), and none below.
//!
//! For learning step by step there are a [`Perceptron`], numerical derivatives and gradient descent in [`numeric`], and
//! [`SingleLayer`], a layer that runs forward and backward alone.

mod check;
mod choice;
mod data;
mod describe;
mod error;
mod teach;
mod train;

pub use check::gradient_cause::{Cause, CauseAdvice, KnownFactor, LabelMistake, SoftmaxOver};
pub use check::gradient_check::{Comparison, Elements, GradientCheck, GradientReport, ParameterCheck, Worst};
pub use check::numeric;
pub use check::numeric::{
    central_difference, forward_difference, gradient_ascent, gradient_descent, numerical_gradient,
};
pub use check::perturb::{Columns, Difference, Perturbation};
pub use choice::UnknownName;
pub use data::augmentation::{Augmentation, Change, augmentation_choices};
pub use data::batches::{Batches, Sampling};
pub use data::column::{Column, Values, Words};
pub use data::data_source::{DataSource, Generated, Windowed, Windows};
pub use data::dataset::Dataset;
pub use data::holdout::{HOLDOUT_BLOCK, HeldOut, Holdout, Split, holdout};
pub use data::preparation::{
    Answers, Encoded, Encoding, Goal, Input, LeftOut, Prediction, Preparation, PreparationLearner, TableNotes, Target,
    Task, TaskGuess, Unknown,
};
pub use describe::choices::{Choice, Padding, Range, Setting, SettingKind, Value};
pub use describe::context::{Context, Mode};
pub use describe::initializer::Initializer;
pub use describe::initializers::initializer_choices;
pub use describe::layer::Layer;
pub use describe::layers;
pub use describe::layers::*;
pub use describe::loss::{CustomLoss, Loss, loss_choices};
pub use describe::network::{Extents, Network};
pub use describe::optimizers;
pub use describe::optimizers::*;
pub use describe::recipe::Recipe;
pub use describe::registry::Registry;
pub use describe::schedule::{Course, Schedule, Span, schedule_choices};
pub use describe::sequence::Sequence;
pub use describe::text::{
    activation_choices, activation_names, layer_choices, optimizer, optimizer_choices, optimizer_names,
};
pub use describe::variable::{Initial, Variable, VariableKind};
pub use error::{Error, MOST_CATEGORIES, Outputs, PreparationError, TextError};
pub use teach::exercise::{Exercise, Verdict};
pub use teach::perceptron::{Perceptron, xor};
pub use teach::single_layer::{Backward, Inputs, SingleLayer};
pub use train::checkpoint::Checkpoint;
pub use train::clock::StepTime;
pub use train::evaluation::{EVALUATION_BATCH, Evaluation};
pub use train::history::{Epoch, Event, History};
pub use train::metric::Regression;
pub use train::model::Model;
pub use train::options::FitOptions;
pub use train::predictor::Predictor;
pub use train::prepared::PreparedStep;
pub use train::rate_search::{RateRange, RateSearch};
pub use train::step;
pub use train::training::Training;
