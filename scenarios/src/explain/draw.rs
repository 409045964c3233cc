//! Draws a planned curve in plain characters for a terminal: the rate upwards, time across, what is not measured and events
//! marked below. Called by [`super::Explanation`]'s display. Pure; no colour, so that it reads the same everywhere.

use serde::Serialize;

/// Columns of the drawing itself, beside its labels: fits a terminal of 80 with them.
pub(super) const WIDTH: usize = 68;
/// Rows of the drawing itself; a multiple of [`PARTS`].
pub(super) const HEIGHT: usize = 12;
/// Parts that the upright axis is labelled in.
const PARTS: usize = 4;
/// Characters that a label of the upright axis has room for.
const LABEL: usize = 10;
/// What a column can end with: nothing to a full character in eighths.
const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Marks under columns that are not measured.
const UNMEASURED: char = '~';
/// Marks under columns in which something happens.
const EVENT: char = '^';
/// Ends of the upright axis that divide well into four: leading digits.
const TOPS: [f64; 9] = [1.0, 1.2, 1.6, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0];
/// Gaps between labels of time that people count in, seconds.
const STEPS_S: [f64; 18] = [
    0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_200.0, 1_800.0, 3_600.0, 7_200.0,
    21_600.0, 86_400.0,
];
/// Columns that a label of time and the gap behind it take.
const TICK: f64 = 10.0;

/// What is planned over time.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Curve {
    /// What it counts, e.g. `requests a second`.
    pub unit: String,
    /// Seconds since the start of the run, value; straight between, with two points at one moment where it jumps.
    pub points: Vec<(f64, f64)>,
}

impl Curve {
    /// Its last moment, seconds.
    pub fn end_s(&self) -> f64 {
        self.points.last().map_or(0.0, |(s, _)| *s)
    }

    /// Its highest value.
    pub fn most(&self) -> f64 {
        self.points.iter().map(|(_, value)| *value).fold(0.0, f64::max)
    }

    /// Its highest value between two moments, both included.
    fn most_within(&self, from_s: f64, to_s: f64) -> f64 {
        let mut most = 0f64;
        for pair in self.points.windows(2) {
            let ((t0, v0), (t1, v1)) = (pair[0], pair[1]);
            let (from, to) = (from_s.max(t0), to_s.min(t1));
            // A piece that only touches the stretch at one end belongs to the neighbour.
            if from >= to {
                continue;
            }
            let at = |t: f64| v0 + (v1 - v0) * (t - t0) / (t1 - t0);
            most = most.max(at(from)).max(at(to));
        }
        most
    }
}

/// The drawing, a line each. `unmeasured` are stretches in seconds, `events` moments with their names.
pub(super) fn draw(curve: &Curve, unmeasured: &[(f64, f64)], events: &[(f64, String)]) -> Vec<String> {
    let end_s = curve.end_s();
    if end_s <= 0.0 || curve.most() <= 0.0 {
        return Vec::new();
    }
    let top = round_top(curve.most());
    let slice = end_s / WIDTH as f64;
    let column = |i: usize| curve.most_within(i as f64 * slice, (i + 1) as f64 * slice) / top;
    let columns: Vec<f64> = (0..WIDTH).map(column).collect();
    let mut lines = vec![format!("{:>LABEL$}", curve.unit)];
    for row in (0..HEIGHT).rev() {
        let per_part = HEIGHT / PARTS;
        let labelled = (row + 1) % per_part == 0;
        let label = if labelled { number(top * (row + 1) as f64 / HEIGHT as f64) } else { String::new() };
        let filled: String = columns.iter().map(|share| block(*share, row)).collect();
        let axis = if labelled { '┤' } else { '│' };
        lines.push(format!("{label:>LABEL$} {axis}{}", filled.trim_end()));
    }
    lines.extend(time_axis(end_s));
    let at = |s: f64| ((s / slice) as usize).min(WIDTH - 1);
    if !unmeasured.is_empty() {
        let mut marks = [' '; WIDTH];
        for (from, to) in unmeasured {
            let last = ((to / slice).ceil() as usize).clamp(at(*from) + 1, WIDTH);
            marks[at(*from)..last].fill(UNMEASURED);
        }
        lines.push(below(&marks));
        lines.push(format!("{:LABEL$}  {UNMEASURED} not measured", ""));
    }
    if !events.is_empty() {
        let mut marks = [' '; WIDTH];
        events.iter().for_each(|(s, _)| marks[at(*s)] = EVENT);
        lines.push(below(&marks));
        lines.extend(events.iter().map(|(s, name)| format!("{:LABEL$}  {EVENT} {} {name}", "", time(*s))));
    }
    lines
}

