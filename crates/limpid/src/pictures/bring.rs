//! A picture as it comes → a picture like those that a model learned from.
//!
//! A model of light digits on black says anything of dark digits on white, and is sure of it. So a model knows what its
//! pictures had in common, their [`Ground`], and a picture of another polarity, size or transparency is brought to it,
//! which is said. Why so, and what it is worth: `docs/decisions/0022`.

use std::fmt;

use limpid_files::{Picture, grey_planes};

use crate::models::{Ground, PictureForm};

/// A ground is measured on so many pictures, evenly chosen among more.
const MOST_MEASURED: usize = 2000;
/// Pictures differ from their median ground by no more, where it counts as one ground.
const SAME: u8 = 32;
/// So many of the pictures do, at least.
const NEARLY_ALL: f64 = 0.9;
/// A ground is dark or light: no brighter than this, or than 255 less this no darker.
const DARK: u8 = 80;
/// What lies on a ground differs from it at least so much.
const CONTRAST: u8 = 64;
/// The share of the greatest difference from which on a pixel counts as drawn, when the drawing's box is looked for.
const DRAWN: f32 = 0.25;
/// The share below which it is noise of the paper or of the camera.
const NOISE: f32 = 0.1;

impl Ground {
    /// MNIST's: light digits on black, in a box of 20×20 pixels, the centre of mass in the middle (LeCun et al. 1998). Which
    /// is the middle of the pixel that has 14 others to its left, not the corner between the middle four.
    pub const MNIST: Self = Self { brightness: 0, extent: Some(20), centre: Some([14.5, 14.5]) };

    /// What pictures of one size have in common, pixels channel by channel; nothing, where they have no clear ground, as
    /// photographs mostly.
    pub fn of<'p>(
        pictures: impl Iterator<Item = &'p [u8]>,
        channels: usize,
        (height, width): (usize, usize),
    ) -> Option<Self> {
        let pictures: Vec<&[u8]> = pictures.collect();
        let measured = pictures.iter().step_by(pictures.len().div_ceil(MOST_MEASURED).max(1));
        let greys: Vec<Grey> = measured.map(|planes| Grey::of_planes(planes, channels, height, width)).collect();
        let mut search = GroundSearch::default();
        greys.iter().for_each(|grey| search.look_at(grey));
        let brightness = search.brightness()?;
        greys.iter().for_each(|grey| search.look_again_at(grey, brightness));
        search.ground(brightness, (height, width))
    }
}

/// Looks for the ground of pictures that are shown one after the other, and then once more.
#[derive(Debug, Default)]
pub(super) struct GroundSearch {
    /// The ground of each picture.
    borders: Vec<u8>,
    /// The longer side of what lies on each, and its centre of mass, down and across.
    drawings: Vec<(usize, [f32; 2])>,
    /// How many of them have anything on them.
    drawn: usize,
}

impl GroundSearch {
    pub(super) fn look(&mut self, picture: &Picture) {
        self.look_at(&Grey::of(picture));
    }

    fn look_at(&mut self, grey: &Grey) {
        self.borders.push(grey.border());
    }

    /// How bright the ground is, where the pictures have a clear one in common. Then they are looked at again.
    pub(super) fn brightness(&self) -> Option<u8> {
        let mut grounds = self.borders.clone();
        grounds.sort_unstable();
        let brightness = *grounds.get(grounds.len() / 2)?;
        let alike = grounds.iter().filter(|ground| ground.abs_diff(brightness) <= SAME).count();
        let is_clear = brightness <= DARK || brightness >= 255 - DARK;
        (is_clear && self.is_nearly_all(alike)).then_some(brightness)
    }

    pub(super) fn look_again(&mut self, picture: &Picture, brightness: u8) {
        self.look_again_at(&Grey::of(picture), brightness);
    }

    fn look_again_at(&mut self, grey: &Grey, brightness: u8) {
        self.drawn += usize::from(grey.contrast(brightness) >= CONTRAST);
        self.drawings.push((grey.longer_side(brightness), grey.centre_of_mass(brightness)));
    }

