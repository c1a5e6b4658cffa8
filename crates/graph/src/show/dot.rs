//! A graph in DOT, for Graphviz and everything that reads its language.
//!
//! Source: the DOT language, graphviz.org/doc/info/lang.html.

use std::fmt::Write;

use super::{Drawing, DrawnNode};
use crate::op::Op;

impl Drawing {
    /// The drawing in DOT: values flow from left to right, a layer's nodes stand in one box.
    pub fn dot(&self) -> String {
        let mut dot = String::from("digraph limpid {\n  rankdir=LR;\n  node [shape=box, style=rounded];\n");
        let mut paths: Vec<&str> = self.nodes.iter().map(|node| node.path.as_str()).collect();
        paths.sort_unstable();
        paths.dedup();
        for path in paths {
            let members = self.nodes.iter().filter(|node| node.path == path);
            let lines: String = members.clone().map(|node| format!("  {}\n", self.node_line(node))).collect();
            match members.clone().next() {
                Some(first) if !path.is_empty() => {
                    let title = escaped(&format!("{path}: {}", first.layer));
                    // Writing to a string does not fail.
                    let _ =
                        write!(dot, "  subgraph \"cluster {}\" {{\n  label=\"{title}\";\n{lines}  }}\n", escaped(path));
                }
                _ => dot.push_str(&lines),
            }
        }
        for node in &self.nodes {
            for input in &node.inputs {
                let _ = writeln!(dot, "  n{input} -> n{};", node.id);
            }
        }
        for assignment in &self.assignments {
            let _ =
                writeln!(dot, "  n{} -> n{} [style=dashed, constraint=false];", assignment.value, assignment.target);
        }
        dot.push_str("}\n");
        dot
    }

    fn node_line(&self, node: &DrawnNode) -> String {
        let title = match &node.name {
            Some(name) if name == &node.op => name.clone(),
            Some(name) => format!("{name}\n{}", node.op),
            None => node.op.clone(),
        };
        let attributes = if node.attributes.is_empty() { String::new() } else { format!(" {}", node.attributes) };
        let mut label = format!("{title}{attributes}\n{}", node.shape);
        if let Some(value) = &node.value {
            let _ = write!(label, "\n{}", value.text());
        }
        if let Some(derivative) = &node.derivative {
            let _ = write!(label, "\nd {}", derivative.text());
        }
        if node.is_blank {
            label.push_str("\nd ____");
        }
        let leaf = if matches!(node.computes, Op::Leaf(_)) { ", shape=ellipse" } else { "" };
        let output = if self.outputs.contains(&node.id) { ", peripheries=2" } else { "" };
        format!("n{} [label=\"{}\"{leaf}{output}];", node.id, escaped(&label))
    }
}

/// Text inside a DOT string.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
