//! A session: kept values, and graphs that run over them.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use limpid_graph::{Data, Error, Graph, Leaf, Node, NodeId, Op, Real, Tensor, interpret};
use thiserror::Error;

/// The number type that a session computes in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// 32-bit floats: what training and serving use.
    #[default]
    F32,
    /// 64-bit floats: for checking gradients and for printed digits.
    F64,
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
        })
    }
}

impl FromStr for Precision {
    type Err = SessionError;

    fn from_str(text: &str) -> Result<Self, SessionError> {
        match text {
            "f32" => Ok(Self::F32),
            "f64" => Ok(Self::F64),
            _ => Err(SessionError::UnknownPrecision { found: text.to_string() }),
        }
    }
}

/// What a session cannot do.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The graph or what it was fed.
    #[error(transparent)]
    Graph(#[from] Error),
    /// A precision that there is not.
    #[error("unknown precision `{found}`; f32 and f64 fit")]
    UnknownPrecision {
        /// What was asked for.
        found: String,
    },
    /// A kept value that there is not.
    #[error("the session keeps no value named `{name}`")]
    NotKept {
        /// The name.
        name: String,
    },
}

/// A graph that a session was given. Means nothing to another session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Program(usize);

/// Runs graphs over values that it keeps by name. Graphs that name the same parameter share it.
///
/// ```
/// use limpid_engine::{Precision, Session};
/// use limpid_graph::{Builder, Tensor};
///
/// let b = Builder::new();
/// let (w, x) = (b.parameter("w", 2), b.input("x", 2));
/// let loss = (w - x).square().sum_all().named("loss");
/// let slope = b.grad(loss, &[w])[0];
/// b.assign(w, w - 0.25 * slope);
/// let step = b.finish([loss])?;
///
/// let mut session = Session::new(Precision::F64);
/// let step = session.load(step);
/// session.set("w", Tensor::from([0.0, 0.0]));
/// let x = Tensor::from([1.0, 2.0]);
/// assert_eq!(session.run(step, &[("x", &x)])?, [Tensor::scalar(5.0)]);
/// assert_eq!(session.get("w")?, &Tensor::from([0.5, 1.0]));
/// # Ok::<(), limpid_engine::SessionError>(())
/// ```
#[derive(Debug)]
pub struct Session {
    precision: Precision,
    kept: BTreeMap<String, Tensor>,
    programs: Vec<Graph>,
}

impl Session {
    /// A session that computes in this precision.
    pub fn new(precision: Precision) -> Self {
        Self { precision, kept: BTreeMap::new(), programs: Vec::new() }
    }

    /// The number type that it computes in.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// Takes a graph to run.
    pub fn load(&mut self, graph: Graph) -> Program {
        self.programs.push(graph);
        Program(self.programs.len() - 1)
    }

    /// Keeps a value: a parameter, a state, or data that many runs read. Floats are stored in the session's precision,
    /// bytes stay bytes.
    pub fn set(&mut self, name: &str, value: Tensor) {
        self.kept.insert(name.to_string(), self.stored(value));
    }

    fn stored(&self, value: Tensor) -> Tensor {
        match (self.precision, value.data()) {
            (_, Data::U8(_)) | (Precision::F32, Data::F32(_)) | (Precision::F64, Data::F64(_)) => value,
            (Precision::F32, _) => value.to_f32_tensor(),
            (Precision::F64, _) => value.to_f64_tensor(),
        }
    }

    /// A kept value.
    ///
    /// # Errors
    /// [`SessionError::NotKept`].
    pub fn get(&self, name: &str) -> Result<&Tensor, SessionError> {
        self.kept.get(name).ok_or_else(|| SessionError::NotKept { name: name.to_string() })
    }

    /// Every kept value, by name.
    pub fn kept(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.kept.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Runs a graph: reads what it needs from `feeds` and then from what is kept, answers its outputs in order, and
    /// keeps what its assignments make. Where it fails, nothing that is kept has changed.
    ///
    /// # Errors
    /// What the interpreter finds in the feeds: names, shapes, sizes, positions.
    pub fn run(&mut self, program: Program, feeds: &[(&str, &Tensor)]) -> Result<Vec<Tensor>, SessionError> {
        match self.precision {
            Precision::F32 => self.run_in::<f32>(program, feeds),
            Precision::F64 => self.run_in::<f64>(program, feeds),
        }
    }

    fn run_in<T: Real>(&mut self, program: Program, feeds: &[(&str, &Tensor)]) -> Result<Vec<Tensor>, SessionError> {
        let graph = &self.programs[program.0];
        let mut all = graph.named_feeds(feeds)?;
        let is_fed = |node: &Node| feeds.iter().any(|&(name, _)| node.name.as_deref() == Some(name));
        let from_kept = |(id, node): (NodeId, &Node)| match node.op {
            Op::Leaf(Leaf::Input | Leaf::Parameter | Leaf::State) if !is_fed(node) => {
                Some((id, self.kept.get(node.name.as_deref()?)?))
            }
            _ => None,
        };
        all.extend(graph.fed().filter_map(from_kept));
        let values = interpret::<T>(graph, &all)?;
        let outputs = graph.outputs().iter().map(|&id| values.tensor(id)).collect();
        let changed: Vec<(String, Tensor)> =
            graph.assignments().iter().map(|a| (graph.label(a.target), values.tensor(a.value))).collect();
        drop(values);
        self.kept.extend(changed);
        Ok(outputs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use limpid_graph::Builder;

    #[test]
    fn assignments_happen_at_once_after_everything_is_computed() {
        let b = Builder::new();
        let (x, y) = (b.state("x", ()), b.state("y", ()));
        b.assign(x, y);
        b.assign(y, x);
        let swap = b.finish([]).unwrap();
        let mut session = Session::new(Precision::F64);
        let swap = session.load(swap);
        session.set("x", Tensor::scalar(1.0));
        session.set("y", Tensor::scalar(2.0));
        session.run(swap, &[]).unwrap();
        assert_eq!((session.get("x").unwrap().item(), session.get("y").unwrap().item()), (Some(2.0), Some(1.0)));
    }

    #[test]
    fn a_failed_run_changes_nothing() {
        let b = Builder::new();
        let (w, labels) = (b.parameter("w", (2, 3)), b.input("labels", 2));
        b.assign(w, w + labels.one_hot(3));
        let step = b.finish([]).unwrap();
        let mut session = Session::new(Precision::F32);
        let step = session.load(step);
        session.set("w", Tensor::zeros([2, 3]));
        let error = session.run(step, &[("labels", &Tensor::from([1.0, 3.0]))]).unwrap_err();
        assert_eq!(error.to_string(), "`one_hot` of labels: 3 is not a position; whole numbers from 0 to 2 fit");
        assert_eq!(session.get("w").unwrap().to_f64(), [0.0; 6]);
    }

    #[test]
    fn bytes_stay_bytes_and_are_read_where_a_gather_wants_them() {
        let b = Builder::new();
        let (images, rows) = (b.input("images", ("n", 2)), b.input("rows", "batch"));
        let graph = b.finish([images.gather(0, rows) / 255.0]).unwrap();
        let mut session = Session::new(Precision::F32);
        let program = session.load(graph);
        session.set("images", Tensor::new([3, 2], vec![0u8, 51, 102, 153, 204, 255]).unwrap());
        let out = session.run(program, &[("rows", &Tensor::from([2.0, 0.0]))]).unwrap();
        assert_eq!(out[0], Tensor::new([2, 2], vec![0.8f32, 1.0, 0.0, 0.2]).unwrap());
        assert!(session.get("images").unwrap().as_slice::<u8>().is_some());
    }
}