    pub(super) fn ground(&self, brightness: u8, (height, width): (usize, usize)) -> Option<Ground> {
        if !self.is_nearly_all(self.drawn) {
            return None;
        }
        let mut extents: Vec<usize> = self.drawings.iter().map(|(extent, _)| *extent).collect();
        extents.sort_unstable();
        let extent = *extents.get(extents.len() / 2)?;
        let centre = [0, 1].map(|axis| {
            let places = self.drawings.iter().map(|(_, centre)| f64::from(centre[axis]));
            (places.sum::<f64>() / self.drawings.len() as f64 * 10.0).round() as f32 / 10.0
        });
        let fits = |(own, place): &&(usize, [f32; 2])| {
            own.abs_diff(extent) <= 1 && place.iter().zip(centre).all(|(own, centre)| (own - centre).abs() <= 1.0)
        };
        let fit = self.drawings.iter().filter(fits).count();
        let is_placed = height == width && height >= 16 && self.is_nearly_all(fit);
        let extent = u8::try_from(extent).ok().filter(|_| is_placed);
        Some(Ground { brightness, extent, centre: extent.map(|_| centre) })
    }

    fn is_nearly_all(&self, count: usize) -> bool {
        count as f64 / self.borders.len() as f64 >= NEARLY_ALL
    }
}

impl fmt::Display for Ground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.brightness < 128 { "light on dark" } else { "dark on light" })?;
        self.extent.map_or(Ok(()), |extent| write!(f, ", {extent} pixels long and centred"))
    }
}

/// What was done to a picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Changes {
    /// Dark became light, and light dark.
    pub inverted: bool,
    /// The model's pictures are dark on light.
    to_light: bool,
    /// It was laid on black, and not on white, as what is opaque in it is light.
    pub on_black: bool,
    /// Colours became grey.
    pub greyed: bool,
    /// It got another height and width.
    pub resized: bool,
    /// What is drawn was cut out, brought to the extent that the model's pictures have, and put into the middle.
    pub centred: bool,
}

/// Whether a change was made.
type Was = fn(&Changes) -> bool;

impl Changes {
    /// What was done to so many pictures, a sentence each.
    ///
    /// ```
    /// use limpid::pictures::{Changes, brought};
    /// use limpid::{files::Picture, models::PictureForm, pictures::Ground};
    ///
    /// let classes = vec!["0".to_string(), "1".to_string()];
    /// let ground = Some(Ground { brightness: 0, extent: None, centre: None });
    /// let form = PictureForm { channels: 1, height: 4, width: 4, classes, set: None, ground, split: None };
    /// let mut pixels = vec![255; 16];
    /// pixels[5] = 0;
    /// let dark_on_white = Picture { height: 4, width: 4, channels: 1, pixels, alpha: None };
    /// let (picture, changes) = brought(dark_on_white, &form);
    /// assert_eq!((picture.pixels[0], picture.pixels[5]), (0, 255));
    /// assert_eq!(Changes::notes(&[changes]), ["1 picture is inverted: the model learned from light on dark"]);
    /// ```
    pub fn notes(all: &[Self]) -> Vec<String> {
        let polarity = if all.iter().any(|own| own.to_light) { "dark on light" } else { "light on dark" };
        let inverted = format!("inverted: the model learned from {polarity}");
        let rows: [(Was, &str); 5] = [
            (|own| own.on_black, "laid on black, as what is not transparent is light"),
            (|own| own.greyed, "made grey, as those are that the model learned from"),
            (|own| own.inverted, &inverted),
            (|own| own.resized, "resized to the size that the model reads"),
            (|own| own.centred, "cut to what is drawn, scaled and centred, as those are that the model learned from"),
        ];
        let note = |(has, what): (Was, &str)| {
            let count = all.iter().filter(|own| has(own)).count();
            let is = if count == 1 { "picture is" } else { "pictures are" };
            (count > 0).then(|| format!("{count} {is} {what}"))
        };
        rows.into_iter().filter_map(note).collect()
    }
}

