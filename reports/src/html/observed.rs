//! The page's parts on what else was observed: events and resilience, journeys, users, trace, connections, noise. Each is empty,
//! and so left out of the page, when the record holds nothing for it.

use run_record::Measured;

use super::escape;
use super::parts::Column::{Figures, Words};
use super::parts::{list, none, table_raw, tag};
use crate::observed as words;
use crate::units;

fn cells<const N: usize>(cells: [String; N]) -> Vec<String> {
    cells.iter().map(|cell| escape(cell)).collect()
}

fn sentences(sentences: Vec<String>) -> String {
    sentences.iter().map(|sentence| tag("p", sentence)).collect()
}

/// The events as they happened, and what they did to the service.
pub(super) fn events(run: &Measured) -> String {
    let observed = &run.record.observed;
    let mut html = String::new();
    if let Some(r) = &observed.resilience {
        html += &sentences(words::resilience_sentences(r));
    }
    if !observed.events.is_empty() {
        let rows: Vec<Vec<String>> = observed
            .events
            .iter()
            .enumerate()
            .map(|(at, event)| {
                let [text, began, took, recovered, lost] = words::event_cells(event);
                cells([
                    (at + 1).to_string(),
                    text,
                    units::number(event.at_s, 1),
                    began,
                    took,
                    recovered,
                    lost,
                ])
            })
            .collect();
        let columns = [
            Words("no."),
            Words("event"),
            Figures("due, s"),
            Figures("begun, s"),
            Figures("took, s"),
            Figures("answered as before after"),
            Figures("requests lost"),
        ];
        html += &table_raw("Events in seconds since the start of the run", &columns, &rows, none);
    }
    let faults = words::event_faults(&observed.events);
    if !faults.is_empty() {
        html += &list(&faults);
    }
    if let Some(r) = observed.resilience.as_ref().filter(|r| !r.basis.is_empty()) {
        html += &tag("h3", "How it was checked, and what was not");
        html += &list(&r.basis);
    }
    html
}

/// How the journeys went, and where they failed.
pub(super) fn journeys(run: &Measured) -> String {
    let rows = &run.record.observed.journeys;
    if rows.is_empty() {
        return String::new();
    }
    let table: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            cells([
                row.journey.clone(),
                row.steps.join(" \u{2192} "),
                units::whole(row.begun),
                units::whole(row.completed),
                units::whole(row.failed),
                units::whole(row.ended_early),
                units::whole(row.unfinished),
                units::duration(row.duration_p50_ns),
                units::duration(row.duration_p99_ns),
            ])
        })
        .collect();
    let columns = [
        Words("journey"),
        Words("steps"),
        Figures("begun"),
        Figures("completed"),
        Figures("failed"),
        Figures("ended early"),
        Figures("unfinished"),
        Figures("time p50"),
        Figures("time p99"),
    ];
    let mut html = tag(
        "p",
        "Journeys begun in measured phases. One that ended early had nothing to take at some step, such as an empty inbox; \
         one that is unfinished was still under way when the run ended. Times run from the planned begin of the first \
         step to the end of the last, pauses included.",
    );
    html += &table_raw("Journeys", &columns, &table, none);
    let failed: Vec<String> = rows.iter().filter_map(words::failed_where).collect();
    if !failed.is_empty() {
        html += &tag("h3", "Where they failed");
        html += &list(&failed);
    }
    html
}

/// What the users of the closed model did, and why its numbers differ.
pub(super) fn users(run: &Measured) -> String {
    let mut html = words::model_sentence(&run.record).map_or(String::new(), |sentence| tag("p", sentence));
    let rows = &run.record.observed.users;
    if !rows.is_empty() {
        let table: Vec<Vec<String>> = rows.iter().map(|row| cells(words::user_cells(row))).collect();
        let columns = [
            Words("users"),
            Figures("how many"),
            Figures("requests"),
            Figures("failed"),
            Figures("sessions"),
            Figures("mean pause"),
        ];
        html += &table_raw("Users in measured phases", &columns, &table, none);
    }
    html
}

/// How truly a trace was kept.
pub(super) fn trace(run: &Measured) -> String {
    run.record.observed.trace.as_ref().map_or(String::new(), |t| sentences(words::trace_sentences(t)))
}

/// Connections and handshakes.
pub(super) fn connections(run: &Measured) -> String {
    run.record
        .observed
        .connections
        .as_ref()
        .map_or(String::new(), |c| sentences(words::connection_sentences(c)))
}

/// Noise and steady state.
pub(super) fn steadiness(run: &Measured) -> String {
    let observed = &run.record.observed;
    let mut html = observed.noise.as_ref().map_or(String::new(), |n| sentences(words::noise_sentences(n)));
    html += &observed.steady.as_ref().map_or(String::new(), |s| tag("p", &words::steady_sentence(s)));
    html
}
