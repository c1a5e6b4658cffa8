//! Trains on a table, evaluates on its held-out rows, and predicts another table, as `limpid` does, to the same bits.

use std::path::Path;

use limpid::Error;
use limpid::evaluation::Evaluated;
use limpid::models::{self, Part};
use limpid::training::{TableData, TrainingOptions};

/// How the model does on the rows that were held out, and the other table with the predictions.
pub(crate) fn run(table: &Path, target: &str, model: &Path, other: &Path) -> Result<(Evaluated, String), Error> {
    let setup = TrainingOptions { epochs: Some(20), ..Default::default() }.for_table(&TableData::new(table, target))?;
    let chosen = setup.hyperparameters();
    eprintln!("{}, {}, learning rate {}", chosen.network, chosen.loss, chosen.learning_rate);
    setup.train()?.saved.save(model)?;

    let mut saved = models::load_saved(model)?;
    let held_out = saved.read_table(table, Some(Part::Test))?;
    Ok((saved.evaluate(&held_out)?, saved.predict_table(other)?.to_csv()))
}

#[allow(dead_code, reason = "limpid's own tests run the program by `run`")]
fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [table, target, model, other] = arguments.as_slice() else {
        eprintln!("usage: table TABLE.csv TARGET MODEL.safetensors OTHER.csv");
        std::process::exit(2);
    };
    let (seen, predicted) = run(table.as_ref(), target, model.as_ref(), other.as_ref())?;
    eprintln!("held out: loss {}, accuracy {:?}", seen.evaluation.loss, seen.evaluation.accuracy);
    print!("{predicted}");
    Ok(())
}
