//! What the hub keeps of a prescription: a small header that changes with every event, beside the order message that
//! does not. Keys of the Prescriptions table: `ID` the header, `ID|m` the order message as received (compact),
//! `ID|dNNNN` the dispense notifications, `release|ODS|REQUEST` what one release request was given.
//!
//! Called by the EPS handlers and the seed. Bytes and types only: no store, no clock.

use super::line::Line;
use super::state::{Event, State, next};
use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Milliseconds a prescription may wait for release. Six months (183 days): the legal validity of an NHS prescription.
pub const VALID_MS: u64 = 183 * DAY_MS;

/// Milliseconds the issues of a repeat dispensing prescription may take together: twelve months (365 days), its legal
/// validity.
pub const REPEAT_VALID_MS: u64 = 365 * DAY_MS;

/// Milliseconds after dispensing in which a claim must come: 180 days, after which Spine marks a prescription as not
/// claimed.
pub const UNCLAIMED_MS: u64 = 180 * DAY_MS;

/// Milliseconds of a day.
pub const DAY_MS: u64 = 24 * 3600 * 1000;

/// Longest ODS code taken, in characters. Ten: published codes have three to eight, plus room for local site suffixes.
const ODS_LEN_MAX: usize = 10;

/// An item of a prescription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// `prescription-order-item-number`.
    pub id: String,
    /// Its status.
    #[serde(serialize_with = "line_code", deserialize_with = "line_of")]
    pub line: Line,
}

/// A prescription's header row, stored as compact JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Its status.
    #[serde(serialize_with = "state_code", deserialize_with = "state_of")]
    pub state: State,
    /// Ten-digit NHS number of the patient.
    pub patient: String,
    /// ODS code of the prescriber.
    pub prescriber: String,
    /// ODS code of the nominated dispenser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nominated: Option<String>,
    /// ODS code of the dispenser who holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
    /// That dispenser's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder_name: Option<String>,
    /// Id of the order message's bundle.
    pub bundle_id: String,
    /// Message id of the order.
    pub message_id: String,
    /// When its time runs out if nobody releases it, in milliseconds since the Unix epoch; absent for seeded ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_ms: Option<u64>,
    /// The items.
    pub items: Vec<Item>,
    /// ODS code of the prescriber who asked for a cancellation that had to wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_asked_by: Option<String>,
    /// Items to be cancelled when the dispenser gives the prescription back, with the reason's code.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cancel_on_return: Vec<(String, String)>,
    /// Dispense notifications so far.
    #[serde(default)]
    pub notifications: u32,
    /// What stood before each notification that still counts, the latest last: what withdrawing it goes back to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<Before>,
    /// Which issue this is, from 1.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub issue: u32,
    /// Issues in all; more than one for repeat dispensing only.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub issues: u32,
    /// Days that one issue lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supply_days: Option<u32>,
    /// When a future issue may be released, in milliseconds since the Unix epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_ms: Option<u64>,
    /// Published code of the course of therapy.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub therapy: String,
    /// When it was ordered, in milliseconds since the Unix epoch.
    #[serde(default)]
    pub ordered_ms: u64,
    /// Id of the answer that released it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_id: Option<String>,
    /// When something was last dispensed, in milliseconds since the Unix epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dispensed_ms: Option<u64>,
    /// Id of the claim that counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim_id: Option<String>,
    /// When the first claim came, in milliseconds since the Unix epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed_ms: Option<u64>,
}

/// What stood before a dispense notification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// Message id of the notification.
    pub message_id: String,
    /// Status code of the prescription.
    pub state: String,
    /// Status code of each item.
    pub lines: Vec<String>,
}

