//! The issues of a prescription: one for most, several one after another for repeat dispensing. The current issue's
//! header stands under the prescription's id, those before it beside it, so that late claims and amendments find theirs.
//! What lies ahead (a later issue, an order dated ahead) comes due by a row of the Timers table.
//!
//! Called by the EPS handlers and by the hub's housekeeping through [`tend`].

use super::line::Line;
use super::record::{DAY_MS, Header, REPEAT_VALID_MS, VALID_MS, header_key, past_key, queue_key};
use super::refusal::{self, Refused};
use super::state::State;
use super::wire::{Extension, Many};
use super::{load, store_failed};
use crate::domain::{Context, Tended};
use crate::timers;
use bytes::Bytes;
use hub_store::{Check, Delete, Expect, Put, Table, Txn};

/// Extension that says which of how many issues a message is about.
pub const REPEAT: &str = "https://fhir.nhs.uk/StructureDefinition/Extension-EPS-RepeatInformation";

/// Repeats an order may allow. 98: with the first issue that makes 99, which is what two published digits can count.
pub const REPEATS_MAX: i64 = 98;

/// Days before the end of one issue from which the next may be released: seven, so that a patient never runs out.
const LEAD_DAYS: u64 = 7;

/// Days an issue lasts when its order does not say: 28, the usual interval of repeat prescriptions.
const SUPPLY_DAYS: u32 = 28;

/// Kind of this interface's rows in the Timers table.
const KIND: &str = "|eps-due|";

/// Which issue a message says it is about; both counts are one less than what they count, as published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repeat {
    /// Issues after the first.
    pub allowed: i64,
    /// Issues before this one.
    pub issued: Option<i64>,
}

/// The repeat information among these extensions.
pub fn repeat(extensions: &Many<Extension<'_>>) -> Option<Repeat> {
    let found = extensions.iter().find(|e| e.url == REPEAT)?;
    let number = |name: &str| found.extension.iter().find(|e| e.url == name).and_then(Extension::whole);
    Some(Repeat { allowed: number("numberOfRepeatsAllowed")?, issued: number("numberOfRepeatsIssued") })
}

/// A header with where it stands.
pub struct Loaded {
    /// The header, aged to now.
    pub header: Header,
    /// Its row's key.
    pub key: Bytes,
    /// Its row's version.
    version: u64,
}

impl Loaded {
    /// The check that it is still what was read.
    pub fn unchanged(&self) -> Check {
        Check { table: Table::Prescriptions, key: self.key.clone(), expect: Expect::Version(self.version) }
    }

    /// The header as it is now, to be written where it stood.
    pub fn put(&self) -> Put {
        Put { table: Table::Prescriptions, key: self.key.clone(), value: self.header.to_row() }
    }

    /// True for the prescription's current issue.
    fn is_current(&self, id: &str) -> bool {
        self.key == id.as_bytes()
    }
}

/// The issue that a message is about: the one it names, else the latest that is not still to come. `None` when there is
/// no such prescription.
///
/// # Errors
/// MISMATCH_AUTHORISED_REPEAT_COUNTS when the message and the order count differently.
pub fn load_issue(ctx: &Context<'_>, id: &str, told: Option<Repeat>) -> Result<Option<Loaded>, Refused> {
    let Some((header, version)) = load(ctx, id)? else { return Ok(None) };
    let current = Loaded { key: header_key(id), version, header };
    if current.header.issues == 1 {
        return Ok(Some(current)); // of other repeat prescriptions the prescriber keeps count
    }
    let issue = match told {
        Some(told) if told.allowed.saturating_add(1) != i64::from(current.header.issues) => {
            return Err(refusal::repeat_counts());
        }
        Some(Repeat { issued: Some(issued), .. }) => {
            u32::try_from(issued.saturating_add(1)).map_err(|_| refusal::repeat_counts())?
        }
        _ if current.header.state == State::RepeatFuture => current.header.issue.saturating_sub(1),
        _ => current.header.issue,
    };
    if issue == current.header.issue {
        return Ok(Some(current));
    }
    let key = past_key(id, issue);
    let Some(row) = ctx.view.get(Table::Prescriptions, &key).map_err(store_failed)? else {
        return Err(refusal::repeat_counts());
    };
    let Some(mut header) = Header::from_row(&row.value) else {
        return Err(Box::new(crate::fhir::internal_error()));
    };
    header.age(ctx.now_ms);
    Ok(Some(Loaded { header, key, version: row.version }))
}

