//! Journeys: the stages at which one interaction leaves something and another takes it, what is handed over there, and what
//! waits there before the first request. The harness keeps the queues; this file says what can be in them.

use population::{Population, PrescriptionKind};
use std::sync::Arc;

/// A stage of a journey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    /// Its name, as interaction files write it.
    pub name: &'static str,
    /// The values every hand-over here has. Empty for the free stages, where the files that leave decide.
    pub hands_over: &'static [&'static str],
    /// What waits here, in a few words.
    pub what: &'static str,
    /// True when the seeded hub has some of it at time zero.
    pub has_backlog: bool,
}

/// What is known about a prescription without a pharmacy: what a cancellation of its first item needs.
const PATIENT_HELD: &[&str] = &["prescription_id", "long_id", "nhs_number", "practice", "item_1"];
/// What is known about a prescription at a pharmacy.
const AT_PHARMACY: &[&str] = &[
    "prescription_id",
    "long_id",
    "nhs_number",
    "pharmacy",
    "message_id",
    "item_1",
    "item_2",
    "item_3",
    "item_4",
];
/// What is needed to fetch a MESH message, and to ask in its sender's name what became of it.
const MESSAGE: &[&str] = &["mailbox", "password", "message_id", "sender", "sender_password"];
/// What is needed to track a MESH message: here the mailbox is the sender's.
const SENT: &[&str] = &["mailbox", "password", "message_id"];

/// What the messages of a record transfer need: the conversation, whose record, and who is at either end; the one who was
/// asked sends, with the token of its system.
const TRANSFER: &[&str] = &[
    "conversation_id",
    "nhs_number",
    "requester_party_key",
    "requester_cpa_id",
    "requester_asid",
    "requester_ods",
    "responder_party_key",
    "responder_asid",
    "responder_ods",
    "responder_token",
];

const fn stage(
    name: &'static str,
    hands_over: &'static [&'static str],
    has_backlog: bool,
    what: &'static str,
) -> Stage {
    Stage { name, hands_over, what, has_backlog }
}

/// All stages.
pub const STAGES: &[Stage] = &[
    stage(
        "record-read",
        &["nhs_number", "etag", "address_id"],
        false,
        "a patient's record as it was just read",
    ),
    stage("message-waiting", MESSAGE, true, "a MESH message in an inbox"),
    stage("message-downloaded", MESSAGE, true, "a MESH message that can be acknowledged"),
    stage("message-sent", SENT, true, "a MESH message whose sender may ask what became of it"),
    stage("prescription-patient-held", PATIENT_HELD, true, "a prescription without a nominated pharmacy"),
    stage("prescription-with-dispenser", AT_PHARMACY, true, "a prescription released to a pharmacy"),
    stage(
        "prescription-part-dispensed",
        AT_PHARMACY,
        false,
        "a prescription of which some items are dispensed",
    ),
    stage("prescription-dispensed", AT_PHARMACY, true, "a prescription dispensed and not claimed"),
    stage("summary", &["nhs_number", "composition_id"], true, "a summary care record that can be viewed"),
    stage("record-transfer", TRANSFER, true, "a transfer of a patient's record that was asked for"),
    stage("login-code", &["code", "ods"], true, "a log-in with its code, to be exchanged for a token"),
    stage("free-1", &[], false, "whatever your own interactions leave"),
    stage("free-2", &[], false, "whatever your own interactions leave"),
    stage("free-3", &[], false, "whatever your own interactions leave"),
];

/// The stage of a name.
pub(crate) fn find(name: &str) -> Option<&'static Stage> {
    STAGES.iter().find(|s| s.name == name)
}

/// What one interaction leaves for another: a few named texts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HandOver {
    values: Vec<(Arc<str>, Box<str>)>,
}

impl HandOver {
    /// A hand-over of these values.
    pub fn new(values: Vec<(Arc<str>, Box<str>)>) -> Self {
        HandOver { values }
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(n, _)| &**n == name).map(|(_, v)| &**v)
    }

    /// All names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(n, v)| (&**n, &**v))
    }
}

impl<N: Into<Arc<str>>, V: Into<Box<str>>> FromIterator<(N, V)> for HandOver {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(values: I) -> Self {
        HandOver::new(values.into_iter().map(|(n, v)| (n.into(), v.into())).collect())
    }
}

/// Of every four messages that wait in the seeded hub, one stands at `message-downloaded`: a message may be acknowledged
/// unread, and without them the first acknowledgements of a run would find nothing.
const DOWNLOADED_EVERY: u64 = 4;

