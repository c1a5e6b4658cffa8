//! PNG files for tests; the command's tests use them, too.

/// A PNG of one channel or three, its pixels row by row.
pub(crate) fn png(width: usize, height: usize, channels: usize, pixels: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_color(if channels == 1 { png::ColorType::Grayscale } else { png::ColorType::Rgb });
    let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(pixels));
    written.expect("memory is written, and the pixels are as many as the size says");
    bytes
}

/// A grey PNG of 4×4 pixels: bright on the left, or on the right.
#[allow(dead_code, reason = "each test takes what it needs")]
pub(crate) fn side(bright_left: bool, shade: u8) -> Vec<u8> {
    let row = |column: u8| if (column < 2) == bright_left { 200 + shade % 50 } else { shade % 50 };
    png(4, 4, 1, &(0..16).map(|pixel| row(pixel % 4)).collect::<Vec<_>>())
}
