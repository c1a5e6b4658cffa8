//! Layers and losses of the user's own, by the names that stand in a network's text and in model files.

use std::fmt;
use std::sync::Arc;

use limpid_graph::Formula;

use crate::describe::layer::Layer;
use crate::describe::loss::Loss;

pub(crate) type Constructor = dyn Fn(&[&str]) -> Result<Box<dyn Layer>, String> + Send + Sync;

/// Layers and losses of your own by name, for networks as text and for model files.
///
/// ```
/// use limpid_graph::Var;
/// use limpid_learn::{Context, Layer, Registry};
///
/// /// Multiplies by a number.
/// #[derive(Debug)]
/// struct Times(f64);
///
/// impl Layer for Times {
///     fn text(&self) -> String {
///         format!("times {}", self.0)
///     }
///     fn forward<'b>(&self, x: Var<'b>, _: &Context<'b>) -> Var<'b> {
///         x * self.0
///     }
/// }
///
/// let registry = Registry::new().layer("times", |words| match words {
///     [factor] => Ok(Box::new(Times(factor.parse().map_err(|_| "expected a number, such as `times 2`")?))),
///     _ => Err("expected one number, such as `times 2`".to_string()),
/// });
/// let network = registry.network("3, times 2, affine 2")?;
/// assert_eq!(network.to_string(), "3, times 2, affine 2");
/// assert!(registry.network("3, times two").unwrap_err().to_string().contains("expected a number"));
/// # Ok::<(), limpid_learn::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Registry {
    layers: Vec<(String, Arc<Constructor>)>,
    losses: Vec<Loss>,
}

impl Registry {
    /// A registry that knows what limpid knows.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with a layer of this name. `make` is given the words that follow the name in a network's text, as
    /// [`Layer::text`] wrote them, and otherwise answers what was expected.
    pub fn layer(
        mut self,
        name: impl Into<String>,
        make: impl Fn(&[&str]) -> Result<Box<dyn Layer>, String> + Send + Sync + 'static,
    ) -> Self {
        self.layers.push((name.into(), Arc::new(make)));
        self
    }

    /// The same with an activation of your own, by the formula's name.
    ///
    /// ```
    /// use limpid_graph::Formula;
    /// use limpid_learn::Registry;
    ///
    /// let registry = Registry::new().activation(Formula::new("squared-relu", |[x]| x.relu().square()));
    /// let network = registry.network("2, affine 8, squared-relu, affine 2")?;
    /// assert_eq!(network.to_string(), "2, affine 8, squared-relu, affine 2");
    /// # Ok::<(), limpid_learn::Error>(())
    /// ```
    #[must_use]
    pub fn activation(self, formula: Formula) -> Self {
        self.layer(formula.name().to_string(), move |words| match words {
            [] => Ok(Box::new(formula.clone())),
            _ => Err(format!("use `{}` without arguments", formula.name())),
        })
    }

    /// The same with a loss, by its name.
    pub fn loss(mut self, loss: Loss) -> Self {
        self.losses.push(loss);
        self
    }

    /// The loss of this name, if it was given one.
    pub fn loss_named(&self, name: &str) -> Option<&Loss> {
        self.losses.iter().rev().find(|loss| loss.to_string() == name)
    }

    /// The layer of this name that was given last.
    pub(crate) fn constructor(&self, name: &str) -> Option<&Constructor> {
        self.layers.iter().rev().find(|(own, _)| own == name).map(|(_, make)| &**make)
    }

    pub(crate) fn layer_names(&self) -> impl Iterator<Item = &str> {
        self.layers.iter().map(|(name, _)| name.as_str())
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let layers: Vec<&str> = self.layer_names().collect();
        f.debug_struct("Registry").field("layers", &layers).field("losses", &self.losses).finish()
    }
}
