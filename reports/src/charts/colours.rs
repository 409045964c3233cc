//! The series colours. Chosen by search, judged by the test below: any two can be told apart by readers with protanopia,
//! deuteranopia or tritanopia, and each stands on the page's light and dark ground.

use plotters::style::RGBColor;

/// The first series.
pub(crate) const BLUE: RGBColor = RGBColor(0x18, 0x65, 0xfd);
/// The second.
pub(crate) const ORANGE: RGBColor = RGBColor(0xd2, 0x7d, 0x01);
/// The third.
pub(crate) const GREEN: RGBColor = RGBColor(0x0d, 0xa7, 0x6b);
/// The fourth.
pub(crate) const PURPLE: RGBColor = RGBColor(0xcc, 0x06, 0xb2);
/// What went wrong, or the fifth.
pub(crate) const RED: RGBColor = RGBColor(0xc0, 0x38, 0x28);
/// What stands behind, or the sixth.
pub(crate) const GREY: RGBColor = RGBColor(0x69, 0x6c, 0x71);
/// All of them, in the order in which they are given out.
pub(crate) const COLOURS: [RGBColor; 6] = [BLUE, ORANGE, GREEN, PURPLE, RED, GREY];

#[cfg(test)]
mod tests {
    use super::*;

    /// Least distance (CIE 1976) between two colours: ten times what an eye tells apart side by side, since lines are thin
    /// and far from their legend.
    const APART_MIN: f64 = 23.0;
    /// Least contrast of graphics against their ground by WCAG 2.2, criterion 1.4.11.
    const CONTRAST_MIN: f64 = 3.0;
    const LIGHT: RGBColor = RGBColor(0xff, 0xff, 0xff);
    const DARK: RGBColor = RGBColor(0x14, 0x18, 0x1d);
    /// How colours are seen, on linear RGB: by most, and with full protanopia, deuteranopia and tritanopia
    /// (Machado, Oliveira and Fernandes 2009, severity 1.0).
    const EYES: [(&str, [[f64; 3]; 3]); 4] = [
        ("most eyes", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
        (
            "protanopia",
            [
                [0.152_286, 1.052_583, -0.204_868],
                [0.114_503, 0.786_281, 0.099_216],
                [-0.003_882, -0.048_116, 1.051_998],
            ],
        ),
        (
            "deuteranopia",
            [
                [0.367_322, 0.860_646, -0.227_968],
                [0.280_085, 0.672_501, 0.047_413],
                [-0.011_820, 0.042_940, 0.968_881],
            ],
        ),
        (
            "tritanopia",
            [
                [1.255_528, -0.076_749, -0.178_779],
                [-0.078_411, 0.930_809, 0.147_602],
                [0.004_733, 0.691_367, 0.303_900],
            ],
        ),
    ];

    fn linear(colour: RGBColor) -> [f64; 3] {
        [colour.0, colour.1, colour.2].map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        })
    }

    fn times(m: &[[f64; 3]; 3], v: [f64; 3]) -> [f64; 3] {
        [0, 1, 2].map(|row| (0..3).map(|i| m[row][i] * v[i]).sum::<f64>())
    }

    fn lab(rgb: [f64; 3]) -> [f64; 3] {
        let to_xyz = [[0.412_4, 0.357_6, 0.180_5], [0.212_6, 0.715_2, 0.072_2], [0.019_3, 0.119_2, 0.950_5]];
        let [x, y, z] = times(&to_xyz, rgb);
        let f = |t: f64| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
        let (x, y, z) = (f(x / 0.950_47), f(y), f(z / 1.088_83));
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    }

    fn luminance(colour: RGBColor) -> f64 {
        let [r, g, b] = linear(colour);
        0.212_6 * r + 0.715_2 * g + 0.072_2 * b
    }

    #[test]
    fn colour_blind_readers_tell_any_two_apart() {
        for (eyes, matrix) in EYES {
            let seen = COLOURS.map(|c| lab(times(&matrix, linear(c)).map(|part| part.clamp(0.0, 1.0))));
            for i in 0..COLOURS.len() {
                for j in 0..i {
                    let apart = (0..3).map(|k| (seen[i][k] - seen[j][k]).powi(2)).sum::<f64>().sqrt();
                    assert!(apart >= APART_MIN, "{eyes}: colours {j} and {i} are {apart:.1} apart");
                }
            }
        }
    }

    #[test]
    fn every_colour_stands_on_light_and_dark_ground() {
        for (i, colour) in COLOURS.into_iter().enumerate() {
            for ground in [LIGHT, DARK] {
                let (a, b) = (luminance(colour) + 0.05, luminance(ground) + 0.05);
                assert!(a.max(b) / a.min(b) >= CONTRAST_MIN, "colour {i}: {:.2}", a.max(b) / a.min(b));
            }
        }
    }
}
