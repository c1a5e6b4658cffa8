//! Python's pickles, as NumPy and PyTorch write them: bytes → arrays and plain values.
//!
//! A pickle is a program for a small stack machine, which may import and call anything that Python can. The machine
//! here runs it as data: it builds numbers, texts, containers and arrays, and knows the few names by which NumPy
//! and the standard library put those together. Any other name is refused, with the byte at which it is asked for.
//! Read are protocols 0 to 5, of Python 2 and 3, with arrays of NumPy 1 and 2.
//!
//! Memory is bounded by a multiple of the file's length; `docs/decisions/0015-pickles-are-data.md` says how.

use crate::array::NamedArray;
use crate::sniff::{NPY_MAGIC, sniff};

mod calls;
mod error;
mod finish;
mod globals;
mod grid;
mod machine;
mod node;
mod opcode;
mod refused;
mod text;
mod torch;
mod unfold;
mod value;
mod write;

pub use error::PickleError;
pub use unfold::Unfolded;
pub use value::{ArrayView, Entries, Items, Value};
pub use write::{PickleWriteError, write_pickle};

pub(crate) use torch::Storages;

use grid::Known;
use machine::Machine;
use node::{Id, Node};

/// The latest protocol: Python 3.8's.
const MAX_PROTOCOL: u8 = 5;
/// How deep values may lie in one another; a state dict takes three or four.
const MAX_DEPTH: usize = 256;
/// The longest key of a dict.
const MAX_NAME_BYTES: usize = 1024;

/// What a zip archive and a `.npy` file start with.
const OTHER_STARTS: [&[u8]; 2] = [b"PK\x03\x04", NPY_MAGIC];

/// A pickle that was read: one [`Value`], which may hold others.
#[derive(Debug)]
pub struct Pickle<'a> {
    nodes: Vec<Node<'a>>,
    root: Id,
    /// Which nodes are arrays, stand for some, or lead to some.
    known: Vec<Known>,
    /// The length of the file that holds all its numbers.
    file_bytes: usize,
}

/// Reads a pickle of arrays, numbers, texts, and lists, tuples, sets and dicts of those. Runs nothing.
///
/// # Errors
/// [`PickleError`], with the offset in bytes: not a pickle, damaged, of a later protocol, asking for a name that is not
/// on the list of harmless ones, or holding arrays that are not of numbers.
///
/// ```
/// // pickle.dumps({"W": numpy.array([0.5, -1], "float32"), "epochs": 3}, 2), written by NumPy 1.16 under Python 2.
/// let bytes = b"\x80\x02}(U\x06epochsK\x03U\x01Wcnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\
///     \x87R(K\x01K\x02\x85cnumpy\ndtype\nU\x02f4K\x00K\x01\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\
///     \x89U\x08\x00\x00\x00?\x00\x00\x80\xbftbu.";
/// let pickle = limpid_files::read_pickle(bytes)?;
/// let unfolded = pickle.arrays()?;
/// assert_eq!(unfolded.arrays[0].name, "W");
/// assert_eq!(unfolded.arrays[0].array.to_f64(), [0.5, -1.0]);
/// assert_eq!(unfolded.left_out, ["epochs (a whole number)"]);
///
/// let error = limpid_files::read_pickle(b"cos\nsystem\n(S'reboot'\ntR.").unwrap_err();
/// assert!(error.to_string().starts_with("the pickle asks for os.system at byte 0"));
/// # Ok::<(), limpid_files::PickleError>(())
/// ```
pub fn read_pickle(bytes: &[u8]) -> Result<Pickle<'_>, PickleError> {
    read(bytes, None, bytes.len())
}

/// Reads the pickle of a PyTorch archive of so many bytes, the numbers of which stand beside it.
#[cfg(feature = "archives")]
pub(crate) fn read_torch_pickle<'a>(
    bytes: &'a [u8],
    storages: &'a Storages<'a>,
    file_bytes: usize,
) -> Result<Pickle<'a>, PickleError> {
    read(bytes, Some(storages), file_bytes)
}

fn read<'a>(bytes: &'a [u8], storages: Option<&'a Storages<'a>>, file_bytes: usize) -> Result<Pickle<'a>, PickleError> {
    // Their first bytes are instructions too.
    if OTHER_STARTS.into_iter().any(|start| bytes.starts_with(start)) {
        return Err(PickleError::NotPickle { found: sniff(bytes) });
    }
    let mut machine = Machine::new(bytes, storages);
    let root = machine.run()?;
    let nodes = machine.nodes;
    let known = finish::check(&nodes, root)?;
    Ok(Pickle { nodes, root, known, file_bytes })
}

impl Pickle<'_> {
    /// The value that was pickled.
    pub fn value(&self) -> Value<'_> {
        Value::of(self, self.root)
    }

    /// All arrays, in the order in which they stand, named by the keys that lead to them: `{"a": [x, {"b": y}]}`
    /// gives `a.0` and `a.1.b`. A single array is called `array`. NumPy's single numbers are arrays without axes. Lists
    /// of numbers, as `array.tolist()` makes them, are arrays, too.
    ///
    /// # Errors
    /// [`PickleError`]: two arrays get the same name, or the same few bytes are repeated into far more than the file.
    pub fn arrays(&self) -> Result<Unfolded, PickleError> {
        unfold::unfold(self, None)
    }

    /// All arrays, where the pickle is itself a part of something and has that name there.
    #[cfg(feature = "archives")]
    pub(crate) fn arrays_of(&self, name: &str) -> Result<Unfolded, PickleError> {
        unfold::unfold(self, Some(name))
    }

    /// What is in an array of one object; anything else is itself.
    fn unboxed(&self, id: Id) -> Id {
        // That no such array is in itself was checked.
        let mut id = id;
        while let Node::Boxed(item) = self.nodes[id as usize] {
            id = item;
        }
        id
    }
}

/// The name of an array that nothing leads to.
pub(crate) const LONE_NAME: &str = "array";

impl Unfolded {
    /// The array of that name.
    pub fn array(&self, name: &str) -> Option<&NamedArray> {
        self.arrays.iter().find(|array| array.name == name)
    }
}
