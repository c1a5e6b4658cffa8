//! The number types of a session.

use std::fmt;
use std::str::FromStr;

use super::SessionError;

/// The number type that a session computes in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// 32-bit floats: what training and serving use.
    #[default]
    F32,
    /// 64-bit floats: for checking gradients and for printed digits.
    F64,
}

impl Precision {
    /// How many bytes a number takes.
    pub fn bytes(self) -> usize {
        match self {
            Self::F32 => size_of::<f32>(),
            Self::F64 => size_of::<f64>(),
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
        })
    }
}

impl FromStr for Precision {
    type Err = SessionError;

    fn from_str(text: &str) -> Result<Self, SessionError> {
        match text {
            "f32" => Ok(Self::F32),
            "f64" => Ok(Self::F64),
            _ => Err(SessionError::UnknownPrecision { found: text.to_string() }),
        }
    }
}
