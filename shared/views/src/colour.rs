//! An organizer's colour as the accent of a page that stays readable: contrast by WCAG 2.2, lightness by OKLCH.

use std::fmt::Write as _;

use timetable::Colour;

/// Contrast of text with what is behind it (WCAG 2.2, 1.4.3).
const TEXT: f64 = 4.5;
/// Contrast of shapes that mean something (1.4.11).
const SHAPE: f64 = 3.0;
/// How finely a lightness is looked for.
const STEP: f64 = 0.005;

/// Lightness, chroma and hue (in radians) of a colour.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Oklch {
    l: f64,
    c: f64,
    h: f64,
}

/// One of the two schemes of `page.css`: its grounds, and which way leads away from them.
struct Scheme {
    surface: Oklch,
    raised: Oklch,
    /// Lightness and most chroma of a ticked row.
    wash: (f64, f64),
    away: f64,
}

const fn grey(l: f64, c: f64, degrees: f64) -> Oklch {
    Oklch { l, c, h: degrees * std::f64::consts::PI / 180.0 }
}

const LIGHT: Scheme =
    Scheme { surface: grey(0.985, 0.004, 95.0), raised: grey(1.0, 0.0, 0.0), wash: (0.95, 0.022), away: -STEP };
const DARK: Scheme =
    Scheme { surface: grey(0.19, 0.012, 265.0), raised: grey(0.235, 0.014, 265.0), wash: (0.29, 0.045), away: STEP };

/// What a scheme makes of the colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tones {
    /// For text and buttons.
    accent: Colour,
    /// On a button of that colour.
    accent_text: Colour,
    /// For shapes: nearer to what the organizer chose.
    mark: Colour,
    /// Behind what is ticked.
    wash: Colour,
}

/// The style that makes a colour the accent, for both schemes. Its hue stays; its lightness moves as far as needed.
pub fn theme(colour: Colour) -> String {
    let (light, dark) = (tones(colour, &LIGHT), tones(colour, &DARK));
    let mut css = String::from("html:root{");
    for (name, tone) in [
        ("accent", (|tones| tones.accent) as fn(&Tones) -> Colour),
        ("accent-text", |tones| tones.accent_text),
        ("mark", |tones| tones.mark),
        ("wash", |tones| tones.wash),
    ] {
        let (light, dark) = (String::from(tone(&light)), String::from(tone(&dark)));
        let _ = write!(css, "--{name}:light-dark({light},{dark});");
    }
    css.push('}');
    css
}

fn tones(colour: Colour, scheme: &Scheme) -> Tones {
    let own = oklch(colour);
    let wash = srgb(Oklch { l: scheme.wash.0, c: own.c.min(scheme.wash.1), h: own.h });
    let grounds = [srgb(scheme.surface), srgb(scheme.raised), wash];
    let accent = readable(own, &grounds, TEXT, scheme.away);
    let white = Colour { red: 255, green: 255, blue: 255 };
    let black = Colour { red: 14, green: 14, blue: 18 };
    let accent_text = if contrast(white, accent) >= contrast(black, accent) { white } else { black };
    Tones { accent, accent_text, mark: readable(own, &grounds, SHAPE, scheme.away), wash }
}

/// The colour, or the nearest lightness of it that stands out from all grounds.
fn readable(mut colour: Oklch, grounds: &[Colour], wanted: f64, away: f64) -> Colour {
    loop {
        let shown = srgb(colour);
        if grounds.iter().all(|ground| contrast(shown, *ground) >= wanted) || !(0.0..=1.0).contains(&colour.l) {
            return shown;
        }
        colour.l += away;
    }
}

/// The contrast ratio of two colours, 1 to 21 (WCAG 2.2, "contrast ratio").
fn contrast(one: Colour, other: Colour) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

fn luminance(colour: Colour) -> f64 {
    0.2126 * linear(colour.red) + 0.7152 * linear(colour.green) + 0.0722 * linear(colour.blue)
}

