//! The course notes' perceptron rows: gates, and why XOR takes two layers.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use limpid_learn::{Perceptron, xor};

const INPUTS: [[f64; 2]; 4] = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]];

fn truth_table(gate: &Perceptron) -> [bool; 4] {
    INPUTS.map(|x| gate.output(&x).unwrap())
}

// row C1
#[test]
fn and_by_threshold_and_by_bias_is_the_same_gate() {
    for and in [Perceptron::by_threshold([0.5, 0.5], 0.7), Perceptron::new([0.5, 0.5], -0.7), Perceptron::and()] {
        assert_eq!(truth_table(&and), [false, false, false, true]);
        assert_eq!(and.weighted_sum(&[0.0, 1.0]).unwrap(), -0.19999999999999996);
    }
}

// row C2
#[test]
fn nand_and_or_differ_from_and_in_nothing_but_their_numbers() {
    assert_eq!(Perceptron::nand(), Perceptron::new([-0.5, -0.5], 0.7));
    assert_eq!(Perceptron::or(), Perceptron::new([0.5, 0.5], -0.2));
    assert_eq!(truth_table(&Perceptron::nand()), [true, true, true, false]);
    assert_eq!(truth_table(&Perceptron::or()), [false, true, true, true]);
}

// row C3
#[test]
fn two_layers_make_xor() {
    assert_eq!([xor(false, false), xor(true, false), xor(false, true), xor(true, true)], [false, true, true, false]);
}

// row C3
#[test]
fn no_single_perceptron_makes_xor_though_every_gate_on_one_side_of_a_line_is_found() {
    let numbers = || (-20..=20).map(|i| f64::from(i) / 10.0);
    let mut found = std::collections::BTreeSet::new();
    for w1 in numbers() {
        for w2 in numbers() {
            found.extend(numbers().map(|bias| truth_table(&Perceptron::new([w1, w2], bias))));
        }
    }
    let (xor, xnor) = ([false, true, true, false], [true, false, false, true]);
    assert!(!found.contains(&xor) && !found.contains(&xnor));
    assert_eq!(found.len(), 14, "of the 16 gates of two inputs, all but XOR and its opposite");
}

// row C3
#[test]
fn a_perceptron_that_is_right_on_three_corners_of_xor_is_wrong_on_the_fourth() {
    // b ≤ 0, w1 + b > 0 and w2 + b > 0 give w1 + w2 + b > −b ≥ 0.
    for (w1, w2, bias) in [(0.5, 0.5, -0.2), (1.0, 2.0, 0.0), (1e-9, 3.0, -1e-10), (7.0, 5.0, -4.999)] {
        let table = truth_table(&Perceptron::new([w1, w2], bias));
        assert_eq!(table, [false, true, true, true]);
    }
}

#[test]
fn a_wrong_number_of_inputs_is_an_error_with_both_numbers() {
    let message = Perceptron::and().output(&[1.0]).unwrap_err().to_string();
    assert_eq!(message, "a perceptron of 2 weights was given 1 inputs; give one for each weight");
}
