//! The audit log as a trace: one CSV line a transaction that somebody asked for, in the order of time, for a replay with
//! `arrivals = "trace"`.
//!
//! Called by `spinebench hub audit trace` on a stopped hub's folder. Reads a page at a time and keeps a bounded window, so
//! that memory does not grow with the log. Never writes into the folder. The format is told in `reference-hub/README.md`.

use super::Kind;
use hub_store::{Row, StoreError, Table, View, seq_key};
use serde::Deserialize;
use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, Write};

/// Names of the columns: the first line of a trace.
pub const HEADER: &str = "offset_ns,interaction,organisation,status";

/// Rows of the log read at a time: each holds at most 256 events of some 200 bytes, so a page is 6 MB at most.
const PAGE_ROWS: usize = 128;

/// Events held back to be sorted. The log is in the order of commits, and an event lies behind younger ones by as much
/// as waits in the queues (16,384 reads, 4,096 writes) and in one batch; 65,536 is three times that, and 6 MB.
pub const WINDOW_EVENTS: usize = 65_536;

/// What came of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traced {
    /// Lines written, the header apart.
    pub events: u64,
    /// Events of housekeeping, which nobody asked for: left out.
    pub tended: u64,
    /// Events that are no event of ours: left out.
    pub unreadable: u64,
    /// Events older than the window reached back: written at the time of the line before them.
    pub late: u64,
    /// Time from the first event to the last, in milliseconds.
    pub span_ms: u64,
}

/// Why a trace was not written.
#[derive(Debug)]
pub enum TraceError {
    /// The log cannot be read.
    Store(StoreError),
    /// The trace cannot be written.
    Write(io::Error),
}

impl From<StoreError> for TraceError {
    fn from(error: StoreError) -> Self {
        TraceError::Store(error)
    }
}

impl From<io::Error> for TraceError {
    fn from(error: io::Error) -> Self {
        TraceError::Write(error)
    }
}

/// The part of an event that a trace needs.
#[derive(Deserialize)]
struct Told<'a> {
    at_ms: u64,
    #[serde(borrow)]
    operation: Cow<'a, str>,
    #[serde(borrow)]
    organisation: Cow<'a, str>,
    status: u16,
    #[serde(borrow)]
    kind: Cow<'a, str>,
}

/// Time, place in the log, and the rest of the line.
type Waiting = Reverse<(u64, u64, String)>;

struct Tracer<'a> {
    out: &'a mut dyn Write,
    window: BinaryHeap<Waiting>,
    window_max: usize,
    read: u64,
    first_ms: Option<u64>,
    last_ms: u64,
    done: Traced,
}

/// Writes the trace of the whole log.
///
/// # Errors
/// [`TraceError`] when the log cannot be read or the trace cannot be written.
pub fn write(view: &dyn View, out: &mut dyn Write) -> Result<Traced, TraceError> {
    write_within(view, out, WINDOW_EVENTS)
}

/// [`write`] with another window.
fn write_within(view: &dyn View, out: &mut dyn Write, window_max: usize) -> Result<Traced, TraceError> {
    writeln!(out, "{HEADER}")?;
    let window = BinaryHeap::with_capacity(window_max.min(WINDOW_EVENTS) + 1);
    let (first_ms, done) = (None, Traced::default());
    let mut tracer = Tracer { out, window, window_max, read: 0, first_ms, last_ms: 0, done };
    let mut from = seq_key(1).to_vec();
    loop {
        let page = view.scan(Table::Audit, &from, &[0xff; 9], PAGE_ROWS)?;
        let Some(last) = page.last() else { break };
        from = [&last.key[..], &[0]].concat();
        for row in &page {
            tracer.take(row)?;
        }
    }
    while let Some(Reverse((at_ms, _, rest))) = tracer.window.pop() {
        tracer.line(at_ms, &rest)?;
    }
    tracer.out.flush()?;
    tracer.done.span_ms = tracer.last_ms - tracer.first_ms.unwrap_or(tracer.last_ms);
    Ok(tracer.done)
}

