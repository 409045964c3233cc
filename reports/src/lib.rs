//! Judges and draws: budgets, staff hours, the terminal summary and the HTML report.
//!
//! Everything here is a pure function of a run record ([`run_record::Measured`]) and of data files; the command line
//! calls it after a run, and again for `spinebench report`. It never measures and never touches the harness or the hub.
//!
//! The order after a run: [`complete`] fills in budgets, hours and verdict; [`summary`] and [`html()`] show them.
//! A new report is one file and one row in [`RENDERERS`]; a new chart is one file and one row in [`CHARTS`].

mod charts;
mod compare;
pub mod cost;
mod facts_csv;
pub mod gate;
mod hours;
mod html;
mod judge;
mod limit;
mod observed;
mod renderers;
mod summary;
mod text;
mod trend;
pub mod units;

pub use charts::{CHARTS, Chart, PlanDrawing, plan_svg};
pub use compare::{
    CompareRow, Comparison, Difference, NotComparable, compare, compare_markdown, compare_text, differences,
};
pub use hours::hours_per_day;
pub use html::{compare_html, html, limit_html, trend_html};
pub use judge::{complete, judge, verdict};
pub use limit::{limit_summary, limit_verdict, probe_line, trouble};
pub use renderers::{RENDERERS, Renderer};
pub use summary::{summary, summary_at};
pub use trend::{
    TREND_SCHEMA, Trend, TrendChange, TrendGroup, TrendPoint, TrendRun, TrendSeries, trend, trend_json,
    trend_run, trend_text,
};
