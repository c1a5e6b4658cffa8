//! What chapter 8 says of windows, filters and maps is what its programs print.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use crate::stops::{line, numbers, printed};

/// The rest of the line that begins so, without blanks around it.
fn said(text: &str, begins: &str) -> String {
    line(text, begins).trim().to_string()
}

/// The number that ends a line.
fn last(line: &str) -> f64 {
    *numbers(line).last().unwrap()
}

#[test]
fn a_windows_nine_products_add_up_to_what_the_convolution_answers_there() {
    let text = printed("8.1");
    let by_hand = last(&line(&text, "the sum of the nine products:"));
    assert_eq!(by_hand, last(&line(&text, "upper edges: 26×26 answers, at that place")));
    assert!(by_hand > 0.5 && last(&line(&text, "left edges: 26×26 answers, at that place")).abs() < 1.0, "{text}");
}

#[test]
fn the_formula_gives_as_many_places_as_the_graph_finds() {
    let text = printed("8.2");
    let is_row = |line: &&str| line.contains("the formula:") && line.trim().starts_with(|c: char| c.is_ascii_digit());
    let lines: Vec<&str> = text.lines().filter(is_row).collect();
    assert_eq!(lines.len(), 8, "{text}");
    for line in lines {
        let found = numbers(line);
        let [size, padding, stride, dilation, rows, columns, by_formula, left_over] = found[..] else {
            panic!("{line}")
        };
        assert_eq!((rows, columns), (by_formula, by_formula), "{line}");
        let reach = dilation * (size - 1.0) + 1.0;
        assert_eq!(left_over, 28.0 + 2.0 * padding - reach - (rows - 1.0) * stride, "{line}");
    }
}

#[test]
fn unfolding_and_a_product_are_a_convolution() {
    let text = printed("8.3");
    assert!(text.contains("[[ 0.  1.  2.  4.  5.  6.  8.  9. 10.]"), "{text}");
    assert_eq!(said(&text, "largest difference:"), "0.0");
    assert_eq!(said(&text, "784 pixels become"), "14400 numbers in windows, 18.4 times as many");
}

#[test]
fn answers_move_with_the_digit_and_the_affine_layer_is_nearly_empty() {
    let text = printed("8.4");
    assert_eq!(last(&line(&text, "moved by 4 and filtered, or filtered and moved by 4:")), 0.0);
    let told = said(&text, "as an affine layer:");
    assert!(told.ends_with("the same answers: true"), "{told}");
    let [weights, zeros, 0.0] = numbers(&told)[..] else { panic!("{told}") };
    // Of nine weights six are not 0, at each of 676 places.
    assert_eq!((weights, weights - zeros), (784.0 * 676.0, 6.0 * 676.0));
}

#[test]
fn each_pool_makes_a_movement_matter_less() {
    let text = printed("8.5");
    let change = |name: &str| numbers(line(&text, name).split("by").nth(1).unwrap())[..4].to_vec();
    let [edges, one, two] = ["left edges", "behind a pool", "behind two pools"].map(change);
    for by in 0..4 {
        assert!(edges[by] > one[by] && one[by] > two[by], "{text}");
    }
    assert!(two[0] < 0.6 * edges[0], "{text}");
}

#[test]
fn derivatives_of_a_window_are_those_by_hand_and_by_numbers() {
    let text = printed("8.6");
    assert_eq!(said(&text, "from the sum over all places:"), "0");
    assert_eq!(said(&text, "from the transposed convolution:"), "0");
    assert_eq!(said(&text, "from the numerical gradient, less than 1e-8:"), "true");
}

#[test]
fn a_max_pool_passes_to_the_largest_and_equals_share() {
    let text = printed("8.7");
    let of_max = "[[  0.   1.   0.   0.]\n [  0.   0.  10.   0.]\n [100.   0. 500.   0.]\n [  0.   0. 500.   0.]]";
    assert!(text.contains(of_max), "{text}");
    assert!(text.contains("[[  0.25   0.25   2.5    2.5 ]"), "{text}");
}

#[test]
fn a_convolutional_network_reads_digits_better_and_those_that_are_moved_too() {
    let text = printed("8.8");
    let accuracy = |network: &str| last(&line(&text, network));
    let (two_layers, convolutional) = (accuracy("two layers"), accuracy("convolutional"));
    let moved_by = "2,000 test digits, moved by 1 to 6 pixels:";
    let moved: Vec<Vec<f64>> =
        text.lines().filter_map(|line| line.trim().strip_prefix(moved_by)).map(numbers).collect();
    assert!(convolutional > 0.94 && convolutional > two_layers + 0.01, "{text}");
    assert!((0..4).all(|by| moved[1][by] > moved[0][by] + 0.03), "{text}");
}

#[test]
fn maps_become_smaller_and_more_from_layer_to_layer() {
    let text = printed("8.9");
    assert!(last(&line(&text, "trained on 10,000 digits: test accuracy")) > 0.9, "{text}");
    for (layers, wanted) in [
        ("conv 8 5x5, relu:", "8 maps of 24×24"),
        ("max-pool 2:", "8 maps of 12×12"),
        ("conv 16 3x3, relu:", "16 maps of 10×10"),
    ] {
        assert!(text.contains(&format!("{layers} {wanted}")), "{wanted}: {text}");
    }
    assert_eq!(text.matches("conv 16 3x3, relu, max-pool 2: 16 maps of 5×5").count(), 1, "{text}");
}

#[test]
fn receptive_fields_are_those_of_the_text_books() {
    let text = printed("8.10");
    for wanted in [
        "layer 0, conv 8 5x5  5×5: 25 of 784 pixels",
        "layer 2, max-pool 2  6×6: 36 of 784 pixels",
        "layer 3, conv 16 3x3 10×10: 100 of 784 pixels",
        "layer 5, max-pool 2  12×12: 144 of 784 pixels",
        "layer 6, affine 10   28×28: 784 of 784 pixels",
        "3×3: [3, 5, 7, 9, 11, 13, 15, 17] rows",
        "and a pool after every second: [3, 5, 10, 14, 24, 28] rows",
        "dilation 1, 2, 4: [3, 7, 15] rows",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
}
