//! Marks on the sheet for charts of money: bars in named rows, bands between two lines, zero lines. Used by the charts of the
//! cost report; knows nothing of money.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use super::{BOTTOM, Canvas, Drawn, INK, RIGHT, TEXT_SIZE_SMALL, TOP, WIDTH};

/// How a bar is filled; the two are told apart without colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fill {
    /// In the full colour.
    Full,
    /// Pale, with an outline.
    Pale,
}

/// Drawing units between the lines of a label.
pub(crate) const LINE: i32 = TEXT_SIZE_SMALL + 5;
/// What a bar of no extent still takes, drawing units: seen in print, taken for nothing more.
const THIN: i32 = 4;

impl Canvas<'_> {
    /// A bar between two values of each axis, in any order; one of no extent is a thin stroke.
    pub(crate) fn bar(&self, x: (f64, f64), y: (f64, f64), colour: RGBColor, fill: Fill) -> Drawn {
        let sorted = |a: i32, b: i32| (a.min(b), a.max(b).max(a.min(b) + THIN));
        let (left, right) = sorted(self.x_of(x.0), self.x_of(x.1));
        let (top, bottom) = sorted(self.y_of(y.0), self.y_of(y.1));
        let corners = [(left, top), (right, bottom)];
        match fill {
            Fill::Full => self.area.draw(&Rectangle::new(corners, colour.filled())),
            Fill::Pale => {
                self.area.draw(&Rectangle::new(corners, colour.mix(0.3).filled()))?;
                self.area.draw(&Rectangle::new(corners, colour.stroke_width(3)))
            }
        }
    }

    /// The label of a row: lines one under the other, left of the frame.
    pub(crate) fn row_label(&self, y: f64, lines: &[String]) -> Drawn {
        let first = self.y_of(y) - (lines.len() as i32 - 1) * LINE / 2;
        for (i, line) in lines.iter().enumerate() {
            let at = (self.left - 16, first + i as i32 * LINE);
            self.text(line, at, TEXT_SIZE_SMALL, HPos::Right, VPos::Center, INK.mix(0.9))?;
        }
        Ok(())
    }

    /// Words right of a point.
    pub(crate) fn beside(&self, x: f64, y: f64, words: &str) -> Drawn {
        let at = (self.x_of(x) + 12, self.y_of(y));
        self.text(words, at, TEXT_SIZE_SMALL, HPos::Left, VPos::Center, INK.mix(0.9))
    }

    /// An upright line at a value, named above the frame on the side where there is room.
    pub(crate) fn upright(&self, value: f64, name: &str) -> Drawn {
        let x = self.x_of(value);
        self.path(&[(x, TOP), (x, self.height - BOTTOM)], INK.mix(0.8), 3)?;
        let side = match f64::from(x - self.left) / f64::from(WIDTH - RIGHT - self.left) {
            part if part < 0.25 => HPos::Left,
            part if part > 0.75 => HPos::Right,
            _ => HPos::Center,
        };
        self.text(name, (x, TOP - 4), TEXT_SIZE_SMALL, side, VPos::Bottom, INK.mix(0.9))
    }

    /// A line across at 0.
    pub(crate) fn zero(&self) -> Drawn {
        let y = self.y_of(0.0);
        self.path(&[(self.left, y), (WIDTH - RIGHT, y)], INK.mix(0.8), 3)
    }

    /// What lies between a lower and an upper line: x, lower, upper.
    pub(crate) fn band(&self, points: &[(f64, f64, f64)], colour: RGBColor) -> Drawn {
        if let [(x, low, high)] = points {
            let (x, low, high) = (self.x_of(*x), self.y_of(*low), self.y_of(*high));
            return self.path(&[(x, low), (x, high)], colour.mix(0.25), 24);
        }
        let lower = points.iter().map(|(x, low, _)| (self.x_of(*x), self.y_of(*low)));
        let upper = points.iter().rev().map(|(x, _, high)| (self.x_of(*x), self.y_of(*high)));
        self.area.draw(&Polygon::new(lower.chain(upper).collect::<Vec<_>>(), colour.mix(0.25)))
    }

    /// A dashed line through values.
    pub(crate) fn dashed(&self, values: &[(f64, f64)], colour: RGBColor, width: u32) -> Drawn {
        const DASHES: i32 = 3;
        for pair in values.windows(2) {
            let [from, to] = [pair[0], pair[1]].map(|(x, y)| (self.x_of(x), self.y_of(y)));
            let part = |at: (i32, i32), to: (i32, i32), i: i32, of: i32| {
                (at.0 + (to.0 - at.0) * i / of, at.1 + (to.1 - at.1) * i / of)
            };
            for dash in 0..DASHES {
                let ends = [part(from, to, 2 * dash, 2 * DASHES), part(from, to, 2 * dash + 1, 2 * DASHES)];
                self.path(&ends, colour.into(), width)?;
            }
        }
        Ok(())
    }
}
