//! limpid's graph
mod tensor;
pub use tensor::{Data, Element, Tensor, TensorError};
