//! The rules that every graph keeps, verified after each transform in debug builds.

use std::collections::HashSet;

use limpid_tensor::Shape;

use crate::graph::Graph;
use crate::mistake::Error;
use crate::op::{Leaf, Op};

impl Graph {
    /// Verifies the graph: inputs stand before their users, each shape is what its op makes of its inputs, leaves have
    /// names of their own, outputs and assignments are in range and fit.
    ///
    /// # Errors
    /// [`Error::Broken`], which means a defect in whatever made the graph.
    pub fn check(&self) -> Result<(), Error> {
        let mut names = HashSet::new();
        for (id, node) in self.nodes() {
            let broken = |what: String| Error::Broken { node: id.index(), what };
            if let Some(late) = node.inputs.iter().find(|input| input.index() >= id.index()) {
                return Err(broken(format!("it uses node {}, which stands behind it", late.index())));
            }
            match &node.op {
                Op::Leaf(leaf) if !node.inputs.is_empty() => {
                    return Err(broken(format!("the leaf {leaf:?} has inputs")));
                }
                Op::Leaf(Leaf::Constant(value)) if Shape::from(value.shape()) != node.shape => {
                    return Err(broken(format!("a constant of shape {:?} is declared {}", value.shape(), node.shape)));
                }
                Op::Leaf(Leaf::Constant(_) | Leaf::Extent(_)) => {}
                Op::Leaf(_) => match &node.name {
                    Some(name) if names.insert(name.clone()) => {}
                    Some(name) => return Err(broken(format!("the name `{name}` is taken already"))),
                    None => return Err(broken("a leaf that is fed has no name".to_string())),
                },
                op => {
                    let shapes: Vec<_> = node.inputs.iter().map(|&input| &self.node(input).shape).collect();
                    match op.infer(&shapes) {
                        Ok(shape) if shape == node.shape => {}
                        Ok(shape) => return Err(broken(format!("its shape is {shape}, not {}", node.shape))),
                        Err(fault) => return Err(broken(fault.to_string())),
                    }
                }
            }
        }
        self.check_ends()
    }

    fn check_ends(&self) -> Result<(), Error> {
        let ends = self.assignments.iter().flat_map(|a| [a.target, a.value]).chain(self.outputs.iter().copied());
        if let Some(outside) = ends.into_iter().find(|id| id.index() >= self.nodes.len()) {
            return Err(Error::Broken { node: outside.index(), what: "there is no such node".to_string() });
        }
        for assignment in &self.assignments {
            let (target, value) = (self.node(assignment.target), self.node(assignment.value));
            let what = match target.op {
                Op::Leaf(Leaf::Parameter | Leaf::State) if target.shape == value.shape => continue,
                Op::Leaf(Leaf::Parameter | Leaf::State) => format!("{} is assigned to {}", value.shape, target.shape),
                _ => "it is assigned to, but not kept".to_string(),
            };
            return Err(Error::Broken { node: assignment.target.index(), what });
        }
        Ok(())
    }

    pub(crate) fn check_in_debug(&self) -> Result<(), Error> {
        if cfg!(debug_assertions) { self.check() } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Builder;

    #[test]
    fn a_broken_graph_names_the_node_and_the_rule() {
        let b = Builder::new();
        let (x, y) = (b.input("x", 2), b.input("y", 2));
        let sound = b.finish([x * y]).unwrap();
        assert_eq!(sound.check(), Ok(()));

        let mut wrong_shape = sound.clone();
        wrong_shape.nodes[2].shape = Shape::from(3);
        assert!(wrong_shape.check().unwrap_err().to_string().contains("node 2: its shape is (2,), not (3,)"));

        let mut backwards = sound.clone();
        backwards.nodes[2].inputs[0] = crate::NodeId(2);
        assert!(backwards.check().unwrap_err().to_string().contains("stands behind it"));

        let mut twice = sound.clone();
        twice.nodes[1].name = twice.nodes[0].name.clone();
        assert!(twice.check().unwrap_err().to_string().contains("taken already"));

        let mut outside = sound;
        outside.outputs.push(crate::NodeId(9));
        assert!(outside.check().unwrap_err().to_string().contains("no such node"));
    }
}
