//! What can be wrong with a pickle.

use thiserror::Error;

use super::{MAX_DEPTH, MAX_NAME_BYTES, MAX_PROTOCOL};
use crate::array::ArrayError;
use crate::sniff::Sniffed;

/// Bytes that are not a pickle of arrays and plain values. Offsets count from the start of the pickle.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PickleError {
    /// The bytes do not start as a pickle does.
    #[error("expected a pickle, found {}", found.or("is it the right file?"))]
    NotPickle {
        /// What they are.
        found: Sniffed,
    },
    /// The bytes end too soon.
    #[error(
        "the pickle is cut off: the instruction at byte {offset} needs {needed} bytes after it, {found} are left; copy \
         the whole file again"
    )]
    Cut {
        /// Where the instruction stands.
        offset: usize,
        /// How many bytes it needs.
        needed: u64,
        /// How many there are.
        found: usize,
    },
    /// There is no last instruction.
    #[error("the pickle is cut off: it ends at byte {length} without its stop mark; copy the whole file again")]
    NoStop {
        /// How many bytes there are.
        length: usize,
    },
    /// Something follows the last instruction.
    #[error(
        "the pickle ends at byte {offset}, and {count} bytes follow; if several values were dumped into one file, dump \
         them as one dict"
    )]
    TrailingBytes {
        /// Where they start.
        offset: usize,
        /// How many they are.
        count: usize,
    },
    /// Written in a later protocol than this library knows.
    #[error(
        "pickle protocol {found} at byte {offset}; limpid reads 0 to {MAX_PROTOCOL}: dump with protocol={MAX_PROTOCOL}"
    )]
    Protocol {
        /// The file's protocol.
        found: u8,
        /// Where it stands.
        offset: usize,
    },
    /// No instruction has this code.
    #[error(
        "unknown pickle instruction {code:#04x} at byte {offset}; the file is damaged, or no pickle: copy it again"
    )]
    Instruction {
        /// The code.
        code: u8,
        /// Where it stands.
        offset: usize,
    },
    /// The pickle asks for something that is not on the list of what is harmless.
    #[error(
        "the pickle asks for {} at byte {offset}; limpid runs nothing that a file brings, and reads arrays and plain \
         values: {advice}",
        dotted(.module, .name)
    )]
    Global {
        /// The module it would be imported from.
        module: String,
        /// Its name there.
        name: String,
        /// Where the pickle asks for it.
        offset: usize,
        /// What to do instead.
        advice: &'static str,
    },
    /// An object of a class, not numbers.
    #[error(
        "the file holds an object of class {class} (byte {offset} of its pickle), not its numbers alone; limpid runs \
         nothing that a file brings: {advice}"
    )]
    Module {
        /// The class.
        class: String,
        /// Where the pickle asks for it.
        offset: usize,
        /// What to do instead.
        advice: &'static str,
    },
    /// The pickle calls something that is not to be called, or restores what has no state.
    #[error(
        "the pickle {verb} {what} at byte {offset}; limpid runs nothing that a file brings: pickle a dict of NumPy arrays"
    )]
    Call {
        /// `calls`, `makes` or `restores`.
        verb: &'static str,
        /// What would be called.
        what: String,
        /// Where.
        offset: usize,
    },
    /// A harmless function is called with what it does not take.
    #[error("{what} at byte {offset}: {reason}; the file is damaged, or not NumPy's: write it again")]
    Arguments {
        /// The function.
        what: &'static str,
        /// Where it is called.
        offset: usize,
        /// What is wrong.
        reason: String,
    },
    /// An array of numbers that limpid does not know.
    #[error("{}holds {found} at byte {offset}; {}", array_text(.name), dtype_advice(.found))]
    Dtype {
        /// The array's key in its dict, where it is known.
        name: Option<String>,
        /// What its elements are, in NumPy's words.
        found: String,
        /// Where the array is made.
        offset: usize,
    },
    /// An array whose parts do not belong together.
    #[error("{}at byte {offset}: {cause}", array_text(.name))]
    Array {
        /// The array's key in its dict, where it is known.
        name: Option<String>,
        /// Where the array is made.
        offset: usize,
        /// What is wrong with it.
        cause: ArrayError,
    },
    /// The numbers, or objects, are kept outside the pickle.
    #[error("the pickle refers to {what} outside itself at byte {offset}; {advice}")]
    Outside {
        /// What is missing.
        what: &'static str,
        /// Where it is referred to.
        offset: usize,
        /// What to do instead.
        advice: &'static str,
    },
    /// An instruction that does not fit what came before it.
    #[error("damaged pickle at byte {offset}: {reason}; copy the file again")]
    Malformed {
        /// Where the instruction stands.
        offset: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// An array was announced and never came.
    #[error("the pickle announces an array but has no content for it; copy the file again")]
    Unfilled,
    /// A key of a dict that is longer than a name.
    #[error("a key in the pickle is {length} bytes long, more than the {MAX_NAME_BYTES} of a name; use short keys")]
    LongKey {
        /// Its length in bytes.
        length: usize,
    },
    /// A value contains itself.
    #[error("the pickle's value contains itself; pickle a plain dict of arrays")]
    Recursive,
    /// Values lie in values too many times over.
    #[error("the pickle's value is nested {found} deep, more than {MAX_DEPTH}; pickle a plain dict of arrays")]
    TooDeep {
        /// How deep it is nested.
        found: usize,
    },
    /// The pickle unfolds to more than belongs in a file of its length.
    #[error(
        "the pickle unfolds to more than {cap_bytes} bytes, the most for its {length} bytes; its values repeat one \
         another: pickle each array once"
    )]
    TooLarge {
        /// The length of the file.
        length: usize,
        /// The most that is unfolded.
        cap_bytes: usize,
    },
    /// Two entries of one dict, or two arrays, share a name.
    #[error("the pickle holds {name:?} twice; give each array a name of its own")]
    Duplicate {
        /// The name.
        name: String,
    },
}

fn dotted(module: &str, name: &str) -> String {
    if module.is_empty() { name.to_string() } else { format!("{module}.{name}") }
}

fn array_text(name: &Option<String>) -> String {
    name.as_ref().map_or("an array ".to_string(), |name| format!("array {name:?} "))
}

fn dtype_advice(found: &str) -> &'static str {
    if found.contains("object") {
        return "convert it with .astype(float), or pickle its parts one by one";
    }
    if found.contains("structured") {
        return "pickle each field as an array of its own";
    }
    "convert it with .astype to a float of at most 64 bits, an integer or bool"
}
