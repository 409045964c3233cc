//! The cost report as one self-contained HTML page, for the person who must put it into a business case: limits first, then
//! the answer, then all it rests on. In the style of the other pages; loads nothing, escapes every text.

mod assumptions;
mod basis;
mod benefits;
mod cells;
mod costs;
mod headline;
mod limits;
mod results;
mod uncertain;

use super::CostResults;
use crate::html::parts::Part;
use crate::html::{Document, escape};

const STYLE: &str = include_str!("page.css");

/// Draws the content of a part; an empty content leaves the part out.
type Content = fn(&CostResults) -> String;

/// The parts of the page in their order: anchor, heading, content. What must be assumed comes before every result.
const PARTS: &[(&str, &str, Content)] = &[
    ("limits", "What this is, and its limits", limits::limits),
    ("headline", "What each option costs and saves", headline::headline),
    ("substituted", "Substituted configuration", limits::substituted),
    ("measured", "What was measured", limits::measured),
    ("options", "The options side by side", results::options),
    ("waterfall", "Where the savings come from", results::waterfall),
    ("cashflow", "Cash flow by year", results::cash_flow),
    ("uncertainty", "How sure it is: two cases, never added", uncertain::draws),
    ("tornado", "What moves the result", uncertain::tornado),
    ("switching", "Where the answer would change", uncertain::switching),
    ("scenarios", "Named scenarios", uncertain::scenarios),
    ("costs", "Costs by line", costs::costs),
    ("bias", "Optimism bias", costs::bias),
    ("benefits", "Benefits and staff hours", benefits::benefits),
    ("metrics", "Price for performance and other metrics", results::metrics),
    ("assumptions", "Assumptions with their provenance", assumptions::assumptions),
    ("claims", "Published claims, for comparison only", basis::claims),
    ("sources", "Sources", basis::sources),
    ("checks", "Checks and quality assurance", basis::checks),
    ("manifest", "Manifest", basis::manifest),
];

/// The whole page.
pub fn page(results: &CostResults) -> String {
    let parts =
        PARTS.iter().map(|(id, heading, content)| Part { id, heading, content: content(results) }).collect();
    let foot = format!(
        "<footer><p>Made by spinebench {} on {} by <code>{}</code>. Every figure is computed by the model named in the manifest; \
         the workbook beside this page holds the same figures as live formulas.</p></footer>\n",
        escape(&results.tool_version),
        escape(&crate::html::facts::when(&results.made)),
        escape(&results.command)
    );
    let title = format!("{} - Spinebench cost report", results.model().title);
    Document { title, style: STYLE, head: limits::head(results), tiles: String::new(), parts, foot }.html()
}
