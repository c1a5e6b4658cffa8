//! Models with layers of every kind come back from their files to the bit, running statistics and all.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use limpid::files::ModelFile;
use limpid::graph::{Stream, Tensor};
use limpid::learn::{Dataset, FitOptions, Model, Network, layer_choices};
use limpid::models;

fn data(samples: usize) -> Dataset {
    let stream = Stream::new(8, "pixels");
    let pixels: Vec<f32> = (0..samples as u64 * 64).map(|i| stream.uniform(0, i) as f32).collect();
    let labels: Vec<u8> = (0..samples).map(|i| (i % 3) as u8).collect();
    Dataset::new(Tensor::new([samples, 64], pixels).unwrap(), Tensor::from(labels)).unwrap()
}

#[test]
fn a_trained_model_of_any_layers_is_read_back_to_the_bit() {
    let table = [
        "64, affine 12, batch-norm, relu, affine 3",
        "1x8x8, conv 4 3x3 pad=1 no-bias, batch-norm momentum=0.3, relu, max-pool 2, affine 3",
        "1x8x8, conv 4 3x3 pad=same, residual(batch-norm eps=0.001, relu, conv 4 3x3 pad=1), global-average-pool, affine 3",
        "1x8x8, branches(conv 2 3x3 pad=1, batch-norm | conv 4 1x1, group-norm 2), average-pool 2, conv 4 3x3 groups=2, affine 3",
        "1x8x8, conv 4 4x4 stride=2 pad=1, mish, conv-transpose 2 2x2 stride=2, layer-norm, hard-swish, affine 3",
    ];
    let folder = tempfile::tempdir().unwrap();
    for (i, text) in table.iter().enumerate() {
        let network: Network = text.parse().unwrap();
        let mut model = Model::new(&network, 5).unwrap();
        let fit = FitOptions { epochs: 2, batch_size: 7, learning_rate: Some(0.01), ..FitOptions::default() };
        model.fit(&data(30), &fit).unwrap();
        let path = folder.path().join(format!("{i}.safetensors"));
        models::save(&model, &path).unwrap();
        let mut loaded = models::load(&path).unwrap();
        assert_eq!(loaded.network().to_string(), *text);
        assert_eq!(loaded.variables().unwrap(), model.variables().unwrap(), "{text}");
        let data = data(30);
        let wanted = model.predict(data.inputs()).unwrap();
        assert_eq!(loaded.predict(data.inputs()).unwrap(), wanted, "{text}");
        assert_eq!(loaded.predictor().unwrap().predict(data.inputs()).unwrap(), wanted, "{text}");
        assert_eq!(loaded.evaluate(&data).unwrap(), model.evaluate(&data).unwrap(), "{text}");
        // One sample alone has the bits that it has among others.
        let one = Tensor::new([64], data.inputs().rows(4, 5).to_f32()).unwrap();
        assert_eq!(loaded.predict(&one).unwrap().to_f64(), wanted.rows(4, 5).to_f64(), "{text}");
    }
}

#[test]
fn a_file_without_a_running_statistic_is_refused_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let network: Network = "64, affine 12, batch-norm, relu, affine 3".parse().unwrap();
    models::save(&Model::new(&network, 5).unwrap(), &path).unwrap();
    let mut file = ModelFile::read(&path).unwrap();
    let names: Vec<&str> = file.arrays.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["0/w", "0/b", "1/scale", "1/shift", "1/mean", "1/variance", "3/w", "3/b"]);
    file.arrays.remove(5);
    file.write(&path).unwrap();
    let told = models::load(&path).unwrap_err().to_string();
    assert!(told.contains("the running statistic `1/variance` is missing"), "{told}");
}

#[test]
fn the_page_on_networks_has_every_layer_and_says_what_is_said() {
    let page = include_str!("../../../../docs/networks.md");
    for row in layer_choices() {
        let is_there = [format!("`{}`", row.name), format!("`{} ", row.name), format!("`{}(", row.name)];
        assert!(is_there.iter().any(|text| page.contains(text)), "docs/networks.md says nothing of `{}`", row.name);
    }
    let blocks: Vec<&str> = page.split("```text\n").skip(1).filter_map(|rest| rest.split("\n```").next()).collect();
    let [network, told] = blocks[..] else { panic!("{blocks:?}") };
    assert!(network.parse::<Network>().unwrap().variables().is_ok());
    let text = told.lines().nth(2).unwrap().trim();
    assert_eq!(text.parse::<Network>().unwrap().variables().unwrap_err().to_string(), told);
}
