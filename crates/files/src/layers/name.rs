//! What an array's name says: which layer it belongs to, and as what.

use std::cmp::Ordering;

/// What an array is to its layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Weight,
    Bias,
    /// A batch norm's scale and shift: a weight and a bias where there are running statistics beside them.
    Scale,
    Shift,
    /// A batch norm's running statistics.
    Mean,
    Variance,
    /// How many batches they are made from, which nobody needs.
    Count,
    /// It has a place in a row, and no name.
    Place,
    /// Something else.
    Other,
}

const WEIGHTS: [&str; 8] = ["weight", "weights", "w", "ws", "kernel", "kernels", "coef", "coefs"];
const BIASES: [&str; 6] = ["bias", "biases", "b", "bs", "intercept", "intercepts"];
/// How PyTorch, Keras, limpid and NumPy programs call a batch norm's arrays.
const OF_NORMS: [(Role, &[&str]); 5] = [
    (Role::Scale, &["gamma", "scale"]),
    (Role::Shift, &["beta", "shift"]),
    (Role::Mean, &["running_mean", "moving_mean", "mean"]),
    (Role::Variance, &["running_var", "running_variance", "moving_variance", "variance", "var"]),
    (Role::Count, &["num_batches_tracked"]),
];
/// How NumPy calls arrays without names.
const UNNAMED: [&str; 2] = ["arr", "array"];

/// The layer's name and the array's role in it.
pub(super) fn parts(name: &str) -> (String, Role) {
    // TensorFlow numbers its variables' outputs.
    let name = name.strip_suffix(":0").unwrap_or(name);
    let (head, tail) = match name.rfind(['.', '/']) {
        Some(at) => (&name[..at], &name[at + 1..]),
        None => ("", name),
    };
    if let Some(role) = role(tail) {
        return (head.to_string(), role);
    }
    let letters = tail.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = &tail[letters.len()..];
    let word = letters.trim_end_matches('_');
    // `bn1_running_mean`: the longest word that is known.
    if let Some((layer, role)) = OF_NORMS.iter().find_map(|(role, words)| {
        let ending = words.iter().find_map(|word| tail.strip_suffix(word)?.strip_suffix('_'));
        ending.map(|layer| (layer, *role))
    }) {
        return (join(head, layer), role);
    }
    if !digits.is_empty() && (word.is_empty() || UNNAMED.contains(&word)) || tail == "array" {
        return of_list(head, tail).unwrap_or((name.to_string(), Role::Place));
    }
    if let (false, Some(role)) = (digits.is_empty(), role(word)) {
        return (join(head, digits), role);
    }
    if let Some((layer, word)) = tail.rsplit_once('_')
        && let Some(role) = role(word)
    {
        return (join(head, layer), role);
    }
    (name.to_string(), Role::Other)
}

/// An item of a list that is all weights or all biases: `weights.0`, `coefs_.1`, `net.biases.2`.
fn of_list(head: &str, place: &str) -> Option<(String, Role)> {
    let (before, word) = head.rsplit_once(['.', '/']).unwrap_or(("", head));
    Some((join(before, place), role(word)?))
}

fn role(word: &str) -> Option<Role> {
    // scikit-learn's names end in an underscore.
    let word = word.strip_suffix('_').unwrap_or(word).to_ascii_lowercase();
    if WEIGHTS.contains(&word.as_str()) {
        return Some(Role::Weight);
    }
    if BIASES.contains(&word.as_str()) {
        return Some(Role::Bias);
    }
    OF_NORMS.iter().find(|(_, words)| words.contains(&word.as_str())).map(|(role, _)| *role)
}

fn join(head: &str, tail: &str) -> String {
    if head.is_empty() { tail.to_string() } else { format!("{head}.{tail}") }
}

/// Numbers in names by their value: 2 before 10.
pub(super) fn natural_order(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let (text_a, digits_a, rest_a) = split(a);
        let (text_b, digits_b, rest_b) = split(b);
        // Of two numbers without leading zeros the longer one is larger.
        let by_number = digits_a.len().cmp(&digits_b.len()).then(digits_a.cmp(digits_b));
        let order = text_a.cmp(text_b).then(by_number);
        if order.is_ne() || rest_a.is_empty() && rest_b.is_empty() {
            return order.then(a.len().cmp(&b.len()));
        }
        (a, b) = (rest_a, rest_b);
    }
}

/// Up to the first number, the number without leading zeros, and the rest.
fn split(text: &str) -> (&str, &str, &str) {
    let start = text.find(|c: char| c.is_ascii_digit()).unwrap_or(text.len());
    let (before, rest) = text.split_at(start);
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, rest) = rest.split_at(end);
    (before, digits.trim_start_matches('0'), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_many_programs_are_taken_apart() {
        let table = [
            ("W1", "1", Role::Weight),
            ("b12", "12", Role::Bias),
            ("weight_3", "3", Role::Weight),
            ("0.weight", "0", Role::Weight),
            ("features.3.bias", "features.3", Role::Bias),
            ("fc1.weight", "fc1", Role::Weight),
            ("0/w", "0", Role::Weight),
            ("dense_1/kernel:0", "dense_1", Role::Weight),
            ("params.W2", "params.2", Role::Weight),
            ("fc1_bias", "fc1", Role::Bias),
            ("weight", "", Role::Weight),
            ("arr_0", "arr_0", Role::Place),
            ("weights.0", "0", Role::Weight),
            ("biases.11", "11", Role::Bias),
            ("net.weights.2", "net.2", Role::Weight),
            ("coefs_.1", "1", Role::Weight),
            ("intercepts_.1", "1", Role::Bias),
            ("coef_", "", Role::Weight),
            ("params.Dense_0.kernel", "params.Dense_0", Role::Weight),
            ("wih", "wih", Role::Other),
            ("net.3", "net.3", Role::Place),
            ("7", "7", Role::Place),
            ("bn.running_mean", "bn", Role::Mean),
            ("2.running_var", "2", Role::Variance),
            ("2.num_batches_tracked", "2", Role::Count),
            ("bn1_running_var", "bn1", Role::Variance),
            ("batch_normalization_1/moving_variance:0", "batch_normalization_1", Role::Variance),
            ("bn/gamma", "bn", Role::Scale),
            ("beta12", "12", Role::Shift),
            ("3/mean", "3", Role::Mean),
            ("loss", "loss", Role::Other),
        ];
        for (name, layer, role) in table {
            assert_eq!(parts(name), (layer.to_string(), role), "{name}");
        }
    }

    #[test]
    fn names_are_ordered_by_the_numbers_in_them() {
        let mut names = ["W10", "W2", "W1", "W02a", "V3"];
        names.sort_by(|a, b| natural_order(a, b));
        assert_eq!(names, ["V3", "W1", "W2", "W02a", "W10"]);
    }
}