fn linear(channel: u8) -> f64 {
    let value = f64::from(channel) / 255.0;
    if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

/// Björn Ottosson's `OKLab`, as CSS Color 4 has it.
#[allow(clippy::many_single_char_names, reason = "the names of the axes")]
fn oklch(colour: Colour) -> Oklch {
    let (r, g, b) = (linear(colour.red), linear(colour.green), linear(colour.blue));
    let l = (0.412_221_470_8 * r + 0.536_332_536_3 * g + 0.051_445_992_9 * b).cbrt();
    let m = (0.211_903_498_2 * r + 0.680_699_545_1 * g + 0.107_396_956_6 * b).cbrt();
    let s = (0.088_302_461_9 * r + 0.281_718_837_6 * g + 0.629_978_700_5 * b).cbrt();
    let a = 1.977_998_495_1 * l - 2.428_592_205_0 * m + 0.450_593_709_9 * s;
    let b = 0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766_0 * s;
    Oklch { l: 0.210_454_255_3 * l + 0.793_617_785_0 * m - 0.004_072_046_8 * s, c: a.hypot(b), h: b.atan2(a) }
}

/// The colour on a screen, with as much of its chroma as the screen has.
fn srgb(mut colour: Oklch) -> Colour {
    loop {
        let [r, g, b] = linear_rgb(colour);
        let fits = |channel: f64| (-0.0005..=1.0005).contains(&channel);
        if (fits(r) && fits(g) && fits(b)) || colour.c <= 0.0 {
            return Colour { red: channel(r), green: channel(g), blue: channel(b) };
        }
        colour.c = (colour.c - 0.004).max(0.0);
    }
}

#[allow(clippy::many_single_char_names, reason = "the names of the axes")]
fn linear_rgb(Oklch { l, c, h }: Oklch) -> [f64; 3] {
    let (a, b) = (c * h.cos(), c * h.sin());
    let cube = |value: f64| value * value * value;
    let (l, m, s) = (
        cube(l + 0.396_337_777_4 * a + 0.215_803_757_3 * b),
        cube(l - 0.105_561_345_8 * a - 0.063_854_172_8 * b),
        cube(l - 0.089_484_177_5 * a - 1.291_485_548_0 * b),
    );
    [
        4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s,
        -1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s,
        -0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701_0 * s,
    ]
}

fn channel(linear: f64) -> u8 {
    let value = linear.clamp(0.0, 1.0);
    let value = if value <= 0.003_130_8 { value * 12.92 } else { 1.055 * value.powf(1.0 / 2.4) - 0.055 };
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 255")]
    let byte = (value * 255.0).round() as u8;
    byte
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colour(text: &str) -> Colour {
        Colour::try_from(text.to_owned()).unwrap()
    }

    /// Every sixth of each channel, and what organizers like.
    fn colours() -> Vec<Colour> {
        let steps = [0, 51, 102, 153, 204, 255];
        let mut all: Vec<Colour> = ["#df4601", "#ffff00", "#0000ff", "#777777"].map(colour).to_vec();
        for red in steps {
            for green in steps {
                all.extend(steps.map(|blue| Colour { red, green, blue }));
            }
        }
        all
    }

    #[test]
    fn contrast_is_that_of_the_guidelines() {
        let ratio = |one, other| format!("{:.2}", contrast(colour(one), colour(other)));
        assert_eq!(ratio("#000000", "#ffffff"), "21.00");
        assert_eq!(ratio("#777777", "#ffffff"), "4.48");
        assert_eq!(ratio("#ff0000", "#ffffff"), "4.00");
    }

    #[test]
    fn there_and_back_is_the_same_colour() {
        for colour in colours() {
            assert_eq!(srgb(oklch(colour)), colour);
        }
    }

    #[test]
    fn any_colour_becomes_a_readable_accent() {
        for chosen in colours() {
            for scheme in [&LIGHT, &DARK] {
                let tones = tones(chosen, scheme);
                for ground in [srgb(scheme.surface), srgb(scheme.raised), tones.wash] {
                    assert!(contrast(tones.accent, ground) >= TEXT, "{chosen:?} on {ground:?}");
                    assert!(contrast(tones.mark, ground) >= SHAPE, "{chosen:?} on {ground:?}");
                }
                assert!(contrast(tones.accent_text, tones.accent) >= TEXT, "{chosen:?}");
            }
        }
    }

    #[test]
    fn a_colour_that_is_readable_stays() {
        assert_eq!(tones(colour("#8b1a2b"), &LIGHT).accent, colour("#8b1a2b"));
        assert_ne!(tones(colour("#8b1a2b"), &DARK).accent, colour("#8b1a2b"));
        assert!(theme(colour("#8b1a2b")).starts_with("html:root{--accent:light-dark(#8b1a2b,#"));
    }
}
