//! Pictures of one size → pictures of another.
//!
//! Each new pixel is a mean of old ones, weighted by a triangle as wide as a new pixel, and never narrower than an old
//! one: linear interpolation where pixels become more, and no lines that come and go where they become fewer. It is
//! Pillow's `BILINEAR`; see Turkowski, "Filters for common resampling tasks", 1990.

use super::Picture;

/// The old pixels that make a new one: the first, and the weight of each from there on.
struct Window {
    first: usize,
    weights: Vec<f32>,
}

impl Picture {
    /// The picture with another height and width, which both are at least 1.
    ///
    /// ```
    /// use limpid_files::Picture;
    ///
    /// let wide = Picture { height: 1, width: 4, channels: 1, pixels: vec![0, 0, 200, 200], alpha: None };
    /// assert_eq!(wide.resized(1, 2).pixels, [29, 171]);
    /// assert_eq!(wide.resized(2, 4).pixels, [0, 0, 200, 200, 0, 0, 200, 200]);
    /// ```
    pub fn resized(&self, height: usize, width: usize) -> Self {
        if (height, width) == (self.height, self.width) {
            return self.clone();
        }
        let resized = |pixels: &[u8], channels: usize| {
            let numbers: Vec<f32> = pixels.iter().map(|&pixel| f32::from(pixel)).collect();
            let row = self.width * channels;
            let across = windows(self.width, width);
            let down = windows(self.height, height);
            let narrow = blended(&numbers, (self.height, row), &across, channels);
            // Whole rows are blended as a pixel of many channels is.
            let both = blended(&narrow, (1, self.height * width * channels), &down, width * channels);
            both.into_iter().map(|number| number.round().clamp(0.0, 255.0) as u8).collect::<Vec<u8>>()
        };
        Self {
            height,
            width,
            channels: self.channels,
            pixels: resized(&self.pixels, self.channels),
            alpha: self.alpha.as_ref().map(|alpha| resized(alpha, 1)),
        }
    }
}

/// Which old pixels make each of the new ones along one axis.
fn windows(old: usize, new: usize) -> Vec<Window> {
    let scale = old as f32 / new.max(1) as f32;
    let reach = scale.max(1.0);
    let window = |place: usize| {
        let centre = (place as f32 + 0.5) * scale;
        let first = (centre - reach).floor().max(0.0) as usize;
        let end = ((centre + reach).ceil() as usize).min(old);
        let weight = |at: usize| (1.0 - ((at as f32 + 0.5 - centre) / reach).abs()).max(0.0);
        let weights: Vec<f32> = (first..end).map(weight).collect();
        let sum: f32 = weights.iter().sum();
        Window { first, weights: weights.into_iter().map(|weight| weight / sum.max(f32::MIN_POSITIVE)).collect() }
    };
    (0..new).map(window).collect()
}

/// Each row of pixels of so many channels as the windows make of it.
fn blended(numbers: &[f32], (rows, row): (usize, usize), windows: &[Window], channels: usize) -> Vec<f32> {
    let mut blended = Vec::with_capacity(rows * windows.len() * channels);
    for own in numbers.chunks_exact(row.max(1)).take(rows) {
        for Window { first, weights } in windows {
            for channel in 0..channels {
                let pixels = own.iter().skip(first * channels + channel).step_by(channels);
                blended.push(weights.iter().zip(pixels).map(|(weight, pixel)| weight * pixel).sum());
            }
        }
    }
    blended
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(height: usize, width: usize, channels: usize, pixel: impl Fn(usize) -> u8) -> Picture {
        let pixels = (0..height * width * channels).map(pixel).collect();
        Picture { height, width, channels, pixels, alpha: None }
    }

    #[test]
    fn a_plain_picture_stays_plain_at_any_size() {
        for (height, width) in [(1, 1), (3, 5), (28, 28), (100, 7)] {
            let colour = picture(9, 13, 3, |at| [10, 128, 255][at % 3]).resized(height, width);
            assert_eq!((colour.height, colour.width, colour.pixels.len()), (height, width, 3 * height * width));
            assert!(colour.pixels.chunks(3).all(|pixel| pixel == [10, 128, 255]));
        }
    }

    #[test]
    fn the_mean_is_kept_and_fine_lines_become_grey() {
        // Every second column is white: at a seventh of the width, none may be lost or doubled.
        let lines = picture(28, 280, 1, |at| if at % 2 == 0 { 255 } else { 0 }).resized(28, 40);
        assert!(lines.pixels.iter().all(|&pixel| (120..=135).contains(&pixel)), "{:?}", &lines.pixels[..40]);
        let mean = |picture: &Picture| {
            picture.pixels.iter().map(|&pixel| f64::from(pixel)).sum::<f64>() / picture.pixels.len() as f64
        };
        let ramp = picture(64, 64, 1, |at| (at % 64 * 4) as u8);
        assert!((mean(&ramp) - mean(&ramp.resized(16, 16))).abs() < 1.0);
    }

    #[test]
    fn a_picture_turned_on_its_side_is_resized_alike() {
        let own = picture(6, 9, 1, |at| (at * 37 % 256) as u8);
        let turned = |picture: &Picture| {
            let pixel = |at: usize| picture.pixels[at % picture.height * picture.width + at / picture.height];
            self::picture(picture.width, picture.height, 1, pixel)
        };
        let (one, other) = (turned(&own.resized(4, 5)), turned(&own).resized(5, 4));
        assert!(one.pixels.iter().zip(&other.pixels).all(|(a, b)| a.abs_diff(*b) <= 1));
    }
}
