//! The bytes of one picture → pixels, grey or red-green-blue, eight bits each.
//!
//! Formats: [PNG](https://www.w3.org/TR/png-3/), and JPEG (ITU-T T.81). What they can hold beyond that is brought to it:
//! palettes are looked up, 16 bits are cut to the upper 8, fewer are stretched, and what is transparent lies on white.

use std::io::Cursor;

use limpid_graph::guard::{STOPPED, guarded};
use thiserror::Error;
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use crate::sniff::{Sniffed, sniff};

/// The most pixels of a picture, 2²³: 3,840 × 2,160 for one. Decoding holds up to 16 bytes for each.
const MOST_PIXELS: usize = 1 << 23;
/// The longest side, in pixels.
const LONGEST_SIDE: usize = 1 << 16;
/// A progressive JPEG is sent in passes over the whole picture; more of them than this only cost time.
const MOST_PASSES: usize = 64;

const PNG_SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
const JPEG_SIGNATURE: &[u8] = b"\xff\xd8\xff";

/// A picture: rows of pixels from the top, each pixel one byte (grey) or three (red, green, blue).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// In pixels.
    pub height: usize,
    /// In pixels.
    pub width: usize,
    /// 1 where the picture is stored in grey, 3 otherwise.
    pub channels: usize,
    /// As many bytes as height × width × channels. What is transparent lies on white.
    pub pixels: Vec<u8>,
    /// Where some of it is transparent: how opaque each pixel is, from 0 to 255.
    pub alpha: Option<Vec<u8>>,
}

/// Bytes that are no picture that can be learned from.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PictureError {
    /// Neither of the formats.
    #[error("expected a PNG or JPEG picture, found {}", found.or("save the picture as PNG"))]
    Format {
        /// What they are.
        found: Sniffed,
    },
    /// The decoder's complaint.
    #[error("a damaged {format} ({reason}); copy the file again, or save the picture again")]
    Damaged {
        /// `PNG` or `JPEG`.
        format: &'static str,
        /// The decoder's reason.
        reason: String,
    },
    /// More pixels than are decoded.
    #[error("{width} pixels wide and {height} high, more than the {MOST_PIXELS} pixels allowed; make it smaller")]
    TooLarge {
        /// In pixels.
        height: usize,
        /// In pixels.
        width: usize,
    },
    /// Another size than wanted.
    #[error("{} pixels wide and {} high; expected {} wide and {} high", found.1, found.0, expected.1, expected.0)]
    Size {
        /// Height and width, in pixels.
        found: (usize, usize),
        /// Height and width that were wanted, in pixels.
        expected: (usize, usize),
    },
}

impl Picture {
    /// Decodes a PNG or a JPEG.
    ///
    /// # Errors
    /// [`PictureError`]: another format, damaged, or larger than 2²³ pixels.
    ///
    /// ```
    /// let error = limpid_files::Picture::from_bytes(b"GIF89a").unwrap_err().to_string();
    /// assert_eq!(error, "expected a PNG or JPEG picture, found a GIF picture; save it as PNG");
    /// ```
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PictureError> {
        Self::expecting(bytes, None)
    }

    /// Decodes a picture of a size that is known beforehand: any other is refused by its header.
    pub(crate) fn expecting(bytes: &[u8], expected: Option<(usize, usize)>) -> Result<Self, PictureError> {
        match bytes {
            _ if bytes.starts_with(PNG_SIGNATURE) => decoded("PNG", || png_picture(bytes, expected)),
            _ if bytes.starts_with(JPEG_SIGNATURE) => decoded("JPEG", || jpeg_picture(bytes, expected)),
            _ => Err(PictureError::Format { found: sniff(bytes) }),
        }
    }

    /// The pixels channel by channel, as a network reads pictures: shape (channels, height, width). A grey picture gives
    /// three equal channels, a coloured one a single channel of its luma (ITU-R BT.601).
    pub fn planes(&self, channels: usize) -> Vec<u8> {
        let mut planes = Vec::with_capacity(channels * self.height * self.width);
        self.write_planes(channels, &mut planes);
        planes
    }

    pub(crate) fn write_planes(&self, channels: usize, planes: &mut Vec<u8>) {
        match (self.channels, channels) {
            (3, 1) => planes.extend(self.pixels.chunks_exact(3).map(luma)),
            (3, _) => {
                for channel in 0..3 {
                    planes.extend(self.pixels.iter().skip(channel).step_by(3));
                }
            }
            _ => (0..channels).for_each(|_| planes.extend(&self.pixels)),
        }
    }
}

/// What a decoder makes of bytes; that it stops at them, too, says that they are damaged.
fn decoded(
    format: &'static str,
    decode: impl FnOnce() -> Result<Picture, PictureError>,
) -> Result<Picture, PictureError> {
    guarded(decode).unwrap_or_else(|_| Err(PictureError::Damaged { format, reason: STOPPED.to_string() }))
}

