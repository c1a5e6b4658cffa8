//! Numbers as colours, so that equal steps look equally large, to the colour-blind too.

use crate::colour::{channel, linear};

/// Which colours numbers become.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ColourMap {
    /// Dark purple over green to yellow: nine colours of viridis (Smith and van der Walt, 2015), mixed in Oklab between.
    #[default]
    Sequential,
    /// Blue for what is below the middle, orange above it, pale in the middle: two hues that all eyes tell apart, of equal
    /// lightness at equal distance, computed in Oklab (Ottosson, 2020). Its range is laid evenly around 0.
    Diverging,
    /// Black to white.
    Grey,
}

const VIRIDIS: [[u8; 3]; 9] = [
    [0x44, 0x01, 0x54],
    [0x47, 0x2d, 0x7b],
    [0x3b, 0x52, 0x8b],
    [0x2c, 0x72, 0x8e],
    [0x21, 0x91, 0x8c],
    [0x28, 0xae, 0x80],
    [0x5e, 0xc9, 0x62],
    [0xad, 0xdc, 0x30],
    [0xfd, 0xe7, 0x25],
];

impl ColourMap {
    /// The colour at a share of the range, from 0 to 1; what is beyond takes the colour of the end.
    ///
    /// ```
    /// use limpid_draw::ColourMap;
    ///
    /// assert_eq!(ColourMap::Grey.rgb(0.0), [0, 0, 0]);
    /// assert_eq!(ColourMap::Sequential.rgb(1.0), [0xfd, 0xe7, 0x25]);
    /// ```
    pub fn rgb(self, share: f64) -> [u8; 3] {
        let share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
        match self {
            ColourMap::Sequential => {
                let place = share * 8.0;
                let lower = (place as usize).min(7);
                let (a, b) = (oklab(VIRIDIS[lower]), oklab(VIRIDIS[lower + 1]));
                let t = place - lower as f64;
                rgb(std::array::from_fn(|i| a[i] + t * (b[i] - a[i])))
            }
            ColourMap::Diverging => {
                let away = (2.0 * share - 1.0).abs();
                let (hue, chroma) = if share < 0.5 { (250.0f64, 0.135) } else { (52.0f64, 0.135) };
                let (sin, cos) = libm::sincos(hue.to_radians());
                let chroma = chroma * away.min(1.0);
                rgb([0.965 - 0.42 * away, chroma * cos, chroma * sin])
            }
            ColourMap::Grey => [(share * 255.0).round() as u8; 3],
        }
    }
}

/// sRGB as Oklab: lightness, green to red, blue to yellow. Ottosson, "A perceptual color space for image processing" (2020).
fn oklab(rgb: [u8; 3]) -> [f64; 3] {
    let [r, g, b] = rgb.map(linear);
    let l = libm::cbrt(0.412_221_470_8 * r + 0.536_332_536_3 * g + 0.051_445_992_9 * b);
    let m = libm::cbrt(0.211_903_498_2 * r + 0.680_699_545_1 * g + 0.107_396_956_6 * b);
    let s = libm::cbrt(0.088_302_461_9 * r + 0.281_718_837_6 * g + 0.629_978_700_5 * b);
    [
        0.210_454_255_3 * l + 0.793_617_785 * m - 0.004_072_046_8 * s,
        1.977_998_495_1 * l - 2.428_592_205 * m + 0.450_593_709_9 * s,
        0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766 * s,
    ]
}

/// Oklab as sRGB, cut off at its edges.
fn rgb([l, a, b]: [f64; 3]) -> [u8; 3] {
    let cube = |v: f64| v * v * v;
    let long = cube(l + 0.396_337_777_4 * a + 0.215_803_757_3 * b);
    let medium = cube(l - 0.105_561_345_8 * a - 0.063_854_172_8 * b);
    let short = cube(l - 0.089_484_177_5 * a - 1.291_485_548 * b);
    [
        channel(4.076_741_662_1 * long - 3.307_711_591_3 * medium + 0.230_969_929_2 * short),
        channel(-1.268_438_004_6 * long + 2.609_757_401_1 * medium - 0.341_319_396_5 * short),
        channel(-0.004_196_086_3 * long - 0.703_418_614_7 * medium + 1.707_614_701 * short),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(map: ColourMap, from: f64, to: f64) -> Vec<f64> {
        let labs: Vec<[f64; 3]> = (0..=32).map(|k| oklab(map.rgb(from + (to - from) * f64::from(k) / 32.0))).collect();
        labs.windows(2).map(|pair| (0..3).map(|i| (pair[1][i] - pair[0][i]).powi(2)).sum::<f64>().sqrt()).collect()
    }

    #[test]
    fn equal_steps_look_about_equally_large() {
        for (map, from, to) in
            [(ColourMap::Sequential, 0.0, 1.0), (ColourMap::Diverging, 0.0, 0.5), (ColourMap::Diverging, 0.5, 1.0)]
        {
            let steps = steps(map, from, to);
            let (least, most) = steps.iter().fold((f64::MAX, 0.0f64), |(l, m), s| (l.min(*s), m.max(*s)));
            assert!(most < 2.5 * least, "{map:?}: {least} to {most}");
        }
    }

    #[test]
    fn the_sequential_map_grows_lighter_all_the_way() {
        let light: Vec<f64> = (0..=64).map(|k| oklab(ColourMap::Sequential.rgb(f64::from(k) / 64.0))[0]).collect();
        assert!(light.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