fn below(marks: &[char; WIDTH]) -> String {
    format!("{:LABEL$}  {}", "", marks.iter().collect::<String>().trim_end())
}

/// How much of a character in `row` (0 at the bottom) a column of this height fills. Anything above nothing shows.
fn block(share: f64, row: usize) -> char {
    let eighths = (share * (HEIGHT * 8) as f64).round() as usize;
    let eighths = if share > 0.0 { eighths.max(1) } else { 0 };
    EIGHTHS[eighths.saturating_sub(row * 8).min(8)]
}

fn time_axis(end_s: f64) -> [String; 2] {
    let ticks_most = WIDTH as f64 / TICK;
    let days = (end_s / ticks_most / 86_400.0).ceil() * 86_400.0;
    let step_s = STEPS_S.into_iter().find(|step| end_s / step <= ticks_most).unwrap_or(days);
    let mut axis = vec!['─'; WIDTH];
    let mut labels = vec![' '; WIDTH];
    for i in 0..=(end_s / step_s + 1e-9) as usize {
        let s = i as f64 * step_s;
        let at = (s / end_s * WIDTH as f64) as usize;
        if at < WIDTH {
            axis[at] = '┬';
        }
        let text = time(s);
        // The last label is moved in from the edge, and left out where it would lie on its neighbour.
        let at = at.min(WIDTH - text.chars().count());
        let room = &mut labels[at..at + text.chars().count()];
        if room.iter().all(|c| *c == ' ') {
            room.iter_mut().zip(text.chars()).for_each(|(place, c)| *place = c);
        }
    }
    [
        format!("{:>LABEL$} └{}", "0", axis.iter().collect::<String>()),
        format!("{:LABEL$}  {}", "", labels.iter().collect::<String>().trim_end()),
    ]
}

/// The next end of an axis that divides well.
fn round_top(most: f64) -> f64 {
    let power = 10f64.powf(most.log10().floor());
    TOPS.into_iter().map(|lead| lead * power).find(|top| *top >= most * (1.0 - 1e-9)).unwrap_or(10.0 * power)
}

/// A moment as people say it: `30 s`, `1 min 30 s`, `2 h`.
pub(super) fn time(s: f64) -> String {
    let units = [(86_400.0, "d"), (3_600.0, "h"), (60.0, "min"), (1.0, "s")];
    if s < 60.0 {
        return format!("{} s", number(s));
    }
    let mut left = s.round();
    let mut parts = Vec::new();
    for (seconds, unit) in units {
        let count = (left / seconds).floor();
        if count > 0.0 {
            parts.push(format!("{count:.0} {unit}"));
            left -= count * seconds;
        }
    }
    parts.truncate(2);
    parts.join(" ")
}