/// A picture as a model of this form reads it: brought to its polarity, its size, its colours; and what was done.
///
/// Polarity and transparency are left alone where the form has no [`Ground`].
pub fn brought(picture: Picture, form: &PictureForm) -> (Picture, Changes) {
    let mut changes = Changes::default();
    let mut picture = picture;
    if let (Some(alpha), Some(_)) = (picture.alpha.take(), form.ground)
        && is_light(&picture, &alpha)
    {
        lay_on_black(&mut picture, &alpha);
        changes.on_black = true;
    }
    if form.channels == 1 && picture.channels == 3 {
        changes.greyed = picture.pixels.chunks_exact(3).any(|pixel| pixel[0] != pixel[1] || pixel[1] != pixel[2]);
        picture = Picture { channels: 1, pixels: picture.planes(1), ..picture };
    }
    if let Some(ground) = form.ground
        && is_inverse(Grey::of(&picture).border(), ground.brightness)
    {
        picture.pixels.iter_mut().for_each(|pixel| *pixel = 255 - *pixel);
        changes.inverted = true;
        changes.to_light = ground.brightness >= 128;
    }
    if (picture.height, picture.width) == (form.height, form.width) {
        return (picture, changes);
    }
    let placed = match form.ground {
        Some(Ground { brightness, extent: Some(extent), centre }) if picture.channels == 1 => {
            let centre = centre.unwrap_or([form.height, form.width].map(|side| side as f32 / 2.0));
            Grey::of(&picture).placed(brightness, usize::from(extent), centre, form)
        }
        _ => None,
    };
    changes.centred = placed.is_some();
    changes.resized = !changes.centred;
    (placed.unwrap_or_else(|| picture.resized(form.height, form.width)), changes)
}

/// Whether a ground is another than the model's, and its inverse is not.
fn is_inverse(border: u8, ground: u8) -> bool {
    let (own, inverse) = (border.abs_diff(ground), (255 - border).abs_diff(ground));
    own > 96 && inverse < 96 && inverse < own
}

/// Whether what is opaque in a picture is rather light than dark.
fn is_light(picture: &Picture, alpha: &[u8]) -> bool {
    let grey = Grey::of(picture);
    let (mut light, mut weight) = (0.0f64, 0.0f64);
    for (&pixel, &alpha) in grey.pixels.iter().zip(alpha) {
        // The pixel lies on white; this is its own share of it.
        light += f64::from(pixel.saturating_sub(255 - alpha));
        weight += f64::from(alpha);
    }
    light > 0.5 * weight && weight > 0.0
}

/// What lies on white is laid on black: the white that shines through is taken away.
fn lay_on_black(picture: &mut Picture, alpha: &[u8]) {
    for (pixel, &alpha) in picture.pixels.chunks_exact_mut(picture.channels.max(1)).zip(alpha) {
        pixel.iter_mut().for_each(|colour| *colour = colour.saturating_sub(255 - alpha));
    }
}

/// A picture in grey.
struct Grey {
    height: usize,
    width: usize,
    pixels: Vec<u8>,
}

impl Grey {
    fn of(picture: &Picture) -> Self {
        Self { height: picture.height, width: picture.width, pixels: picture.planes(1) }
    }

    fn of_planes(planes: &[u8], channels: usize, height: usize, width: usize) -> Self {
        let pixels = grey_planes(planes, channels);
        Self { height, width, pixels }
    }

    /// The mean of the outermost pixels.
    fn border(&self) -> u8 {
        let is_outer = |at: usize| {
            let (row, column) = (at / self.width, at % self.width);
            row == 0 || column == 0 || row + 1 == self.height || column + 1 == self.width
        };
        let outer = self.pixels.iter().enumerate().filter(|(at, _)| is_outer(*at)).map(|(_, &pixel)| u64::from(pixel));
        let (sum, count) = outer.fold((0, 0), |(sum, count), pixel| (sum + pixel, count + 1));
        (sum / count.max(1)) as u8
    }

    /// How far the pixel differs from the ground that differs the most.
    fn contrast(&self, ground: u8) -> u8 {
        self.pixels.iter().map(|pixel| pixel.abs_diff(ground)).max().unwrap_or(0)
    }

