//! One way to train: data and options → what is chosen → a trained model. `limpid train` is this with flags and progress.
//!
//! [`TrainingOptions`] say what is wanted; what they leave out is chosen by the kind of the data. Nothing is hidden: a
//! [`TrainingSetup`] has every hyperparameter before the first step, and the graphs that the training runs.
//!
//! ```
//! use limpid::learn::step::GraphKind;
//! use limpid::prelude::*;
//! use limpid::training::{TrainingData, TrainingOptions};
//! use limpid::learn::Task;
//!
//! let inputs = Tensor::from([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]);
//! let xor = Dataset::new(inputs, Tensor::from([0u8, 1, 1, 0]))?;
//! let data = TrainingData::of_samples("xor", xor, None, Task::Classification, 2);
//! let options = TrainingOptions { hidden: vec![16], epochs: Some(400), learning_rate: Some(0.5), ..Default::default() };
//! let setup = options.setup(data)?;
//! assert_eq!(setup.hyperparameters().network.to_string(), "2, affine 16, relu, affine 2");
//! assert_eq!(setup.hyperparameters().batch_size, 4);
//! println!("{}", setup.graph(GraphKind::Step)?.show());
//! let trained = setup.train()?;
//! assert_eq!(trained.history.epochs.last().and_then(|epoch| epoch.train_accuracy), Some(1.0));
//! # Ok::<(), limpid::Error>(())
//! ```
//!
//! A table is named by its file and the column to predict (the feature `tables`), a folder of pictures by its path (the
//! feature `pictures`):
//!
//! ```
//! # #[cfg(feature = "tables")] {
//! use limpid::models;
//! use limpid::training::{TableData, TrainingOptions};
//!
//! # let folder = tempfile::tempdir()?;
//! # let [path, file] = ["sizes.csv", "sizes.safetensors"].map(|name| folder.path().join(name));
//! let rows: String = (0..40).map(|i| format!("{},{}\n", i % 7, if i % 7 > 3 { "large" } else { "small" })).collect();
//! std::fs::write(&path, format!("size,kind\n{rows}"))?;
//! let setup = TrainingOptions::default().for_table(&TableData::new(&path, "kind"))?;
//! assert_eq!((setup.hyperparameters().epochs, setup.hyperparameters().batch_size), (100, 32));
//! setup.train()?.saved.save(&file)?;
//!
//! let mut saved = models::load_saved(&file)?;
//! let held_out = saved.read_table(&path, Some(limpid::models::Part::Test))?;
//! assert_eq!(saved.evaluate(&held_out)?.evaluation.samples, 8);
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod data;
mod error;
mod memory;
mod options;
mod presets;
mod setup;

#[cfg(feature = "pictures")]
pub use data::PictureData;
#[cfg(feature = "tables")]
pub use data::TableData;
pub use data::{DataKind, DataSpec, TrainingData, random_samples};
pub use error::TrainingError;
pub use memory::{MOST_NUMBERS, check_interpreted_memory, check_memory};
pub use options::{Defaults, TrainingOptions, usual_initializer, usual_learning_rate, usual_loss};
pub use presets::Preset;
pub use setup::{Hyperparameters, TrainedModel, TrainingRun, TrainingSetup};
