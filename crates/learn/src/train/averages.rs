//! Parameters and their running averages change places: a model answers by the averages, and is trained on by the
//! parameters themselves.

use limpid_graph::Tensor;

use crate::describe::recipe::AVERAGE;
use crate::error::Error;
use crate::train::model::Model;
use crate::train::trained::Averages;

impl Model {
    /// Puts averages in the place of parameters.
    pub(crate) fn answer_by_averages(&mut self) -> Result<(), Error> {
        self.turn_averages(Averages::Aside, Averages::InPlace)
    }

    /// Puts the parameters back that the next step goes on from.
    pub(crate) fn learn_by_parameters(&mut self) -> Result<(), Error> {
        self.turn_averages(Averages::InPlace, Averages::Aside)
    }

    fn turn_averages(&mut self, from: Averages, to: Averages) -> Result<(), Error> {
        let Some(trained) = self.trained.as_mut().filter(|trained| trained.averages == from) else { return Ok(()) };
        trained.averages = to;
        for parameter in self.network().parameters()? {
            let [own, average] = [parameter.name.clone(), average_of(&parameter.name)];
            let values = (self.session.get(&own)?.clone(), self.session.get(&average)?.clone());
            self.session.set(&average, values.0);
            self.session.set(&own, values.1);
        }
        Ok(())
    }

    /// Takes notice of a value that was put in the place of a parameter: a training goes on from it, and its average
    /// begins there.
    pub(crate) fn average_from(&mut self, name: &str, value: &Tensor) {
        let Some(trained) = self.trained.as_mut().filter(|trained| trained.averages != Averages::None) else { return };
        trained.averages = Averages::Aside;
        if self.session.get(&average_of(name)).is_ok() {
            self.session.set(&average_of(name), value.clone());
        }
    }
}

fn average_of(parameter: &str) -> String {
    format!("{parameter} {AVERAGE}")
}
