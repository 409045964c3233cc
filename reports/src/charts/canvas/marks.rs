//! Marks on the sheet for charts of single measurements and of plans: dots, levels, moments, filled lines.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use super::{BOTTOM, Canvas, Drawn, INK, RIGHT, TEXT_SIZE_SMALL, TOP, WIDTH};

/// Radius of a dot: to be told from a line's bend, and hollow from full, in print.
const DOT: i32 = 11;
/// Length of a dash and of the gap behind it.
const DASH: i32 = 16;

impl Canvas<'_> {
    /// A measurement; a hollow one is not to be believed.
    pub(crate) fn dot(&self, x: f64, y: f64, colour: RGBColor, hollow: bool) -> Drawn {
        let at = (self.x_of(x), self.y_of(y));
        match hollow {
            true => self.area.draw(&Circle::new(at, DOT, colour.stroke_width(4))),
            false => self.area.draw(&Circle::new(at, DOT, colour.filled())),
        }
    }

    /// A dashed line across at a value, named above its left end.
    pub(crate) fn level(&self, value: f64, name: &str, colour: RGBColor) -> Drawn {
        let (y, right) = (self.y_of(value), WIDTH - RIGHT);
        for x in (self.left..right).step_by(2 * DASH as usize) {
            self.path(&[(x, y), ((x + DASH).min(right), y)], colour.into(), 4)?;
        }
        self.text(name, (self.left + 12, y - 6), TEXT_SIZE_SMALL, HPos::Left, VPos::Bottom, colour.into())
    }

    /// A dashed line upright at a value, named at the top in the given row, on the side where there is room.
    pub(crate) fn moment(&self, value: f64, name: &str, row: usize) -> Drawn {
        let (x, bottom) = (self.x_of(value), self.height - BOTTOM);
        for y in (TOP..bottom).step_by(2 * DASH as usize) {
            self.path(&[(x, y), (x, (y + DASH).min(bottom))], INK.mix(0.8), 4)?;
        }
        let y = TOP + 10 + row as i32 * (TEXT_SIZE_SMALL + 6);
        let (x, side) = match x > (self.left + WIDTH - RIGHT) / 2 {
            true => (x - 12, HPos::Right),
            false => (x + 12, HPos::Left),
        };
        self.text(name, (x, y), TEXT_SIZE_SMALL, side, VPos::Top, INK.mix(0.9))
    }

    /// Fills what lies between a line and the bottom of the frame.
    pub(crate) fn under(&self, values: &[(f64, f64)], colour: RGBColor) -> Drawn {
        let bottom = self.height - BOTTOM;
        let ends = values.first().zip(values.last());
        let Some(((first, _), (last, _))) = ends else { return Ok(()) };
        let mut points: Vec<(i32, i32)> = vec![(self.x_of(*first), bottom)];
        points.extend(values.iter().map(|(x, y)| (self.x_of(*x), self.y_of(*y))));
        points.push((self.x_of(*last), bottom));
        points.dedup();
        self.area.draw(&Polygon::new(points, colour.mix(0.18)))
    }
}
