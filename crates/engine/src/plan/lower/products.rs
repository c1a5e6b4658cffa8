//! Dense products: a matrix product as a step of its own.

use limpid_graph::NodeId;

use super::Lowering;
use crate::kernels::product;
use crate::plan::forms::Access;
use crate::plan::reads::Reader;
use crate::plan::tasks;
use crate::plan::updates::Added;
use crate::plan::{Matrix, Place, Product, Right, StepKind, Update, ValueId, pitch};

impl Lowering<'_> {
    /// A matrix product that is a step by itself, whose result is `id`'s.
    pub(super) fn product(&mut self, product: NodeId, id: NodeId, added: Option<Added>) {
        let reads = self.product_reads(product);
        let Some(sizes @ product::Sizes { m, k, n }) = sizes(self.reader, product) else { return };
        let nodes = if product == id { vec![id] } else { vec![product, id] };
        let update = added.map(|added| Update { sign: added.sign, scale: added.scale.map(|scale| self.value(scale)) });
        if let Some(origin) = self.origins.get(&product).cloned() {
            return self.sparse_product(product, id, origin, update, nodes);
        }
        let Access::Matrix { transposed } = reads[0].access else { return };
        let left_form = if transposed { Matrix { rows: k, columns: m } } else { Matrix { rows: m, columns: k } };
        let (left, left_pitch) = self.as_matrix(reads[0].source, left_form);
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
        let (rows_a_task, panels_a_task) = tasks::rows_and_panels(self.level, sizes, self.reader.limits);
        let k_a_task = if update.is_some() { k } else { tasks::depth(sizes, self.reader.limits) };
        let kind = Product { sizes, left, transposed, left_pitch, right, update, rows_a_task, panels_a_task, k_a_task };
        let writes = if k_a_task < k {
            let sums: Vec<ValueId> =
                (0..k.div_ceil(k_a_task)).map(|_| self.new_value(&[m, n], pitch(n), Place::Arena(0), None)).collect();
            self.parts.insert(product, sums.clone());
            sums
        } else {
            vec![self.value(id)]
        };
        self.step(StepKind::Product(kind), writes, None, nodes);
    }
}

/// The sizes of a product of two matrices.
pub(super) fn sizes(reader: Reader<'_>, product: NodeId) -> Option<product::Sizes> {
    let [m, n] = *reader.shape(product) else { return None };
    Some(product::Sizes { m, k: reader.shape(reader.inputs(product)[1])[0], n })
}
