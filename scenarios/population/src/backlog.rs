//! What waits in the hub at time zero: prescriptions, MESH messages and summaries, so that the first release, download or
//! view of a run finds work. The hub stores exactly these rows; the harness takes them when a journey has nothing fresher.

use crate::Population;
use crate::draw::{Domain, Draw, key};
use crate::organisation::OrgKind;
use crate::permutation::Permutation;
use crate::prescription_id::prescription_short_id;
use crate::session::token;

/// How much of each kind waits at time zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// Prescriptions waiting at a nominated pharmacy.
    pub nominated: u64,
    /// Prescriptions released to a pharmacy and not dispensed.
    pub with_dispenser: u64,
    /// Prescriptions dispensed and not claimed.
    pub dispensed: u64,
    /// Prescriptions without a nomination, in the patient's hand.
    pub patient_held: u64,
    /// MESH messages not yet downloaded.
    pub messages: u64,
    /// Summary care records.
    pub summaries: u64,
    /// Log-ins that have their code and not yet their token.
    pub logins: u64,
}

impl Backlog {
    /// What a population of [`BACKLOG_PATIENTS`] or more has: a few minutes of the national peak's consumption.
    const FULL: Backlog = Backlog {
        nominated: 8_000,
        with_dispenser: 2_000,
        dispensed: 2_000,
        patient_held: 1_000,
        messages: 1_000,
        summaries: 500,
        logins: 1_000,
    };
}

/// Patients from which on the backlog no longer grows.
pub const BACKLOG_PATIENTS: u64 = 200_000;
/// The least of each kind, so that even a tiny population can play every journey: with Poisson arrivals some hundred
/// requests of the two ends of a journey drift apart by up to about 40, and a hundred covers that twice.
pub const BACKLOG_MIN: u64 = 100;

/// Stream of [`Population::permuted`] in which pharmacies get their nominated prescriptions, two each; a plan that releases
/// from pharmacies in this order finds work at once.
pub const STREAM_PHARMACY: u64 = 0x5048_4152_4d41_4359;
/// Streams of the other waiting things, one each, so that they concern different people and systems.
const STREAM_PATIENT: u64 = 0x4241_434b_4c4f_4700;
const STREAM_DISPENSER: u64 = 0x4449_5350_454e_5345;
const STREAM_MAILBOX: u64 = 0x4d41_494c_424f_5800;
const STREAM_SUMMARY: u64 = 0x5343_5200_0000_0000;

/// In which state a prescription waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PrescriptionKind {
    /// To be dispensed, at a nominated pharmacy.
    Nominated,
    /// With a dispenser.
    WithDispenser,
    /// Dispensed, not claimed.
    Dispensed,
    /// To be dispensed, without a nomination.
    PatientHeld,
}

impl PrescriptionKind {
    /// All kinds.
    pub const ALL: [PrescriptionKind; 4] = [
        PrescriptionKind::Nominated,
        PrescriptionKind::WithDispenser,
        PrescriptionKind::Dispensed,
        PrescriptionKind::PatientHeld,
    ];
}

/// A prescription that waits at time zero. It has four items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BacklogPrescription {
    /// Short id with its check character, unique.
    pub short_id: String,
    /// Long id: a UUID in lower case.
    pub long_id: String,
    /// Whose it is.
    pub patient_index: u64,
    /// ODS code of the practice that prescribed: the patient's.
    pub practice_ods: String,
    /// ODS code of the pharmacy that is nominated for it or has it; `None` when patient-held.
    pub pharmacy_ods: Option<String>,
    /// Ids of its items: UUIDs in lower case.
    pub item_ids: [String; 4],
    /// Id of the message that brought it: a UUID in lower case.
    pub message_id: String,
}

/// A MESH message that waits at time zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BacklogMessage {
    /// Its id in MESH's form: 20 digits of time, underscore, 6 hexadecimal digits; unique.
    pub message_id: String,
    /// Index of the end point that sent it.
    pub from_endpoint: u32,
    /// Mailbox that sent it.
    pub from_mailbox: String,
    /// Index of the end point to which it was sent; never the sender.
    pub to_endpoint: u32,
    /// Mailbox in which it waits.
    pub to_mailbox: String,
    /// Its workflow.
    pub workflow_id: &'static str,
    /// Length of its content in bytes.
    pub len: u32,
}

/// A summary care record that is there at time zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BacklogSummary {
    /// Whose it is; nobody has two.
    pub patient_index: u64,
    /// Its id: a UUID in upper case.
    pub composition_id: String,
}

/// A log-in that is half done at time zero: its user has been authenticated and the code not been exchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BacklogLogin {
    /// The authorisation code: 43 characters of the URL-safe alphabet; unique.
    pub code: String,
    /// Index of the session whose user, organisation and role it is about.
    pub session: u32,
}

