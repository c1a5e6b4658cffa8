//! The random numbers of a stream.
// The lint is off in functions marked as tests, and there are helpers here.
#![allow(clippy::unwrap_used)]

use limpid_graph::{Stream, philox};

/// The known answers that Random123 publishes for philox4x32 with 10 rounds.
#[test]
fn philox_gives_random123s_known_answers() {
    let zeros = philox([0; 4], [0; 2]);
    assert_eq!(zeros, [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
    let ones = philox([u32::MAX; 4], [u32::MAX; 2]);
    assert_eq!(ones, [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
    let digits_of_pi = philox([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]);
    assert_eq!(digits_of_pi, [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]);
}

#[test]
fn normal_draws_have_mean_0_and_variance_1() {
    let stream = Stream::new(1, "test");
    let count = 100_000;
    let draws: Vec<f64> = (0..count).map(|i| stream.normal(0, i)).collect();
    let mean = draws.iter().sum::<f64>() / count as f64;
    let variance = draws.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / count as f64;
    let kurtosis = draws.iter().map(|x| (x - mean).powi(4)).sum::<f64>() / count as f64;
    assert!(mean.abs() < 0.01 && (variance - 1.0).abs() < 0.02 && (kurtosis - 3.0).abs() < 0.1);
}

#[test]
fn whole_numbers_reach_every_value_below_the_bound_and_no_other() {
    let stream = Stream::new(7, "test");
    let mut seen = [0u32; 10];
    (0..10_000).for_each(|i| seen[stream.below(3, i, 10) as usize] += 1);
    assert!(seen.iter().all(|&count| (850..1150).contains(&count)), "{seen:?}");
    assert_eq!(stream.below(0, 0, 0), 0);
}
