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

/// A statistic of a million draws lies within 5 standard deviations of what it is on average.
#[test]
fn single_draws_are_uniform() {
    const COUNT: usize = 1_000_000;
    let stream = Stream::new(1, "uniform");
    let draws: Vec<f64> = (0..COUNT as u64).map(|i| f64::from(stream.uniform_f32(3, i))).collect();
    assert!(draws.iter().all(|&x| (0.0..1.0).contains(&x) && (x * f64::from(1 << 24)).fract() == 0.0));
    let count = COUNT as f64;
    let mean = draws.iter().sum::<f64>() / count;
    assert!((mean - 0.5).abs() < 5.0 * (1.0 / 12.0 / count).sqrt(), "mean {mean}");
    let variance = draws.iter().map(|x| (x - 0.5) * (x - 0.5)).sum::<f64>() / count;
    // The fourth moment of a uniform number about its mean is 1/80.
    let of_variance = ((1.0 / 80.0 - 1.0 / 144.0) / count).sqrt();
    assert!((variance - 1.0 / 12.0).abs() < 5.0 * of_variance, "variance {variance}");
    let next_to_each_other = draws.windows(2).map(|pair| (pair[0] - 0.5) * (pair[1] - 0.5)).sum::<f64>() / count;
    assert!(next_to_each_other.abs() < 5.0 / 12.0 / count.sqrt(), "covariance {next_to_each_other}");
    // Chi-square of 1,000 cells has 999 degrees of freedom: mean 999, variance 1998. The same for steps and for draws.
    let by_step = (0..COUNT as u64).map(|step| f64::from(stream.uniform_f32(step, 5))).collect::<Vec<_>>();
    for (what, draws) in [("draws of a step", &draws), ("steps of a draw", &by_step)] {
        let mut cells = [0u32; 1_000];
        draws.iter().for_each(|x| cells[(x * 1e3) as usize] += 1);
        let chi_square = cells.iter().map(|&found| (f64::from(found) - 1e3).powi(2) / 1e3).sum::<f64>();
        assert!((chi_square - 999.0).abs() < 5.0 * 1998f64.sqrt(), "chi-square of {what}: {chi_square}");
    }
}

#[test]
fn the_largest_draw_is_below_1_in_both_precisions() {
    let largest = f64::from((1u32 << 24) - 1) / f64::from(1u32 << 24);
    assert_eq!(f64::from(largest as f32), largest);
    assert!((largest as f32) < 1.0);
}

#[test]
fn draws_made_together_are_those_made_one_by_one() {
    let stream = Stream::new(9, "run");
    for (step, run) in [(0, 0), (1, 5), ((1 << 40) + 3, (1 << 28) - 1), (u64::MAX, (1 << 28) + 1), (7, 1 << 57)] {
        for (i, drawn) in stream.uniforms_f32(step, run).into_iter().enumerate() {
            assert_eq!(drawn, stream.uniform_f32(step, run * Stream::RUN as u64 + i as u64), "{step}, {run}, {i}");
        }
    }
}