fn one() -> u32 {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde passes a reference
fn is_one(n: &u32) -> bool {
    *n == 1
}

impl Header {
    /// The first issue of an acute prescription that waits for release since `ordered_ms`.
    pub fn ordered(
        ids: Ids<'_>,
        patient: &str,
        prescriber: &str,
        items: Vec<Item>,
        ordered_ms: u64,
    ) -> Header {
        Header {
            state: State::ToBeDispensed,
            patient: patient.to_owned(),
            prescriber: prescriber.to_owned(),
            nominated: None,
            holder: None,
            holder_name: None,
            bundle_id: ids.bundle.to_owned(),
            message_id: ids.message.to_owned(),
            expires_ms: None,
            items,
            cancel_asked_by: None,
            cancel_on_return: Vec::new(),
            notifications: 0,
            before: Vec::new(),
            issue: 1,
            issues: 1,
            supply_days: None,
            due_ms: None,
            therapy: String::new(),
            ordered_ms,
            release_id: None,
            dispensed_ms: None,
            claim_id: None,
            claimed_ms: None,
        }
    }

    /// Remembers what stands, before the notification `message_id` changes it.
    pub fn remember(&mut self, message_id: &str) {
        self.before.push(Before {
            message_id: message_id.to_owned(),
            state: self.state.code().to_owned(),
            lines: self.items.iter().map(|i| i.line.code().to_owned()).collect(),
        });
    }

    /// Goes back to what stood before the latest notification, if that is `message_id`; false when it is not.
    pub fn withdraw(&mut self, message_id: &str) -> bool {
        let Some(before) = self.before.pop_if(|b| b.message_id.eq_ignore_ascii_case(message_id)) else {
            return false;
        };
        self.state = State::from_code(&before.state).unwrap_or(self.state);
        for (item, line) in self.items.iter_mut().zip(&before.lines) {
            item.line = Line::from_code(line).unwrap_or(item.line);
        }
        if self.before.is_empty() {
            self.dispensed_ms = None;
        }
        true
    }

    /// The row's value.
    pub fn to_row(&self) -> Bytes {
        Bytes::from(serde_json::to_vec(self).unwrap_or_default()) // strings and numbers always serialise
    }

    /// The header in a row's value, or `None` when it is not one.
    pub fn from_row(value: &[u8]) -> Option<Header> {
        serde_json::from_slice(value).ok()
    }

    /// Lets time pass: a future issue comes due, a prescription nobody released in time has expired, and one nobody
    /// claimed is no longer to be claimed. True when that changed it.
    pub fn age(&mut self, now_ms: u64) -> bool {
        let due = self.due_ms.is_some_and(|due| now_ms >= due) && self.come_due();
        let unclaimed = self.dispensed_ms.is_some_and(|at| now_ms >= at.saturating_add(UNCLAIMED_MS))
            && next(self.state, Event::ClaimNone).map(|state| self.state = state).is_ok();
        self.expire(now_ms) || due || unclaimed
    }

    fn come_due(&mut self) -> bool {
        self.due_ms = None;
        next(self.state, Event::ComeDue).map(|state| self.state = state).is_ok()
    }

    fn expire(&mut self, now_ms: u64) -> bool {
        let over = self.expires_ms.is_some_and(|end| now_ms >= end);
        match next(self.state, Event::Expire) {
            Ok(expired) if over => {
                self.state = expired;
                for item in self.items.iter_mut().filter(|i| i.line == Line::ToBeDispensed) {
                    item.line = Line::Expired;
                }
                true
            }
            _ => false,
        }
    }

    /// The item of that id.
    pub fn item_mut(&mut self, id: &str) -> Option<&mut Item> {
        self.items.iter_mut().find(|i| i.id.eq_ignore_ascii_case(id))
    }
}

/// Ids of the message that ordered a prescription.
#[derive(Debug, Clone, Copy)]
pub struct Ids<'a> {
    /// Of its bundle.
    pub bundle: &'a str,
    /// Of the message.
    pub message: &'a str,
}

/// Key of the header row.
pub fn header_key(id: &str) -> Bytes {
    Bytes::copy_from_slice(id.as_bytes())
}

/// Key of the order message's row.
pub fn message_key(id: &str) -> Bytes {
    Bytes::from(format!("{id}|m"))
}

/// Key of the header row of an issue before the current one.
pub fn past_key(id: &str, issue: u32) -> Bytes {
    Bytes::from(format!("{id}|i{issue:04}"))
}

/// Key of the `n`-th dispense notification's row (from 1) of an issue (from 1).
pub fn notification_key(id: &str, issue: u32, n: u32) -> Bytes {
    match issue {
        1 => Bytes::from(format!("{id}|d{n:04}")),
        later => Bytes::from(format!("{id}|i{later:04}|d{n:04}")),
    }
}

/// Key of the row that remembers what a release request was given.
pub fn release_key(ods: &str, request_id: &str) -> Bytes {
    Bytes::from(format!("release|{ods}|{}", request_id.to_ascii_lowercase()))
}

/// Key of a nominated prescription in its pharmacy's queue.
pub fn queue_key(ods: &str, id: &str) -> Bytes {
    Bytes::from(format!("{ods}|{id}"))
}

/// First key of a pharmacy's queue and the first key after it (`}` follows `|`).
pub fn queue_range(ods: &str) -> (Vec<u8>, Vec<u8>) {
    (format!("{ods}|").into_bytes(), format!("{ods}}}").into_bytes())
}

