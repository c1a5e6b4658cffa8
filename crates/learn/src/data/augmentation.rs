//! Augmentation: pictures to learn from, each changed a little and anew in every epoch.
//!
//! A changed picture is a pure function of the seed, the epoch and the sample's number, so that neither the number of
//! threads nor the place in a batch changes a bit of it.

mod augmenter;
mod changes;
mod elastic;

use std::fmt;
use std::str::FromStr;

pub(crate) use self::augmenter::Augmenter;
use crate::describe::choices::{Choice, Range, Setting, Settings, Value, misread, of_piece};
use crate::describe::words::{Piece, Wrong};
use crate::error::Error;

/// How pictures are changed while a model learns from them. Text lists the changes: `shift 2, rotate 10, noise 0.05`. All
/// that move pixels are done together, by one bilinear resampling; what comes from outside is the background.
///
/// ```
/// use limpid_graph::Tensor;
/// use limpid_learn::{Augmentation, Dataset};
///
/// let augmentation: Augmentation = "crop 1, flip".parse()?;
/// let pictures = Dataset::new(Tensor::new([2, 3, 3], (0..18).collect::<Vec<u8>>())?, Tensor::from([0u8, 1]))?;
/// let changed = augmentation.applied(&pictures, &[1, 1, 0], 5, 1)?;
/// assert_eq!((changed.len(), changed.targets()), (3, &Tensor::from([1u8, 1, 0])));
/// assert_eq!(changed, augmentation.applied(&pictures, &[1, 1, 0], 5, 1)?, "the same seed, epoch and samples");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Augmentation {
    /// The changes, in the order of the text.
    pub changes: Vec<Change>,
    /// Channels, height and width of a picture, where samples are stored as rows of numbers; None reads them from the
    /// samples' shape.
    pub extents: Option<[usize; 3]>,
    /// The brightness of what comes from outside, as samples are stored: 0 to 255 for bytes.
    pub background: f64,
}

/// One change, by numbers that are drawn evenly for each picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// Moved by at most so many pixels in each direction, which need not be whole.
    Shift(f64),
    /// Turned by at most so many degrees in either direction.
    Rotate(f64),
    /// Made larger or smaller by at most this share.
    Scale(f64),
    /// Slanted by at most so many degrees in either direction.
    Shear(f64),
    /// Each pixel moved by a smooth random field: even draws from −1 to 1, blurred by a Gaussian of this width in pixels,
    /// times `strength`. Source: Simard, Steinkraus & Platt 2003, "Best practices for convolutional neural networks".
    Elastic {
        /// By what the blurred draws are multiplied.
        strength: f64,
        /// The standard deviation of the blur, in pixels.
        width: f64,
    },
    /// Nearly normal noise of this standard deviation added to each number, as a share of the whole range: of 255 for
    /// bytes, of 1 for floats.
    Noise(f64),
    /// A square of so many pixels made background, around a pixel drawn from all. Source: DeVries & Taylor 2017.
    CutOut(usize),
    /// Moved by a whole number of pixels, at most so many in each direction: as a cut out of the picture with a border of
    /// so many pixels.
    Crop(usize),
    /// Mirrored, left and right, in half of all cases.
    Flip,
}

const fn most(name: &'static str, title: &'static str, default: f64, range: Range) -> Setting {
    Setting::number(name, title, default, range).positional()
}

/// The changes, one row each.
static CHANGES: &[Choice<Change>] = &[
    Choice {
        name: "shift",
        aliases: &["translate"],
        about: "moved by at most so many pixels each way",
        example: "shift 1.5",
        settings: &[most("pixels", "the shift", 2.0, Range::NotNegative)],
        make: |settings| Ok(Change::Shift(at_most(settings, "pixels", MOST_PIXELS)?)),
    },
    Choice {
        name: "rotate",
        aliases: &["rotation"],
        about: "turned by at most so many degrees",
        example: "rotate 15",
        settings: &[most("degrees", "the rotation", 10.0, Range::NotNegative)],
        make: |settings| Ok(Change::Rotate(at_most(settings, "degrees", 180.0)?)),
    },
    Choice {
        name: "scale",
        aliases: &["zoom"],
        about: "larger or smaller by at most this share",
        example: "scale 0.2",
        settings: &[most("share", "the scale", 0.1, Range::Share)],
        make: |settings| Ok(Change::Scale(settings.number("share"))),
    },
    Choice {
        name: "shear",
        aliases: &["slant"],
        about: "slanted by at most so many degrees",
        example: "shear 10",
        settings: &[most("degrees", "the shear", 5.0, Range::NotNegative)],
        make: |settings| Ok(Change::Shear(at_most(settings, "degrees", 80.0)?)),
    },
    Choice {
        name: "elastic",
        aliases: &[],
        about: "pulled about by a smooth random field, of this strength and width",
        example: "elastic 20 4",
        settings: &[
            most("strength", "the strength", 8.0, Range::NotNegative),
            most("width", "the width", 3.0, Range::Positive),
        ],
        make: |settings| {
            let [strength, width] = ["strength", "width"].map(|name| at_most(settings, name, MOST_PIXELS));
            Ok(Change::Elastic { strength: strength?, width: width? })
        },
    },
    Choice {
        name: "noise",
        aliases: &[],
        about: "noise of this standard deviation on each pixel, where the brightest is 1",
        example: "noise 0.1",
        settings: &[most("deviation", "the noise", 0.05, Range::NotNegative)],
        make: |settings| Ok(Change::Noise(settings.number("deviation"))),
    },
    Choice {
        name: "cut-out",
        aliases: &["cutout"],
        about: "a square of so many pixels made background",
        example: "cut-out 8",
        settings: &[most("pixels", "the square", 6.0, Range::Positive)],
        make: |settings| Ok(Change::CutOut(whole(settings, "pixels")?)),
    },
    Choice {
        name: "crop",
        aliases: &[],
        about: "moved by a whole number of pixels, at most so many each way",
        example: "crop 4",
        settings: &[most("pixels", "the border", 2.0, Range::Positive)],
        make: |settings| Ok(Change::Crop(whole(settings, "pixels")?)),
    },
    Choice {
        name: "flip",
        aliases: &["mirror"],
        about: "mirrored left and right, in half of all cases",
        example: "flip",
        settings: &[],
        make: |_| Ok(Change::Flip),
    },
];

