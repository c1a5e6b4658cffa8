//! Named arrays → a pickled dict of NumPy arrays.
//!
//! Each array is written as NumPy's own `__reduce__` describes it, under the name `numpy.core.multiarray`, which
//! every NumPy from 1.0 on knows (NumPy 2 keeps it for old pickles), in any protocol.

use std::collections::HashSet;

use thiserror::Error;

use super::{MAX_PROTOCOL, opcode as op};
use crate::array::{Dtype, NamedArray};

/// Arrays that no NumPy pickle holds.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PickleWriteError {
    /// There is no such protocol.
    #[error("there is no pickle protocol {protocol}; use 0 to {MAX_PROTOCOL}; every Python reads 2")]
    Protocol {
        /// What was asked for.
        protocol: u8,
    },
    /// Two arrays of one name.
    #[error("two arrays are named {name:?}; give each a name of its own")]
    Duplicate {
        /// The name.
        name: String,
    },
    /// NumPy has no such numbers.
    #[error("array {name:?} is stored as {dtype}, which NumPy does not have; convert it to f32, or write safetensors")]
    Dtype {
        /// The array's name.
        name: String,
        /// The numbers' type.
        dtype: Dtype,
    },
}

/// Writes a dict of NumPy arrays, which `pickle.load` reads where NumPy is installed.
///
/// `protocol` is 0 to 5. Protocol 2 is read by Python 2.3 and every later one, 3 by every Python 3 and needs no more
/// bytes than the numbers have.
///
/// # Errors
/// [`PickleWriteError`]: no such protocol, a name twice, or numbers that NumPy does not have.
///
/// ```
/// use limpid_files::{NamedArray, read_pickle, write_pickle};
/// use limpid_graph::Tensor;
///
/// let arrays = vec![NamedArray::new("W1", Tensor::from([[0.5f32, -1.0]]))];
/// let bytes = write_pickle(&arrays, 3)?;
/// assert_eq!(read_pickle(&bytes)?.arrays()?.arrays, arrays);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_pickle(arrays: &[NamedArray], protocol: u8) -> Result<Vec<u8>, PickleWriteError> {
    if protocol > MAX_PROTOCOL {
        return Err(PickleWriteError::Protocol { protocol });
    }
    let mut names = HashSet::new();
    if let Some(array) = arrays.iter().find(|array| !names.insert(&array.name)) {
        return Err(PickleWriteError::Duplicate { name: array.name.clone() });
    }
    let length = arrays.iter().map(|array| array.array.bytes().len() + array.name.len() + 256).sum();
    let mut pen = Pen { protocol, bytes: Vec::with_capacity(length) };
    pen.dict(arrays)?;
    pen.bytes.push(op::STOP);
    let mut bytes = Vec::new();
    if protocol >= 2 {
        bytes.extend([op::PROTO, protocol]);
    }
    if protocol >= 4 {
        bytes.push(op::FRAME);
        bytes.extend((pen.bytes.len() as u64).to_le_bytes());
    }
    bytes.append(&mut pen.bytes);
    Ok(bytes)
}

struct Pen {
    protocol: u8,
    bytes: Vec<u8>,
}

impl Pen {
    fn dict(&mut self, arrays: &[NamedArray]) -> Result<(), PickleWriteError> {
        if self.protocol == 0 {
            self.bytes.extend([op::MARK, op::DICT]);
        } else {
            self.bytes.extend([op::EMPTY_DICT, op::MARK]);
        }
        for array in arrays {
            self.text(&array.name);
            self.array(array)?;
            if self.protocol == 0 {
                self.bytes.push(op::SETITEM);
            }
        }
        if self.protocol > 0 {
            self.bytes.push(op::SETITEMS);
        }
        Ok(())
    }

    fn array(&mut self, named: &NamedArray) -> Result<(), PickleWriteError> {
        let (name, array) = (&named.name, &named.array);
        let Some(code) = array.dtype().numpy_code() else {
            return Err(PickleWriteError::Dtype { name: name.clone(), dtype: array.dtype() });
        };
        self.global("numpy.core.multiarray", "_reconstruct");
        self.tuple(3, |pen| {
            pen.global("numpy", "ndarray");
            pen.tuple(1, |pen| pen.whole(0));
            pen.data(b"b");
        });
        self.bytes.push(op::REDUCE);
        self.tuple(5, |pen| {
            pen.whole(1);
            pen.tuple(array.rank(), |pen| array.shape().iter().for_each(|&extent| pen.whole(extent)));
            pen.numpy_type(code, array.dtype());
            pen.truth(false);
            pen.data(array.bytes());
        });
        self.bytes.push(op::BUILD);
        Ok(())
    }

    fn numpy_type(&mut self, code: &str, dtype: Dtype) {
        self.global("numpy", "dtype");
        self.tuple(3, |pen| {
            pen.text(code);
            pen.truth(false);
            pen.truth(true);
        });
        self.bytes.push(op::REDUCE);
        self.tuple(8, |pen| {
            pen.whole(3);
            pen.text(if dtype.width_bytes() == 1 { "|" } else { "<" });
            pen.bytes.extend([op::NONE; 3]);
            pen.minus_one();
            pen.minus_one();
            pen.whole(0);
        });
        self.bytes.push(op::BUILD);
    }

