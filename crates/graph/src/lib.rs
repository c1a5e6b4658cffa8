//! limpid's graph: a network, a loss or a training step as a value.
//!
//! ```text
//! describe ───────► differentiate ───────► (plan) ───────► run
//! builder, var      grad                                   interpret
//! ```
//!
//! A [`Builder`] records what is done to its [`Var`]s. [`Builder::finish`] makes an immutable [`Graph`], or reports
//! every mistake at once. [`Builder::grad`] adds the derivative to the graph. [`Graph::run`] computes the outputs with
//! the reference interpreter, [`Graph::trace`] keeps every value and derivative, [`Graph::show`] prints the graph.
//!
//! ```
//! use limpid_graph::{Builder, Tensor};
//!
//! let b = Builder::new();
//! let (x, y) = (b.scalar("x"), b.scalar("y"));
//! let z = (x + y).square().named("z");
//! let dx = b.grad(z, &[x])[0];
//! let graph = b.finish([z, dx])?;
//! let answers = graph.run(&[("x", &3.0.into()), ("y", &4.0.into())])?;
//! assert_eq!(answers, [Tensor::scalar(49.0), Tensor::scalar(14.0)]); // dz/dx = 2(x + y)
//! # Ok::<(), limpid_graph::Error>(())
//! ```
//!
//! The modules use each other in one direction, with one circle that the mathematics asks for: a [`Var`] is a handle on
//! a builder's notes, a note is a [`Node`], a node holds an [`Op`], and an op's rule of differentiation is written over
//! `Var`s, so that a gradient is more of the same graph. So `builder`, `graph`, `op` and `map` know each other.

mod builder;
mod check;
mod compose;
mod convolve;
mod cost;
mod grad;
mod graph;
pub mod guard;
mod interpret;
pub mod map;
pub mod memory;
mod mistake;
pub mod op;
mod receptive_field;
mod rewrite;
pub mod show;
mod trace;
mod var;

pub use builder::{Builder, Operand, Scope, Var};
pub use graph::{Assignment, Graph, Node, NodeId};
pub use interpret::{Values, interpret};
pub use limpid_tensor::{Data, Dim, Element, Shape, Sizes, Stream, Tensor, TensorError, philox};
pub use map::{Formula, FormulaBody, MapOp, Real};
pub use mistake::{Error, Fault, Mistake, Mistakes, Origin};
pub use op::{Index, Layout, Leaf, Op, Random, Slide, Sliding, Windows};
pub use show::Drawing;
pub use trace::Trace;
pub use var::Axes;
