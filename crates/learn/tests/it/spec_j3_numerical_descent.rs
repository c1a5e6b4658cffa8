//! Row J3: the two-layer net trained by numerical gradients over every parameter, beside back-propagation.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may stop and may tell what it found")]

use limpid_engine::Precision;
use limpid_learn::{Batches, FitOptions, Model, Network, Sampling, numeric};

use crate::mnist;

#[test]
fn ten_iterations_by_numerical_gradients_lose_what_back_propagation_loses() {
    let train = mnist::data().0.range(0, 1_000).unwrap();
    let network: Network = "784, affine 50 init=normal(0.01), sigmoid, affine 10 init=normal(0.01)".parse().unwrap();
    let fit = FitOptions { epochs: 1, sampling: Sampling::WithReplacement, seed: 7, ..FitOptions::default() };

    let mut by_rule = Model::in_precision(&network, 1, Precision::F64).unwrap();
    let wanted = by_rule.fit(&train, &fit).unwrap().losses;

    let mut by_trying = Model::in_precision(&network, 1, Precision::F64).unwrap();
    let mut batches = Batches::new(fit.sampling, train.len(), fit.batch_size, fit.seed).unwrap();
    let found: Vec<f64> = (0..batches.per_epoch())
        .map(|step| {
            let batch = train.select(&batches.rows(step)).unwrap();
            by_trying.descend_numerically(&batch, fit.rate(), numeric::H).unwrap()
        })
        .collect();

    assert_eq!((wanted.len(), found.len()), (10, 10));
    assert_eq!(by_trying.parameters().unwrap().iter().map(|(_, value)| value.len()).sum::<usize>(), 39_760);
    for (wanted, found) in wanted.iter().zip(&found) {
        println!("{wanted} {found} {:e}", (wanted - found).abs());
        assert!((wanted - found).abs() < 1e-8, "{wanted} and {found}");
    }
}
