//! What a run observed besides counts and times, in words: the sentences that terminal and page share, and the terminal's tables.
//! Called by the summary and the page; a part that the record does not hold says nothing.

use run_record::{
    ConnectionFacts, EventRow, JourneyRow, NoiseFacts, Resilience, RunRecord, SteadyFacts, TraceFacts,
    UsersRow,
};

use crate::text::{aligned, heading, wrapped};
use crate::units;

/// All parts of the terminal's summary that the record holds something for.
pub(crate) fn parts(text: &mut String, record: &RunRecord) {
    let observed = &record.observed;
    events(text, &observed.events, observed.resilience.as_ref());
    journeys(text, &observed.journeys);
    users(text, record);
    for (words, sentences) in [
        ("Trace", observed.trace.as_ref().map(trace_sentences)),
        ("Connections", observed.connections.as_ref().map(connection_sentences)),
        ("Machine and steadiness", machine_sentences(observed.noise.as_ref(), observed.steady.as_ref())),
    ] {
        let Some(sentences) = sentences.filter(|s| !s.is_empty()) else { continue };
        heading(text, words);
        for sentence in sentences {
            wrapped(text, "  ", &sentence);
        }
    }
}

/// Noise and steadiness together; `None` when the record holds neither.
fn machine_sentences(noise: Option<&NoiseFacts>, steady: Option<&SteadyFacts>) -> Option<Vec<String>> {
    let mut sentences = noise.map(noise_sentences).unwrap_or_default();
    sentences.extend(steady.map(steady_sentence));
    (!sentences.is_empty()).then_some(sentences)
}

fn events(text: &mut String, events: &[EventRow], resilience: Option<&Resilience>) {
    if events.is_empty() && resilience.is_none() {
        return;
    }
    heading(text, "Events and what they did to the service");
    if !events.is_empty() {
        let mut table =
            vec![["event", "began", "took", "recovered after", "requests lost"].map(str::to_owned)];
        table.extend(events.iter().map(event_cells).map(|[text, began, took, recovered, lost]| {
            [text, format!("{began} s"), format!("{took} s"), recovered, lost]
        }));
        aligned(text, &table);
    }
    for fault in event_faults(events) {
        wrapped(text, "  ", &fault);
    }
    for sentence in resilience.map(resilience_sentences).unwrap_or_default() {
        wrapped(text, "  ", &sentence);
    }
    for sentence in resilience.iter().flat_map(|r| &r.basis) {
        wrapped(text, "  - ", sentence);
    }
}

/// Event, begin and length in seconds, recovery, requests lost.
pub(crate) fn event_cells(event: &EventRow) -> [String; 5] {
    [
        event.text.clone(),
        units::number(event.began_s, 1),
        units::number(event.took_s, 2),
        event.recovered_s.map_or("not felt".to_owned(), |s| format!("{} s", units::number(s, 2))),
        units::whole(event.lost_requests),
    ]
}

/// What went wrong with the events themselves.
pub(crate) fn event_faults(events: &[EventRow]) -> Vec<String> {
    let told = |(at, event): (usize, &EventRow)| {
        Some(format!("Event {} ({}) did not go as written: {}.", at + 1, event.text, event.fault.as_ref()?))
    };
    events.iter().enumerate().filter_map(told).collect()
}

/// Availability, outage, and what became of acknowledged writes.
pub(crate) fn resilience_sentences(r: &Resilience) -> Vec<String> {
    let unchecked = r.writes_acknowledged.saturating_sub(r.writes_checked);
    vec![
        format!(
            "Availability {}: so many of the requests planned in measured phases were answered well. In {} of the \
             seconds at least 99 % were. The longest time without a good answer was {} s.",
            units::share_floor(r.availability),
            units::share_floor(r.seconds_good),
            units::number(r.longest_outage_s, 2)
        ),
        format!(
            "Of {} acknowledged writes {} were looked up again: {} lost, {} found more than once{}.",
            units::whole(r.writes_acknowledged),
            units::whole(r.writes_checked),
            units::whole(r.writes_lost),
            units::whole(r.duplicated),
            match unchecked {
                0 => String::new(),
                n => format!("; {} not looked up", units::counted(n, "was", "were")),
            }
        ),
    ]
}

