//! How numbers are stored, with the names that Rust and NumPy have for it.

use std::fmt;

/// How the numbers of an [`Array`](super::Array) are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dtype {
    /// Truth values, one byte each: 0 or 1.
    Bool,
    /// Bytes.
    U8,
    /// Signed bytes.
    I8,
    /// Whole numbers of 16 bits.
    U16,
    /// Signed whole numbers of 16 bits.
    I16,
    /// Whole numbers of 32 bits.
    U32,
    /// Signed whole numbers of 32 bits.
    I32,
    /// Whole numbers of 64 bits.
    U64,
    /// Signed whole numbers of 64 bits.
    I64,
    /// IEEE 754 half precision.
    F16,
    /// The upper half of an `f32` ("brain float").
    Bf16,
    /// IEEE 754 single precision.
    F32,
    /// IEEE 754 double precision.
    F64,
}

impl Dtype {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Bool,
        Self::U8,
        Self::I8,
        Self::U16,
        Self::I16,
        Self::U32,
        Self::I32,
        Self::U64,
        Self::I64,
        Self::F16,
        Self::Bf16,
        Self::F32,
        Self::F64,
    ];

    /// Bytes a number.
    pub fn width_bytes(self) -> usize {
        match self {
            Self::Bool | Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 | Self::F16 | Self::Bf16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }

    /// Its name in Rust: `f32`, `bool`, `bf16`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::U8 => "u8",
            Self::I8 => "i8",
            Self::U16 => "u16",
            Self::I16 => "i16",
            Self::U32 => "u32",
            Self::I32 => "i32",
            Self::U64 => "u64",
            Self::I64 => "i64",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
            Self::F32 => "f32",
            Self::F64 => "f64",
        }
    }

    /// NumPy's name, kind and width: `f4`, `b1`. NumPy has none for `bf16`.
    pub(crate) fn numpy_code(self) -> Option<&'static str> {
        Some(match self {
            Self::Bool => "b1",
            Self::U8 => "u1",
            Self::I8 => "i1",
            Self::U16 => "u2",
            Self::I16 => "i2",
            Self::U32 => "u4",
            Self::I32 => "i4",
            Self::U64 => "u8",
            Self::I64 => "i8",
            Self::F16 => "f2",
            Self::Bf16 => return None,
            Self::F32 => "f4",
            Self::F64 => "f8",
        })
    }

    pub(crate) fn from_numpy_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dtype| dtype.numpy_code() == Some(code))
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(feature = "arrays")]
/// A type's code without its byte order, and whether that is big-endian.
#[cfg(feature = "arrays")]
pub(crate) fn split_code(code: &str) -> (bool, &str) {
    match code.strip_prefix('>') {
        Some(code) => (true, code),
        None => (false, code.trim_start_matches(['<', '|', '='])),
    }
}

/// What a NumPy type that is no plain number is called.
#[cfg(feature = "arrays")]
pub(crate) fn foreign_type(code: &str) -> String {
    let kind = match code.bytes().next() {
        _ if !code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'[' || byte == b']') => {
            "numbers of an unknown type"
        }
        Some(b'O') => "Python objects (object arrays)",
        Some(b'V') => "structured records",
        Some(b'U' | b'S' | b'a' | b'T') => "texts",
        Some(b'c') => "complex numbers",
        Some(b'M' | b'm') => "dates or times",
        Some(b'f' | b'g') => "floats of a width that only some processors have",
        _ => "numbers of an unknown type",
    };
    format!("{kind} ({})", code.chars().take(16).collect::<String>())
}
