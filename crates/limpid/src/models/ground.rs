//! What the pictures of a training have in common, as a model file has it.

use serde::{Deserialize, Serialize};

/// The ground that the pictures of a training lie on, where nearly all have the same. It is measured, whatever the pictures
/// show.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ground {
    /// How bright it is, from 0 to 255: the median of the means of the pictures' outermost pixels.
    pub brightness: u8,
    /// The longer side of what lies on it, in pixels, where that is the same in nearly all pictures and its centre of
    /// mass lies in one place, as in MNIST: 20.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extent: Option<u8>,
    /// Where that centre of mass lies, down and across in pixels from the upper left corner: the mean over the pictures,
    /// to a tenth. Where it is not said, in the middle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub centre: Option<[f32; 2]>,
}