/// Workflows of documents between practices, hospitals and pharmacies.
pub const WORKFLOWS: [&str; 4] =
    ["SPINEBENCH_DISCHARGE", "SPINEBENCH_LETTER", "SPINEBENCH_RESULT", "SPINEBENCH_NOTE"];
/// Length of a waiting message: about the 25 KB that the traffic table estimates for a MESH file.
const MESSAGE_BYTES: (u64, u64) = (20_000, 10_000);

impl Population {
    /// How much waits at time zero: the full backlog scaled by patients / 200,000, at most all of it, at least 100 of
    /// each, and never more summaries than patients.
    pub fn backlog(&self) -> Backlog {
        let patients = self.sizes().patients.min(BACKLOG_PATIENTS);
        let scaled = |full: u64| (full * patients / BACKLOG_PATIENTS).max(BACKLOG_MIN);
        let Backlog { nominated, with_dispenser, dispensed, patient_held, messages, summaries, logins } =
            Backlog::FULL;
        Backlog {
            nominated: scaled(nominated),
            with_dispenser: scaled(with_dispenser),
            dispensed: scaled(dispensed),
            patient_held: scaled(patient_held),
            messages: scaled(messages),
            summaries: scaled(summaries).min(self.sizes().patients),
            logins: scaled(logins),
        }
    }

    /// How many prescriptions of a kind wait.
    pub fn prescription_count(&self, kind: PrescriptionKind) -> u64 {
        let backlog = self.backlog();
        match kind {
            PrescriptionKind::Nominated => backlog.nominated,
            PrescriptionKind::WithDispenser => backlog.with_dispenser,
            PrescriptionKind::Dispensed => backlog.dispensed,
            PrescriptionKind::PatientHeld => backlog.patient_held,
        }
    }

    /// The `i`-th waiting prescription of a kind; the caller keeps `i` below [`Self::prescription_count`].
    pub fn prescription(&self, kind: PrescriptionKind, i: u64) -> BacklogPrescription {
        // Serial numbers of the four kinds lie 2^20 apart, far above any backlog.
        let serial = ((kind as u64) << 20) + i;
        let mut draw = Draw::new(self.seed(), Domain::Prescription, serial);
        let patient_index = self.permuted_patient(i, STREAM_PATIENT + kind as u64);
        let practice_ods = self.practice_ods(patient_index);
        let pharmacies = u64::from(self.organisation_count(OrgKind::Pharmacy));
        let pharmacy =
            |k, stream| self.ods_of(OrgKind::Pharmacy, self.permuted(k, pharmacies, stream) as u32);
        // A permuted serial number in the first six digits makes the id unique whatever the practice.
        let hex6 = Permutation::new(key(self.seed(), Domain::Prescription, u64::MAX), 1 << 24).apply(serial);
        let short_id = prescription_short_id(
            &format!("{hex6:06x}"),
            &practice_ods,
            &format!("{:05x}", draw.below(1 << 20)),
        );
        BacklogPrescription {
            short_id,
            long_id: draw.uuid(),
            patient_index,
            practice_ods,
            pharmacy_ods: match kind {
                PrescriptionKind::Nominated => Some(pharmacy(i / 2, STREAM_PHARMACY)),
                PrescriptionKind::WithDispenser | PrescriptionKind::Dispensed => {
                    Some(pharmacy(i, STREAM_DISPENSER + kind as u64))
                }
                PrescriptionKind::PatientHeld => None,
            },
            item_ids: std::array::from_fn(|_| draw.uuid()),
            message_id: draw.uuid(),
        }
    }

    /// The `i`-th waiting message; the caller keeps `i` below `backlog().messages`.
    pub fn message(&self, i: u64) -> BacklogMessage {
        let mut draw = Draw::new(self.seed(), Domain::Message, i);
        let endpoints = self.sizes().endpoints;
        let to_endpoint = self.permuted(i, u64::from(endpoints), STREAM_MAILBOX) as u32;
        let from_endpoint = (to_endpoint + 1 + draw.below(u64::from(endpoints) - 1) as u32) % endpoints;
        // A step of 43,201 microseconds runs through the whole day before it meets a time again.
        let time_us = i.wrapping_mul(43_201) % 86_400_000_000;
        let (seconds, us) = (time_us / 1_000_000, time_us % 1_000_000);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        BacklogMessage {
            message_id: format!("20250101{hour:02}{minute:02}{second:02}{us:06}_{:06X}", draw.below(1 << 24)),
            from_endpoint,
            from_mailbox: self.endpoint(from_endpoint).mailbox,
            to_endpoint,
            to_mailbox: self.endpoint(to_endpoint).mailbox,
            workflow_id: draw.pick(&WORKFLOWS),
            len: (MESSAGE_BYTES.0 + draw.below(MESSAGE_BYTES.1)) as u32,
        }
    }

