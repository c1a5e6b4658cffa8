//! limpid's values: shapes, whose extents are numbers or symbols, tensors, which hold the numbers, and streams, which draw
//! them.
//!
//! ```
//! use limpid_tensor::{Shape, Tensor};
//!
//! let rows = Tensor::from([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
//! assert_eq!(rows.shape(), [2, 3]);
//! assert_eq!(Shape::from(("batch", 3)).to_string(), "(batch, 3)");
//! ```

mod philox;
mod printed;
mod shape;
mod tensor;

pub use philox::{Stream, philox};
pub use shape::{Dim, Shape, Sizes};
pub use tensor::{Data, Element, Tensor, TensorError};
