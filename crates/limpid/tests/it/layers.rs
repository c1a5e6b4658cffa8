//! Models with layers of every kind come back from their files to the bit, running statistics and all.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may stop at what it does not expect, and show what it found"
)]

use limpid::files::ModelFile;
use limpid::graph::{Stream, Tensor};
use limpid::learn::{Dataset, FitOptions, Model, Network, Task, layer_choices};
use limpid::models;
use limpid::training::{Preset, TrainingData, TrainingOptions};

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

/// Pictures of 28 × 28 bytes.
fn pictures(samples: usize) -> Dataset {
    let stream = Stream::new(2, "pictures");
    let pixels: Vec<u8> = (0..samples as u64 * 784).map(|i| stream.below(0, i, 256) as u8).collect();
    let labels: Vec<u8> = (0..samples).map(|i| (i % 10) as u8).collect();
    let pixels = Tensor::new([samples, 1, 28, 28], pixels).unwrap();
    Dataset::new(pixels, Tensor::from(labels)).unwrap().divided_by(255.0)
}

#[test]
fn every_preset_fits_mnist_has_a_line_on_the_page_and_is_read_back() {
    let page = include_str!("../../../../docs/networks.md");
    let names: Vec<&str> = Preset::all().iter().map(|preset| preset.name).collect();
    assert_eq!(names, ["two-layer", "convnet", "deep-convnet", "fast", "best", "tiny"]);
    for preset in Preset::all() {
        assert!(page.contains(&format!("| `{}` | ", preset.name)), "{}", preset.name);
        let setup = preset.options().unwrap().setup(TrainingData::mnist(None)).unwrap();
        let chosen = setup.hyperparameters();
        let text = chosen.network.to_string();
        assert_eq!(text.parse::<Network>().unwrap().to_string(), text);
        assert_eq!(chosen.network.notes().unwrap(), [""; 0], "{}", preset.name);
        assert!(preset.name != "tiny" || setup.parameters() <= 8_000, "{}", setup.parameters());
        println!("{:<13} {:>8} parameters  {text}", preset.name, setup.parameters());
    }
}

#[test]
fn options_go_before_the_presets_and_the_preset_before_what_is_usual() {
    let preset = |name: &str| Preset::named(name).unwrap().options().unwrap();
    let chosen = |options: TrainingOptions| options.setup(TrainingData::mnist(None)).unwrap().hyperparameters().clone();
    let fast = chosen(preset("fast"));
    assert_eq!((fast.learning_rate, fast.batch_size, fast.epochs), (0.01, 256, 1));
    assert_eq!(
        (fast.optimizer.text().as_str(), fast.schedule.to_string().as_str()),
        ("adam beta1=0.7 beta2=0.9", "one-cycle")
    );
    let changed = chosen(TrainingOptions { epochs: Some(3), batch_size: Some(32), ..preset("fast") });
    assert_eq!((changed.learning_rate, changed.batch_size, changed.epochs), (0.01, 32, 3));
    // Another optimizer has a rate of its own, and a schedule may say the rate.
    let sgd = TrainingOptions::default().optimizer;
    assert_eq!(chosen(TrainingOptions { optimizer: sgd, ..preset("fast") }).learning_rate, 0.1);
    let schedule = "one-cycle max=0.02".parse().unwrap();
    assert_eq!(chosen(TrainingOptions { schedule, ..preset("fast") }).learning_rate, 0.02);
    let network = "784, affine 10".parse().unwrap();
    let own = chosen(TrainingOptions { network: Some(network), ..preset("convnet") });
    assert_eq!((own.network.to_string().as_str(), own.epochs), ("784, affine 10", 10));
    let plain = chosen(preset("two-layer"));
    assert_eq!((plain.network.to_string().as_str(), plain.epochs), ("784, affine 50, relu, affine 10", 25));
}

#[test]
fn presets_train_on_pictures_and_refuse_what_is_none() {
    for name in ["convnet", "fast", "tiny"] {
        let options = TrainingOptions {
            epochs: Some(1),
            batch_size: Some(20),
            ..Preset::named(name).unwrap().options().unwrap()
        };
        let data = TrainingData::of_samples("noise", pictures(40), None, Task::Classification, 10);
        let trained = options.setup(data).unwrap().train().unwrap();
        assert!(trained.history.losses.iter().all(|loss| loss.is_finite()), "{name}");
    }
    let told = |data: Dataset| {
        let data = TrainingData::of_samples("mine", data, None, Task::Classification, 10);
        Preset::named("convnet").unwrap().options().unwrap().setup(data).unwrap_err().to_string()
    };
    let rows = Dataset::new(Tensor::zeros([20, 6]), Tensor::zeros([20])).unwrap();
    let wanted =
        "the preset `convnet` is for images, and samples of mine are none; use the preset `two-layer`, or a network";
    assert_eq!(told(rows), wanted);
    let small = Dataset::new(Tensor::zeros([20, 1, 4, 4]), Tensor::zeros([20])).unwrap();
    let wanted = "the preset `convnet` does not fit mine: a kernel of 5x5 is larger than its padded input of 4x4; expected: \
                  a kernel that reaches over at most 4x4, or pad=1 or more (line 1, column 8)";
    assert!(told(small.clone()).starts_with(wanted), "{}", told(small));
}
