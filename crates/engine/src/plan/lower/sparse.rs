//! Sparse products: lists of the non-zeros of a left operand, and the products that read them.

use limpid_graph::NodeId;

use super::Lowering;
use crate::kernels::sparse;
use crate::plan::reads::Reader;
use crate::plan::sparse_operands::Origin;
use crate::plan::{Limits, ListPlan, ListSource, Matrix, Place, StepKind, Update, ValueId, pitch};

impl Lowering<'_> {
    pub(super) fn sparse_product(
        &mut self,
        product: NodeId,
        id: NodeId,
        origin: Origin,
        update: Option<Update>,
        nodes: Vec<NodeId>,
    ) {
        let reads = self.product_reads(product);
        let Some((x, matrix)) = left_operand(self.reader, product) else { return };
        let [_, n] = *self.reader.shape(product) else { return };
        let by_panels = n > self.reader.limits.sparse_panel && self.has_gradient(x);
        let list = self.listed(x, matrix, n, by_panels, &origin);
        let ListPlan { ref parts, .. } = self.lists[list];
        let (parts, rows) = (parts.len(), matrix.rows);
        let right_form = match self.reader.transposed(self.reader.inputs(product)[0]) {
            Some(_) => Matrix { rows, columns: n },
            None => Matrix { rows: matrix.columns, columns: n },
        };
        let (right, _) = self.right_operand(reads[1], right_form);
        let token = self.list_token(list);
        let is_gradient = self.reader.transposed(self.reader.inputs(product)[0]).is_some();
        if is_gradient || update.is_some() {
            let value = self.value(id);
            let kind = StepKind::SparseGradient { list, token, right, n, by_panels, update };
            return self.step(kind, vec![value], None, nodes);
        }
        let is_cut_along_k = self.lists[list].parts.iter().any(|(_, columns)| columns.len() < matrix.columns);
        let writes = if is_cut_along_k {
            let shape = self.reader.shape(product).to_vec();
            let new = |lowering: &mut Self| lowering.new_value(&shape, pitch(n), Place::Arena(0), None);
            let sums: Vec<ValueId> = (0..parts).map(|_| new(self)).collect();
            self.parts.insert(product, sums.clone());
            sums
        } else {
            vec![self.value(product)]
        };
        self.step(StepKind::SparseProduct { list, token, right, n, by_panels }, writes, None, nodes);
    }

    /// The list of the non-zeros of `x`, with a step that makes it.
    pub(super) fn listed(&mut self, x: NodeId, matrix: Matrix, n: usize, by_panels: bool, origin: &Origin) -> usize {
        if let Some(&list) = self.listed.get(&(x, by_panels)) {
            return list;
        }
        let has_gradient = self.has_gradient(x);
        let Matrix { rows, columns } = matrix;
        let parts: Vec<_> = if by_panels {
            vec![(0..rows, 0..columns)]
        } else if has_gradient {
            // Each part owns its rows of the weights from the product to the update. Whole blocks, as near to halves as
            // may be: two threads wait for the larger one in three stages of a step.
            let blocks = ((columns + sparse::BLOCK) / (2 * sparse::BLOCK)).max(1);
            let middle = (blocks * sparse::BLOCK).min(columns);
            [0..middle, middle..columns]
                .into_iter()
                .filter(|part| !part.is_empty())
                .map(|part| (0..rows, part))
                .collect()
        } else {
            let Limits { large, listed, .. } = *self.reader.limits;
            let chunks = if rows * columns >= large { 2 * rows.div_ceil(2 * listed) } else { 1 };
            ranges(rows, rows.div_ceil(chunks)).map(|part| (part, 0..columns)).collect()
        };
        let transposed = by_panels && n >= self.reader.limits.transposed && sparse::Lengths::fit(columns, rows);
        let (positions, data) = match origin {
            Origin::Stored { leaf, rows, .. } => {
                let positions = rows.map(|rows| rows.positions).filter(|&id| self.reader.is_fed(id));
                (positions, Some((*leaf, self.reader.shape(*leaf)[0])))
            }
            Origin::Value => (None, None),
        };
        self.lists.push(ListPlan { rows, columns, parts, positions, data, transposed });
        let list = self.lists.len() - 1;
        self.listed.insert((x, by_panels), list);
        let token = self.list_token(list);
        let (table, stored, source) = match origin {
            Origin::Stored { leaf, rows, table } => {
                let positions = rows.map(|rows| {
                    let value = self.value(rows.positions);
                    let value = self.contiguous(value);
                    self.positions(rows.gather, value)
                });
                (table.clone(), Some(*leaf), ListSource::Rows(positions))
            }
            Origin::Value => {
                let (value, _) = self.as_matrix(x, matrix);
                (None, None, ListSource::Value(self.with_form(value, matrix)))
            }
        };
        // It fails as the gather that it does would.
        let nodes = origin.gather().into_iter().collect();
        self.step(StepKind::List { list, table, source }, vec![token], stored, nodes);
        list
    }

    /// Whether a product reads the listed matrix through a transposition.
    pub(super) fn has_gradient(&self, x: NodeId) -> bool {
        self.origins.keys().any(|&product| {
            let left = self.reader.inputs(product)[0];
            self.reader.transposed(left).is_some_and(|of| self.reader.storage(of) == x)
        })
    }

    /// A value of no numbers that stands for a list: who reads the list waits for it.
    pub(super) fn list_token(&mut self, list: usize) -> ValueId {
        let found =
            self.steps.iter().find(|step| matches!(step.kind, StepKind::List { list: other, .. } if other == list));
        match found {
            Some(step) => step.writes[0],
            None => self.new_value(&[0], 1, Place::Arena(0), None),
        }
    }
}

/// The left operand of a product, read through a transposition, and its form.
pub(super) fn left_operand(reader: Reader<'_>, product: NodeId) -> Option<(NodeId, Matrix)> {
    let left = reader.inputs(product)[0];
    let [m, k] = *reader.shape(left) else { return None };
    match reader.transposed(left) {
        Some(of) => Some((reader.storage(of), Matrix { rows: k, columns: m })),
        None => Some((reader.storage(left), Matrix { rows: m, columns: k })),
    }
}

/// `0..end` cut into ranges of `step`.
pub(super) fn ranges(end: usize, step: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    let step = step.max(1);
    (0..end.div_ceil(step)).map(move |i| i * step..((i + 1) * step).min(end))
}
