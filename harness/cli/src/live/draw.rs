//! The live view as lines of text: a pure function of the state, the width, and what the terminal can show. Called by the
//! screen; never writes, never asks the machine anything.

use super::state::{MEMORY_S, State, harmless};
use super::usage::Use;
use reports::units;

/// What the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Style {
    /// Columns.
    pub(super) width: usize,
    /// Colours are welcome.
    pub(super) colour: bool,
    /// Block characters are shown as such.
    pub(super) blocks: bool,
}

/// How a piece of text stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tone {
    Plain,
    Soft,
    Strong,
    Line,
    Bad,
}

type Piece = (Tone, String);

/// Columns of the names at the left, when there is room for them.
const NAMES: usize = 11;
/// Below this width a row has no names column: the figures need the room.
const NARROW: usize = 34;
/// No bar and no small chart is drawn in fewer columns than these.
const BAR_MIN: usize = 8;
/// A bar longer than this tells no more.
const BAR_MAX: usize = 40;
const NS_PER_MS: f64 = 1e6;
const EIGHTHS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const PLAIN_LEVELS: [char; 8] = ['_', '.', '-', '~', '=', '+', '*', '#'];
const BAR_EIGHTHS: [char; 7] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/// The view, one string a row, none wider than the terminal; colours are the only escapes in them.
pub(super) fn lines(state: &State, style: Style) -> Vec<String> {
    if state.newest.of_s <= 0.0 {
        // Nothing has begun: the floor is being measured, connections are being opened.
        return vec![painted(&[(Tone::Soft, "getting ready".to_owned())], style)];
    }
    let mut rows: Vec<Vec<Piece>> = Vec::new();
    rows.extend(progress(state, style));
    rows.extend(rate(state, style));
    rows.extend(response(state, style));
    rows.extend(flow("now", now(state), style.width));
    rows.extend(flow("so far", so_far(state), style.width));
    rows.extend(flow("used", used(state), style.width));
    rows.into_iter().map(|row| painted(&row, style)).collect()
}

/// The view in one line, for logs.
pub(super) fn line(state: &State) -> String {
    let live = &state.newest;
    let mut said = vec![
        format!("{:.0} s of {:.0} s", live.at_s, live.of_s),
        harmless(&live.phase),
        format!("sent {}", units::whole(live.counts.sent)),
        format!("in flight {}", live.in_flight),
        format!("waiting {}", live.waiting),
    ];
    if let Some(s) = &live.second {
        said.push(format!("{}/s of {}/s", units::whole(s.answered), units::whole(s.planned)));
        said.push(format!(
            "response p50 {} ms p99 {} ms max {} ms",
            units::ms(s.response_p50_ns),
            units::ms(s.response_p99_ns),
            units::ms(s.response_max_ns)
        ));
        said.push(format!("send lag p99 {} ms", units::ms(s.send_lag_p99_ns)));
    }
    if live.counts.failed + live.counts.dropped > 0 {
        said.push(format!(
            "failed {} dropped {}",
            units::whole(live.counts.failed),
            units::whole(live.counts.dropped)
        ));
    }
    said.extend(used(state).into_iter().map(|(_, text)| text));
    said.join("  ")
}

fn progress(state: &State, style: Style) -> Vec<Vec<Piece>> {
    let live = &state.newest;
    let part = (live.at_s / live.of_s).clamp(0.0, 1.0);
    let left_s = (live.of_s - live.at_s).max(0.0);
    let percent = format!("{:>3.0} % ", part * 100.0);
    let told = format!("  {} of {}, {} left", span(live.at_s.min(live.of_s)), span(live.of_s), span(left_s));
    let room = style.width.saturating_sub(percent.chars().count());
    let phase = (Tone::Strong, format!("phase {}", harmless(&live.phase)));
    // One row where bar, times and a usual phase name fit, else the bar gets one of its own.
    let beside = room.saturating_sub(told.chars().count() + 3 + phase.1.chars().count());
    let told = (Tone::Plain, told.trim_start().to_owned());
    if beside >= BAR_MIN {
        let bar = bar(part, beside.min(BAR_MAX), style.blocks);
        return vec![vec![
            (Tone::Plain, percent),
            (Tone::Line, bar),
            (Tone::Plain, format!("  {}   ", told.1)),
            phase,
        ]];
    }
    let mut rows =
        vec![vec![(Tone::Plain, percent), (Tone::Line, bar(part, room.min(BAR_MAX), style.blocks))]];
    rows.extend(flow("", vec![told, phase], style.width));
    rows
}