/// No picture is moved further.
const MOST_PIXELS: f64 = 1e4;

fn at_most(settings: &Settings<'_>, name: &str, most: f64) -> Result<f64, String> {
    let number = settings.number(name);
    if number <= most { Ok(number) } else { Err(format!("`{name}` is {number:?}; use at most {most}")) }
}

fn whole(settings: &Settings<'_>, name: &str) -> Result<usize, String> {
    let number = at_most(settings, name, MOST_PIXELS)?;
    if number.fract() == 0.0 { Ok(number as usize) } else { Err(format!("`{name}` is {number:?}; use a whole number")) }
}

/// The changes of an augmentation, one row each.
pub fn augmentation_choices() -> impl Iterator<Item = &'static Choice<Change>> {
    CHANGES.iter()
}

impl Augmentation {
    /// The same for samples that are rows of so many channels, rows and columns of pixels.
    pub fn of_pictures(self, extents: [usize; 3]) -> Self {
        Self { extents: Some(extents), ..self }
    }

    /// The same on a background of this brightness.
    pub fn on(self, background: f64) -> Self {
        Self { background, ..self }
    }
}

impl Change {
    fn name_and_values(self) -> (&'static str, Vec<Value>) {
        let one = |number: f64| vec![Value::Number(number)];
        match self {
            Self::Shift(pixels) => ("shift", one(pixels)),
            Self::Rotate(degrees) => ("rotate", one(degrees)),
            Self::Scale(share) => ("scale", one(share)),
            Self::Shear(degrees) => ("shear", one(degrees)),
            Self::Elastic { strength, width } => ("elastic", vec![Value::Number(strength), Value::Number(width)]),
            Self::Noise(deviation) => ("noise", one(deviation)),
            Self::CutOut(pixels) => ("cut-out", one(pixels as f64)),
            Self::Crop(pixels) => ("crop", one(pixels as f64)),
            Self::Flip => ("flip", Vec::new()),
        }
    }
}

impl fmt::Display for Change {
    /// Its name with all of its numbers, which mean little without each other.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, values) = self.name_and_values();
        f.write_str(name)?;
        values.iter().try_for_each(|value| write!(f, " {value}"))
    }
}

impl fmt::Display for Augmentation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let changes: Vec<String> = self.changes.iter().map(ToString::to_string).collect();
        f.write_str(&changes.join(", "))
    }
}

impl FromStr for Augmentation {
    type Err = Error;

    /// Changes by name, with commas between them.
    fn from_str(text: &str) -> Result<Self, Error> {
        let whole = Piece::whole(text);
        let pieces = text.split(',').map(|part| whole.part(part.trim())).filter(|piece| !piece.text.is_empty());
        let (mut changes, mut wrong): (Vec<Change>, Vec<Wrong<'_>>) = Default::default();
        for piece in pieces {
            match of_piece("change", CHANGES, piece) {
                Ok(Ok(change)) => {
                    let name = change.name_and_values().0;
                    if changes.iter().any(|before| before.name_and_values().0 == name) {
                        wrong.push((piece, format!("`{name}` is there already; give each change once")));
                    }
                    changes.push(change);
                }
                Ok(Err(more)) => wrong.extend(more),
                Err(unknown) => wrong.push((piece.words().next().unwrap_or(piece), unknown.to_string())),
            }
        }
        if changes.is_empty() && wrong.is_empty() {
            wrong.push((whole, format!("there is no change; write one such as `{}`", CHANGES[0].example)));
        }
        if !wrong.is_empty() {
            return Err(Error::Text(misread(text, wrong)));
        }
        Ok(Self { changes, extents: None, background: 0.0 })
    }
}
