//! The names that a pickle may ask for. Nothing else is ever looked up, and none of these is run: each stands for a
//! piece of code in `calls.rs` or `torch.rs`.

use crate::array::Dtype;

/// Something harmless that a pickle refers to by module and name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Global {
    /// `numpy.core.multiarray._reconstruct`: an array to be filled.
    Reconstruct,
    /// `numpy.core.multiarray.scalar`: a single number.
    Scalar,
    /// `numpy.core.numeric._frombuffer`: an array, in protocol 5.
    FromBuffer,
    /// `numpy.ndarray`, or a kind of it that adds only behaviour.
    NdArray,
    /// `numpy.dtype`: a type of numbers.
    Dtype,
    /// `_codecs.encode`: how Python 3 writes bytes for Python 2.
    Encode,
    OrderedDict,
    DefaultDict,
    Bytes,
    ByteArray,
    List,
    Tuple,
    Set,
    Dict,
    /// A class or type that may be mentioned but not called.
    Mention(&'static str),
    /// A tensor: storage, offset, shape, strides; with `typed` also a type, as `_rebuild_tensor_v3` has it.
    Tensor {
        typed: bool,
    },
    /// A tensor that is learned.
    Parameter,
    /// The type of a storage's numbers; `None` where the tensor says it.
    Storage(Option<Dtype>),
    TorchType(Dtype),
    TorchSize,
    TorchDevice,
}

impl Global {
    /// What a plain pickle may ask for.
    pub(super) fn plain(module: &str, name: &str) -> Option<Self> {
        Some(match (module, name) {
            ("numpy.core.multiarray" | "numpy._core.multiarray", "_reconstruct") => Self::Reconstruct,
            ("numpy.core.multiarray" | "numpy._core.multiarray", "scalar") => Self::Scalar,
            ("numpy.core.numeric" | "numpy._core.numeric", "_frombuffer") => Self::FromBuffer,
            ("numpy", "ndarray") => Self::NdArray,
            ("numpy" | "numpy.matrixlib.defmatrix", "matrix") => Self::NdArray,
            ("numpy" | "numpy.core.memmap" | "numpy._core.memmap", "memmap") => Self::NdArray,
            ("numpy", "dtype") => Self::Dtype,
            ("numpy", name) => Self::Mention(find(&NUMPY_TYPES, name)?),
            ("_codecs", "encode") => Self::Encode,
            ("collections", "OrderedDict") => Self::OrderedDict,
            ("collections", "defaultdict") => Self::DefaultDict,
            ("builtins" | "__builtin__", name) => match name {
                "bytes" => Self::Bytes,
                "bytearray" => Self::ByteArray,
                "list" => Self::List,
                "tuple" => Self::Tuple,
                "set" | "frozenset" => Self::Set,
                "dict" => Self::Dict,
                _ => Self::Mention(find(&PYTHON_TYPES, name)?),
            },
            _ => return None,
        })
    }

    /// What a PyTorch file may ask for besides.
    pub(super) fn torch(module: &str, name: &str) -> Option<Self> {
        Some(match (module, name) {
            ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2") => Self::Tensor { typed: false },
            ("torch._utils", "_rebuild_tensor_v3") => Self::Tensor { typed: true },
            ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state") => Self::Parameter,
            ("torch", "Size") => Self::TorchSize,
            ("torch", "device") => Self::TorchDevice,
            ("torch.storage", "UntypedStorage") => Self::Storage(None),
            ("torch" | "torch.cuda", name) => match STORAGES.iter().find(|(storage, ..)| *storage == name) {
                Some((.., dtype)) => Self::Storage(Some(*dtype)),
                None => Self::TorchType(STORAGES.iter().find(|(_, names, _)| names.contains(&name))?.2),
            },
            _ => return None,
        })
    }

    /// Its name, for a message.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Reconstruct => "numpy's _reconstruct",
            Self::Scalar => "numpy's scalar",
            Self::FromBuffer => "numpy's _frombuffer",
            Self::NdArray => "numpy.ndarray",
            Self::Dtype => "numpy.dtype",
            Self::Encode => "_codecs.encode",
            Self::OrderedDict => "collections.OrderedDict",
            Self::DefaultDict => "collections.defaultdict",
            Self::Bytes => "bytes",
            Self::ByteArray => "bytearray",
            Self::List => "list",
            Self::Tuple => "tuple",
            Self::Set => "set",
            Self::Dict => "dict",
            Self::Mention(name) => name,
            Self::Tensor { .. } => "torch's _rebuild_tensor",
            Self::Parameter => "torch's _rebuild_parameter",
            Self::Storage(_) => "a torch storage",
            Self::TorchType(_) => "a torch type",
            Self::TorchSize => "torch.Size",
            Self::TorchDevice => "torch.device",
        }
    }
}

fn find(names: &[&'static str], wanted: &str) -> Option<&'static str> {
    names.iter().find(|&&name| name == wanted).copied()
}

const PYTHON_TYPES: [&str; 8] = ["bool", "int", "long", "float", "complex", "str", "unicode", "object"];

const NUMPY_TYPES: [&str; 17] = [
    "bool_",
    "bool",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "float16",
    "float32",
    "float64",
    "float_",
    "int_",
    "longlong",
    "ulonglong",
];

/// A storage class, PyTorch's names for its type, and the type.
const STORAGES: [(&str, &[&str], Dtype); 13] = [
    ("BoolStorage", &["bool"], Dtype::Bool),
    ("ByteStorage", &["uint8"], Dtype::U8),
    ("CharStorage", &["int8"], Dtype::I8),
    ("ShortStorage", &["int16", "short"], Dtype::I16),
    ("IntStorage", &["int32", "int"], Dtype::I32),
    ("LongStorage", &["int64", "long"], Dtype::I64),
    ("HalfStorage", &["float16", "half"], Dtype::F16),
    ("BFloat16Storage", &["bfloat16"], Dtype::Bf16),
    ("FloatStorage", &["float32", "float"], Dtype::F32),
    ("DoubleStorage", &["float64", "double"], Dtype::F64),
    // These types have no storage class of their own.
    ("", &["uint16"], Dtype::U16),
    ("", &["uint32"], Dtype::U32),
    ("", &["uint64"], Dtype::U64),
];
