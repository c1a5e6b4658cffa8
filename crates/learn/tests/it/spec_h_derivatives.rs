//! The course notes' rows on numerical differentiation.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use limpid_graph::Tensor;
use limpid_learn::numeric::{H, central_difference, forward_difference, forward_difference_f32, numerical_gradient};

use crate::numpy_print::printed;

fn curve(x: f64) -> f64 {
    0.01 * (x * x) + 0.1 * x
}

fn bowl(x: &[f64]) -> f64 {
    x[0] * x[0] + x[1] * x[1]
}

// row H1
#[test]
fn a_step_too_small_to_be_seen_makes_the_forward_difference_0() {
    for h in [1e-49, 1e-30] {
        assert_eq!(forward_difference(|x| x * x, 2.0, h).unwrap(), 0.0);
    }
}

// row H1
#[test]
fn a_step_of_1e_minus_50_is_0_in_32_bits() {
    assert_eq!(1e-50_f64 as f32, 0.0);
    let message = forward_difference_f32(|x| x * x, 2.0, 1e-50).unwrap_err().to_string();
    assert_eq!(message, "the step h is 1e-50, which is 0 as f32; use a small number above 0, such as 1e-4");
    assert!((forward_difference_f32(|x| x * x, 2.0, 1e-3).unwrap() - 4.0).abs() < 0.01);
}

// row H2
#[test]
fn central_differences_give_the_printed_digits() {
    assert_eq!(H, 1e-4);
    assert_eq!(central_difference(curve, 5.0, H).unwrap(), 0.1999999999990898);
    assert_eq!(central_difference(curve, 10.0, H).unwrap(), 0.2999999999986347);
}

// row H2
#[test]
fn the_central_difference_is_nearer_to_the_slope_than_the_forward_one() {
    let cube = |x: f64| x * x * x;
    let forward = (forward_difference(cube, 1.0, H).unwrap() - 3.0).abs();
    let central = (central_difference(cube, 1.0, H).unwrap() - 3.0).abs();
    assert!(forward > 1e-4 && central < 1e-7, "{forward} and {central}");
}

// row H3
#[test]
fn partial_derivatives_give_the_printed_digits() {
    assert_eq!(central_difference(|x0| bowl(&[x0, 4.0]), 3.0, H).unwrap(), 6.00000000000378);
    assert_eq!(central_difference(|x1| bowl(&[3.0, x1]), 4.0, H).unwrap(), 7.999999999999119);
    let gradient = numerical_gradient(bowl, &Tensor::from([3.0, 4.0]), H).unwrap();
    assert_eq!(gradient.to_f64(), [6.00000000000378, 7.999999999999119]);
}

// row H4
#[test]
fn gradients_print_as_whole_numbers() {
    for (at, wanted) in [([3.0, 4.0], "6. 8."), ([0.0, 2.0], "0. 4."), ([3.0, 0.0], "6. 0.")] {
        assert_eq!(printed(&numerical_gradient(bowl, &Tensor::from(at), H).unwrap()), wanted);
    }
}

// row H4
#[test]
fn an_array_of_any_rank_has_a_gradient_of_its_shape() {
    let numbers: Vec<f64> = (0..24).map(|i| f64::from(i) / 8.0 - 1.0).collect();
    let sum_of_cubes = |x: &[f64]| x.iter().map(|x| x * x * x).sum::<f64>();
    for shape in [vec![24], vec![4, 6], vec![2, 3, 4], vec![1, 2, 3, 2, 2]] {
        let x = Tensor::new(shape, numbers.clone()).unwrap();
        let gradient = numerical_gradient(sum_of_cubes, &x, H).unwrap();
        assert_eq!(gradient.shape(), x.shape());
        assert!(gradient.to_f64().iter().zip(&numbers).all(|(g, x)| (g - 3.0 * x * x).abs() < 1e-7));
    }
    let single = numerical_gradient(|x| x[0] * x[0], &Tensor::scalar(3.0), H).unwrap();
    assert_eq!(single.shape(), [0usize; 0]);
    assert!((single.item().unwrap() - 6.0).abs() < 1e-10);
}

// row H4
#[test]
fn each_element_is_moved_alone_and_put_back_to_the_bit() {
    let mut seen = Vec::new();
    let note = |x: &[f64]| {
        seen.push(x.to_vec());
        0.0
    };
    numerical_gradient(note, &Tensor::from([0.1, 0.7]), 0.25).unwrap();
    assert_eq!(seen, [[0.1 + 0.25, 0.7], [0.1 - 0.25, 0.7], [0.1, 0.7 + 0.25], [0.1, 0.7 - 0.25]]);
}

#[test]
fn steps_and_points_that_make_no_sense_are_refused() {
    for h in [0.0, -1e-4, f64::NAN, f64::INFINITY] {
        let message = central_difference(curve, 5.0, h).unwrap_err().to_string();
        assert_eq!(message, format!("the step h is {h}; use a small number above 0, such as 1e-4"));
        assert!(forward_difference(curve, 5.0, h).is_err());
        assert!(forward_difference_f32(|x| x, 5.0, h).is_err());
        assert!(numerical_gradient(bowl, &Tensor::from([3.0, 4.0]), h).is_err());
    }
    let message = numerical_gradient(bowl, &Tensor::from([3.0, f64::NAN]), H).unwrap_err().to_string();
    assert_eq!(message, "the point is NaN; use a finite number");
    assert!(central_difference(curve, f64::INFINITY, H).is_err());
    assert!(forward_difference_f32(|x| x, 5.0, 1e300).is_err());
}