fn journeys(text: &mut String, rows: &[JourneyRow]) {
    if rows.is_empty() {
        return;
    }
    heading(
        text,
        "Journeys begun in measured phases; times from the planned begin to the last answer, pauses included",
    );
    let names = ["journey", "begun", "completed", "failed", "ended early", "unfinished", "p50", "p99"];
    let mut table = vec![names.map(str::to_owned)];
    table.extend(rows.iter().map(|row| {
        [
            row.journey.clone(),
            units::whole(row.begun),
            units::whole(row.completed),
            units::whole(row.failed),
            units::whole(row.ended_early),
            units::whole(row.unfinished),
            units::duration(row.duration_p50_ns),
            units::duration(row.duration_p99_ns),
        ]
    }));
    aligned(text, &table);
    for sentence in rows.iter().filter_map(failed_where) {
        wrapped(text, "  ", &sentence);
    }
}

/// At which steps the journeys of a kind failed; `None` when none did.
pub(crate) fn failed_where(row: &JourneyRow) -> Option<String> {
    let told: Vec<String> = row
        .failed_at
        .iter()
        .enumerate()
        .filter(|(_, count)| **count > 0)
        .map(|(step, count)| {
            let name = row.steps.get(step).map_or("?", String::as_str);
            format!("{} at step {} ({name})", units::whole(*count), step + 1)
        })
        .collect();
    (!told.is_empty()).then(|| format!("{} failed: {}.", row.journey, told.join(", ")))
}

/// Why the closed model's numbers differ; `None` for other models.
pub(crate) fn model_sentence(record: &RunRecord) -> Option<&'static str> {
    match record.model.as_str() {
        "users" => Some(USERS_DIFFER),
        "closed" => Some(CLOSED_DIFFERS),
        _ => None,
    }
}

/// Of users.
const USERS_DIFFER: &str = "Closed model: a user waits for the answer and thinks before asking again, so a slow hub is asked \
     less, and the rate is a result, not a setting. Response time begins when the user asks: what users would have asked during \
     a wait is in no percentile (coordinated omission cannot be seen here). Compare these figures with other runs of users, not \
     with the open model's.";
/// Of connections that ask without a pause.
const CLOSED_DIFFERS: &str = "Closed model: each connection asks again as soon as it has its answer, so the rate is what hub and \
     generator can do together, not a load that anybody asked for. What would have been asked during a wait is in no percentile \
     (coordinated omission cannot be seen here): read the rate and the processor time, and take response times from the open \
     model.";

fn users(text: &mut String, record: &RunRecord) {
    let sentence = model_sentence(record);
    if sentence.is_none() && record.observed.users.is_empty() {
        return;
    }
    heading(text, "Users");
    if !record.observed.users.is_empty() {
        let names = ["users", "how many", "requests", "failed", "sessions", "mean pause"];
        let mut table = vec![names.map(str::to_owned)];
        table.extend(record.observed.users.iter().map(user_cells));
        aligned(text, &table);
    }
    if let Some(sentence) = sentence {
        wrapped(text, "  ", sentence);
    }
}

/// A kind of users in cells.
pub(crate) fn user_cells(row: &UsersRow) -> [String; 6] {
    [
        row.name.clone(),
        units::whole(u64::from(row.count)),
        units::whole(row.requests),
        units::whole(row.failed),
        units::whole(row.sessions),
        format!("{} s", units::number(row.think_mean_s, 1)),
    ]
}

