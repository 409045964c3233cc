//! The offline walk over the whole chain: every link, every audit event, every hash again.
//!
//! Called by an operator's check of a stopped hub's folder and by tests. Finds and names audit events that were changed,
//! dropped, moved or added, and links that do not fit. Cannot see a history that was rewritten whole, from the first
//! change to the head, with the mark rewritten too: only a mark shipped elsewhere could.

use crate::link::audit_check;
use crate::recover::name_range;
use crate::stage::{HEAD_KEY, decode_head};
use crate::{Head, Link, Row, StoreError, TABLES, Table, View, chain_hash, seq_key, seq_of_key};
use std::collections::HashMap;
use std::ops::RangeInclusive;

/// Links read at a time: at most 1,024 entries of 40 bytes each, so some megabytes.
const PAGE_LINKS: usize = 128;
/// Rows read at a time by [`verify_all`].
const PAGE_ROWS: usize = 512;
/// More findings than this tell nobody more; the walk goes on counting.
const FINDINGS_MAX: usize = 1_000;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// Audit events that are not there.
    Dropped(RangeInclusive<u64>),
    /// An audit event whose text is not the one committed.
    Changed(u64),
    /// The audit event under `at` is the one committed under `from`.
    Moved {
        /// Where it lies.
        at: u64,
        /// Where it belongs.
        from: u64,
    },
    /// An audit event that no link covers.
    Added(u64),
    /// No link covers these sequence numbers.
    LinkMissing(RangeInclusive<u64>),
    /// The link of this batch does not carry the hash of its contents, or cannot be read.
    LinkChanged(RangeInclusive<u64>),
    /// The link of this batch does not follow the one before it.
    ChainBroken(RangeInclusive<u64>),
    /// The stored head is not where the chain ends.
    HeadElsewhere {
        /// The stored head's sequence number.
        stored: u64,
        /// The last link's.
        chain: u64,
    },
    /// The mark says more was acknowledged than the chain holds, or another hash.
    MarkDiffers {
        /// The mark's sequence number.
        mark: u64,
        /// The last link's.
        chain: u64,
    },
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Finding::Dropped(seqs) => write!(f, "audit event {}: missing", name_range(seqs)),
            Finding::Changed(seq) => write!(f, "audit event {seq}: not the text that was committed"),
            Finding::Moved { at, from } => write!(f, "audit event {at}: is the event committed as {from}"),
            Finding::Added(seq) => write!(f, "audit event {seq}: no chain link covers it"),
            Finding::LinkMissing(seqs) => write!(f, "chain link for {}: missing", name_range(seqs)),
            Finding::LinkChanged(seqs) => {
                write!(f, "chain link for {}: changed or unreadable", name_range(seqs))
            }
            Finding::ChainBroken(seqs) => {
                write!(f, "chain link for {}: does not follow the link before it", name_range(seqs))
            }
            Finding::HeadElsewhere { stored, chain } => {
                write!(f, "the stored head says {stored}, the chain ends at {chain}")
            }
            Finding::MarkDiffers { mark, chain } => {
                write!(f, "the high-water mark ({mark}) does not lie on the chain, which ends at {chain}")
            }
        }
    }
}

/// What the walk saw.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verified {
    /// Where the chain ends.
    pub head: Head,
    /// Links walked.
    pub links: u64,
    /// Audit events read.
    pub events: u64,
    /// What is wrong, in the order of the log; at most [`FINDINGS_MAX`].
    pub findings: Vec<Finding>,
    /// How many things are wrong in all.
    pub findings_total: u64,
}

impl Verified {
    /// True when nothing is wrong.
    pub fn is_whole(&self) -> bool {
        self.findings_total == 0
    }

    fn found(&mut self, finding: Finding) {
        self.findings_total += 1;
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        }
    }
}

/// Walks the chain from its first link to its last.
///
/// # Errors
/// [`StoreError`] when the view cannot read: then nothing is known.
pub fn verify(view: &dyn View, mark: Option<Head>) -> Result<Verified, StoreError> {
    let mut walk = Walk { view, seen: Verified::default(), changed: Vec::new(), mark_met: mark.is_none() };
    if mark == Some(Head::default()) {
        walk.mark_met = true;
    }
    let mut from = seq_key(1).to_vec();
    loop {
        let page = view.scan(Table::Chain, &from, &[0xff; 9], PAGE_LINKS)?;
        for row in &page {
            walk.link(row)?;
            walk.mark_met |= mark == Some(walk.seen.head);
        }
        let Some(last) = page.last() else { break };
        from = [&last.key[..], &[0]].concat();
    }
    walk.end(mark)
}

