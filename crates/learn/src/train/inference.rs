//! A network's graphs for one sample or a batch of them → its outputs.

use limpid_engine::{Program, Session};
use limpid_graph::Tensor;

use crate::describe::context::Mode;
use crate::describe::network::Network;
use crate::error::Error;
use crate::train::step;

/// The graphs by which a session answers for a network.
#[derive(Clone, Debug)]
pub(crate) struct Inference {
    network: Network,
    plain: Program,
    /// For bytes, by the bits of what they are divided by.
    divided: Option<(u64, Program)>,
}

impl Inference {
    pub(crate) fn new(network: &Network, session: &mut Session) -> Result<Self, Error> {
        let plain = session.load(network.graph(Mode::Inference)?.simplified()?);
        Ok(Self { network: network.clone(), plain, divided: None })
    }

    /// The network's output for one sample or for a batch of them; bytes are divided.
    pub(crate) fn predict(&mut self, session: &mut Session, divisor: Option<f64>, x: &Tensor) -> Result<Tensor, Error> {
        let (x, is_one) = as_batch(&self.network, x)?;
        let program = match divisor.filter(|&divisor| divisor != 1.0 && x.as_slice::<u8>().is_some()) {
            Some(divisor) => self.divided_by(session, divisor)?,
            None => self.plain,
        };
        let output = session.run(program, &[("x", &x)])?.swap_remove(0);
        if !is_one {
            return Ok(output);
        }
        let shape = output.shape()[1..].to_vec();
        reshaped(output, shape)
    }

    fn divided_by(&mut self, session: &mut Session, divisor: f64) -> Result<Program, Error> {
        if let Some((_, program)) = self.divided.filter(|(bits, _)| *bits == divisor.to_bits()) {
            return Ok(program);
        }
        let program = session.load(step::inference(&self.network, divisor)?);
        self.divided = Some((divisor.to_bits(), program));
        Ok(program)
    }
}

/// `x` as a batch of the network's samples, and whether it was a single one.
pub(crate) fn as_batch(network: &Network, x: &Tensor) -> Result<(Tensor, bool), Error> {
    let input = network.input();
    let sample: usize = input.iter().product();
    let is_one = x.shape() == input || x.shape() == [sample];
    let batch = match (is_one, x.shape().split_first()) {
        (true, _) => 1,
        (false, Some((&batch, rest))) if rest.iter().product::<usize>() == sample => batch,
        _ => {
            return Err(Error::Data(format!(
                "an input of shape {:?} is neither one sample of shape {input:?} nor a batch of them",
                x.shape(),
            )));
        }
    };
    let shape: Vec<usize> = std::iter::once(batch).chain(input.iter().copied()).collect();
    Ok((reshaped(x.clone(), shape)?, is_one))
}

pub(crate) fn reshaped(tensor: Tensor, shape: Vec<usize>) -> Result<Tensor, Error> {
    tensor.reshaped(shape).map_err(|error| Error::Data(error.to_string()))
}
