//! The page: one self-contained HTML file that a person reads on a screen or prints. No script, no font, no picture and no
//! address is loaded from anywhere; charts are inline SVG. Pure; every text from the record is escaped.

mod compare;
pub(crate) mod facts;

mod hours;
mod limit;
mod observed;
pub(crate) mod parts;
mod tables;
mod trend;

pub use compare::compare_html;
pub use limit::limit_html;
pub use trend::trend_html;

use run_record::Measured;

use crate::charts::{CHARTS, Section};
use parts::{Part, tag};

const STYLE: &str = include_str!("page.css");

/// Draws the content of a part; an empty content leaves the part out.
type Content = fn(&Measured) -> String;

/// The parts of the page in their order: anchor, heading, content.
const PARTS: &[(&str, &str, Content)] = &[
    ("budgets", "Budgets", tables::budgets),
    ("validity", "Validity", facts::validity),
    ("ran", "What ran", facts::ran),
    ("events", "Events and what they did to the service", observed::events),
    ("journeys", "Journeys", observed::journeys),
    ("users", "Users", observed::users),
    ("times", "Times of the requests", times),
    ("seconds", "Over the run", seconds),
    ("trace", "How truly the trace was kept", observed::trace),
    ("connections", "Connections", observed::connections),
    ("resources", "Resources of hub and harness", resources),
    ("steadiness", "Noise of the machine, steadiness", observed::steadiness),
    ("mix", "Mix of interactions", tables::mix),
    ("hours", "Staff hours against the baseline", hours::hours),
    ("errors", "Errors", tables::errors),
    ("machine", "Machine and provenance", facts::machine),
];

/// The whole page.
pub fn html(run: &Measured) -> String {
    let parts =
        PARTS.iter().map(|(id, heading, content)| Part { id, heading, content: content(run) }).collect();
    Document {
        title: format!("{} - Spinebench report", run.record.scenario.title),
        style: "",
        head: facts::head(run),
        tiles: facts::tiles(run),
        parts,
        foot: facts::foot(run),
    }
    .html()
}

/// A page before it is written: raw HTML but for its title. Parts without content are left out.
pub(crate) struct Document {
    pub(crate) title: String,
    /// Style beside that of every page.
    pub(crate) style: &'static str,
    pub(crate) head: String,
    pub(crate) tiles: String,
    pub(crate) parts: Vec<Part>,
    pub(crate) foot: String,
}

impl Document {
    pub(crate) fn html(&self) -> String {
        let Document { title, style, head, tiles, parts, foot } = self;
        let title = escape(title);
        let parts: Vec<&Part> = parts.iter().filter(|part| !part.content.is_empty()).collect();
        let links: String =
            parts.iter().map(|part| format!("<a href=\"#{}\">{}</a> ", part.id, part.heading)).collect();
        let body: String = parts.iter().map(|part| part.html()).collect();
        format!(
            "<!DOCTYPE html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title}</title>\n<style>\n{STYLE}{style}</style>\n</head>\n<body>\n{head}\
             <nav aria-label=\"Parts of this report\">{links}</nav>\n<main>\n{tiles}{body}</main>\n{foot}</body>\n</html>\n"
        )
    }
}

/// Text for HTML and for attributes in double quotes; control characters that no page may hold become spaces.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\n' | '\t' => safe.push(character),
            c if c.is_control() => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}

fn figures(run: &Measured, section: Section) -> String {
    let drawn = CHARTS.iter().filter(|chart| chart.section == section);
    drawn
        .filter_map(|chart| {
            let svg = (chart.draw)(run)?;
            Some(parts::figure(chart.id, chart.title, chart.note, &svg))
        })
        .collect()
}

fn times(run: &Measured) -> String {
    match run.interactions.iter().any(|row| row.count > 0) {
        true => figures(run, Section::Times) + &tables::interactions(run),
        false => tag("p", "No request was measured."),
    }
}

fn seconds(run: &Measured) -> String {
    let about_events = match run.record.observed.events.is_empty() {
        true => String::new(),
        false => tag(
            "p",
            "Upright lines are the events of the scenario, numbered as in their table; the red ground behind them lasts \
             until requests were answered as before.",
        ),
    };
    about_events + &figures(run, Section::Seconds)
}

fn resources(run: &Measured) -> String {
    figures(run, Section::Resources) + &facts::resources(run)
}