/// As [`verify`], and reads every row of every table, so that damage anywhere is met.
///
/// # Errors
/// [`StoreError`] at the first row that cannot be read.
pub fn verify_all(view: &dyn View, mark: Option<Head>) -> Result<Verified, StoreError> {
    let verified = verify(view, mark)?;
    for (table, _) in TABLES {
        let mut from = Vec::new();
        loop {
            let page = view.scan(*table, &from, &[0xff; 64], PAGE_ROWS)?;
            let Some(last) = page.last() else { break };
            from = [&last.key[..], &[0]].concat();
        }
    }
    Ok(verified)
}

struct Walk<'a> {
    view: &'a dyn View,
    seen: Verified,
    /// Sequence number, the check the link keeps, the check of what lies there.
    changed: Vec<(u64, [u8; 8], [u8; 8])>,
    mark_met: bool,
}

impl Walk<'_> {
    fn link(&mut self, row: &Row) -> Result<(), StoreError> {
        let before = self.seen.head;
        let key_seq = seq_of_key(&row.key).unwrap_or(u64::MAX);
        let decoded = Link::decode(&row.value.value).filter(|link| link.last_seq == key_seq);
        let Some(link) = decoded else {
            self.seen.found(Finding::LinkChanged(before.seq + 1..=key_seq.max(before.seq + 1)));
            return Ok(());
        };
        let seqs = link.first_seq..=link.last_seq;
        if link.first_seq > before.seq + 1 {
            self.seen.found(Finding::LinkMissing(before.seq + 1..=link.first_seq - 1));
            self.gap(before.seq + 1..=link.first_seq - 1)?;
        } else if link.first_seq <= before.seq || link.prev_hash != before.hash {
            self.seen.found(Finding::ChainBroken(seqs.clone()));
        }
        if self.events(&link)? {
            self.seen.found(Finding::LinkChanged(seqs));
        }
        self.seen.links += 1;
        self.seen.head = link.head();
        Ok(())
    }

    /// Audit events that a missing link covered: those that are gone are named; the others cannot be judged.
    fn gap(&mut self, seqs: RangeInclusive<u64>) -> Result<(), StoreError> {
        for seq in seqs {
            if self.view.get(Table::Audit, &seq_key(seq))?.is_none() {
                self.seen.found(Finding::Dropped(seq..=seq));
            }
        }
        Ok(())
    }

    /// Compares the batch's events with the link; true when the link itself must be wrong.
    fn events(&mut self, link: &Link) -> Result<bool, StoreError> {
        let (from, to) = (seq_key(link.first_seq), seq_key(link.last_seq + 1));
        let rows = self.view.scan(Table::Audit, &from, &to, link.entries.len())?;
        let there: HashMap<u64, &Row> = rows.iter().filter_map(|r| Some((seq_of_key(&r.key)?, r))).collect();
        let mut whole = true;
        for (seq, entry) in (link.first_seq..).zip(&link.entries) {
            match there.get(&seq) {
                None => {
                    self.seen.found(Finding::Dropped(seq..=seq));
                    whole = false;
                }
                Some(row) => {
                    self.seen.events += 1;
                    let found = audit_check(&row.value.value);
                    if found != entry.audit_check {
                        self.changed.push((seq, entry.audit_check, found));
                        whole = false;
                    }
                }
            }
        }
        if !whole {
            return Ok(false);
        }
        let events = (link.first_seq..)
            .zip(&rows)
            .zip(&link.entries)
            .map(|((s, r), e)| (s, &r.value.value[..], &e.writes));
        Ok(chain_hash(&link.prev_hash, events) != link.hash)
    }

    fn end(mut self, mark: Option<Head>) -> Result<Verified, StoreError> {
        let home: HashMap<[u8; 8], u64> =
            self.changed.iter().map(|(seq, committed, _)| (*committed, *seq)).collect();
        for (at, _, found) in std::mem::take(&mut self.changed) {
            self.seen.found(match home.get(&found) {
                Some(&from) => Finding::Moved { at, from },
                None => Finding::Changed(at),
            });
        }
        let head = self.seen.head;
        for row in self.view.scan(Table::Audit, &seq_key(head.seq + 1), &[0xff; 9], FINDINGS_MAX)? {
            self.seen.found(Finding::Added(seq_of_key(&row.key).unwrap_or_default()));
        }
        let stored =
            self.view.get(Table::Meta, HEAD_KEY)?.and_then(|row| decode_head(&row.value)).unwrap_or_default();
        if stored != head {
            self.seen.found(Finding::HeadElsewhere { stored: stored.seq, chain: head.seq });
        }
        if let Some(mark) = mark.filter(|_| !self.mark_met) {
            self.seen.found(Finding::MarkDiffers { mark: mark.seq, chain: head.seq });
        }
        Ok(self.seen)
    }
}
