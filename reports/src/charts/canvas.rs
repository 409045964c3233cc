//! The sheet that charts are drawn on: a plotters SVG with one frame, two axes and a legend. Colours are chosen to stand on
//! light and dark ground and to be told apart by colour-blind readers; text takes the page's own colour.

mod marks;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::axis::Axis;

/// Drawing units across; the page scales them, twice what is usual because plotters rounds to whole units.
const WIDTH: i32 = 1_800;
const LEFT: i32 = 170;
const RIGHT: i32 = 80;
const TOP: i32 = 104;
const BOTTOM: i32 = 130;
const TEXT_SIZE: i32 = 34;
const TEXT_SIZE_SMALL: i32 = 31;
/// What a character takes of the text size on average, for laying out the legend.
const CHARACTER_WIDTH: f64 = 0.47;

/// Stands for the page's text colour; replaced in the finished SVG.
const INK: RGBColor = RGBColor(0, 0, 0);

pub(super) use super::colours::{BLUE, COLOURS, GREY, ORANGE, PURPLE, RED};

/// Drawing into a text cannot fail, but plotters says it might.
pub(super) type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// A sheet with its frame.
pub(super) struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
    x: Axis,
    y: Axis,
    height: i32,
}

/// Draws one chart of the given height; `alt` tells a reader who cannot see it what it shows.
pub(super) fn draw(
    alt: &str,
    height: i32,
    x: Axis,
    y: Axis,
    content: impl FnOnce(&Canvas<'_>) -> Drawn,
) -> Option<String> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH as u32, height as u32)).into_drawing_area();
        let canvas = Canvas { area, x, y, height };
        canvas.frame().and_then(|()| content(&canvas)).ok()?;
        canvas.area.present().ok()?;
    }
    Some(for_page(&svg, alt, height))
}

/// Makes the SVG part of the page: no namespace (a page needs none), the page's text colour, and a label.
fn for_page(svg: &str, alt: &str, height: i32) -> String {
    let body = svg.split_once('>').map_or("", |(_, body)| body);
    let body = body
        .replace("fill=\"#000000\"", "fill=\"currentColor\"")
        .replace("stroke=\"#000000\"", "stroke=\"currentColor\"");
    let alt = crate::html::escape(alt);
    format!("<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{alt}\">{body}")
}