    /// How much each pixel is drawn on, from 0 to 1, by how far it differs from the ground.
    fn drawn(&self, ground: u8) -> Vec<f32> {
        let most = f32::from(self.contrast(ground).max(1));
        self.pixels.iter().map(|pixel| f32::from(pixel.abs_diff(ground)) / most).collect()
    }

    /// The rows and the columns that what is drawn takes: the first of them, and the one after the last.
    fn box_of(&self, drawn: &[f32]) -> Option<[(usize, usize); 2]> {
        let is_drawn = |at: &usize| drawn[*at] >= DRAWN;
        let ends = |place: &dyn Fn(usize) -> usize| {
            let places = || (0..drawn.len()).filter(is_drawn).map(place);
            Some((places().min()?, places().max()? + 1))
        };
        Some([ends(&|at| at / self.width)?, ends(&|at| at % self.width)?])
    }

    fn longer_side(&self, ground: u8) -> usize {
        let sides = self.box_of(&self.drawn(ground));
        sides.map_or(0, |sides| sides.into_iter().map(|(first, end)| end - first).max().unwrap_or(0))
    }

    /// Down and across, in pixels from the upper left corner.
    fn centre_of_mass(&self, ground: u8) -> [f32; 2] {
        mass(&self.drawn(ground), self.width)
    }

    /// What is drawn, scaled so that its longer side has this extent, on a ground of the form's size, its centre of mass
    /// at this place, or as near as whole pixels bring it. Nothing, where nothing is drawn.
    fn placed(&self, ground: u8, extent: usize, centre: [f32; 2], form: &PictureForm) -> Option<Picture> {
        // The paper of a photograph is its own ground: not quite the model's.
        let own = self.border();
        if self.contrast(own) < CONTRAST / 2 {
            return None;
        }
        let drawn: Vec<f32> =
            self.drawn(own).into_iter().map(|share| if share < NOISE { 0.0 } else { share }).collect();
        let [(top, bottom), (left, right)] = self.box_of(&drawn)?;
        let rows = drawn.chunks_exact(self.width).take(bottom).skip(top);
        let cut: Vec<u8> = rows.flat_map(|row| &row[left..right]).map(|share| (share * 255.0) as u8).collect();
        let (height, width) = (bottom - top, right - left);
        let scaled = |side: usize| (side * extent).div_ceil(height.max(width)).clamp(1, extent);
        let cut = Picture { height, width, channels: 1, pixels: cut, alpha: None };
        let cut = cut.resized(scaled(height), scaled(width));
        let shares: Vec<f32> = cut.pixels.iter().map(|&pixel| f32::from(pixel)).collect();
        let [y, x] = mass(&shares, cut.width);
        let offset = |side: usize, own: usize, moved: f32| {
            let wanted = moved.round().max(0.0) as usize;
            wanted.min(side.saturating_sub(own))
        };
        let down = offset(form.height, cut.height, centre[0] - y);
        let across = offset(form.width, cut.width, centre[1] - x);
        let ink = if ground < 128 { 255.0 } else { 0.0 };
        let mut pixels = vec![ground; form.height * form.width];
        for (row, own) in cut.pixels.chunks_exact(cut.width).enumerate() {
            for (column, &pixel) in own.iter().enumerate() {
                let share = f32::from(pixel) / 255.0;
                let place = (down + row) * form.width + across + column;
                if let Some(target) = pixels.get_mut(place) {
                    *target = (f32::from(ground) + share * (ink - f32::from(ground))).round() as u8;
                }
            }
        }
        Some(Picture { height: form.height, width: form.width, channels: 1, pixels, alpha: None })
    }
}

/// Where the mean of these shares lies, down and across; of nothing, in the middle.
fn mass(shares: &[f32], width: usize) -> [f32; 2] {
    let total: f32 = shares.iter().sum();
    if total <= 0.0 {
        return [shares.len() as f32 / width.max(1) as f32 / 2.0, width as f32 / 2.0];
    }
    let mean = |place: &dyn Fn(usize) -> usize| {
        shares.iter().enumerate().map(|(at, share)| (place(at) as f32 + 0.5) * share).sum::<f32>() / total
    };
    [mean(&|at| at / width), mean(&|at| at % width)]
}
