//! The list of charts. Each is one file that draws one SVG from a run record, or nothing when the record holds nothing to
//! draw. The page places them by section; a new chart is a row here and a file beside.

pub(crate) mod axis;
pub(crate) mod canvas;
mod colours;
mod events;
mod heat;
mod knee;
mod percentiles;
mod plan;
mod resources;
mod seconds;
mod trend;

pub(crate) use knee::knee;
pub(crate) use percentiles::overlaid;
pub use plan::{PlanDrawing, plan_svg};
pub(crate) use trend::trend_chart;

use run_record::Measured;

/// Where on the page a chart stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    /// With the table of times.
    Times,
    /// Over the seconds of the run.
    Seconds,
    /// Processor and memory.
    Resources,
}

/// A chart.
#[derive(Debug, Clone, Copy)]
pub struct Chart {
    /// Its anchor on the page.
    pub id: &'static str,
    /// Its title.
    pub title: &'static str,
    /// How to read it, in a sentence or two.
    pub note: &'static str,
    pub(crate) section: Section,
    /// The SVG, self-contained and labelled for readers who cannot see it; `None` when there is nothing to draw.
    pub draw: fn(&Measured) -> Option<String>,
}

/// All charts in the order of the page.
pub const CHARTS: &[Chart] = &[
    Chart {
        id: "percentiles-all",
        title: "Percentiles of all requests",
        note: "How to read it: at 99 %, ninety-nine of a hundred requests took at most this long. Response counts from the \
               planned instant, service from the moment of sending; the gap between them is what requests waited to be sent.",
        section: Section::Times,
        draw: percentiles::of_all,
    },
    Chart {
        id: "percentiles-interactions",
        title: "Response time percentiles of the busiest interactions",
        note: "Each line ends where the count of its requests no longer tells percentiles apart.",
        section: Section::Times,
        draw: percentiles::of_busiest,
    },
    Chart {
        id: "rate",
        title: "Rate: planned and achieved",
        note: "A request counts in the second it was planned for, however late its answer came. Shaded phases are not \
               measured.",
        section: Section::Seconds,
        draw: seconds::rate,
    },
    Chart {
        id: "times-over-time",
        title: "Response times over the run",
        note: "Percentiles of each second by itself.",
        section: Section::Seconds,
        draw: seconds::times,
    },
    Chart {
        id: "heat-map",
        title: "Heat map of response times",
        note: "Each cell is one second and one band of response times; the stronger its colour, the more requests. It shows what single \
               percentiles hide: a second group of slow answers, or a pause that many requests shared.",
        section: Section::Seconds,
        draw: heat::map,
    },
    Chart {
        id: "processor",
        title: "Processor use of hub and harness",
        note: "100 % is one core. A harness near its limit would measure itself; the validity section judges that.",
        section: Section::Resources,
        draw: resources::processor,
    },
    Chart {
        id: "memory",
        title: "Memory of hub and harness",
        note: "Resident memory of each process.",
        section: Section::Resources,
        draw: resources::memory,
    },
];