fn rate(state: &State, style: Style) -> Vec<Vec<Piece>> {
    let Some(second) = &state.newest.second else { return Vec::new() };
    let mut told = vec![(Tone::Strong, format!("{}/s answered", units::whole(second.answered)))];
    told.push((Tone::Plain, format!("{}/s planned", units::whole(second.planned))));
    if let Some(plan) = state.more.planned_per_s {
        told.push((Tone::Soft, format!("plan now {}/s", units::number(plan, 0))));
    }
    let rates: Vec<f64> = state.rates().into_iter().map(|n| n as f64).collect();
    let top = |most: f64| format!("up to {}/s", units::number(most, 0));
    charted("rate", told, &rates, top, style)
}

fn response(state: &State, style: Style) -> Vec<Vec<Piece>> {
    let Some(second) = &state.newest.second else { return Vec::new() };
    let told = vec![
        (Tone::Plain, format!("p50 {} ms", units::ms(second.response_p50_ns))),
        (Tone::Strong, format!("p99 {} ms", units::ms(second.response_p99_ns))),
        (Tone::Plain, format!("max {} ms", units::ms(second.response_max_ns))),
        (Tone::Soft, format!("send lag p99 {} ms", units::ms(second.send_lag_p99_ns))),
    ];
    let p99s: Vec<f64> = state.p99s_ns().into_iter().map(|ns| ns as f64 / NS_PER_MS).collect();
    let top = |most: f64| format!("p99 up to {} ms", units::ms_f64(most * NS_PER_MS));
    charted("response", told, &p99s, top, style)
}

fn now(state: &State) -> Vec<Piece> {
    let live = &state.newest;
    let waiting = if live.waiting > 0 { Tone::Bad } else { Tone::Plain };
    let mut told = vec![
        (Tone::Plain, format!("{} in flight", units::whole(live.in_flight as u64))),
        (waiting, format!("{} waiting", units::whole(live.waiting as u64))),
    ];
    if let Some(n) = state.more.connections {
        told.push((Tone::Plain, units::counted(n as u64, "connection", "connections")));
    }
    if let Some(n) = state.more.journeys_under_way.filter(|n| *n > 0) {
        told.push((Tone::Plain, units::counted(n as u64, "journey under way", "journeys under way")));
    }
    told
}

fn so_far(state: &State) -> Vec<Piece> {
    let c = state.newest.counts;
    let trouble = |n: u64| if n > 0 { Tone::Bad } else { Tone::Plain };
    let mut told = vec![
        (Tone::Plain, format!("{} sent", units::whole(c.sent))),
        (trouble(c.failed), format!("{} failed", units::whole(c.failed))),
        (trouble(c.dropped), format!("{} dropped", units::whole(c.dropped))),
    ];
    // A server's words may be in it: what could steer the terminal is taken out.
    told.extend(state.more.newest_error.as_ref().map(|e| (Tone::Bad, format!("newest: {}", harmless(e)))));
    told
}

fn used(state: &State) -> Vec<Piece> {
    let told = |name: &str, of: Option<Use>| {
        let of = of?;
        let cpu = of.cores.map_or(String::new(), |c| format!("{} core, ", units::percent(c, 0)));
        Some((Tone::Plain, format!("{name} {cpu}{}", units::mib(of.rss_bytes))))
    };
    [told("hub", state.used.hub), told("harness", state.used.harness)].into_iter().flatten().collect()
}

