//! "Fill in the derivatives": a traced graph with its derivatives left blank, and answers checked.

use limpid_graph::{Drawing, NodeId, Trace};

/// A traced graph whose derivatives a learner fills in, from the output back.
///
/// The exercise asks for the derivative of each single number that the backward pass reaches, except for the output,
/// whose derivative is 1.
///
/// ```
/// use limpid_graph::Builder;
/// use limpid_learn::{Exercise, Verdict};
///
/// let b = Builder::new();
/// let (price, count) = (b.scalar("price"), b.scalar("count"));
/// let shop = b.finish([(price * count).named("total")])?;
/// let mut exercise = Exercise::of(&shop.trace(&[100.0.into(), 2.0.into()])?);
/// assert_eq!(exercise.open(), [price.id(), count.id()]);
/// assert!(matches!(exercise.answer(price.id(), 100.0), Verdict::Wrong { .. }));
/// assert_eq!(exercise.answer(price.id(), 2.0), Verdict::Right);
/// assert_eq!(exercise.answer(count.id(), 100.0), Verdict::Right);
/// assert!(exercise.is_done());
/// # Ok::<(), limpid_graph::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Exercise {
    trace: Trace,
    open: Vec<NodeId>,
}

/// What an answer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It agrees, to the digits that one would write down.
    Right,
    /// It does not.
    Wrong {
        /// Where to look.
        hint: String,
    },
    /// The exercise does not ask for this node's derivative, or it is answered already.
    NotAsked,
}

/// An answer may be rounded as one rounds by hand.
const TOLERANCE: f64 = 1e-6;

impl Exercise {
    /// A traced graph as an exercise: its values are given, its derivatives are to be found.
    pub fn of(trace: &Trace) -> Self {
        let output = trace.graph().outputs().first();
        let asked =
            |id: &NodeId| Some(id) != output && trace.value_at(*id).rank() == 0 && trace.derivative_at(*id).is_some();
        Self { open: trace.graph().nodes().map(|(id, _)| id).filter(asked).collect(), trace: trace.clone() }
    }

    /// The nodes whose derivatives are still to be found, in the order of computation: answer them from the last to the
    /// first.
    pub fn open(&self) -> &[NodeId] {
        &self.open
    }

    /// Whether every derivative is filled in.
    pub fn is_done(&self) -> bool {
        self.open.is_empty()
    }

    /// Takes an answer for a node's derivative; a right one is filled in.
    pub fn answer(&mut self, node: NodeId, derivative: f64) -> Verdict {
        let Some(at) = self.open.iter().position(|&open| open == node) else { return Verdict::NotAsked };
        let truth = self.truth(node).unwrap_or(f64::NAN);
        if (derivative - truth).abs() <= TOLERANCE * truth.abs().max(1.0) {
            self.open.remove(at);
            return Verdict::Right;
        }
        Verdict::Wrong { hint: self.hint(node) }
    }

    /// The derivative at a node, for a reader who gives up, or for another checker of answers.
    pub fn truth(&self, node: NodeId) -> Option<f64> {
        self.trace.derivative_at(node).and_then(|tensor| tensor.item())
    }

    /// Which nodes the value goes into, and what arrives there where that is known already.
    fn hint(&self, node: NodeId) -> String {
        let drawing = self.show();
        let users = drawing.nodes.iter().filter(|user| user.inputs.contains(&node.index()));
        let parts: Vec<String> = users
            .map(|user| {
                let name = user.name.clone().unwrap_or_else(|| format!("%{}", user.id));
                let formula = user.formula.clone().unwrap_or_else(|| user.op.clone());
                match &user.derivative {
                    Some(arrives) => format!("{name} = {formula}, where {} arrives", arrives.text()),
                    None => format!("{name} = {formula}, whose derivative comes first"),
                }
            })
            .collect();
        let sum = if parts.len() > 1 { "; what comes back from each is added" } else { "" };
        format!("it goes into {}{sum}", parts.join(" and into "))
    }

    /// The graph with its values, and with the derivatives that are filled in; the others are blanks.
    pub fn show(&self) -> Drawing {
        let mut drawing = self.trace.show();
        for id in &self.open {
            let node = &mut drawing.nodes[id.index()];
            (node.derivative, node.is_blank) = (None, true);
        }
        drawing
    }
}