impl Canvas<'_> {
    fn frame(&self) -> Drawn {
        let (left, right, top, bottom) = (LEFT, WIDTH - RIGHT, TOP, self.height - BOTTOM);
        for (value, label) in &self.y.ticks {
            let y = self.y_of(*value);
            self.path(&[(left, y), (right, y)], INK.mix(0.16), 2)?;
            self.text(label, (left - 14, y), TEXT_SIZE_SMALL, HPos::Right, VPos::Center, INK.mix(0.8))?;
        }
        for (value, label) in &self.x.ticks {
            let x = self.x_of(*value);
            self.path(&[(x, top), (x, bottom)], INK.mix(0.09), 2)?;
            self.text(label, (x, bottom + 14), TEXT_SIZE_SMALL, HPos::Center, VPos::Top, INK.mix(0.8))?;
        }
        self.path(&[(left, top), (left, bottom), (right, bottom)], INK.mix(0.6), 2)?;
        let middle = ((left + right) / 2, self.height - 20);
        self.text(&self.x.title, middle, TEXT_SIZE, HPos::Center, VPos::Bottom, INK.mix(0.8))?;
        let faint = INK.mix(0.8);
        let style = TextStyle::from(("sans-serif", TEXT_SIZE).into_font())
            .transform(FontTransform::Rotate270)
            .color(&faint)
            .pos(Pos::new(HPos::Center, VPos::Top));
        self.area.draw(&Text::new(self.y.title.clone(), (8, (top + bottom) / 2), style))
    }

    fn x_of(&self, value: f64) -> i32 {
        LEFT + (self.x.place(value) * f64::from(WIDTH - RIGHT - LEFT)).round() as i32
    }

    fn y_of(&self, value: f64) -> i32 {
        let bottom = self.height - BOTTOM;
        bottom - (self.y.place(value) * f64::from(bottom - TOP)).round() as i32
    }

    fn path(&self, points: &[(i32, i32)], colour: RGBAColor, width: u32) -> Drawn {
        self.area.draw(&PathElement::new(points.to_vec(), colour.stroke_width(width)))
    }

    fn text(&self, text: &str, at: (i32, i32), size: i32, h: HPos, v: VPos, colour: RGBAColor) -> Drawn {
        let style = TextStyle::from(("sans-serif", size).into_font()).color(&colour).pos(Pos::new(h, v));
        // plotters escapes what HTML needs but lets control characters through, which no page may hold.
        let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        self.area.draw(&Text::new(text, at, style))
    }

    /// A line through values.
    pub(super) fn line(
        &self,
        values: impl Iterator<Item = (f64, f64)>,
        colour: RGBColor,
        width: u32,
    ) -> Drawn {
        let mut points: Vec<(i32, i32)> = values.map(|(x, y)| (self.x_of(x), self.y_of(y))).collect();
        // A single value is drawn as a short stroke; a path of one point would be invisible.
        if let [(x, y)] = points[..] {
            points = vec![(x - 8, y), (x + 8, y)];
        }
        points.dedup();
        self.path(&points, colour.into(), width)
    }

    /// A filled cell between two values on each axis; `strength` 0 is invisible, 1 is the full colour.
    pub(super) fn cell(&self, x: (f64, f64), y: (f64, f64), colour: RGBColor, strength: f64) -> Drawn {
        let corners = [(self.x_of(x.0), self.y_of(y.1)), (self.x_of(x.1), self.y_of(y.0))];
        self.area.draw(&Rectangle::new(corners, colour.mix((strength * 100.0).round() / 100.0).filled()))
    }

    /// Shades a span of the x axis over the whole height and names it at the top.
    pub(super) fn span(&self, from: f64, to: f64, name: &str) -> Drawn {
        let corners = [(self.x_of(from), TOP), (self.x_of(to), self.height - BOTTOM)];
        self.area.draw(&Rectangle::new(corners, INK.mix(0.06).filled()))?;
        let at = (self.x_of(from) + 12, TOP + 10);
        self.text(name, at, TEXT_SIZE_SMALL, HPos::Left, VPos::Top, INK.mix(0.65))
    }

    /// An upright line at an instant of the x axis, with a number above the frame.
    pub(super) fn mark(&self, x: f64, name: &str) -> Drawn {
        let x = self.x_of(x);
        self.path(&[(x, TOP), (x, self.height - BOTTOM)], INK.mix(0.75), 3)?;
        self.text(name, (x, TOP - 4), TEXT_SIZE_SMALL, HPos::Center, VPos::Bottom, INK.mix(0.9))
    }

    /// Shades a span of the x axis in the colour of what went wrong.
    pub(super) fn trouble(&self, from: f64, to: f64) -> Drawn {
        let corners = [(self.x_of(from), TOP), (self.x_of(to), self.height - BOTTOM)];
        self.area.draw(&Rectangle::new(corners, RED.mix(0.16).filled()))
    }

    /// How far apart two values of the x axis are, in drawing units.
    pub(super) fn apart(&self, from: f64, to: f64) -> i32 {
        (self.x_of(to) - self.x_of(from)).abs()
    }

    /// A limit: a diamond at a point with its name above.
    pub(super) fn limit(&self, x: f64, y: f64, name: &str, met: bool) -> Drawn {
        let (x, y) = (self.x_of(x), self.y_of(y));
        let colour: RGBAColor = if met { INK.into() } else { RED.into() };
        let diamond = vec![(x - 12, y), (x, y - 12), (x + 12, y), (x, y + 12)];
        self.area.draw(&Polygon::new(diamond, colour))?;
        self.text(name, (x + 20, y - 8), TEXT_SIZE_SMALL, HPos::Left, VPos::Bottom, colour)
    }

    /// A scale of strengths above the frame, for charts whose cells mean counts.
    pub(super) fn scale(&self, low: &str, high: &str, colour: RGBColor, strengths: &[f64]) -> Drawn {
        const CELL: i32 = 44;
        let y = 22;
        self.text(low, (LEFT, y), TEXT_SIZE, HPos::Left, VPos::Center, INK.mix(0.9))?;
        let mut x = LEFT + (low.chars().count() as f64 * f64::from(TEXT_SIZE) * CHARACTER_WIDTH) as i32 + 20;
        for strength in strengths {
            let corners = [(x, y - 14), (x + CELL, y + 14)];
            self.area
                .draw(&Rectangle::new(corners, colour.mix((strength * 100.0).round() / 100.0).filled()))?;
            x += CELL;
        }
        self.text(high, (x + 20, y), TEXT_SIZE, HPos::Left, VPos::Center, INK.mix(0.9))
    }

    /// The legend above the frame, from left to right, in a second row when the first is full.
    pub(super) fn legend(&self, entries: &[(&str, RGBColor)]) -> Drawn {
        let (mut x, mut y) = (LEFT, 22);
        for (name, colour) in entries {
            let width =
                70 + (name.chars().count() as f64 * f64::from(TEXT_SIZE) * CHARACTER_WIDTH) as i32 + 40;
            if x + width > WIDTH - RIGHT && x > LEFT {
                (x, y) = (LEFT, y + 40);
            }
            self.path(&[(x, y), (x + 56, y)], (*colour).into(), 8)?;
            self.text(name, (x + 70, y), TEXT_SIZE, HPos::Left, VPos::Center, INK.mix(0.9))?;
            x += width;
        }
        Ok(())
    }
}