/// The `i`-th thing that waits at a stage in a freshly seeded hub; `None` beyond the last, and for stages without backlog.
pub fn backlog(stage: &str, i: u64, population: &Population) -> Option<HandOver> {
    let messages = population.backlog().messages;
    match stage {
        "message-waiting" => {
            let per_group = DOWNLOADED_EVERY - 1;
            let nth = i.checked_div(per_group)?.checked_mul(DOWNLOADED_EVERY)? + i % per_group;
            (nth < messages).then(|| message(population, nth))
        }
        "message-downloaded" => {
            let nth = i.checked_mul(DOWNLOADED_EVERY)? + DOWNLOADED_EVERY - 1;
            (nth < messages).then(|| message(population, nth))
        }
        // Messages that wait were sent; each is tracked once, from the last on, while they are fetched from the first on.
        "message-sent" => (i < messages).then(|| sent(population, messages - 1 - i)),
        "record-transfer" => (i < population.record_transfers()).then(|| transfer(population, i)),
        "login-code" => (i < population.backlog().logins)
            .then(|| population.login(i))
            .map(|l| HandOver::from_iter([("code", l.code), ("ods", population.session(l.session).ods)])),
        "prescription-patient-held" => prescription(population, PrescriptionKind::PatientHeld, i),
        "prescription-with-dispenser" => prescription(population, PrescriptionKind::WithDispenser, i),
        "prescription-dispensed" => prescription(population, PrescriptionKind::Dispensed, i),
        "summary" => (i < population.backlog().summaries).then(|| {
            let summary = population.summary(i);
            HandOver::from_iter([
                ("nhs_number", population.nhs_number(summary.patient_index).to_string()),
                ("composition_id", summary.composition_id),
            ])
        }),
        _ => None,
    }
}

fn message(population: &Population, i: u64) -> HandOver {
    let message = population.message(i);
    let password = population.endpoint(message.to_endpoint).mailbox_password;
    let sender_password = population.endpoint(message.from_endpoint).mailbox_password;
    HandOver::from_iter([
        ("mailbox", message.to_mailbox),
        ("password", password),
        ("message_id", message.message_id),
        ("sender", message.from_mailbox),
        ("sender_password", sender_password),
    ])
}

fn sent(population: &Population, i: u64) -> HandOver {
    let message = population.message(i);
    let password = population.endpoint(message.from_endpoint).mailbox_password;
    HandOver::from_iter([
        ("mailbox", message.from_mailbox),
        ("password", password),
        ("message_id", message.message_id),
    ])
}

fn transfer(population: &Population, i: u64) -> HandOver {
    let transfer = population.record_transfer(i);
    let [requester, responder] = [transfer.requester, transfer.responder].map(|i| population.endpoint(i));
    HandOver::from_iter([
        ("conversation_id", transfer.conversation_id),
        ("nhs_number", population.nhs_number(transfer.patient_index).to_string()),
        ("requester_cpa_id", requester.cpa_id()),
        ("requester_party_key", requester.party_key),
        ("requester_asid", requester.asid),
        ("requester_ods", requester.ods),
        ("responder_token", population.endpoint_token(responder.index)),
        ("responder_party_key", responder.party_key),
        ("responder_asid", responder.asid),
        ("responder_ods", responder.ods),
    ])
}

fn prescription(population: &Population, kind: PrescriptionKind, i: u64) -> Option<HandOver> {
    if i >= population.prescription_count(kind) {
        return None;
    }
    let found = population.prescription(kind, i);
    let [item_1, item_2, item_3, item_4] = found.item_ids;
    let mut values: Vec<(&str, String)> = vec![
        ("prescription_id", found.short_id),
        ("long_id", found.long_id),
        ("nhs_number", population.nhs_number(found.patient_index).to_string()),
        ("practice", found.practice_ods),
        ("message_id", found.message_id),
        ("item_1", item_1),
        ("item_2", item_2),
        ("item_3", item_3),
        ("item_4", item_4),
    ];
    values.extend(found.pharmacy_ods.map(|ods| ("pharmacy", ods)));
    Some(values.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_backlog_item_hands_over_what_its_stage_promises() {
        let population =
            Population::new(42, population::Sizes { patients: 2_000, ..Default::default() }).unwrap();
        for stage in STAGES {
            let first = backlog(stage.name, 0, &population);
            assert_eq!(first.is_some(), stage.has_backlog, "{}", stage.name);
            for name in stage.hands_over.iter().filter(|_| first.is_some()) {
                assert!(
                    first.as_ref().unwrap().get(name).is_some_and(|v| !v.is_empty()),
                    "{}: {name}",
                    stage.name
                );
            }
            let count = (0..).take_while(|i| backlog(stage.name, *i, &population).is_some()).count();
            assert!(count < 10_000, "{} ends", stage.name);
            assert_eq!(backlog(stage.name, u64::MAX, &population), None);
        }
        assert_eq!(backlog("nowhere", 0, &population), None);
    }

    #[test]
    fn no_waiting_message_stands_at_two_stages() {
        let population = Population::new(42, population::Sizes::default()).unwrap();
        let mut seen = HashSet::new();
        for stage in ["message-waiting", "message-downloaded"] {
            for hand_over in (0..).map_while(|i| backlog(stage, i, &population)) {
                assert!(seen.insert(hand_over.get("message_id").unwrap().to_owned()));
            }
        }
        assert_eq!(seen.len() as u64, population.backlog().messages);
    }
}