/// Planes of one number of channels as planes of another.
pub(crate) fn write_planes(own: &[u8], channels: usize, wanted: usize, planes: &mut Vec<u8>) {
    let size = own.len() / channels.max(1);
    match (channels, wanted) {
        (3, 1) => planes.extend((0..size).map(|at| luma(&[own[at], own[size + at], own[2 * size + at]]))),
        _ => (0..wanted).for_each(|channel| planes.extend(own.iter().skip(channel % channels * size).take(size))),
    }
}

/// Planes of one channel, or of red, green and blue, as a plane of grey: the luma of a colour.
///
/// ```
/// assert_eq!(limpid_files::grey_planes(&[255, 0, 0, 255, 0, 0], 3), [76, 150]);
/// ```
pub fn grey_planes(planes: &[u8], channels: usize) -> Vec<u8> {
    let mut grey = Vec::with_capacity(planes.len() / channels.max(1));
    write_planes(planes, channels, 1, &mut grey);
    grey
}

/// How bright a colour is: 0.299 red + 0.587 green + 0.114 blue, rounded.
pub(super) fn luma(pixel: &[u8]) -> u8 {
    let weighted = pixel.iter().zip([299u32, 587, 114]).map(|(&part, weight)| weight * u32::from(part));
    ((weighted.sum::<u32>() + 500) / 1000) as u8
}

fn check_size(height: usize, width: usize, expected: Option<(usize, usize)>) -> Result<(), PictureError> {
    if let Some(expected) = expected.filter(|&expected| expected != (height, width)) {
        return Err(PictureError::Size { found: (height, width), expected });
    }
    match height.checked_mul(width) {
        Some(1..=MOST_PIXELS) if height.max(width) <= LONGEST_SIDE => Ok(()),
        _ => Err(PictureError::TooLarge { height, width }),
    }
}

fn png_picture(bytes: &[u8], expected: Option<(usize, usize)>) -> Result<Picture, PictureError> {
    let damaged = |error: png::DecodingError| PictureError::Damaged { format: "PNG", reason: error.to_string() };
    // Texts and profiles beside the pixels are passed over, and may not take memory.
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), png::Limits { bytes: 16 * MOST_PIXELS });
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let header = decoder.read_header_info().map_err(damaged)?;
    let (height, width) = (header.height as usize, header.width as usize);
    check_size(height, width, expected)?;
    let mut reader = decoder.read_info().map_err(damaged)?;
    let (colour, _) = reader.output_color_type();
    let samples = colour.samples();
    let mut pixels = vec![0; height * width * samples];
    // The first picture of an animation is the one that still readers see.
    reader.next_frame(&mut pixels).map_err(damaged)?;
    let (channels, alpha, pixels) = match samples {
        2 => (1, alpha_of::<2>(&pixels), on_white::<1>(pixels)),
        4 => (3, alpha_of::<4>(&pixels), on_white::<3>(pixels)),
        samples => (samples, None, pixels),
    };
    Ok(Picture { height, width, channels, pixels, alpha })
}

/// The last of each pixel's `N` samples, where not all pixels are opaque.
fn alpha_of<const N: usize>(pixels: &[u8]) -> Option<Vec<u8>> {
    let alpha = || pixels.iter().skip(N - 1).step_by(N).copied();
    alpha().any(|alpha| alpha < 255).then(|| alpha().collect())
}

/// Pixels of `N` colours and an alpha, laid on white paper. Done in place: the pixels become fewer.
fn on_white<const N: usize>(mut pixels: Vec<u8>) -> Vec<u8> {
    let count = pixels.len() / (N + 1);
    for pixel in 0..count {
        let from = pixel * (N + 1);
        let alpha = u32::from(pixels[from + N]);
        for colour in 0..N {
            let own = u32::from(pixels[from + colour]);
            pixels[pixel * N + colour] = ((own * alpha + 255 * (255 - alpha) + 127) / 255) as u8;
        }
    }
    pixels.truncate(count * N);
    pixels.shrink_to_fit();
    pixels
}

fn jpeg_picture(bytes: &[u8], expected: Option<(usize, usize)>) -> Result<Picture, PictureError> {
    let damaged = |reason: String| PictureError::Damaged { format: "JPEG", reason };
    let options = DecoderOptions::default()
        .set_max_width(LONGEST_SIDE)
        .set_max_height(LONGEST_SIDE)
        .set_strict_mode(true)
        .jpeg_set_max_scans(MOST_PASSES);
    let mut headers = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    headers.decode_headers().map_err(|error| damaged(format!("{error:?}")))?;
    let Some(info) = headers.info() else { return Err(damaged("it has no header".to_string())) };
    let (height, width) = (usize::from(info.height), usize::from(info.width));
    check_size(height, width, expected)?;
    let (space, channels) = match headers.input_colorspace() {
        Some(ColorSpace::Luma) => (ColorSpace::Luma, 1),
        _ => (ColorSpace::RGB, 3),
    };
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options.jpeg_set_out_colorspace(space));
    let pixels = decoder.decode().map_err(|error| damaged(format!("{error:?}")))?;
    if pixels.len() != height * width * channels {
        return Err(damaged(format!("{} bytes of pixels for {width} × {height}", pixels.len())));
    }
    Ok(Picture { height, width, channels, pixels, alpha: None })
}