    fn tuple(&mut self, length: usize, items: impl FnOnce(&mut Self)) {
        let short = match length {
            0 if self.protocol >= 1 => Some(op::EMPTY_TUPLE),
            1 if self.protocol >= 2 => Some(op::TUPLE1),
            2 if self.protocol >= 2 => Some(op::TUPLE2),
            3 if self.protocol >= 2 => Some(op::TUPLE3),
            _ => None,
        };
        if short.is_none() {
            self.bytes.push(op::MARK);
        }
        items(self);
        self.bytes.push(short.unwrap_or(op::TUPLE));
    }

    fn global(&mut self, module: &str, name: &str) {
        if self.protocol >= 4 {
            self.text(module);
            self.text(name);
            self.bytes.push(op::STACK_GLOBAL);
            return;
        }
        self.bytes.push(op::GLOBAL);
        self.bytes.extend(format!("{module}\n{name}\n").into_bytes());
    }

    fn text(&mut self, text: &str) {
        if self.protocol == 0 {
            self.bytes.push(op::UNICODE);
            text.chars().for_each(|character| self.raw_unicode(character));
            self.bytes.push(b'\n');
            return;
        }
        self.prefixed(
            &[(op::SHORT_BINUNICODE, 1, 4), (op::BINUNICODE, 4, 1), (op::BINUNICODE8, 8, 4)],
            text.as_bytes(),
        );
    }

    /// Python's `raw-unicode-escape`, with what its reader would take for an end.
    fn raw_unicode(&mut self, character: char) {
        match (character, u32::from(character)) {
            ('\\' | '\0' | '\n' | '\r' | '\x1a', code) | (_, code @ 0x100..=0xffff) => {
                self.bytes.extend(format!("\\u{code:04x}").into_bytes());
            }
            (_, code @ 0x1_0000..) => self.bytes.extend(format!("\\U{code:08x}").into_bytes()),
            (_, code) => self.bytes.push(code as u8),
        }
    }

    fn data(&mut self, data: &[u8]) {
        if self.protocol >= 3 {
            self.prefixed(&[(op::SHORT_BINBYTES, 1, 3), (op::BINBYTES, 4, 3), (op::BINBYTES8, 8, 4)], data);
            return;
        }
        // Before protocol 3 bytes were written as the text of the same numbers.
        self.global("_codecs", "encode");
        self.tuple(2, |pen| {
            if pen.protocol == 0 {
                pen.bytes.push(op::UNICODE);
                data.iter().for_each(|&byte| pen.raw_unicode(char::from(byte)));
                pen.bytes.push(b'\n');
            } else {
                let text: String = data.iter().map(|&byte| char::from(byte)).collect();
                pen.text(&text);
            }
            pen.text("latin1");
        });
        self.bytes.push(op::REDUCE);
    }

    /// The first of these instructions (code, width of the length in bytes, protocol) that fits.
    fn prefixed(&mut self, choices: &[(u8, usize, u8)], bytes: &[u8]) {
        let length = bytes.len() as u64;
        let fits = |&&(_, width, protocol): &&(u8, usize, u8)| {
            self.protocol >= protocol && (width == 8 || length < 1 << (8 * width))
        };
        // More than 4 GiB before protocol 4 has no instruction; the length is then cut, as no file is that large.
        let &(code, width, _) = choices.iter().find(fits).unwrap_or(&choices[1]);
        self.bytes.push(code);
        self.bytes.extend(&length.to_le_bytes()[..width]);
        self.bytes.extend(bytes);
    }

    fn whole(&mut self, value: usize) {
        match (self.protocol, value) {
            (0, 0..=0x7fff_ffff) => self.bytes.extend(format!("I{value}\n").into_bytes()),
            (0 | 1, 0x8000_0000..) => self.bytes.extend(format!("L{value}L\n").into_bytes()),
            (_, 0..=0xff) => self.bytes.extend([op::BININT1, value as u8]),
            (_, 0x100..=0xffff) => {
                self.bytes.push(op::BININT2);
                self.bytes.extend((value as u16).to_le_bytes());
            }
            (_, 0x1_0000..=0x7fff_ffff) => {
                self.bytes.push(op::BININT);
                self.bytes.extend((value as u32).to_le_bytes());
            }
            // A ninth byte, as the eighth may carry a sign.
            _ => {
                self.bytes.extend([op::LONG1, 9]);
                self.bytes.extend((value as u64).to_le_bytes());
                self.bytes.push(0);
            }
        }
    }

    fn minus_one(&mut self) {
        if self.protocol == 0 {
            self.bytes.extend(b"I-1\n");
        } else {
            self.bytes.push(op::BININT);
            self.bytes.extend([0xff; 4]);
        }
    }

    fn truth(&mut self, value: bool) {
        match (self.protocol, value) {
            (0 | 1, false) => self.bytes.extend(b"I00\n"),
            (0 | 1, true) => self.bytes.extend(b"I01\n"),
            (_, false) => self.bytes.push(op::NEWFALSE),
            (_, true) => self.bytes.push(op::NEWTRUE),
        }
    }
}
