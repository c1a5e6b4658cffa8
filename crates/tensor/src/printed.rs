//! Tensors as NumPy prints arrays: eight digits after the point, columns aligned, long ones with their middle left out.
//!
//! The numbers are those of `numpy.array2string` with NumPy's standard options.

use std::fmt;

use crate::tensor::{Data, Tensor};

/// Arrays of more numbers than this are shown by their edges.
const MOST: usize = 1000;
/// How many stand at each edge then.
const EDGE: usize = 3;
/// Digits after the point, at most.
const PRECISION: usize = 8;

/// ```
/// use limpid_tensor::Tensor;
///
/// let y = Tensor::from([[1.0, 0.25], [-10.0, 1.0 / 3.0]]);
/// assert_eq!(y.to_string(), "[[  1.           0.25      ]\n [-10.           0.33333333]]");
/// assert_eq!(Tensor::from([1e-10, 2.5]).to_string(), "[1.0e-10 2.5e+00]");
/// assert_eq!(Tensor::from([5u8, 0, 12]).to_string(), "[ 5  0 12]");
/// ```
impl fmt::Display for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (numbers, whole) = (self.to_f64(), matches!(self.data(), Data::U8(_)));
        if let (0, Some(number)) = (self.rank(), numbers.first()) {
            return if whole { write!(f, "{number}") } else { write!(f, "{number:?}") };
        }
        let places = shown(self.shape(), self.len() > MOST);
        let texts = texts(&places.iter().map(|&at| numbers[at]).collect::<Vec<_>>(), whole);
        let cut = self.len() > MOST;
        let mut writer = Writer { f, shape: self.shape(), cut, texts: texts.iter() };
        writer.axis(0)
    }
}

/// The positions along an axis that are shown.
fn along(extent: usize, cut: bool) -> Vec<usize> {
    if cut && extent > 2 * EDGE { (0..EDGE).chain(extent - EDGE..extent).collect() } else { (0..extent).collect() }
}

/// The places of all numbers that are shown, row by row.
fn shown(shape: &[usize], cut: bool) -> Vec<usize> {
    let mut places = vec![0];
    for &extent in shape {
        let along = along(extent, cut);
        places = places.iter().flat_map(|place| along.iter().map(move |i| place * extent + i)).collect();
    }
    places
}

/// The numbers as texts of one width.
fn texts(numbers: &[f64], whole: bool) -> Vec<String> {
    let sizes = || numbers.iter().map(|x| x.abs()).filter(|x| x.is_finite() && *x != 0.0);
    let (largest, smallest) = (sizes().fold(0.0, f64::max), sizes().fold(f64::INFINITY, f64::min));
    let exponents = largest >= 1e8 || smallest < 1e-4 || largest / smallest > 1000.0;
    let parts: Vec<[String; 3]> = numbers.iter().map(|&x| parts(x, whole, exponents)).collect();
    let digits = parts.iter().map(|[_, digits, _]| digits.len()).max().unwrap_or(0);
    let joined = |[head, fraction, tail]: &[String; 3]| match (tail.as_str(), head.contains('n')) {
        (_, true) => head.clone(),
        ("", _) => format!("{head}{fraction:<digits$}"),
        // All digits of a number with an exponent are written.
        (tail, _) => format!("{head}{fraction:0<digits$}{tail}"),
    };
    let texts: Vec<String> = parts.iter().map(joined).collect();
    let width = texts.iter().map(String::len).max().unwrap_or(0);
    texts.iter().map(|text| format!("{text:>width$}")).collect()
}

/// What stands before and after the point, and the exponent.
fn parts(x: f64, whole: bool, exponents: bool) -> [String; 3] {
    if !x.is_finite() {
        let text = if x.is_nan() {
            "nan"
        } else if x > 0.0 {
            "inf"
        } else {
            "-inf"
        };
        return [text.to_string(), String::new(), String::new()];
    }
    if whole {
        return [x.to_string(), String::new(), String::new()];
    }
    let text = if exponents { format!("{x:.PRECISION$e}") } else { format!("{x:.PRECISION$}") };
    let (number, exponent) = text.split_once('e').unwrap_or((&text, ""));
    let (head, fraction) = number.split_once('.').unwrap_or((number, ""));
    let tail = match exponent.strip_prefix('-') {
        _ if exponent.is_empty() => String::new(),
        Some(below) => format!("e-{below:0>2}"),
        None => format!("e+{exponent:0>2}"),
    };
    [format!("{head}."), fraction.trim_end_matches('0').to_string(), tail]
}

struct Writer<'a, 'f> {
    f: &'a mut fmt::Formatter<'f>,
    shape: &'a [usize],
    cut: bool,
    texts: std::slice::Iter<'a, String>,
}

impl Writer<'_, '_> {
    fn axis(&mut self, axis: usize) -> fmt::Result {
        let Some(&extent) = self.shape.get(axis) else {
            return self.f.write_str(self.texts.next().map_or("", |text| text));
        };
        let (last, inner) = (axis + 1 == self.shape.len(), self.shape.len() - axis - 1);
        let between = if last { " ".to_string() } else { "\n".repeat(inner) + &" ".repeat(axis + 1) };
        self.f.write_str("[")?;
        let along = along(extent, self.cut);
        for (place, &i) in along.iter().enumerate() {
            if place > 0 {
                self.f.write_str(&between)?;
            }
            if place > 0 && along[place - 1] + 1 < i {
                self.f.write_str("...")?;
                self.f.write_str(&between)?;
            }
            self.axis(axis + 1)?;
        }
        self.f.write_str("]")
    }
}
