//! What a pickle asks for that is not read: whether that is an object of somebody's class, and how its numbers are
//! saved alone.

/// How a name is refused, with what to do instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// A class: the pickle holds an object of it.
    Class(&'static str),
    /// A function, or what else may be called.
    Other(&'static str),
}

/// The advice for a name that is in no row of the table.
const PLAIN: &str = "pickle a dict of NumPy arrays, or use numpy.savez";
const STATE_DICT: &str = "save the numbers with torch.save(module.state_dict(), path)";
const OWN_CLASS: &str =
    "save the numbers with numpy.savez(path, **net.params), or pickle the dict (or list) of arrays that net holds";

/// The beginning of a module's name, and how its objects' numbers are saved alone.
const KNOWN: [(&str, &str); 12] = [
    ("torch.nn.", STATE_DICT),
    ("torch.jit", STATE_DICT),
    ("__torch__", STATE_DICT),
    ("torch", "save tensors with torch.save(state_dict, path), or turn them into arrays with .numpy() first"),
    ("numpy.ma", "a masked array is saved as a plain one with array.filled(0)"),
    ("sklearn", "save its numbers with numpy.savez(path, *model.coefs_, *model.intercepts_)"),
    ("pandas", "turn it into an array with .to_numpy() first"),
    ("jax", "turn arrays into NumPy's with numpy.asarray(array) first"),
    ("flax", "turn it into a dict of NumPy arrays first: jax.tree.map(numpy.asarray, params)"),
    ("tensorflow", "save the numbers with numpy.savez(path, *model.get_weights())"),
    ("keras", "save the numbers with numpy.savez(path, *model.get_weights())"),
    ("cupy", "turn arrays into NumPy's with cupy.asnumpy(array) first"),
];

/// Modules of Python's own, whose classes are nobody's network.
const PYTHONS: [&str; 13] = [
    "os",
    "posix",
    "nt",
    "sys",
    "builtins",
    "__builtin__",
    "subprocess",
    "collections",
    "datetime",
    "decimal",
    "functools",
    "operator",
    "types",
];

pub(super) fn refusal(module: &str, name: &str, is_torch: bool) -> Refusal {
    let top = module.split('.').next().unwrap_or(module);
    let is_class = name.starts_with(char::is_uppercase);
    // How protocols 0 and 1 make an object, whose class they name next.
    if matches!((module, name), ("copy_reg" | "copyreg", "_reconstructor")) {
        return Refusal::Class(OWN_CLASS);
    }
    if is_torch && (is_class || module == "__main__") {
        return Refusal::Class(STATE_DICT);
    }
    let known = KNOWN.iter().find(|(start, _)| match start.contains('.') || start.starts_with('_') {
        true => module.starts_with(start),
        false => top == *start,
    });
    match known {
        Some(&(_, advice)) if is_class || advice == STATE_DICT => Refusal::Class(advice),
        Some(&(_, advice)) => Refusal::Other(advice),
        None if module == "__main__" || is_class && !PYTHONS.contains(&top) && top != "numpy" => {
            Refusal::Class(OWN_CLASS)
        }
        None => Refusal::Other(PLAIN),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_told_from_a_function_and_each_gets_the_advice_of_its_program() {
        let table = [
            ("__main__", "TwoLayerNet", false, Refusal::Class(OWN_CLASS)),
            ("my.nets", "Net", false, Refusal::Class(OWN_CLASS)),
            ("copy_reg", "_reconstructor", false, Refusal::Class(OWN_CLASS)),
            ("__main__", "Net", true, Refusal::Class(STATE_DICT)),
            ("torch.nn.modules.container", "Sequential", false, Refusal::Class(STATE_DICT)),
            ("sklearn.neural_network._multilayer_perceptron", "MLPClassifier", false, Refusal::Class(KNOWN[5].1)),
            ("torch._utils", "_rebuild_tensor_v2", false, Refusal::Other(KNOWN[3].1)),
            ("numpy.ma.core", "_mareconstruct", false, Refusal::Other(KNOWN[4].1)),
            ("jax._src.array", "_reconstruct_array", false, Refusal::Other(KNOWN[7].1)),
            ("os", "system", false, Refusal::Other(PLAIN)),
            ("subprocess", "Popen", false, Refusal::Other(PLAIN)),
            ("numpy.testing", "runstring", false, Refusal::Other(PLAIN)),
        ];
        for (module, name, is_torch, wanted) in table {
            assert_eq!(refusal(module, name, is_torch), wanted, "{module}.{name}");
        }
    }
}