/// Writes the header back; when its issue is settled and another follows, that one becomes the current issue.
pub fn write_back(ctx: &Context<'_>, id: &str, loaded: &Loaded, txn: &mut Txn) {
    txn.checks.push(loaded.unchanged());
    let header = &loaded.header;
    let settled = matches!(header.state, State::Dispensed | State::NotDispensed);
    let more = header.items.iter().any(|i| i.line != Line::Cancelled);
    if !(settled && more && loaded.is_current(id) && header.issue < header.issues) {
        txn.puts.push(loaded.put());
        return;
    }
    let days = u64::from(header.supply_days.unwrap_or(SUPPLY_DAYS)).saturating_sub(LEAD_DAYS);
    let due_ms = ctx.now_ms.saturating_add(days * DAY_MS);
    let next = following(header, due_ms);
    let past = past_key(id, header.issue);
    txn.puts.push(Put { table: Table::Prescriptions, key: past, value: header.to_row() });
    txn.puts.push(Put { table: Table::Prescriptions, key: header_key(id), value: next.to_row() });
    txn.puts.push(timer(due_ms, id));
}

/// The issue after this one.
fn following(header: &Header, due_ms: u64) -> Header {
    let mut next = header.clone();
    next.state = State::RepeatFuture;
    next.issue += 1;
    next.due_ms = Some(due_ms);
    for item in next.items.iter_mut().filter(|i| i.line != Line::Cancelled) {
        item.line = Line::ToBeDispensed;
    }
    Header {
        holder: None,
        holder_name: None,
        cancel_asked_by: None,
        cancel_on_return: Vec::new(),
        notifications: 0,
        before: Vec::new(),
        release_id: None,
        dispensed_ms: None,
        claim_id: None,
        claimed_ms: None,
        ..next
    }
}

/// How long a prescription that may be dispensed from `from_ms` stays valid, in milliseconds since the Unix epoch.
pub fn expires_ms(from_ms: u64, issues: u32) -> u64 {
    from_ms.saturating_add(if issues > 1 { REPEAT_VALID_MS } else { VALID_MS })
}

/// The row that says when a prescription comes due.
pub fn timer(due_ms: u64, id: &str) -> Put {
    timers::put(due_ms, KIND, id)
}

/// Opens the prescriptions that have come due: each goes into its nominated pharmacy's queue.
pub fn tend(ctx: &Context<'_>) -> Vec<Tended> {
    let due = timers::due(ctx.view, ctx.now_ms, &[KIND]);
    due.into_iter().filter_map(|timer| open(ctx, timers::id(&timer, KIND)?, timer.clone())).collect()
}

fn open(ctx: &Context<'_>, id: &str, timer: Bytes) -> Option<Tended> {
    let mut txn = Txn { dels: vec![Delete { table: Table::Timers, key: timer }], ..Txn::default() };
    if let Some((header, version)) = load(ctx, id).ok()? {
        txn.checks.push(super::unchanged(id, version));
        txn.puts.push(Put { table: Table::Prescriptions, key: header_key(id), value: header.to_row() });
        if let (State::ToBeDispensed, Some(ods)) = (header.state, &header.nominated) {
            txn.puts.push(Put { table: Table::PharmacyQueue, key: queue_key(ods, id), value: Bytes::new() });
        }
    }
    Some(Tended { what: "eps-due", subject: id.to_owned(), txn })
}