/// How truly the trace was kept.
pub(crate) fn trace_sentences(t: &TraceFacts) -> Vec<String> {
    vec![format!(
        "{}: {} of {} sent at {} times the recorded speed; later than their offsets by {} ms (median), {} ms (p99), {} ms \
         at most; {} out of order.",
        t.path,
        units::whole(t.sent),
        units::counted(t.rows, "row", "rows"),
        units::plain(t.speed),
        units::ms(t.late_p50_ns),
        units::ms(t.late_p99_ns),
        units::ms(t.late_max_ns),
        units::whole(t.out_of_order)
    )]
}

/// Connections and handshakes.
pub(crate) fn connection_sentences(c: &ConnectionFacts) -> Vec<String> {
    let transport = match c.transport.as_str() {
        "plain" | "" => "plain HTTP",
        "tls" => "TLS",
        "mutual-tls" => "mutual TLS",
        other => other,
    };
    let from = match c.sources {
        0 | 1 => String::new(),
        n => format!(" from {n} source addresses"),
    };
    let identities = match c.identities {
        0 => String::new(),
        n => format!(", {}", units::counted(n, "client identity", "client identities")),
    };
    let mut sentences = vec![
        format!(
            "Up to {} at a time over {transport}{from}{identities}.",
            units::counted(c.peak, "connection", "connections")
        ),
        format!(
            "{} opened in all, {} of them before the first arrival in {} s; {} failed to open.",
            units::whole(c.opened),
            units::whole(c.opened_before),
            units::number(c.opening_s, 2),
            units::whole(c.failed)
        ),
    ];
    if c.handshake_p50_ns > 0 {
        sentences.push(format!(
            "{} handshakes a second while they were opened; one took {} ms (median), {} ms (p99).",
            units::number(c.handshakes_per_s, 0),
            units::ms(c.handshake_p50_ns),
            units::ms(c.handshake_p99_ns)
        ));
    }
    let each = [("harness", c.harness_bytes_each), ("hub", c.hub_bytes_each)];
    let each: Vec<String> =
        each.iter().filter_map(|(who, b)| Some(format!("{who} {}", units::kib((*b)?)))).collect();
    if !each.is_empty() {
        sentences.push(format!("Memory for each connection: {}.", each.join(", ")));
    }
    sentences
}

/// The machine's noise; what the kernel does not say is left out.
pub(crate) fn noise_sentences(n: &NoiseFacts) -> Vec<String> {
    let mut shares = Vec::new();
    let mut share = |what: &str, of: Option<f64>| {
        shares.extend(of.map(|s| format!("{what} {}", units::percent(s, 1))));
    };
    share("the hypervisor gave away", n.steal_share);
    share("other processes used", n.others_share);
    let mut sentences = Vec::new();
    if !shares.is_empty() {
        sentences.push(format!("Of the processor time {}.", shares.join(", ")));
    }
    if let Some(held) = n.throttled_share {
        sentences.push(format!(
            "A limit of the control group held the harness back for {} of the run.",
            units::percent(held, 1)
        ));
    }
    sentences.push(format!(
        "The longest pause of a thread that should have woken was {} ms; the wall clock stepped by {} ms.",
        units::ms(n.longest_pause_ns),
        units::ms_f64(n.clock_step_ns as f64)
    ));
    sentences.extend(n.floor_ratio.map(|r| {
        format!("The null client's median after the run was {} times that before it.", units::number(r, 2))
    }));
    sentences
}

/// Whether response times were steady.
pub(crate) fn steady_sentence(s: &SteadyFacts) -> String {
    let figures = format!(
        "over {} measured seconds the median of the last third was {} times that of the first (trend z = {})",
        units::whole(u64::from(s.seconds)),
        units::number(s.p50_ratio, 2),
        units::number(s.trend_z, 1)
    );
    match (s.steady, s.steady_after_s) {
        (true, _) => format!("Response times were steady: {figures}."),
        (false, Some(after_s)) => {
            format!(
                "Response times were not steady from the start: {figures}; they were after {} s.",
                units::number(after_s, 0)
            )
        }
        (false, None) => format!("Response times were not steady: {figures}."),
    }
}
