//! The check when a data folder is opened: does the log end where it must, and is its tail whole?
//!
//! Called by engines after their own recovery, before anything is served. Reads only the tail (everything since the
//! mark and a bit more); [`crate::verify`] walks the whole chain. Must never repair: it accepts or it refuses.

use crate::link::audit_check;
use crate::stage::{HEAD_KEY, decode_head};
use crate::{Head, Link, StoreError, Table, View, chain_hash, seq_key, seq_of_key};
use std::ops::RangeInclusive;

/// Sequence numbers checked at least, below the head: some seconds of the national peak, milliseconds to read.
pub const TAIL_SEQS: u64 = 4_096;

/// What the check found in a folder that may be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// Where the log ends.
    pub head: Head,
    /// Where the mark stood; `None` for a new folder.
    pub mark: Option<Head>,
    /// Chain links whose hash was computed again.
    pub links_checked: u64,
    /// Audit events read for that.
    pub audit_checked: u64,
}

/// Why a folder must not be served.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Refusal {
    /// Sentences, most important first.
    pub problems: Vec<String>,
    /// Acknowledged sequence numbers that are not there, as far as known.
    pub missing: Vec<RangeInclusive<u64>>,
}

impl Refusal {
    /// A refusal for one reason.
    pub fn because(problem: impl Into<String>) -> Refusal {
        Refusal { problems: vec![problem.into()], missing: Vec::new() }
    }

    /// Names missing sequence numbers.
    #[must_use]
    pub fn missing(mut self, range: RangeInclusive<u64>) -> Refusal {
        self.missing.push(range);
        self
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.problems.join("; "))?;
        for (i, range) in self.missing.iter().enumerate() {
            let lead = if i == 0 { "; missing sequence numbers: " } else { ", " };
            write!(f, "{lead}{}", name_range(range))?;
        }
        Ok(())
    }
}

impl From<Refusal> for StoreError {
    fn from(refusal: Refusal) -> StoreError {
        StoreError(format!("the data folder is not served: {refusal}"))
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Refusal {
        Refusal::because(error.0)
    }
}

/// `4 to 9`, or `4` alone.
pub fn name_range(range: &RangeInclusive<u64>) -> String {
    let (first, last) = (range.start(), range.end());
    if first == last { first.to_string() } else { format!("{first} to {last}") }
}

/// Checks what an engine recovered against the mark.
///
/// # Errors
/// [`Refusal`] when acknowledged transactions are missing or the log contradicts itself.
pub fn check(view: &dyn View, mark: Option<Head>) -> Result<Report, Refusal> {
    let head = stored_head(view)?;
    match mark {
        Some(mark) if mark.seq > head.seq => {
            return Err(Refusal::because(format!(
                "the log ends at sequence number {}, but the high-water mark says {} was acknowledged",
                head.seq, mark.seq
            ))
            .missing(head.seq + 1..=mark.seq));
        }
        None if head.seq > 0 => {
            return Err(Refusal::because(format!(
                "the high-water mark is missing although the log holds {} transactions, so a lost end would not show",
                head.seq
            )));
        }
        _ => {}
    }
    nothing_beyond(view, head)?;
    let marked = mark.unwrap_or_default();
    let floor = marked.seq.min(head.seq.saturating_sub(TAIL_SEQS));
    let mut report = Report { head, mark, links_checked: 0, audit_checked: 0 };
    let mut expected = head;
    while expected.seq > floor {
        let link = link_ending_at(view, expected.seq)?;
        if link.hash != expected.hash {
            return Err(Refusal::because(format!(
                "the hash chain is broken at sequence number {}: its link is not the one the log went on from",
                expected.seq
            )));
        }
        if link.first_seq <= marked.seq && marked.seq < link.last_seq {
            return Err(Refusal::because(format!(
                "the high-water mark stands at {}, inside the batch {} to {}",
                marked.seq, link.first_seq, link.last_seq
            )));
        }
        report.audit_checked += check_link(view, &link)?;
        report.links_checked += 1;
        expected = Head { seq: link.first_seq - 1, hash: link.prev_hash };
        if expected.seq == marked.seq && expected.hash != marked.hash {
            return Err(other_history(marked.seq));
        }
    }
    if marked.seq == head.seq && marked.hash != head.hash {
        return Err(other_history(marked.seq));
    }
    Ok(report)
}

fn other_history(seq: u64) -> Refusal {
    Refusal::because(format!(
        "the chain hash at sequence number {seq} is not the one in the high-water mark: this is another history"
    ))
}

fn stored_head(view: &dyn View) -> Result<Head, Refusal> {
    let Some(row) = view.get(Table::Meta, HEAD_KEY)? else {
        return Ok(Head::default());
    };
    decode_head(&row.value).ok_or_else(|| Refusal::because("the stored head is damaged"))
}

/// No audit event and no link may lie beyond the head: all three are written in one step.
fn nothing_beyond(view: &dyn View, head: Head) -> Result<(), Refusal> {
    for table in [Table::Audit, Table::Chain] {
        let beyond = view.scan(table, &seq_key(head.seq + 1), &[0xff; 9], 1)?;
        if let Some(row) = beyond.first() {
            let seq = seq_of_key(&row.key).unwrap_or_default();
            return Err(Refusal::because(format!(
                "the log ends at sequence number {}, yet table {} holds {seq}",
                head.seq,
                table.name()
            )));
        }
    }
    Ok(())
}

fn link_ending_at(view: &dyn View, seq: u64) -> Result<Link, Refusal> {
    let Some(row) = view.get(Table::Chain, &seq_key(seq))? else {
        return Err(Refusal::because(format!(
            "the chain link that ends at sequence number {seq} is missing"
        )));
    };
    let link = Link::decode(&row.value).filter(|link| link.last_seq == seq && row.version == seq);
    link.ok_or_else(|| {
        Refusal::because(format!("the chain link that ends at sequence number {seq} is damaged"))
    })
}

/// Reads the link's audit events and computes its hash again; returns how many events that were.
fn check_link(view: &dyn View, link: &Link) -> Result<u64, Refusal> {
    let count = link.entries.len();
    let rows = view.scan(Table::Audit, &seq_key(link.first_seq), &seq_key(link.last_seq + 1), count)?;
    let mut present = rows.iter().filter_map(|row| seq_of_key(&row.key)).peekable();
    let mut refusal = Refusal::default();
    for seq in link.first_seq..=link.last_seq {
        if present.next_if_eq(&seq).is_none() {
            refusal.missing.push(seq..=seq);
        }
    }
    if !refusal.missing.is_empty() {
        refusal.problems.push("the audit log has gaps".into());
        return Err(refusal);
    }
    let events = (link.first_seq..)
        .zip(&rows)
        .zip(&link.entries)
        .map(|((seq, row), e)| (seq, &row.value.value[..], &e.writes));
    if chain_hash(&link.prev_hash, events) != link.hash {
        let changed = rows.iter().zip(&link.entries).zip(link.first_seq..);
        let named = changed.filter(|((row, e), _)| audit_check(&row.value.value) != e.audit_check);
        let seqs: Vec<String> = named.map(|(_, seq)| seq.to_string()).take(10).collect();
        let which = if seqs.is_empty() { "the link itself".to_owned() } else { seqs.join(", ") };
        return Err(Refusal::because(format!(
            "the hash chain is broken in the batch {} to {}; changed: {which}",
            link.first_seq, link.last_seq
        )));
    }
    Ok(count as u64)
}
