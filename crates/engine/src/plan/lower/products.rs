//! Dense products: a matrix product as a step of its own.

use limpid_graph::NodeId;

use super::Lowering;
use crate::kernels::product;
use crate::plan::reads::Access;
use crate::plan::updates::Added;
use crate::plan::{Limits, Matrix, Product, Right, StepKind, Update};

impl Lowering<'_> {
    /// A matrix product that is a step by itself, whose result is `id`'s.
    pub(super) fn product(&mut self, product: NodeId, id: NodeId, added: Option<Added>) {
        let reads = self.product_reads(product);
        let [m, n] = *self.reader.shape(product) else { return };
        let k = self.reader.shape(self.reader.inputs(product)[1])[0];
        let nodes = if product == id { vec![id] } else { vec![product, id] };
        let update = added.map(|added| Update { sign: added.sign, scale: added.scale.map(|scale| self.value(scale)) });
        if let Some(origin) = self.origins.get(&product).cloned() {
            return self.sparse_product(product, id, origin, update, nodes);
        }
        let Access::Matrix { transposed } = reads[0].access else { return };
        let left_form = if transposed { Matrix { rows: k, columns: m } } else { Matrix { rows: m, columns: k } };
        let (left, left_pitch) = self.as_matrix(reads[0].source, left_form);
        let sizes = product::Sizes { m, k, n };
        let right = match reads[1].access {
            Access::Matrix { transposed } if transposed || product::packing_pays(self.level, sizes) => {
                let form = if transposed { Matrix { rows: n, columns: k } } else { Matrix { rows: k, columns: n } };
                let (value, _) = self.as_matrix(reads[1].source, form);
                let value = self.with_form(value, form);
                Right { value, transposed, packed: true }
            }
            _ => {
                let (value, _) = self.right_operand(reads[1], Matrix { rows: k, columns: n });
                Right { value, transposed: false, packed: false }
            }
        };
        // A task makes some columns of the result, so that a weight is always the same thread's; where there are too few
        // of them, some rows.
        let panels = product::panels(self.level, n);
        let Limits { large_product, tasks, .. } = *self.reader.limits;
        let is_large = m * k * n >= large_product;
        let panels_a_task = if is_large { panels.div_ceil(tasks) } else { panels }.max(1);
        let chunks = panels.div_ceil(panels_a_task).max(1);
        let rows_a_task = if is_large && chunks < tasks { m.div_ceil(tasks / chunks).next_multiple_of(12) } else { m };
        let rows_a_task = rows_a_task.clamp(1, m.max(1));
        let tasks = m.div_ceil(rows_a_task) * chunks;
        let kind = Product { sizes, left, transposed, left_pitch, right, update, rows_a_task, panels_a_task };
        let value = self.value(id);
        self.step(StepKind::Product(kind), tasks.max(1), vec![value], None, nodes);
    }
}