/// True for what can be an ODS code: letters and digits only, so that it can stand in a key.
pub fn is_ods(code: &str) -> bool {
    (1..=ODS_LEN_MAX).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// True for a UUID: five groups of hexadecimal digits.
pub fn is_uuid(text: &str) -> bool {
    let b = text.as_bytes();
    b.len() == 36
        && b.iter().enumerate().all(|(i, c)| match i {
            8 | 13 | 18 | 23 => *c == b'-',
            _ => c.is_ascii_hexdigit(),
        })
}

fn state_code<S: Serializer>(state: &State, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(state.code())
}

fn state_of<'de, D: Deserializer<'de>>(d: D) -> Result<State, D::Error> {
    let code = String::deserialize(d)?;
    State::from_code(&code).ok_or_else(|| serde::de::Error::custom("unknown prescription status"))
}

fn line_code<S: Serializer>(line: &Line, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(line.code())
}

fn line_of<'de, D: Deserializer<'de>>(d: D) -> Result<Line, D::Error> {
    let code = String::deserialize(d)?;
    Line::from_code(&code).ok_or_else(|| serde::de::Error::custom("unknown item status"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        let items = vec![Item { id: "i-1".into(), line: Line::ToBeDispensed }];
        let ids = Ids { bundle: "b", message: "m" };
        let header = Header::ordered(ids, "9000000009", "A20047", items, 5);
        Header { nominated: Some("FH542".into()), expires_ms: Some(1_000), ..header }
    }

    #[test]
    fn a_header_comes_back_as_it_was_stored() {
        assert_eq!(Header::from_row(&header().to_row()), Some(header()));
        assert_eq!(Header::from_row(b"{}"), None);
    }

    #[test]
    fn only_a_waiting_prescription_expires() {
        let mut h = header();
        assert!(!h.age(999));
        assert!(h.age(1_000));
        assert_eq!((h.state, h.items[0].line), (State::Expired, Line::Expired));
        let mut held = Header { state: State::WithDispenser, ..header() };
        assert!(!held.age(5_000), "the dispenser keeps it");
    }

    #[test]
    fn a_future_prescription_comes_due_before_it_expires() {
        let mut h = Header { state: State::Future, due_ms: Some(500), ..header() };
        assert!(!h.age(499));
        assert!(h.age(500));
        assert_eq!(h.state, State::ToBeDispensed);
        let mut late = Header { state: State::RepeatFuture, due_ms: Some(500), ..header() };
        assert!(late.age(1_000));
        assert_eq!(late.state, State::Expired);
    }

    #[test]
    fn what_nobody_claims_in_180_days_is_no_claimed() {
        let mut h = Header { state: State::Dispensed, dispensed_ms: Some(7), ..header() };
        assert!(!h.age(UNCLAIMED_MS + 6));
        assert!(h.age(UNCLAIMED_MS + 7));
        assert_eq!(h.state, State::NoClaimed);
        let mut claimed = Header { state: State::Claimed, dispensed_ms: Some(7), ..header() };
        assert!(!claimed.age(UNCLAIMED_MS + 7));
    }

    #[test]
    fn only_the_latest_notification_can_be_withdrawn() {
        let mut h = Header { state: State::WithDispenser, ..header() };
        h.remember("n-1");
        h.state = State::WithDispenserActive;
        h.items[0].line = Line::Part;
        h.remember("n-2");
        h.state = State::Dispensed;
        assert!(!h.withdraw("n-1"));
        assert!(h.withdraw("N-2"));
        assert_eq!((h.state, h.items[0].line), (State::WithDispenserActive, Line::Part));
        assert!(h.withdraw("n-1") && !h.withdraw("n-1"));
        assert_eq!((h.state, h.items[0].line), (State::WithDispenser, Line::ToBeDispensed));
    }

    #[test]
    fn a_queue_holds_its_own_keys_only() {
        let (from, to) = queue_range("FH542");
        let key = queue_key("FH542", "0123AB-A20047-00001X");
        assert!(from.as_slice() <= &key[..] && &key[..] < to.as_slice());
        for other in ["FH5420", "FH54", "FH543"] {
            let key = queue_key(other, "0123AB-A20047-00001X");
            assert!(!(from.as_slice() <= &key[..] && &key[..] < to.as_slice()), "{other}");
        }
        assert!(!is_ods("FH|2") && !is_ods("") && is_ods("fh542"));
    }
}