/// A figure with thousands separators and no needless decimals.
pub(super) fn number(value: f64) -> String {
    let decimals = match value.abs() {
        v if v >= 100.0 || (v - v.round()).abs() < 1e-9 => 0,
        v if v >= 10.0 => 1,
        v if v >= 0.1 => 2,
        _ => 4,
    };
    let text = format!("{value:.decimals$}");
    let (whole, fraction) = text.split_once('.').map_or((&text[..], None), |(w, f)| (w, Some(f)));
    let mut grouped = String::new();
    for (i, digit) in whole.chars().enumerate() {
        let left = whole.len() - i;
        if i > 0 && left % 3 == 0 && digit.is_ascii_digit() && !grouped.ends_with('-') {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    match fraction.map(|f| f.trim_end_matches('0')).filter(|f| !f.is_empty()) {
        Some(fraction) => format!("{grouped}.{fraction}"),
        None => grouped,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(points: &[(f64, f64)]) -> Vec<String> {
        draw(&Curve { unit: "requests a second".into(), points: points.to_vec() }, &[], &[])
    }

    /// How many eighths each column fills, over all rows.
    fn heights(lines: &[String]) -> Vec<usize> {
        let rows: Vec<Vec<char>> = lines[1..=HEIGHT]
            .iter()
            .map(|l| l.chars().skip(LABEL + 2).chain(std::iter::repeat(' ')).take(WIDTH).collect())
            .collect();
        let eighth = |c: char| EIGHTHS.iter().position(|e| *e == c).expect("a block");
        (0..WIDTH).map(|i| rows.iter().map(|row| eighth(row[i])).sum()).collect()
    }

    #[test]
    fn a_flat_rate_fills_every_column_to_the_same_height() {
        let lines = drawn(&[(0.0, 500.0), (60.0, 500.0)]);
        let heights = heights(&lines);
        assert!(
            heights.iter().all(|h| *h == 80),
            "500 of 600 in 96 eighths: {heights:?}\n{}",
            lines.join("\n")
        );
        assert!(lines[1].starts_with("       600 ┤") && lines[0].contains("requests a second"));
        assert!(
            lines[HEIGHT + 2].contains("0 s") && lines[HEIGHT + 2].contains("50 s"),
            "{}",
            lines[HEIGHT + 2]
        );
        assert!(lines.iter().all(|l| l.chars().count() <= 80), "fits a terminal of 80");
    }

    #[test]
    fn ramps_rise_and_sines_wave_as_their_straight_pieces_do() {
        let ramp = heights(&drawn(&[(0.0, 0.0), (10.0, 1_000.0)]));
        assert!(ramp.windows(2).all(|w| w[0] <= w[1]) && ramp[0] < 4 && ramp[WIDTH - 1] == 96, "{ramp:?}");
        let wave: Vec<(f64, f64)> = (0..=200)
            .map(|i| (f64::from(i), 500.0 + 400.0 * (f64::from(i) / 200.0 * std::f64::consts::TAU).sin()))
            .collect();
        let wave = heights(&drawn(&wave));
        let (quarter, three) = (wave[WIDTH / 4], wave[3 * WIDTH / 4]);
        assert!((84..=88).contains(&quarter) && (8..=12).contains(&three), "{wave:?}");
    }

    #[test]
    fn a_spike_narrower_than_a_column_is_still_seen_at_its_full_height() {
        let day = 86_400.0;
        let lines = drawn(&[
            (0.0, 10.0),
            (40_000.0, 10.0),
            (40_000.0, 1_000.0),
            (40_001.0, 1_000.0),
            (40_001.0, 10.0),
            (day, 10.0),
        ]);
        let heights = heights(&lines);
        assert_eq!(heights.iter().filter(|h| **h == 96).count(), 1, "{heights:?}");
        assert!(heights.iter().all(|h| *h > 0), "a small rate still shows");
        assert!(lines[HEIGHT + 2].contains("6 h"), "{}", lines[HEIGHT + 2]);
    }

    #[test]
    fn what_is_not_measured_and_what_happens_is_marked_under_its_columns() {
        let curve = Curve { unit: "users".into(), points: vec![(0.0, 50.0), (68.0, 50.0)] };
        let lines = draw(&curve, &[(0.0, 10.0)], &[(34.0, "hub-stop 1s".into())]);
        let marks = |c: char| {
            let line = lines.iter().find(|l| l.trim_start().starts_with(c)).expect("a line of marks");
            let at: Vec<usize> =
                line.chars().skip(LABEL + 2).enumerate().filter(|(_, m)| *m == c).map(|(i, _)| i).collect();
            at
        };
        assert_eq!(marks('~'), (0..10).collect::<Vec<_>>());
        assert_eq!(marks('^'), [34]);
        assert!(lines.last().is_some_and(|l| l.contains("34 s hub-stop 1s")));
    }

    #[test]
    fn nothing_planned_draws_nothing() {
        assert!(drawn(&[]).is_empty() && drawn(&[(0.0, 0.0), (5.0, 0.0)]).is_empty());
    }

    #[test]
    fn figures_and_moments_read_as_people_say_them() {
        let numbers = [
            (1_800.0, "1,800"),
            (0.25, "0.25"),
            (1_234_567.4, "1,234,567"),
            (7.5, "7.5"),
            (-1_000.0, "-1,000"),
        ];
        numbers.iter().for_each(|(n, text)| assert_eq!(number(*n), *text));
        let times =
            [(0.0, "0 s"), (90.0, "1 min 30 s"), (7_200.0, "2 h"), (604_800.0, "7 d"), (0.5, "0.5 s")];
        times.iter().for_each(|(s, text)| assert_eq!(time(*s), *text));
    }
}
