//! What stands behind every chart over the seconds of the run: the phases that do not count, and the scenario's events with the
//! time until the hub answered as before. Called by those charts; draws nothing by itself.

use run_record::{EventRow, Measured};

use super::canvas::{Canvas, Drawn};

/// Numbers nearer than this to the one before would run into it; they share one, such as 2-4.
const NUMBERS_APART: i32 = 70;
/// Most events drawn: more lines than this would hide the chart. The table has all.
const EVENTS_MAX: usize = 60;

/// Shades the phases that do not count, with their names, and marks the events by their numbers in the table.
pub(super) fn backdrop(canvas: &Canvas<'_>, run: &Measured) -> Drawn {
    for phase in run.record.phases.iter().filter(|phase| !phase.measured) {
        canvas.span(phase.start_s, phase.start_s + phase.duration_s, &phase.name)?;
    }
    let events: Vec<_> = run.record.observed.events.iter().take(EVENTS_MAX).collect();
    for event in &events {
        if let Some(recovered_s) = event.recovered_s {
            canvas.trouble(event.began_s, event.began_s + recovered_s)?;
        }
    }
    let near = |a: &&EventRow, b: &&EventRow| canvas.apart(a.began_s, b.began_s) < NUMBERS_APART;
    let mut before = 0;
    for together in events.chunk_by(near) {
        let (first, last) = (before + 1, before + together.len());
        before = last;
        let number = if first == last { first.to_string() } else { format!("{first}-{last}") };
        for (at, event) in together.iter().enumerate() {
            canvas.mark(event.began_s, if at == 0 { &number } else { "" })?;
        }
    }
    Ok(())
}
