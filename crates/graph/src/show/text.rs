//! A graph as a listing, a node a line.

use std::fmt;

use super::{Drawing, DrawnNode};

impl fmt::Display for Drawing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: Vec<Vec<String>> = self.nodes.iter().map(row).collect();
        let columns = rows.first().map_or(0, Vec::len);
        let filled = |column: usize| rows.iter().any(|row| !row[column].is_empty());
        let shown: Vec<usize> = (0..columns).filter(|&column| filled(column)).collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = shown.iter().map(|&column| width(column)).collect();
        for row in &rows {
            let cells = shown.iter().zip(&widths).map(|(&column, &width)| format!("{:width$}", row[column]));
            writeln!(f, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
        }
        let label = |id: usize| match self.nodes[id].name.as_deref() {
            Some(name) => format!("%{id} {name}"),
            None => format!("%{id}"),
        };
        if !self.outputs.is_empty() {
            let outputs: Vec<_> = self.outputs.iter().map(|&id| label(id)).collect();
            writeln!(f, "answers {}", outputs.join(", "))?;
        }
        for assignment in &self.assignments {
            writeln!(f, "then    {} becomes {}", label(assignment.target), label(assignment.value))?;
        }
        Ok(())
    }
}

/// A node's derivative, or the blank for it.
fn derivative(node: &DrawnNode) -> String {
    match &node.derivative {
        Some(derivative) => format!("d {}", derivative.text()),
        None if node.is_blank => "d ____".to_string(),
        None => String::new(),
    }
}

/// The cells of a node's line; columns that are empty in every line are left out.
fn row(node: &DrawnNode) -> Vec<String> {
    let inputs: Vec<_> = node.inputs.iter().map(|id| format!("%{id}")).collect();
    let layer = match (node.path.as_str(), node.layer.as_str()) {
        ("", _) => String::new(),
        (path, layer) => format!("layer {path} ({layer})"),
    };
    vec![
        format!("%{}", node.id),
        node.name.clone().unwrap_or_default(),
        node.op.clone(),
        inputs.join(" "),
        node.attributes.clone(),
        node.shape.clone(),
        node.value.as_ref().map(|value| format!("= {}", value.text())).unwrap_or_default(),
        derivative(node),
        layer,
    ]
}
