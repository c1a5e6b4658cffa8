//! The pickle inside a PyTorch file: tensors are views of storages, which the archive keeps beside it.
//!
//! Source: `torch/_utils.py` (`_rebuild_tensor_v2`, `_rebuild_tensor_v3`) and `persistent_id` in
//! `torch/serialization.py`.

use std::borrow::Cow;
use std::collections::HashMap;

use super::PickleError;
use super::globals::Global;
use super::machine::{Machine, Outcome};
use super::node::{ArrayNode, Id, Node, Storage};
use crate::array::{Layout, Stored};

/// The numbers of a PyTorch archive, by the key its pickle knows them by.
pub(crate) struct Storages<'a> {
    pub(crate) files: HashMap<String, Cow<'a, [u8]>>,
    pub(crate) big_endian: bool,
}

const STORAGE: Global = Global::Storage(None);

impl<'a> Machine<'a> {
    /// The tuple `('storage', type, key, device, count)` stands for a storage.
    pub(super) fn persistent(&mut self, id: Id) -> Outcome {
        let Some(storages) = self.storages else {
            let advice = "if PyTorch wrote it, read the whole .pt file";
            return Err(PickleError::Outside { what: "an object", offset: self.at, advice });
        };
        let &[tag, class, key, ..] = (match self.node(id) {
            Node::Tuple(items) => items.as_slice(),
            _ => &[],
        }) else {
            return Err(self.wrong(STORAGE, "it is not described by a tuple"));
        };
        if self.node(tag).text().as_deref() != Some("storage") {
            return Err(self.wrong(STORAGE, "its description does not begin with 'storage'"));
        }
        let &Node::Global(Global::Storage(dtype)) = self.node(class) else {
            return Err(self.wrong(STORAGE, "its class is not one of PyTorch's storages"));
        };
        let Some(key) = self.node(key).text() else {
            return Err(self.wrong(STORAGE, "its key is not text"));
        };
        let Some(bytes) = storages.files.get(key.as_ref()) else {
            let key = key.chars().take(80).collect::<String>();
            return Err(self.wrong(STORAGE, &format!("the archive has no numbers under the key {key:?}")));
        };
        self.push(Node::Storage(Box::new(Storage { dtype, bytes })))
    }

    /// Storage, offset, shape, strides; then whether it is learned, hooks, and with `typed` its type.
    pub(super) fn tensor(&mut self, typed: bool, arguments: &[Id]) -> Outcome {
        let global = Global::Tensor { typed };
        let &[source, offset, shape, strides, ..] = arguments else {
            return Err(self.wrong(global, "it takes at least four arguments"));
        };
        let Node::Storage(storage) = self.node(source) else {
            return Err(self.wrong(global, "its first argument is not a storage"));
        };
        let named = match arguments.get(6) {
            Some(&id) if typed => match self.node(id) {
                Node::Global(Global::TorchType(dtype)) => Some(*dtype),
                _ => None,
            },
            _ => None,
        };
        let Some(dtype) = named.or(storage.dtype) else {
            return Err(self.wrong(global, "neither the storage nor the tensor says the type of its numbers"));
        };
        let Some(offset) = self.whole(offset) else {
            return Err(self.wrong(global, "its offset is not a whole number from 0 up"));
        };
        let shape = self.extents(shape, global)?;
        let strides = self.extents(strides, global)?;
        if shape.len() != strides.len() {
            return Err(self.wrong(global, "it has as many strides as axes"));
        }
        let stored = Stored { dtype, big_endian: self.storages.is_some_and(|storages| storages.big_endian) };
        let layout = Layout::Strided { offset, strides };
        let array = self.array(ArrayNode { stored, shape, layout, source, scalar: false }, None)?;
        self.push(array)
    }
}
