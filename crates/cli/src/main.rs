//! The `limpid` command.
use limpid::prelude::*;
use std::ops::ControlFlow;
#[allow(clippy::print_stdout)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let seed: u64 = std::env::args().nth(1).map_or(1, |s| s.parse().unwrap());
    let started = std::time::Instant::now();
    let (train, test) = limpid::datasets::mnist(&Mnist::default())?;
    println!("read {:?}", started.elapsed());
    let network = Network::new(784, (Affine::new(784, 50), Relu, Affine::new(50, 10)));
    let mut model = Model::new(&network, seed)?;
    model.fit_watched(&train, Some(&test), &Fit { seed, ..Fit::default() }, |event| {
        if let limpid::learn::Event::Epoch(e) = event {
            println!("{:?} {e:?}", started.elapsed());
        }
        ControlFlow::Continue(())
    })?;
    println!("{:?}", model.evaluate(&test)?);
    Ok(())
}
