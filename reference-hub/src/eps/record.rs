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
pub const VALID_MS: u64 = 183 * 24 * 3600 * 1000;

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
    /// Dispense notifications so far.
    #[serde(default)]
    pub notifications: u32,
}

impl Header {
    /// The row's value.
    pub fn to_row(&self) -> Bytes {
        Bytes::from(serde_json::to_vec(self).unwrap_or_default()) // strings and numbers always serialise
    }

    /// The header in a row's value, or `None` when it is not one.
    pub fn from_row(value: &[u8]) -> Option<Header> {
        serde_json::from_slice(value).ok()
    }

    /// Lets time pass: a prescription nobody released in time has expired. True when that changed it.
    pub fn age(&mut self, now_ms: u64) -> bool {
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

/// Key of the header row.
pub fn header_key(id: &str) -> Bytes {
    Bytes::copy_from_slice(id.as_bytes())
}

/// Key of the order message's row.
pub fn message_key(id: &str) -> Bytes {
    Bytes::from(format!("{id}|m"))
}

/// Key of the `n`-th dispense notification's row (from 1).
pub fn notification_key(id: &str, n: u32) -> Bytes {
    Bytes::from(format!("{id}|d{n:04}"))
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
        Header {
            state: State::ToBeDispensed,
            patient: "9000000009".into(),
            prescriber: "A20047".into(),
            nominated: Some("FH542".into()),
            holder: None,
            holder_name: None,
            bundle_id: "b".into(),
            message_id: "m".into(),
            expires_ms: Some(1_000),
            items: vec![Item { id: "i-1".into(), line: Line::ToBeDispensed }],
            cancel_asked_by: None,
            notifications: 0,
        }
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
