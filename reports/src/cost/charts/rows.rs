//! Charts whose bars lie in named rows: how labels are broken into lines, and how much room they and the rows take.

use super::super::CostResults;
use crate::charts::axis::Axis;
use crate::charts::canvas::{BOTTOM, Canvas, Drawn, LINE, Sheet, TEXT_SIZE_SMALL, TOP};

/// Characters of a label's line at most: a third of the sheet.
const CHARACTERS_MAX: usize = 36;
/// Lines of a label at most; what is longer is not cut but gets no more height than it needs.
const LINES_MAX: usize = 6;
/// What a character takes of the text size at most on average, so that no label leaves the sheet in a wide font.
const CHARACTER_WIDTH: f64 = 0.54;
/// Room between the rows of labels, and for the title of the upright axis.
const GAP: i32 = 22;
const TITLE: i32 = 60;
/// Half of what a bar takes upright, drawing units.
const BAR: f64 = 17.0;

/// The labels of rows, from the top, ready to be drawn; the upright axis counts drawing units.
pub(super) struct Rows {
    labels: Vec<Vec<String>>,
}

impl Rows {
    pub(super) fn new(labels: impl Iterator<Item = String>) -> Rows {
        Rows { labels: labels.map(|label| broken(&label)).collect() }
    }

    /// What the first rows take upright.
    fn taken(&self, rows: usize) -> i32 {
        self.labels.iter().take(rows).map(|lines| lines.len().max(1) as i32 * LINE + GAP).sum()
    }

    /// The middle of a row on the upright axis.
    pub(super) fn y(&self, row: usize) -> f64 {
        let middle = f64::from(self.taken(row) + self.taken(row + 1)) / 2.0;
        f64::from(self.taken(self.labels.len())) - middle
    }

    /// The lower and upper edge of a bar in a row.
    pub(super) fn span(&self, row: usize) -> (f64, f64) {
        (self.y(row) - BAR, self.y(row) + BAR)
    }

    /// The sheet with room for the rows, the axis of values along the bottom.
    pub(super) fn sheet(&self, title: String, alt: String, what: &str, x: Axis) -> Sheet {
        let longest = self.labels.iter().flatten().map(|line| line.chars().count()).max().unwrap_or(0);
        let width = (longest as f64 * f64::from(TEXT_SIZE_SMALL) * CHARACTER_WIDTH) as i32;
        let taken = self.taken(self.labels.len());
        let y = Axis::fixed(what, 0.0, f64::from(taken.max(1)), Vec::new());
        Sheet { title, alt, height: TOP + BOTTOM + taken, left: TITLE + width + 16, x, y }
    }

    pub(super) fn draw(&self, canvas: &Canvas<'_>) -> Drawn {
        self.labels.iter().enumerate().try_for_each(|(row, lines)| canvas.row_label(self.y(row), lines))
    }
}

/// A label in lines, broken at spaces, and within a word only where it is longer than a line.
fn broken(label: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for part in label.lines() {
        let mut line = String::new();
        for word in part.split_whitespace() {
            let mut word: Vec<char> = word.chars().collect();
            let room = CHARACTERS_MAX.saturating_sub(line.chars().count() + 1);
            if !line.is_empty() && word.len() > room {
                lines.push(std::mem::take(&mut line));
            }
            while word.len() > CHARACTERS_MAX {
                lines.push(word.drain(..CHARACTERS_MAX).collect());
            }
            if !line.is_empty() && !word.is_empty() {
                line.push(' ');
            }
            line.extend(word);
        }
        lines.push(line);
    }
    lines.retain(|line| !line.is_empty());
    if lines.len() > LINES_MAX {
        let rest = lines.split_off(LINES_MAX - 1).join(" ");
        let cut: String = rest.chars().take(CHARACTERS_MAX - 1).collect();
        lines.push(format!("{cut}\u{2026}"));
    }
    lines
}

/// Values of a chart with room beside the outermost for the words that stand there: `part` of the span at each side used.
pub(super) fn with_room(values: &[f64], part: f64) -> Vec<f64> {
    let drawn = values.iter().copied().filter(|v| v.is_finite());
    let (low, high) = drawn.fold((0f64, 0f64), |(low, high), v| (low.min(v), high.max(v)));
    let room = (high - low) * part;
    vec![if low < 0.0 { low - room * 0.2 } else { 0.0 }, high + room]
}

/// What the rows of charts are compared with, in words.
pub(super) fn against(results: &CostResults, option: usize) -> String {
    format!("{} against {}", results.option_label(option), results.baseline().label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_break_at_spaces_and_lose_nothing() {
        assert_eq!(broken("Servers"), ["Servers"]);
        let long = "Support and maintenance of hardware, around the clock, four hours to repair";
        assert_eq!(broken(long).join(" "), long);
        assert!(broken(long).iter().all(|line| line.chars().count() <= CHARACTERS_MAX));
        assert_eq!(broken(&"x".repeat(80)).concat(), "x".repeat(80));
        assert_eq!(broken("Peak\n1 to 2 tps"), ["Peak", "1 to 2 tps"]);
        assert_eq!(broken(""), [""; 0]);
        assert_eq!(broken(&"word ".repeat(500)).len(), LINES_MAX);
    }

    #[test]
    fn huge_values_leave_a_span_that_can_be_drawn() {
        assert_eq!(with_room(&[f64::NAN], 0.2), [0.0, 0.0]);
        assert_eq!(with_room(&[-10.0, 0.0], 0.5), [-11.0, 5.0]);
    }
}
