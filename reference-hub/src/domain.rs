//! The pure core's seam: `decide(operation, context, request) -> Decision`. Deterministic: the view of the state, the
//! time and the fresh ids all come in as inputs, so a decision can be replayed and tested without a socket or a disk.

use crate::message::{Answer, Request};
use crate::operation::{Operation, Route};
use hub_store::{Txn, View};

/// Everything a decision may depend on besides the request.
pub struct Context<'a> {
    /// The committed state.
    pub view: &'a dyn View,
    /// The hub's clock, in milliseconds since the Unix epoch.
    pub now_ms: u64,
    /// A source of fresh ids; the n-th call in one decision is a function of the request's nonce and n.
    pub ids: &'a Ids,
    /// The hub is the open sandbox: published sandbox credentials and patients, no session needed.
    pub sandbox: bool,
    /// Whom the connection's client certificate names; `None` without mutual TLS.
    pub peer: Option<&'a Peer>,
}

/// Whom a client certificate names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// ODS code of the organisation, upper case (subject organisation, `O`).
    pub ods: String,
    /// Name of the end point (subject common name, `CN`).
    pub name: String,
}

impl<'a> Context<'a> {
    /// A context of a request that came without a client certificate.
    pub fn new(view: &'a dyn View, now_ms: u64, ids: &'a Ids, sandbox: bool) -> Self {
        Context { view, now_ms, ids, sandbox, peer: None }
    }

    /// The hub's clock as a [`jiff::Timestamp`].
    pub fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(i64::try_from(self.now_ms).unwrap_or(i64::MAX))
            .unwrap_or(jiff::Timestamp::MAX)
    }
}

/// Deterministic fresh ids for one request.
#[derive(Debug)]
pub struct Ids {
    nonce: u128,
    count: std::cell::Cell<u64>,
}

impl Ids {
    /// A source whose ids are a function of `nonce` and of the order of calls.
    pub fn new(nonce: u128) -> Self {
        Ids { nonce, count: std::cell::Cell::new(0) }
    }

    /// Starts again from the first id, as a re-run decision must.
    pub fn restart(&self) {
        self.count.set(0);
    }

    /// 128 fresh bits.
    pub fn bits(&self) -> u128 {
        let n = self.count.get() + 1;
        self.count.set(n);
        // Two rounds of a 64-bit finaliser (MurmurHash3 fmix64 constants) over nonce and count: unique per nonce.
        let mix = |mut x: u64| {
            x ^= x >> 33;
            x = x.wrapping_mul(0xff51_afd7_ed55_8ccd);
            x ^= x >> 33;
            x = x.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
            x ^ (x >> 33)
        };
        let low = mix((self.nonce as u64).wrapping_add(n.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        let high = mix(((self.nonce >> 64) as u64) ^ low);
        (u128::from(high) << 64) | u128::from(low)
    }

    /// A version-4 shaped UUID in lower case.
    pub fn uuid(&self) -> String {
        let b = (self.bits() & !(0xf000_u128 << 64) & !(0xc000_u128 << 48))
            | (0x4000_u128 << 64)
            | (0x8000_u128 << 48);
        format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            b >> 96,
            (b >> 80) & 0xffff,
            (b >> 64) & 0xffff,
            (b >> 48) & 0xffff,
            b & 0xffff_ffff_ffff
        )
    }
}

/// What a handler decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The answer to give once `txn` (if any) is durable.
    pub answer: Answer,
    /// The writes; `None` for reads and refusals. The committer fills `txn.audit`.
    pub txn: Option<Txn>,
    /// Whom the transaction concerned, for the audit event: an NHS number, mailbox or prescription id; may be empty.
    pub subject: String,
}

impl Decision {
    /// A read or a refusal: nothing to write.
    pub fn read(answer: Answer, subject: impl Into<String>) -> Self {
        Decision { answer, txn: None, subject: subject.into() }
    }

    /// A write that is acknowledged by `answer` once durable.
    pub fn write(answer: Answer, txn: Txn, subject: impl Into<String>) -> Self {
        Decision { answer, txn: Some(txn), subject: subject.into() }
    }
}

/// Decides by `decide`, and once more when an operation that writes is about to write nothing.
///
/// A decision reads row by row while others commit, so a refusal or a look for an earlier answer may have seen one row
/// from before a transaction and the next from after it. A decision to write is checked when it commits; this is the
/// check of all others: whatever disturbed the first look is wholly there in the second. `decide` must give the same
/// ids each time.
pub fn settled(writes: bool, mut decide: impl FnMut() -> Decision) -> Decision {
    let first = decide();
    if writes && first.txn.is_none() { decide() } else { first }
}

/// What every interface module offers: route a request to an operation name, and decide it.
pub struct Interface {
    /// First path segments this interface owns, e.g. `"personal-demographics"`.
    pub roots: &'static [&'static str],
    /// Its operations.
    pub operations: &'static [Operation],
    /// Its documented routes.
    pub routes: &'static [Route],
    /// Names the operation (a row of `operations`), or `Err` with the published refusal.
    pub route: fn(&Request) -> Result<&'static str, Box<Answer>>,
    /// Decides the operation that `route` named.
    pub decide: fn(&'static str, &Context<'_>, &Request) -> Decision,
    /// What time itself brings about (an expiry, a report of non-delivery), if anything does.
    pub tend: Option<Tend>,
}

/// Housekeeping: called every few seconds and soon after the clock was moved; returns a bounded number of transactions
/// a call, and is asked again at once until there is none. Rows of [`hub_store::Table::Timers`] say cheaply what is due.
/// A transaction that meets a conflict is dropped: the next call decides anew.
pub type Tend = fn(&Context<'_>) -> Vec<Tended>;

/// One thing that time brought about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tended {
    /// The stable name it is audited under, e.g. `mesh-undelivered`.
    pub what: &'static str,
    /// Whom it concerns, as [`Decision::subject`].
    pub subject: String,
    /// What it writes; the committer fills `audit`.
    pub txn: Txn,
}