impl Tracer<'_> {
    /// Takes the events of one row: a write's one, or several reads'.
    fn take(&mut self, row: &Row) -> io::Result<()> {
        for line in row.value.value.split(|b| *b == b'\n') {
            match serde_json::from_slice::<Told<'_>>(line) {
                Err(_) => self.done.unreadable += 1,
                Ok(told) if told.kind == Kind::Tended.word() => self.done.tended += 1,
                Ok(told) => {
                    let (interaction, organisation) = (field(&told.operation), field(&told.organisation));
                    let rest = format!("{interaction},{organisation},{}", told.status);
                    self.window.push(Reverse((told.at_ms, self.read, rest)));
                    self.read += 1;
                    if self.window.len() > self.window_max
                        && let Some(Reverse((at_ms, _, rest))) = self.window.pop()
                    {
                        self.line(at_ms, &rest)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn line(&mut self, at_ms: u64, rest: &str) -> io::Result<()> {
        let first_ms = *self.first_ms.get_or_insert(at_ms);
        if at_ms < self.last_ms {
            self.done.late += 1;
        }
        self.last_ms = self.last_ms.max(at_ms);
        self.done.events += 1;
        writeln!(self.out, "{},{rest}", u128::from(self.last_ms - first_ms) * 1_000_000)
    }
}

/// A field of a CSV line, quoted when it must be (RFC 4180).
fn field(text: &str) -> Cow<'_, str> {
    if text.contains([',', '"', '\n', '\r']) {
        Cow::Owned(format!("\"{}\"", text.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::reads;
    use bytes::Bytes;
    use hub_store::memory::MemoryStore;
    use hub_store::{Store, Txn};

    fn line(at_ms: u64, operation: &str, organisation: &str, kind: &str) -> Bytes {
        format!(
            r#"{{"at_ms":{at_ms},"operation":"{operation}","organisation":"{organisation}","subject":"","status":200,"kind":"{kind}","request":""}}"#
        )
        .into()
    }

    fn traced(rows: Vec<Bytes>, window: usize) -> (String, Traced) {
        let store = MemoryStore::new();
        let txns: Vec<Txn> = rows.into_iter().map(|audit| Txn { audit, ..Txn::default() }).collect();
        store.commit(&txns).unwrap();
        let mut out = Vec::new();
        let done = write_within(&store, &mut out, window).unwrap();
        (String::from_utf8(out).unwrap(), done)
    }

    #[test]
    fn a_trace_has_its_columns_and_is_sorted_by_time_whatever_order_the_log_has() {
        let folded = reads(&[
            line(1_005, "pds-retrieve", "A20047", "read"),
            line(1_001, "pds-trace", "A20047", "read"),
        ])
        .audit;
        let rows = vec![line(1_003, "mesh-send", "X26ABC1", "write"), folded];
        let (text, done) = traced(rows, WINDOW_EVENTS);
        assert_eq!(
            text,
            "offset_ns,interaction,organisation,status\n0,pds-trace,A20047,200\n\
             2000000,mesh-send,X26ABC1,200\n4000000,pds-retrieve,A20047,200\n"
        );
        assert_eq!(done, Traced { events: 3, span_ms: 4, ..Traced::default() });
    }

    #[test]
    fn housekeeping_and_what_is_no_event_are_left_out_and_counted() {
        let rows = vec![
            line(5, "mesh-undelivered", "", "tended"),
            Bytes::from_static(b"not an event"),
            line(9, "mesh-inbox", "X26ABC1", "read"),
        ];
        let (text, done) = traced(rows, 10);
        assert_eq!(text.lines().count(), 2);
        assert_eq!((done.events, done.tended, done.unreadable), (1, 1, 1));
    }

    #[test]
    fn an_event_older_than_the_window_is_written_in_order_and_counted_as_late() {
        let rows = [50, 60, 70, 10].map(|at| line(at, "pds-retrieve", "A", "read")).to_vec();
        let (text, done) = traced(rows, 1);
        let offsets: Vec<u64> =
            text.lines().skip(1).map(|l| l.split(',').next().unwrap().parse().unwrap()).collect();
        assert_eq!(offsets, [0, 10_000_000, 10_000_000, 20_000_000]);
        assert_eq!(done.late, 1);
    }

    #[test]
    fn an_empty_log_is_a_header_alone_and_odd_text_is_quoted() {
        assert_eq!(traced(Vec::new(), 1).0, format!("{HEADER}\n"));
        assert_eq!(field("a,\"b"), "\"a,\"\"b\"");
    }
}
