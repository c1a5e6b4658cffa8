//! Sums are added in NumPy's order, to the bit: the fixture is what NumPy answered.

use limpid_graph::{Axes, Builder, Tensor};
use serde_json::Value;

const FIXTURE: &str = include_str!("../fixtures/numpy_sums.json");

/// The fixture's recipe for its input.
fn input(count: usize) -> Vec<f64> {
    let number = |i: usize| {
        let hashed = (i as u64 * 2_654_435_761) % (1 << 32);
        (hashed as f64 / 4_294_967_291.0 - 0.5) * [1.0, 10.0, 100.0, 1000.0][i % 4]
    };
    (0..count).map(number).collect()
}

fn list<T>(of: &Value, read: impl Fn(&Value) -> Option<T>) -> Vec<T> {
    of.as_array().into_iter().flatten().map(|item| read(item).expect("the fixture is as its recipe says")).collect()
}

#[test]
fn sums_are_numpys_to_the_bit() {
    let fixture: Value = serde_json::from_str(FIXTURE).unwrap();
    let cases = fixture["cases"].as_array().unwrap();
    assert!(cases.len() >= 40, "{} cases", cases.len());
    for case in cases {
        let shape = list(&case["shape"], |n| Some(n.as_u64()? as usize));
        let axes = list(&case["axes"], |n| Some(n.as_i64()? as isize));
        let wanted: Vec<f64> = list(&case["sum"], |text| text.as_str()?.parse().ok());
        let numbers = Tensor::new(&*shape, input(shape.iter().product())).unwrap();
        let b = Builder::new();
        let x = b.input("x", &*shape);
        let (dropped, kept) = (x.sum(Axes::Listed(axes.clone())), x.sum_keep(Axes::Listed(axes.clone())));
        let graph = b.finish([dropped, kept]).unwrap();
        for answer in graph.run(&[("x", &numbers)]).unwrap() {
            let bits = |numbers: &[f64]| numbers.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&answer.to_f64()), bits(&wanted), "{shape:?} over {axes:?}: {answer:?}");
        }
    }
}