/// A row of figures and below it the small chart of the last minute, on the same row where both fit.
fn charted(
    name: &str,
    told: Vec<Piece>,
    values: &[f64],
    top: impl Fn(f64) -> String,
    style: Style,
) -> Vec<Vec<Piece>> {
    let mut rows = flow(name, told, style.width);
    let most = values.iter().copied().fold(0.0, f64::max);
    let top = format!(" {} in {} s", top(most), values.len());
    let names = names(style.width);
    let room = style.width.saturating_sub(names + top.chars().count());
    if most > 0.0 && values.len() > 1 && room >= BAR_MIN {
        let chart = small_chart(values, room.min(MEMORY_S), style.blocks);
        rows.push(vec![(Tone::Plain, " ".repeat(names)), (Tone::Line, chart), (Tone::Soft, top)]);
    }
    rows
}

fn names(width: usize) -> usize {
    if width < NARROW { 0 } else { NAMES }
}

/// Lays pieces out behind a name, in as many rows as the width needs; a piece that is wider than a row is cut.
fn flow(name: &str, pieces: Vec<Piece>, width: usize) -> Vec<Vec<Piece>> {
    let names = names(width);
    let room = width.saturating_sub(names).max(1);
    let mut rows: Vec<Vec<Piece>> = Vec::new();
    let mut used = 0;
    for (tone, text) in pieces {
        let text: String = text.chars().take(room).collect();
        let length = text.chars().count();
        match rows.last_mut() {
            Some(row) if used + 3 + length <= room => {
                row.push((Tone::Plain, "   ".to_owned()));
                row.push((tone, text));
                used += 3 + length;
            }
            _ => {
                let name = if rows.is_empty() { name } else { "" };
                let name: String = format!("{name:<names$}").chars().take(names).collect();
                rows.push(vec![(Tone::Soft, name), (tone, text)]);
                used = length;
            }
        }
    }
    rows
}

/// A bar of `width` columns, filled to `part`.
fn bar(part: f64, width: usize, blocks: bool) -> String {
    let eighths = (part * width as f64 * 8.0).round() as usize;
    let (full, rest) = (eighths / 8, eighths % 8);
    let mut text = (if blocks { "█" } else { "#" }).repeat(full.min(width));
    if blocks && rest > 0 && full < width {
        text.push(BAR_EIGHTHS[rest - 1]);
    }
    let empty = width - text.chars().count();
    text + &(if blocks { "░" } else { "." }).repeat(empty)
}

/// The newest values as one column each, from nothing to the largest of them.
fn small_chart(values: &[f64], width: usize, blocks: bool) -> String {
    let shown = &values[values.len().saturating_sub(width)..];
    let most = values.iter().copied().fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let levels = if blocks { EIGHTHS } else { PLAIN_LEVELS };
    let level = |value: &f64| levels[((value / most * 8.0).ceil() as usize).clamp(1, 8) - 1];
    shown.iter().map(level).collect()
}

/// Seconds as people say how long something takes.
fn span(s: f64) -> String {
    let s = s.round() as u64;
    match (s / 3600, s / 60 % 60, s % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s:02} s"),
        (h, m, _) => format!("{h} h {m:02} min"),
    }
}

fn painted(row: &[Piece], style: Style) -> String {
    let mut left = style.width;
    let mut text = String::new();
    for (tone, piece) in row {
        let piece: String = piece.chars().take(left).collect();
        left -= piece.chars().count();
        let code = match tone {
            _ if !style.colour || piece.trim().is_empty() => None,
            Tone::Plain => None,
            Tone::Soft => Some("2"),
            Tone::Strong => Some("1"),
            Tone::Line => Some("36"),
            Tone::Bad => Some("1;31"),
        };
        match code {
            Some(code) => text += &format!("\x1b[{code}m{piece}\x1b[0m"),
            None => text += &piece,
        }
    }
    text
}

#[cfg(test)]
#[path = "draw_tests.rs"]
mod tests;