    /// The `i`-th half-done log-in; the caller keeps `i` below `backlog().logins`.
    pub fn login(&self, i: u64) -> BacklogLogin {
        // A second hash of the seed, as for session tokens: a code must not be recognisable as a neighbour of other values.
        let mut draw = Draw::new(key(self.seed(), Domain::Login, u64::MAX), Domain::Login, i);
        let session = draw.below(u64::from(self.sessions())) as u32;
        BacklogLogin { code: token(&mut draw), session }
    }

    /// The `i`-th summary; the caller keeps `i` below `backlog().summaries`.
    pub fn summary(&self, i: u64) -> BacklogSummary {
        let mut composition_id = Draw::new(self.seed(), Domain::Summary, i).uuid();
        composition_id.make_ascii_uppercase();
        BacklogSummary { patient_index: self.permuted_patient(i, STREAM_SUMMARY), composition_id }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sizes;
    use crate::prescription_id::is_valid_short_id;
    use std::collections::{HashMap, HashSet};

    fn population(patients: u64) -> Population {
        Population::new(42, Sizes { patients, ..Sizes::default() }).unwrap()
    }

    #[test]
    fn the_backlog_scales_with_the_population_between_its_bounds() {
        assert_eq!(population(200_000).backlog(), Backlog::FULL);
        assert_eq!(population(80_000_000).backlog(), Backlog::FULL);
        let small = population(2_000).backlog();
        assert_eq!((small.nominated, small.with_dispenser, small.summaries), (100, 100, 100));
        assert_eq!(population(3).backlog().summaries, 3);
    }

    #[test]
    fn prescription_ids_are_valid_and_unique_over_all_kinds() {
        let p = population(200_000);
        let mut ids = HashSet::new();
        for kind in PrescriptionKind::ALL {
            for i in 0..p.prescription_count(kind) {
                let prescription = p.prescription(kind, i);
                assert!(is_valid_short_id(&prescription.short_id), "{}", prescription.short_id);
                assert_eq!(&prescription.short_id[7..13], prescription.practice_ods);
                assert_eq!(prescription.practice_ods, p.practice_ods(prescription.patient_index));
                assert_eq!(prescription.pharmacy_ods.is_none(), kind == PrescriptionKind::PatientHeld);
                assert!(ids.insert(prescription.short_id) && ids.insert(prescription.long_id));
                assert!(prescription.item_ids.into_iter().all(|id| ids.insert(id)));
            }
        }
    }

    #[test]
    fn the_first_pharmacies_of_the_stream_have_two_nominated_prescriptions_each() {
        let p = population(200_000);
        let mut waiting: HashMap<String, u32> = HashMap::new();
        for i in 0..8_000 {
            *waiting
                .entry(p.prescription(PrescriptionKind::Nominated, i).pharmacy_ods.unwrap())
                .or_default() += 1;
        }
        assert_eq!(waiting.len(), 4_000);
        for k in 0..4_000 {
            let ods = p.ods_of(OrgKind::Pharmacy, p.permuted(k, 10_000, STREAM_PHARMACY) as u32);
            assert_eq!(waiting.get(&ods), Some(&2));
        }
    }

    #[test]
    fn waiting_messages_are_unique_and_never_to_their_sender() {
        let p = population(200_000);
        let messages: Vec<BacklogMessage> = (0..1_000).map(|i| p.message(i)).collect();
        assert_eq!(messages.iter().map(|m| &m.message_id).collect::<HashSet<_>>().len(), 1_000);
        assert_eq!(messages.iter().map(|m| &m.to_mailbox).collect::<HashSet<_>>().len(), 1_000);
        for m in &messages {
            assert_ne!(m.from_mailbox, m.to_mailbox);
            assert_eq!(m.message_id.len(), 27);
            assert!((20_000..30_000).contains(&m.len));
        }
    }

    #[test]
    fn login_codes_are_unique_and_no_session_tokens() {
        let p = population(200_000);
        let codes: HashSet<String> = (0..p.backlog().logins).map(|i| p.login(i).code).collect();
        assert_eq!(codes.len(), 1_000);
        assert!((0..p.sessions()).all(|i| !codes.contains(&p.session_token(i))));
        assert!((0..1_000).all(|i| p.login(i).session < p.sessions() && p.login(i).code.len() == 43));
    }

    #[test]
    fn nobody_has_two_summaries_at_time_zero() {
        let p = population(2_000);
        let owners: HashSet<u64> = (0..p.backlog().summaries).map(|i| p.summary(i).patient_index).collect();
        assert_eq!(owners.len() as u64, p.backlog().summaries);
        let id = p.summary(0).composition_id;
        assert_eq!(id, id.to_uppercase());
    }
}
