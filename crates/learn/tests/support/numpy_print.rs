//! Numbers as NumPy prints arrays of them: eight digits after the point, trailing zeros cut, and exponents for all where
//! one of them is very large or very small. Include it with `#[path = "support/numpy_print.rs"] mod numpy_print;`.

use limpid_graph::Tensor;

/// The numbers of a tensor as NumPy prints them, row by row and without its padding.
pub(crate) fn printed(tensor: &Tensor) -> String {
    let numbers = tensor.to_f64();
    let sizes = || numbers.iter().map(|x| x.abs()).filter(|&x| x != 0.0);
    let (largest, smallest) = (sizes().fold(0.0, f64::max), sizes().fold(f64::INFINITY, f64::min));
    let exponents = largest >= 1e8 || smallest < 1e-4 || largest / smallest > 1000.0;
    numbers.iter().map(|&x| if exponents { with_exponent(x) } else { plain(x) }).collect::<Vec<_>>().join(" ")
}

fn plain(x: f64) -> String {
    format!("{x:.8}").trim_end_matches('0').to_string()
}

fn with_exponent(x: f64) -> String {
    let text = format!("{x:.8e}");
    let (digits, exponent) = text.split_once('e').unwrap();
    let exponent: i32 = exponent.parse().unwrap();
    format!("{digits}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
}
